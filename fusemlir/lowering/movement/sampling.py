"""Where a slice or a padding reads its input, which may be outside of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PaddingOp, SliceOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    multiply,
    remainder,
    subtract,
)


@dataclass(frozen=True)
class Axis:
    """Position i of the result reads start + i * stride of `dim` elements."""

    start: int
    size: int
    stride: int
    dim: int

    @property
    def is_whole(self) -> bool:
        return (self.start, self.size) == (0, self.dim) and self.steps_by_one

    @property
    def steps_by_one(self) -> bool:
        return self.stride == 1 or self.size == 1

    @property
    def last(self) -> int:
        return self.start + (self.size - 1) * self.stride

    @property
    def least(self) -> int:
        return min(self.start, self.last)

    @property
    def may_leave(self) -> bool:
        return self.least < 0 or max(self.start, self.last) >= self.dim

    def can_be_rows(self, ends_bend: bool) -> bool:
        """Whether a position is a row that stays one, the next one following it."""
        return self.steps_by_one and not (ends_bend and self.may_leave)

    def read(self, at: SSAValue, mode: SampleMode) -> Index:
        """What position `at` reads, brought inside as `mode` says; `fill` leaves it."""
        read = add(multiply(at, self.stride), self.start)
        if not self.may_leave or mode in (SampleMode.FILL, SampleMode.STRICT_BOUNDS):
            return read
        if mode == SampleMode.CLAMP:
            least = arith.MaxSIOp(as_value(read), as_value(0)).result
            return arith.MinSIOp(least, as_value(self.dim - 1)).result
        if mode == SampleMode.WRAP:
            return self._rest(read, self.dim)
        # The ends are not repeated: a period is there and back without them.
        period = max(1, 2 * (self.dim - 1))
        there = self._rest(read, period)
        back = subtract(period, there)
        return arith.MinSIOp(as_value(there), as_value(back)).result

    def _rest(self, read: Index, period: int) -> Index:
        """`read` modulo `period`, so many of which are added that it is positive."""
        periods = max(0, -(self.least // period))
        return remainder(add(read, periods * period), period)


def axes_of(op: PaddingOp | SliceOp) -> list[Axis]:
    """How each axis is read, neighbours that are read as one made one."""
    return _merged(dimensions_of(op), mode_of(op))


def dimensions_of(op: PaddingOp | SliceOp) -> list[Axis]:
    """How each axis is read."""
    shape, output = shape_of(op.input), shape_of(op.output)
    if isinstance(op, SliceOp):
        starts, strides = op.starts, op.strides
    else:
        outer = (0,) * (len(shape) - 2)
        starts, strides = (*outer, *(-pre for pre in op.pre)), (1,) * len(shape)
    given = zip(starts, output, strides, shape, strict=True)
    return [Axis(*axis) for axis in given]


def neighbours_read(op: PaddingOp | SliceOp) -> int:
    """What positions of the result are a multiple of, between which all are read side
    by side or all are filled, and what these reads are a multiple of; 0 for any."""
    axis = next(iter(axes_of(op)[-1:]), Axis(0, 1, 1, 1))
    mode = mode_of(op)
    bends = mode not in (SampleMode.FILL, SampleMode.STRICT_BOUNDS)
    if axis.stride != 1 or (bends and axis.may_leave):
        return 1
    return gcd(axis.start, axis.size, axis.dim)


def mode_of(op: PaddingOp | SliceOp) -> SampleMode:
    return op.sampling if isinstance(op, SliceOp) else SampleMode.FILL


def is_defined(op: PaddingOp | SliceOp) -> bool:
    """Whether there is an element for each place that is read, or a fill."""
    return mode_of(op) == SampleMode.FILL or 0 not in shape_of(op.input)


def _merged(axes: Sequence[Axis], mode: SampleMode) -> list[Axis]:
    """An axis read whole, and the one before it in steps of one, are one axis: past its
    ends are the rows that are past the ends of the latter, unless `mode` bends them."""
    bends = mode in (SampleMode.CLAMP, SampleMode.REFLECT)
    merged: list[Axis] = []
    for axis in axes:
        before = merged[-1] if merged else None
        if before and axis.is_whole and before.can_be_rows(bends):
            merged[-1] = _rows(before, axis.size)
        else:
            merged.append(axis)
    return merged


def _rows(axis: Axis, length: int) -> Axis:
    scaled = replace(axis, start=axis.start * length, stride=1)
    return replace(scaled, size=axis.size * length, dim=axis.dim * length)
