"""Factors of a contraction as matrices, and where their elements are in memory.

A contraction is a batch of products: result[free0, free1] is the sum over depth of
first[free0, depth] * second[free1, depth]. Of a convolution the first factor is the
kernel of a group and the second what its windows see, a column of all images' spatial
positions: the batch is of groups, the depth runs over channels and window.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import gcd, prod
from operator import mul
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes, integer, storage_type
from fusemlir.lowering.elements.windows import every, inside, taps
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES
from fusemlir.lowering.gpu.vector_access import load_raw
from fusemlir.lowering.kernel.control_flow import if_else
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    is_below,
    linear,
    multiply,
    remainder,
)

Axes: TypeAlias = "tuple[tuple[int, int], ...]"
"""The size of each axis and how far apart its neighbours are, 0 where one serves all;
a position along all of them is one number, row-major."""

Locate: TypeAlias = "Callable[[Index], Sequence[Index]]"
"""From a column to an image and a position in the output."""

Place: TypeAlias = "tuple[Index, ...]"
"""What is known of an element's address before its depth is."""


def row_major(shape: Shape) -> Axes:
    """The axes of a whole array."""
    strides = list(accumulate(reversed(shape[1:]), mul, initial=1))[::-1]
    return tuple(zip(shape, strides, strict=False))


def split(number: Index, sizes: Sequence[int]) -> list[Index]:
    """The coordinates of the `number`-th element, which is there, of an array."""
    found = list[Index]()
    for size in reversed(sizes[1:]):
        found.append(remainder(number, size))
        number = divide(number, size)
    return [number, *reversed(found)] if sizes else []


def stride_over(number: Index, axes: Axes) -> Index:
    """How far from the first the `number`-th element is, in elements."""
    axes = tuple(axis for axis in axes if axis[0] != 1)
    coordinates = split(number, [size for size, _ in axes])
    pairs = zip(coordinates, axes, strict=True)
    return add(*(multiply(at, stride) for at, (_, stride) in pairs))


