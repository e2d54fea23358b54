"""Transformed patches by transformed weights, and what becomes of the products.

For a run of tiles and a block of features all 36 positions are summed and kept; then
each tile is transformed back and goes, line by line, where a convolution's sums go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import element_bytes, real
from fusemlir.lowering.host.access import load_vector, local, store_vector
from fusemlir.lowering.host.direct_product import DirectKernel, Sums, Tile
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.winograd.tiling import Tiling
from fusemlir.lowering.host.winograd.transforms import (
    POSITIONS,
    RESULTS,
    along_both_axes,
    transform_products,
)
from fusemlir.lowering.kernel.control_flow import if_then, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    compare,
    multiply,
    subtract,
)

Finish = Callable[[Tile, Sums], None]
"""Stores results of neighbouring pixels, a vector of features of each."""


@dataclass
class TransformedProduct(DirectKernel):
    """Its product is of as many pixels as there are tiles, in a group for each position
    of a patch."""

    tiling: Tiling
    bias: SSAValue | None
    """Packed as blocks of features are, one number, or none."""
    finish: Finish

    def emit_tiles(self) -> None:
        """Runs of tiles by blocks of features, the inner ones those that are fewer
        bytes, which stay in a cache."""
        pixels, count = self.schedule.pixels, self.tiling.count
        runs = -(-count // pixels)
        patches = count * self.tiling.elements
        is_by_block = self.tiling.weights > patches
        sizes = (self.blocks, runs) if is_by_block else (runs, self.blocks)
        kept = local(f32, POSITIONS * pixels * self.features)
        results = local(f32, RESULTS * RESULTS * self.lanes)
        begin, end = self.kernel.share(self.blocks * runs)
        with loop(begin, end) as piece:
            outer, inner = unraveled(piece, sizes)
            block, run = (outer, inner) if is_by_block else (inner, outer)
            # The last run is whole too, and computes some of the one before again.
            last = as_value(count - pixels)
            first = arith.MinUIOp(as_value(multiply(run, pixels)), last).result
            self._multiply(first, block, kept)
            with (
                loop(0, pixels) as tile,
                loop(0, self.features, self.lanes) as feature,
            ):
                at = add(multiply(tile, self.features), feature)
                self._transform(kept, at, block, feature, results)
                self._store(add(first, tile), block, feature, results)

    @property
    def features(self) -> int:
        """Of a block."""
        return self.schedule.features

    @property
    def lanes(self) -> int:
        return self.schedule.lanes

    def _multiply(self, first: Index, block: Index, kept: SSAValue) -> None:
        """[positions, tiles, features] of a run of tiles and a block."""
        pixels = self.schedule.pixels
        zero = vector.BroadcastOp(real(0), VectorType(f32, [self.lanes])).vector
        start = [zero] * (pixels * self.schedule.vectors)
        with loop(0, POSITIONS) as position:
            weights = add(multiply(position, self.blocks), block)
            place = Tile(0, (), first, pixels, 0, weights)
            written = multiply(position, pixels * self.features)
            for number, total in enumerate(self._sums(place, start)):
                store_vector(total, kept, add(written, number * self.lanes))

    def _transform(
        self, kept: SSAValue, at: Index, block: Index, feature: Index, results: SSAValue
    ) -> None:
        """The 4 x 4 results of a tile, for a vector of features."""
        apart = self.schedule.pixels * self.features
        products = [
            load_vector(kept, add(at, position * apart), self.lanes)
            for position in range(POSITIONS)
        ]
        sums = along_both_axes(transform_products, products)
        bias = self._bias(add(multiply(block, self.features), feature))
        for number, total in enumerate(sums):
            value = total if bias is None else arith.AddfOp(total, bias).result
            store_vector(value, results, number * self.lanes)

    def _bias(self, at: Index) -> SSAValue | None:
        if self.bias is None:
            return None
        if self.bias.type == f32:
            return vector.BroadcastOp(self.bias, VectorType(f32, [self.lanes])).vector
        return load_vector(self.bias, at, self.lanes, self.lanes * element_bytes(f32))

    def _store(
        self, tile: Index, block: Index, feature: Index, results: SSAValue
    ) -> None:
        """The lines of a tile that are in the image, as far as they are."""
        image, row, column = unraveled(as_value(tile), self.tiling.shape)
        top, left = multiply(row, RESULTS), multiply(column, RESULTS)
        begun = add(self._feature(block), feature)
        below = as_value(subtract(self.tiling.height, top))
        height = arith.MinUIOp(below, as_value(RESULTS)).result

        def finish(pixels: int) -> None:
            with loop(0, height) as line:
                place = Tile(image, (add(top, line),), left, pixels, begun, block)
                read = multiply(line, RESULTS * self.lanes)
                sums = [
                    load_vector(results, add(read, pixel * self.lanes), self.lanes)
                    for pixel in range(pixels)
                ]
                self.finish(place, sums)

        rest = self.tiling.width % RESULTS
        if not rest:
            finish(RESULTS)
            return
        last = self.tiling.width - rest
        with if_then(compare("ult", left, last)):
            finish(RESULTS)
        with if_then(compare("eq", left, last)):
            finish(rest)
