"""Nested loops over the elements of tensors that lie in different orders.

Axes along which all tensors of a kernel go on in step are one loop: a sum of two
tensors in one layout is a single one, whatever their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    divide,
    multiply,
    remainder,
)


@dataclass(frozen=True)
class Walk:
    """How a tensor's buffer is gone through: where it begins, and how far the next
    element is along each axis of the loops; 0 where the tensor is broadcast."""

    start: int
    strides: tuple[int, ...]


Visit: TypeAlias = Callable[[Sequence[Index]], None]
"""Computes one element, given its place in the buffer of each walk."""


def walk_of(layout: Layout, aligned: Shape) -> Walk:
    """Of a tensor that is broadcast from the shape `aligned`, which has its elements
    in the same order; along axes of size one all read the same."""
    whole = layout.shape if layout.shape == aligned else None
    strides = layout.strides if whole else Layout.row_major(aligned).strides
    return Walk(
        layout.start,
        tuple(
            0 if size == 1 else stride
            for size, stride in zip(aligned, strides, strict=True)
        ),
    )


def visit_all(
    kernel: HostKernel, layout: Layout, walks: Sequence[Walk], visit: Visit
) -> None:
    """Loops over the elements of `layout` in its order, this thread's share of them."""
    sizes, merged = merge(layout, walks)
    *outer, inner = sizes or [1]
    rows = prod(outer)
    if rows == 1:
        _row(kernel.share(inner), [walk.start for walk in walks], merged, visit)
        return
    begin, end = kernel.share(rows)
    with loop(begin, end) as row:
        at = unraveled(row, outer)
        starts = [
            add(walk.start, *map(multiply, at, strides[:-1]))
            for walk, strides in zip(walks, merged, strict=True)
        ]
        _row((0, inner), starts, merged, visit)


def _row(
    bounds: tuple[Index, Index],
    starts: Sequence[Index],
    strides: Sequence[Sequence[int]],
    visit: Visit,
) -> None:
    with loop(*bounds) as at:
        visit(
            [
                add(start, multiply(at, steps[-1] if steps else 0))
                for start, steps in zip(starts, strides, strict=True)
            ]
        )


def merge(
    layout: Layout, walks: Sequence[Walk]
) -> tuple[list[int], list[tuple[int, ...]]]:
    """The sizes of as few loops as will do, the innermost last, and the strides of each
    walk along them."""
    axes = [axis for axis in layout.order if layout.shape[axis] > 1]
    sizes = list[int]()
    strides = list[tuple[int, ...]]()
    for axis in axes:
        size = layout.shape[axis]
        steps = tuple(walk.strides[axis] for walk in walks)
        if strides and strides[-1] == tuple(step * size for step in steps):
            sizes[-1] *= size
            strides[-1] = steps
        else:
            sizes.append(size)
            strides.append(steps)
    by_walk = [tuple(steps[which] for steps in strides) for which in range(len(walks))]
    return sizes, by_walk


def unraveled(number: SSAValue, sizes: Sequence[int]) -> list[Index]:
    """The coordinates of the `number`-th element of a row-major array."""
    rest: Index = number
    found = list[Index]()
    for size in reversed(sizes[1:]):
        found.append(remainder(rest, size))
        rest = divide(rest, size)
    return [rest, *reversed(found)]