def select(condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.SelectOp(condition, a, b).result


@dataclass(frozen=True)
class Operand(ABC):
    """One factor, in a buffer of one dimension.

    A tile of it is found step by step: what is known for a batch and a column's place
    in free (`place`), from some depth of a tile on (`tile`), and so much deeper in it
    (`offset`).
    """

    value: SSAValue
    """The tensor."""
    free: int
    depth: int

    @property
    def element(self) -> Attribute:
        return storage_type(element_type_of(self.value))

    @property
    @abstractmethod
    def is_depth_inner(self) -> bool:
        """Whether neighbours in memory follow each other in depth, else in free."""

    @property
    @abstractmethod
    def neighbours(self) -> int:
        """How many of them one access may load."""

    @property
    @abstractmethod
    def instructions(self) -> int:
        """About how many it takes to find and load what one access loads."""

    @abstractmethod
    def place(self, batch: Index, free: Index) -> Place: ...

    @abstractmethod
    def tile(self, place: Place, start: Index, row: Index) -> Place:
        """`start` is a tile's, `row` is in the tile."""

    @abstractmethod
    def offset(self, tile: Place, depth: int) -> tuple[Index, SSAValue | None]:
        """Where an element is, and a condition under which it is not zero."""

    @abstractmethod
    def is_inside(self, tile: Place, depth: int) -> SSAValue:
        """Whether an element is before the end of the depth."""

    @property
    def is_readable(self) -> bool:
        """Whether something is in memory where an element is that has to be zero."""
        return False

    def is_masked(self, block: int) -> bool:
        """Whether tiles `block` deep reach past the end of the depth."""
        return self.depth % block != 0

    def load(
        self, buffer: SSAValue, tile: Place, depth: int, count: int, *, masked: bool
    ) -> list[SSAValue]:
        """`count` neighbours as they are in memory; zeros past the end of the depth,
        which is looked for where `masked`."""
        offset, is_there = self.offset(tile, depth)
        is_before_end = self.is_inside(tile, depth) if masked else None
        condition = _both(is_before_end, is_there)

        def read() -> list[SSAValue]:
            return list(load_raw(buffer, [offset], count))

        def nothing() -> list[SSAValue]:
            return [zero(self.element)] * count

        if condition is None:
            return read()
        if masked or not self.is_readable:
            return list(if_else(condition, read, nothing))
        none = zero(self.element)
        return [select(condition, value, none) for value in read()]


def _both(a: SSAValue | None, b: SSAValue | None) -> SSAValue | None:
    return every(condition for condition in (a, b) if condition is not None)


def zero(element: Attribute) -> SSAValue:
    """0 of a type that tensors have."""
    if isinstance(element, AnyFloat):
        return arith.ConstantOp(FloatAttr(0.0, element)).result
    return integer(element, 0)


@dataclass(frozen=True)
class StridedOperand(Operand):
    """Elements at fixed distances, along the batch, the free axes and the depth."""

    batches: Axes
    rows: Axes
    step: int
    """From one element in depth to the next."""

    @property
    def is_depth_inner(self) -> bool:
        return self.step == 1

    @property
    def neighbours(self) -> int:
        """As many as divide all distances but that between neighbours."""
        most = ACCESS_BYTES // element_bytes(self.element)
        strides = [stride for _, stride in (*self.batches, *self.rows)]
        if self.step != 1:
            inner_size, inner_stride = self.rows[-1]
            if inner_stride != 1:
                return 1
            return gcd(most, inner_size, self.step, *strides[:-1])
        return gcd(most, self.depth, *strides)

    @property
    def instructions(self) -> int:
        return 8

    def place(self, batch: Index, free: Index) -> Place:
        return (add(stride_over(batch, self.batches), stride_over(free, self.rows)),)

    def tile(self, place: Place, start: Index, row: Index) -> Place:
        depth = add(start, row)
        return add(place[0], multiply(depth, self.step)), depth

    def offset(self, tile: Place, depth: int) -> tuple[Index, SSAValue | None]:
        return add(tile[0], multiply(depth, self.step)), None

    def is_inside(self, tile: Place, depth: int) -> SSAValue:
        return is_below(add(tile[1], depth), self.depth)


@dataclass(frozen=True)
class WindowOperand(Operand):
    """What the windows of a convolution see: free runs over images and positions, the
    depth over channels and, faster, the window."""

    op: ConvolutionOp
    locate: Locate | None = field(default=None, kw_only=True)
    """Where a column is; None where columns are images and positions, row-major."""

    @property
    def is_depth_inner(self) -> bool:
        return False

    @property
    def neighbours(self) -> int:
        return 1

    @property
    def instructions(self) -> int:
        return 27

    def place(self, batch: Index, free: Index) -> Place:
        """The image's and group's offset, and the position in the output."""
        images, channels, *spatial = shape_of(self.op.input)
        sizes = [images, *shape_of(self.op.output)[2:]]
        image, *at = self.locate(free) if self.locate else split(free, sizes)
        size = prod(spatial)
        own = channels // self.op.groups
        first = add(multiply(image, channels * size), multiply(batch, own * size))
        return (first, *at)

    def tile(self, place: Place, start: Index, row: Index) -> Place:
        return (add(start, row), *place)

    def offset(self, tile: Place, depth: int) -> tuple[Index, SSAValue | None]:
        start, first, *at = tile
        _, channels, *window = shape_of(self.op.kernel)
        channel, *offsets = split(add(start, depth), [channels, *window])
        return self.seen(first, at, channel, offsets)

    def seen(
        self,
        first: Index,
        at: Sequence[Index],
        channel: Index,
        offsets: Sequence[Index],
    ) -> tuple[Index, SSAValue | None]:
        spatial = shape_of(self.op.input)[2:]
        read = taps(self.op, at, offsets)
        plane = multiply(channel, prod(spatial))
        return add(first, plane, linear(read, spatial)), inside(self.op, read)

    def is_inside(self, tile: Place, depth: int) -> SSAValue:
        return is_below(add(tile[0], depth), self.depth)


@dataclass(frozen=True)
class ChannelBlocks:
    """The depth of a convolution in another order: `block` channels at one place of the
    window, then at the next; after the window the next channels.

    A tile is `block` deep: all of it is seen at one place.
    """

    channels: int
    window: Shape
    block: int

    @property
    def depth(self) -> int:
        """With what is missing to whole blocks."""
        return -(-self.channels // self.block) * self.block * prod(self.window)

    def split(self, start: Index) -> tuple[Index, Index]:
        """A tile's first channel and the number of its place in the window."""
        places = prod(self.window)
        tile = divide(start, self.block)
        return multiply(divide(tile, places), self.block), remainder(tile, places)


@dataclass(frozen=True)
class BlockedWindowOperand(WindowOperand):
    """What the windows see, by channel blocks."""

    blocks: ChannelBlocks

    @property
    def instructions(self) -> int:
        return 8

    @property
    def is_readable(self) -> bool:
        return True

    def tile(self, place: Place, start: Index, row: Index) -> Place:
        """A channel, and its offset and whether it is inside, both at the tile's place
        in the window; outside, the offset is that of another that can be read."""
        first_channel, number = self.blocks.split(start)
        channel = add(first_channel, row)
        first, *at = place
        offsets = split(number, self.blocks.window)
        offset, is_there = self.seen(first, at, channel, offsets)
        if is_there is None:
            return channel, offset
        safe = multiply(row, prod(shape_of(self.op.input)[2:]))
        return channel, select(is_there, as_value(offset), as_value(safe)), is_there

    def offset(self, tile: Place, depth: int) -> tuple[Index, SSAValue | None]:
        _, first, *conditions = tile
        (condition,) = conditions or (None,)
        assert not isinstance(condition, int)
        plane = prod(shape_of(self.op.input)[2:])
        return add(first, depth * plane), condition

    def is_inside(self, tile: Place, depth: int) -> SSAValue:
        return is_below(add(tile[0], depth), self.blocks.channels)

    def is_masked(self, block: int) -> bool:
        return self.blocks.channels % block != 0


@dataclass(frozen=True)
class BlockedKernelOperand(StridedOperand):
    """The kernel of a convolution, by channel blocks."""

    blocks: ChannelBlocks

    @property
    def is_depth_inner(self) -> bool:
        return True

    @property
    def neighbours(self) -> int:
        return 1

    def tile(self, place: Place, start: Index, row: Index) -> Place:
        first_channel, number = self.blocks.split(start)
        channel = add(first_channel, row)
        return add(place[0], multiply(channel, self.step), number), channel

    def is_inside(self, tile: Place, depth: int) -> SSAValue:
        return is_below(add(tile[1], depth), self.blocks.channels)

    def is_masked(self, block: int) -> bool:
        return self.blocks.channels % block != 0
