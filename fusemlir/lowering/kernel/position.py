"""Where in a tensor a thread stands, and where that is in the tensors broadcast to it.

Tensors are row-major. A tensor is broadcast to another of its rank along the
dimensions in which its size is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.kernel.index_math import as_value, divide, remainder


def index(value: int) -> SSAValue:
    return as_value(value)


def coordinates(linear: SSAValue, shape: Shape) -> tuple[SSAValue, ...]:
    """The coordinates in `shape` of its `linear`-th element."""
    rest, found = linear, list[SSAValue]()
    outermost = next((axis for axis, size in enumerate(shape) if size != 1), None)
    for axis in reversed(range(len(shape))):
        if shape[axis] == 1:
            found.append(index(0))
        elif axis == outermost:
            found.append(rest)
        else:
            found.append(as_value(remainder(rest, shape[axis])))
            rest = as_value(divide(rest, shape[axis]))
    return tuple(reversed(found))


def row_major(at: Sequence[SSAValue], shape: Shape) -> SSAValue:
    """The number of the element at `at`, whose coordinates along sizes of one are 0."""
    offset: SSAValue | None = None
    for coordinate, size in zip(at, shape, strict=True):
        if size == 1:
            continue
        if offset is not None:
            scaled = arith.MuliOp(offset, index(size)).result
            coordinate = arith.AddiOp(scaled, coordinate).result
        offset = coordinate
    return index(0) if offset is None else offset


def merge_axes(full: Shape, others: Iterable[Shape]) -> dict[Shape, Shape]:
    """Fewer axes for `full` and what is broadcast to it: neighbours along which each
    tensor is either whole or broadcast become one.

    `(2, 3, 4)` with itself is `(24,)`; with `(1, 3, 1)` as well it is `(2, 3, 4)`.
    """
    shapes = (full, *others)
    merged: list[tuple[int, ...]] = []
    for sizes in zip(*shapes, strict=True):
        if sizes[0] == 1:
            continue
        if merged and _is_broadcast(merged[-1]) == _is_broadcast(sizes):
            pairs = zip(merged[-1], sizes, strict=True)
            merged[-1] = tuple(before * size for before, size in pairs)
        else:
            merged.append(sizes)
    return {
        shape: tuple(sizes[which] for sizes in merged)
        for which, shape in enumerate(shapes)
    }


def _is_broadcast(sizes: Sequence[int]) -> tuple[bool, ...]:
    return tuple(size == 1 for size in sizes)


@dataclass
class Position:
    """One element of a tensor of `shape`, by its number and its coordinates."""

    shape: Shape
    linear: SSAValue
    merged: Mapping[Shape, Shape] = field(default_factory=dict[Shape, Shape])
    """Other shapes for the ones that are asked for: `merge_axes`."""
    at: tuple[SSAValue, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.at = coordinates(self.linear, self._axes(self.shape))

    def offset(self, shape: Shape) -> SSAValue:
        """The number of this element in a tensor of `shape`, broadcast to this one."""
        if shape == self.shape:
            return self.linear
        return row_major(self.at, self._axes(shape))

    def _axes(self, shape: Shape) -> Shape:
        return self.merged.get(shape, shape)
