"""What the windows of neighbouring results of a depthwise convolution sum up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from xdsl.dialects import arith
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import widen
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.elements.contracted import Contracted
from fusemlir.lowering.gpu.contraction.operands import split
from fusemlir.lowering.gpu.depthwise.input_tile import InputTile
from fusemlir.lowering.gpu.vector_access import load_raw
from fusemlir.lowering.kernel.control_flow import for_loop
from fusemlir.lowering.kernel.index_math import Index, add, linear, multiply


def factor(value: SSAValue) -> SSAValue:
    """An element in memory as it is multiplied."""
    return arith.ExtSIOp(value, i32).result if value.type == i8 else widen(value)


@dataclass
class WindowSums:
    """Of a thread: `rows` by `width` results of one channel."""

    contracted: Contracted
    operands: Operands
    held: InputTile
    item: Sequence[Index]
    """The channel and the first result in the tile: depth, row, column."""

    def of(self, feature: Index) -> Sequence[SSAValue]:
        """All sums, row by row, with the weights of one feature."""
        z, y, _ = self.held.axes
        chosen = self.held.schedule
        totals = [self.contracted.zero()] * (chosen.rows * chosen.width)
        if chosen.is_unrolled:
            rows = Rows(self.held, self._first)
            for at in product(range(z.window), range(y.window)):
                totals = self._add_row(rows, feature, at, totals)
            return totals

        def turn(number: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
            at = split(number, (z.window, y.window))
            rows = Rows(self.held, self._first)
            return self._add_row(rows, feature, at, list(carried))

        return for_loop(0, z.window * y.window, 1, totals, turn)

    @property
    def _first(self) -> Index:
        """Where the thread's first window begins, in the row in front of the tile."""
        channel, *tile = self.item
        axes = zip(tile, self.held.axes, strict=True)
        place = [channel, *(multiply(at, axis.stride) for at, axis in axes)]
        return linear(place, self.held.sizes)

    def _add_row(
        self,
        rows: Rows,
        feature: Index,
        at: Sequence[Index],
        totals: Sequence[SSAValue],
    ) -> list[SSAValue]:
        """With the products of one row of the window."""
        z, y, x = self.held.axes
        width, found = self.held.schedule.width, list(totals)
        depth, below = multiply(at[0], z.dilation), multiply(at[1], y.dilation)
        heights = [add(below, row * y.stride) for row in range(self.held.schedule.rows)]
        for tap in range(x.window):
            weight = self._weight(feature, (*at, tap))
            for number, total in enumerate(found):
                row, lane = divmod(number, width)
                column = lane * x.stride + tap * x.dilation
                value = rows.factor(depth, heights[row], column)
                found[number] = self.contracted.multiply_add(value, weight, total)
        return found

    def _weight(self, feature: Index, offsets: Sequence[Index]) -> SSAValue:
        kernel = self.contracted.factors[1]
        used = offsets[-(len(shape_of(kernel)) - 2) :]
        return self.contracted.element(self.operands, kernel, [feature, 0, *used])


@dataclass
class Rows:
    """What a thread has read of the tile so far."""

    held: InputTile
    first: Index
    _vectors: dict[tuple[Index, ...], Sequence[SSAValue]] = field(
        default_factory=dict[tuple[Index, ...], Sequence[SSAValue]], init=False
    )
    _factors: dict[tuple[Index, ...], SSAValue] = field(
        default_factory=dict[tuple[Index, ...], SSAValue], init=False
    )

    def factor(self, depth: Index, height: Index, column: int) -> SSAValue:
        """The element so far into the thread's first window, as it is multiplied."""
        key = (depth, height, column)
        if key not in self._factors:
            unit = self.held.schedule.shared_vector(self.held.axes)
            lead = self.held.schedule.lead(self.held.axes)
            vector, lane = divmod(lead + column, unit)
            self._factors[key] = factor(self._vector(depth, height, vector)[lane])
        return self._factors[key]

    def _vector(self, depth: Index, height: Index, number: int) -> Sequence[SSAValue]:
        key = (depth, height, number)
        if key not in self._vectors:
            schedule, axes = self.held.schedule, self.held.axes
            unit = schedule.shared_vector(axes)
            _, _, rows, columns = self.held.sizes
            offset = add(multiply(depth, rows * columns), multiply(height, columns))
            at = add(self.first, offset, number * unit)
            self._vectors[key] = load_raw(self.held.array, [at], unit)
        return self._vectors[key]
