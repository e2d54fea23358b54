"""Nested loops over the elements of tensors that lie in different orders.

Axes along which all tensors of a kernel go on in step are one loop: a sum of two
tensors in one layout is a single one, whatever their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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

ENOUGH_PIECES = 32
"""Of work that threads share, so that none waits long for another."""


@dataclass(frozen=True)
class Walk:
    """How a tensor's buffer is gone through: where it begins, and how far the next
    element is along each axis of the loops; 0 where the tensor is broadcast."""

    start: int
    strides: tuple[int, ...]


Visit: TypeAlias = Callable[[Sequence[Index]], None]
"""Computes one element, given its place in the buffer of each walk."""


@dataclass(frozen=True)
class Loop:
    """Turns, and how far apart neighbouring ones are in the buffer of each walk."""

    size: int
    steps: tuple[int, ...]

    def from_places(self, places: Sequence[Index], turn: Index) -> list[Index]:
        pairs = zip(places, self.steps, strict=True)
        return [add(place, multiply(turn, step)) for place, step in pairs]


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
    loops = (
        Loop(layout.shape[axis], tuple(walk.strides[axis] for walk in walks))
        for axis in layout.order
    )
    share_loops(kernel, merged(loops), [walk.start for walk in walks], visit)


def merged(loops: Iterable[Loop]) -> list[Loop]:
    """As few loops as will do, none of one turn."""
    found = list[Loop]()
    for inner in loops:
        outer = found[-1] if found else None
        if inner.size == 1:
            continue
        if outer and outer.steps == tuple(step * inner.size for step in inner.steps):
            found[-1] = Loop(outer.size * inner.size, inner.steps)
        else:
            found.append(inner)
    return found


def share_loops(
    kernel: HostKernel, loops: Sequence[Loop], places: Sequence[Index], visit: Visit
) -> None:
    """Nested loops from `places` on, the last the innermost, of which threads share
    the outermost ones; where these have few turns, each turn of them."""
    outer, inner = list(loops[:1]), list(loops[1:])
    while inner[1:] and prod(turns.size for turns in outer) < ENOUGH_PIECES:
        outer.append(inner.pop(0))
    if inner and prod(turns.size for turns in outer) < ENOUGH_PIECES:
        repeat(outer, places, lambda at: share_loops(kernel, inner, at, visit))
        return
    sizes = [turns.size for turns in outer] or [1]
    begin, end = kernel.share(prod(sizes))
    with loop(begin, end) as piece:
        at = list(places)
        for turns, turn in zip(outer, unraveled(piece, sizes), strict=False):
            at = turns.from_places(at, turn)
        repeat(inner, at, visit)


def repeat(loops: Sequence[Loop], places: Sequence[Index], visit: Visit) -> None:
    """Nested loops from `places` on, the last the innermost, all by each thread."""
    if not loops:
        visit(places)
        return
    outer, *inner = loops
    with loop(0, outer.size) as turn:
        repeat(inner, outer.from_places(places, turn), visit)


def unraveled(number: SSAValue, sizes: Sequence[int]) -> list[Index]:
    """The coordinates of the `number`-th element of a row-major array."""
    rest: Index = number
    found = list[Index]()
    for size in reversed(sizes[1:]):
        found.append(remainder(rest, size))
        rest = divide(rest, size)
    return [rest, *reversed(found)]
