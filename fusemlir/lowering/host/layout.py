"""Where the elements of a tensor lie in the host's memory.

Images lie with their channels innermost, so that a vector register holds neighbouring
channels of one pixel, and with a halo of zeros around them where a convolution pads:
it reads past the edge and asks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import prod
from operator import mul

from fusemlir.dialects.trt.base import Shape

Halo = tuple[tuple[int, int], ...]
"""Elements before and after each axis."""

FIRST_SPATIAL = 2
"""Of an image: batch and channels come before."""


@dataclass(frozen=True)
class Layout:
    """An order of axes, the last innermost, and a halo, for tensors of one shape."""

    shape: Shape
    order: tuple[int, ...]
    halo: Halo

    @staticmethod
    def row_major(shape: Shape) -> Layout:
        return Layout(shape, tuple(range(len(shape))), ((0, 0),) * len(shape))

    @staticmethod
    def channels_last(
        shape: Shape, halo: Sequence[tuple[int, int]] = (), spare: int = 0
    ) -> Layout:
        """Of an image; `halo` is that of its spatial axes, none where not given, and
        `spare` how many channels of zeros are after its own."""
        batch, channels, *spatial = range(len(shape))
        around = tuple(halo) or ((0, 0),) * len(spatial)
        order = (batch, *spatial, channels)
        return Layout(shape, order, ((0, 0), (0, spare), *around))

    def with_halo(self, halo: Halo) -> Layout:
        return replace(self, halo=halo)

    def reshaped(self, shape: Shape) -> Layout | None:
        """The same memory as a tensor of another shape; None where one of its axes
        is not made of what lies together."""
        if self.is_row_major or not self.volume:
            return Layout.row_major(shape)
        order = list[tuple[int, list[int]]]()
        halo = [(0, 0)] * len(shape)
        for old, new in groups(self.shape, shape):
            if len(old) == len(new) == 1:
                halo[new[0]] = self.halo[old[0]]
            elif any(any(self.halo[axis]) for axis in old):
                return None
            long = [axis for axis in old if self.shape[axis] > 1]
            places = [self.order.index(axis) for axis in long or old]
            between = self.order[min(places) : max(places) + 1]
            if [x for x in between if self.shape[x] > 1 or x in long] != long:
                return None
            order.append((min(places), new))
        places = [axis for _, new in sorted(order) for axis in new]
        return Layout(shape, tuple(places), tuple(halo))

    @property
    def padded(self) -> Shape:
        """The sizes of the axes with their halo."""
        return tuple(
            size + sum(around)
            for size, around in zip(self.shape, self.halo, strict=True)
        )

    @property
    def strides(self) -> tuple[int, ...]:
        """How many elements apart neighbours are, by axis."""
        sizes = [self.padded[axis] for axis in self.order]
        apart = list(accumulate(reversed(sizes[1:]), mul, initial=1))[::-1]
        by_axis = dict(zip(self.order, apart, strict=False))
        return tuple(by_axis[axis] for axis in range(len(self.shape)))

    @property
    def volume(self) -> int:
        """Elements of the buffer, the halo's included."""
        return prod(self.padded)

    @property
    def start(self) -> int:
        """Where in the buffer the tensor's first element is."""
        pairs = zip(self.halo, self.strides, strict=True)
        return sum(before * stride for (before, _), stride in pairs)

    @property
    def has_halo(self) -> bool:
        return any(map(any, self.halo))

    @property
    def is_row_major(self) -> bool:
        """Whether elements follow each other as in the tensor, nothing between them."""
        moved = [axis for axis in self.order if self.shape[axis] > 1]
        return not self.has_halo and moved == sorted(moved)


def groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Axes that a reshape makes others of, in order and as few together as may be."""
    found = list[tuple[list[int], list[int]]]()
    before, after = list(range(len(old))), list(range(len(new)))
    while before and after:
        left, right = [before.pop(0)], [after.pop(0)]
        while (of_left := prod(old[axis] for axis in left)) != (
            of_right := prod(new[axis] for axis in right)
        ):
            if of_left < of_right:
                left.append(before.pop(0))
            else:
                right.append(after.pop(0))
        found.append((left, right))
    if found:
        found[-1][0].extend(before)
        found[-1][1].extend(after)
    return found
