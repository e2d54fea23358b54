"""A tensor as rows: which elements make one, and where each of them lies.

A row is what is reduced to one value. Its elements may lie side by side, or with a
stride between them, or along several axes; so may the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from operator import mul

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.kernel.index_math import Index, add, divide, multiply, remainder


@dataclass(frozen=True)
class Axis:
    """An axis of a tensor: its size, and how far apart neighbours along it are."""

    size: int
    stride: int
    result: int | None = None
    """How far apart their results are; None along a row."""


@dataclass(frozen=True)
class RowView:
    """The axes along which there are rows, and those along a row, the last one the
    innermost. No axis has size one, and neighbours that are as one axis are one."""

    kept: tuple[Axis, ...]
    reduced: tuple[Axis, ...]

    @staticmethod
    def of_axes(axes: Iterable[Axis]) -> RowView:
        merged = _merge(axes)
        return RowView(
            tuple(axis for axis in merged if axis.result is not None),
            tuple(axis for axis in merged if axis.result is None),
        )

    @staticmethod
    def of_shape(shape: Shape, axes: Sequence[int]) -> RowView:
        """Rows along `axes` of a row-major tensor; results lie as the elements do."""
        return RowView.of_axes(
            Axis(size, stride, None if axis in axes else stride)
            for axis, (size, stride) in enumerate(
                zip(shape, strides(shape), strict=True)
            )
        )

    @property
    def rows(self) -> int:
        return prod(axis.size for axis in self.kept)

    @property
    def columns(self) -> int:
        """Elements of a row."""
        return prod(axis.size for axis in self.reduced)

    @property
    def is_across(self) -> bool:
        """Whether elements that lie side by side are of different rows."""
        innermost = min((*self.kept, *self.reduced), key=_stride, default=None)
        return (
            innermost is not None
            and innermost.result is not None
            and (innermost.stride == 1)
        )

    @property
    def run(self) -> int:
        """How many elements lie side by side, of one row or across rows."""
        last = self.kept[-1:] if self.is_across else self.reduced[-1:]
        return last[0].size if last and last[0].stride == 1 else 1

    def schedule(self, widest: int, *, holds: bool = False) -> RowSchedule:
        """For threads that share the rows of elements of at most `widest` bytes."""
        return RowSchedule.choose(
            self.rows,
            self.columns,
            self.run,
            widest,
            is_across=self.is_across,
            holds=holds,
        )

    def row(self, number: Index) -> Index:
        """Where the row of that number begins."""
        return _offset(number, [(axis.size, axis.stride) for axis in self.kept])

    def result(self, number: Index) -> Index:
        """Where its result is."""
        return _offset(number, [(axis.size, axis.result or 0) for axis in self.kept])

    def column(self, number: Index) -> Index:
        """How far from there the row's element of that number is."""
        return _offset(number, [(axis.size, axis.stride) for axis in self.reduced])


def strides(shape: Shape) -> Shape:
    """Of a row-major tensor."""
    if not shape:
        return ()
    return tuple(accumulate(reversed(shape[1:]), mul, initial=1))[::-1]


def _stride(axis: Axis) -> int:
    return axis.stride


def _merge(axes: Iterable[Axis]) -> list[Axis]:
    ordered = sorted((a for a in axes if a.size != 1), key=_stride, reverse=True)
    merged: list[Axis] = []
    for axis in ordered:
        if merged and _is_outer_part(merged[-1], axis):
            merged[-1] = Axis(merged[-1].size * axis.size, axis.stride, axis.result)
        else:
            merged.append(axis)
    return merged


def _is_outer_part(outer: Axis, inner: Axis) -> bool:
    if outer.stride != inner.stride * inner.size:
        return False
    if outer.result is None or inner.result is None:
        return outer.result is inner.result
    return outer.result == inner.result * inner.size


def _offset(number: Index, axes: Sequence[tuple[int, int]]) -> Index:
    """Of the element of that number in row-major order of axes of sizes and strides."""
    total: Index = 0
    for size, stride in reversed(axes[1:]):
        total = add(multiply(remainder(number, size), stride), total)
        number = divide(number, size)
    return add(multiply(number, axes[0][1]), total) if axes else total
