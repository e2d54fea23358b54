"""Where the elements of a tensor lie in the host's memory.

Images lie with their channels innermost, so that a vector register holds neighbouring
channels of one pixel, and with a halo of zeros around them where a convolution pads:
it reads past the edge and asks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    def channels_last(shape: Shape, halo: Sequence[tuple[int, int]] = ()) -> Layout:
        """Of an image; `halo` is that of its spatial axes, none where not given."""
        batch, channels, *spatial = range(len(shape))
        around = tuple(halo) or ((0, 0),) * len(spatial)
        return Layout(
            shape, (batch, *spatial, channels), ((0, 0),) * FIRST_SPATIAL + around
        )

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
