"""What becomes of a tile of sums: pointwise layers, and the way to memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects import memref
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.memref import PrefetchOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.lowering.element_conversion import narrow, widen
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.host.access import load, load_vector, store, store_vector
from fusemlir.lowering.host.direct_product import DirectProduct, Sums, Tile
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.lanes import ScalarCode
from fusemlir.lowering.host.nests import Walk, walk_of
from fusemlir.lowering.host.pointwise import Read, computed, reads_of
from fusemlir.lowering.host.schedules import TileSchedule
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    multiply,
)

LINE_ELEMENTS = 16
"""Of f32, in a line of a cache."""

FETCHED_DEPTH = 64
"""Products in a sum that take longer than to fetch what is added to it."""


@dataclass(frozen=True)
class Roles:
    """Which axis of the result a tile's coordinate is along."""

    image: int | None
    line: Sequence[int]
    column: int
    feature: int
    column_step: int = 1
    """From a column of a tile to the next."""

    def first(self, walk: Walk, tile: Tile) -> Index:
        """Where in the walk's buffer the first element of a tile is."""
        return add(
            0 if self.image is None else multiply(tile.image, walk.strides[self.image]),
            *map(multiply, tile.line, (walk.strides[axis] for axis in self.line)),
            multiply(tile.column, walk.strides[self.column]),
            multiply(tile.feature, walk.strides[self.feature]),
            walk.start,
        )

    def further(self, walk: Walk, pixel: Index, feature: Index) -> Index:
        """How much further another one is."""
        return add(
            multiply(pixel, self.column_step * walk.strides[self.column]),
            multiply(feature, walk.strides[self.feature]),
        )


