"""Products of few rows or columns: each element a sum along vectors of depth.

Both factors are read along their depth. Lanes are added up at the end, in one order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from xdsl.dialects import vector
from xdsl.dialects.builtin import DenseArrayBase, VectorType, f32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import load_vector
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.direct_product import DirectProduct, Sums, Tile
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.products.factors import Arrangement, Factor
from fusemlir.lowering.host.products.lane_sums import sum_of_lanes
from fusemlir.lowering.host.products.tiles import (
    ProductTiles,
    SecondFactor,
    choose_tile,
)
from fusemlir.lowering.host.schedules import HostCpuShape, TileSchedule
from fusemlir.lowering.kernel.control_flow import for_loop
from fusemlir.lowering.kernel.index_math import Index, add, multiply

LEAST_VECTORS = 4
"""Of depth, for lanes to be added up in less time than they took."""

FEW_ROWS = 8
"""For which a second factor that lies along its depth is not brought into order."""

STREAMS = 8
"""Rows, and columns, that are read at once: more than that a CPU does not foresee."""


def is_of_dots(first: Factor, second: Factor, cpu: HostCpuShape) -> bool:
    """Whether elements are summed along depth."""
    is_narrow = second.free.size < cpu.lanes
    is_read_once = second.is_along_depth and first.free.size <= FEW_ROWS
    return first.depth.size >= LEAST_VECTORS * cpu.lanes and (is_narrow or is_read_once)


def choose_dots(rows: int, columns: int, cpu: HostCpuShape) -> TileSchedule:
    """Elements that are summed at once, each in a register of its own."""
    single = replace(cpu, lanes=1)
    return choose_tile(min(rows, STREAMS), min(columns, STREAMS), single)


@dataclass(frozen=True)
class AlongDepth(SecondFactor):
    """Vectors of neighbours in depth."""

    lanes: int

    @property
    def arrangement(self) -> Arrangement | None:
        return self.factor.by_rows()

    @property
    def step(self) -> int:
        return self.factor.rows.free.stride

    @property
    def strides(self) -> Shape:
        return self.factor.rows.apart

    def first(self, place: Tile) -> Index:
        return multiply(place.feature, self.factor.rows.free.stride)

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        buffers: tuple[SSAValue, SSAValue],
    ) -> DotTiles:
        arithmetic = FloatArithmetic(self.lanes)
        return DotTiles(kernel, product, schedule, arithmetic, *buffers, self)


@dataclass
class DotTiles(ProductTiles):
    """Tiles of elements, each a vector while it is summed."""

    def sums(self, place: Tile, start: Sums) -> Sums:
        """Each as a vector of one lane, as those of `start`."""
        depth, lanes = self.product.channels, self.arithmetic.lanes
        first, apart = self.first_weight(place), self.second.step
        rows = [
            add(self._first(place), row * self.product.column_stride)
            for row in range(place.pixels)
        ]
        columns = [
            add(first, column * apart) for column in range(self.schedule.vectors)
        ]

        def step(at: Index, totals: Sums, fresh: int) -> list[SSAValue]:
            pairs = product(
                [self._neighbours(self.image, add(row, at), fresh) for row in rows],
                [self._neighbours(self.weights, add(c, at), fresh) for c in columns],
            )
            return [
                self.arithmetic.multiply_add(*pair, total)
                for pair, total in zip(pairs, totals, strict=True)
            ]

        zero = vector.BroadcastOp(real(0), VectorType(f32, [lanes])).vector
        whole = depth - depth % lanes
        totals: Sums = for_loop(
            0,
            whole,
            lanes,
            [zero] * len(start),
            lambda at, so_far: step(at, so_far, lanes),
        )
        if whole < depth:
            totals = step(depth - lanes, totals, depth - whole)
        return [
            vector.BroadcastOp(sum_of_lanes(total), VectorType(f32, [1])).vector
            for total in totals
        ]

    def _neighbours(self, buffer: SSAValue, at: Index, fresh: int) -> SSAValue:
        """Neighbours in depth, of which all but the last `fresh` are zeros: they were
        multiplied before."""
        lanes = self.arithmetic.lanes
        found = load_vector(buffer, at, lanes)
        if fresh == lanes:
            return found
        type = VectorType(f32, [lanes])
        zero = vector.BroadcastOp(real(0), type).vector
        mask = [lane + lanes * (lane >= lanes - fresh) for lane in range(lanes)]
        places = DenseArrayBase.from_list(i64, mask)
        return vector.ShuffleOp(zero, found, places, result_type=type).result