@dataclass
class TileEpilogue:
    """Computes the layers after a contraction, and stores the outputs."""

    kernel: HostKernel
    weighted: Weighted
    roles: Roles
    schedule: TileSchedule
    product: DirectProduct
    constants: Mapping[SSAValue, SSAValue]
    layers: Sequence[LayerOp]
    reads: Sequence[Read]
    stage: SSAValue | None
    """Memory for a tile of sums, where layers are not computed in registers."""

    @staticmethod
    def of_body(
        kernel: HostKernel,
        weighted: Weighted,
        roles: Roles,
        schedule: TileSchedule,
        product: DirectProduct,
        constants: Mapping[SSAValue, SSAValue],
    ) -> TileEpilogue:
        body = weighted.body
        layers = beside(body, weighted.op)
        reads = [
            read for read in reads_of(body, layers) if read[0] is not weighted.result
        ]
        epilogue = TileEpilogue(
            kernel, weighted, roles, schedule, product, constants, layers, reads, None
        )
        if not epilogue._stays_in_registers:
            size = schedule.pixels * schedule.features
            epilogue.stage = memref.AllocaOp.get(f32, None, [size]).memref
        return epilogue

    def fetch(self, tile: Tile) -> None:
        """Have what a tile is added to, and where it goes, in a cache by the time that
        it is summed."""
        depth = prod(self.product.window) * self.product.channels
        tensors = [read for read in self.reads if self._is_by_pixel(self._walk(read))]
        if not tensors or depth < FETCHED_DEPTH:
            return
        outputs = self.weighted.body.outputs
        pairs = [(self._walk(read), read[0]) for read in tensors]
        pairs += zip(self._output_walks, outputs, strict=True)
        for walk, value in pairs:
            first, buffer = self.roles.first(walk, tile), self.kernel.buffers[value]
            for pixel in range(tile.pixels):
                for feature in range(0, self.schedule.features, LINE_ELEMENTS):
                    further = self.roles.further(walk, pixel, feature)
                    PrefetchOp(buffer, [as_value(add(first, further))])

    def _is_by_pixel(self, walk: Walk) -> bool:
        """Whether each pixel has numbers of its own, of features side by side."""
        column, feature = self.roles.column, self.roles.feature
        return walk.strides[column] != 0 and walk.strides[feature] == 1

    def finish(self, tile: Tile, sums: Sums) -> None:
        if self.stage is None:
            self._finish_vectors(tile, sums)
        else:
            self._finish_elements(tile, sums, self.stage)

    def _walk(self, read: Read) -> Walk:
        value, shape = read
        return walk_of(self.kernel.layouts[value], shape)

    @property
    def _output_walks(self) -> Sequence[Walk]:
        layouts = (self.kernel.layouts[v] for v in self.weighted.outputs)
        return [walk_of(layout, layout.shape) for layout in layouts]

    @property
    def _stays_in_registers(self) -> bool:
        """Whether all is f32 side by side along features, and the layers arithmetic."""
        feature = self.roles.feature
        values = (*(value for value, _ in self.reads), *self.weighted.outputs)
        walks = [*map(self._walk, self.reads), *self._output_walks]
        return (
            self.product.features >= self.schedule.features
            and all(element_type_of(value) == f32 for value in values)
            and all(walk.strides[feature] in (0, 1) for walk in walks)
            and all(walk.strides[feature] == 1 for walk in self._output_walks)
            and self.code.is_by_lane
        )

    @cached_property
    def code(self) -> ScalarCode:
        return ScalarCode.of_program(self._program, 1 + len(self.reads))

    def _program(self, operands: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """From a sum and what is read to the outputs."""
        total, *given = operands
        loaded = dict(zip(self.reads, given, strict=True))
        known = {**self.constants, self.weighted.result: total}
        values = computed(self.layers, loaded, known)
        return [values[output] for output in self.weighted.outputs]

    def _finish_vectors(self, tile: Tile, sums: Sums) -> None:
        lanes, width = self.schedule.lanes, self.schedule.vectors
        places = self._places(tile)
        code = self.code.for_lanes(lanes)
        for number, total in enumerate(sums):
            pixel, feature = number // width, number % width * lanes
            read, written = places(pixel, feature)
            given = [
                self._vector(which, place)
                for which, place in zip(self.reads, read, strict=True)
            ]
            outputs = zip(
                self.weighted.outputs,
                written,
                code([total, *given]),
                strict=True,
            )
            for output, place, result in outputs:
                store_vector(result, self.kernel.buffers[output], place)

    def _places(
        self, tile: Tile
    ) -> Callable[[Index, Index], tuple[list[Index], list[Index]]]:
        """From a pixel and a feature of a tile to where it is in all that is read, and
        in all that is written."""
        walks = [*map(self._walk, self.reads), *self._output_walks]
        firsts = [self.roles.first(walk, tile) for walk in walks]

        def places(pixel: Index, feature: Index) -> tuple[list[Index], list[Index]]:
            found = [
                add(first, self.roles.further(walk, pixel, feature))
                for walk, first in zip(walks, firsts, strict=True)
            ]
            count = len(self.reads)
            return found[:count], found[count:]

        return places

    def _vector(self, read: Read, place: Index) -> SSAValue:
        buffer = self.kernel.buffers[read[0]]
        if self._walk(read).strides[self.roles.feature]:
            return load_vector(buffer, place, self.schedule.lanes)
        return load(buffer, place)

    def _finish_elements(self, tile: Tile, sums: Sums, stage: SSAValue) -> None:
        lanes, width = self.schedule.lanes, self.schedule.features
        for number, total in enumerate(sums):
            store_vector(total, stage, number * lanes)
        count = min(self.product.features, width)
        with (
            self.kernel.apart(),
            loop(0, tile.pixels) as pixel,
            loop(0, count) as feature,
        ):
            read, written = self._places(tile)(pixel, feature)
            total = load(stage, add(multiply(pixel, width), feature))
            given = [
                widen(load(self.kernel.buffers[value], place))
                for (value, _), place in zip(self.reads, read, strict=True)
            ]
            results = self._element(tile, feature, total, given)
            outputs = zip(self.weighted.outputs, written, results, strict=True)
            for output, place, result in outputs:
                value = narrow(result, element_type_of(output))
                store(value, self.kernel.buffers[output], place)

    def _element(
        self, tile: Tile, feature: Index, total: SSAValue, given: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        """Of the outputs, from a feature's sum and what is read."""
        return self._program([total, *given])
