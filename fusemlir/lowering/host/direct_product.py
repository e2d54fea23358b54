"""Convolutions and matrix products of packed weights, summed in registers.

A tile is some neighbouring pixels by some vectors of features. For every element of
the window and every channel, one number of each pixel is multiplied with the vectors
of weights that lie packed in the order in which they are read; nothing is copied
together before (no im2col). A matrix is an image of one row, its window one pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.host.arithmetic import Arithmetic
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.schedules import TileSchedule
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    linear,
    multiply,
    remainder,
)

KEPT_BYTES = 1 << 18
"""Weights of a layer that may stay in a cache of the second level beside its image."""

MANY_PIECES = 14
"""Of work, which some threads may share."""

Sums: TypeAlias = Sequence[SSAValue]
"""Of a tile: of its first pixel all vectors, then of the next."""

Start: TypeAlias = Callable[["Tile"], Sums]
"""What the sums of a tile begin with."""

Finish: TypeAlias = Callable[["Tile", Sums], None]
"""Stores the sums of a tile."""


@dataclass(frozen=True)
class DirectProduct:
    """result[image, *place, feature] from an image, in elements of its buffer.

    Features are in groups, each of channels of its own.
    """

    images: int
    places: Shape
    """Of the result: rows and columns, and of volumes what is before them."""
    groups: int
    features: int
    """Of a group."""
    channels: int
    """Of a group, read for each element of the window."""
    window: Shape
    start: int
    """Where the first pixel reads first."""
    image_stride: int
    strides: Shape
    """From a place of the result to the next, by axis."""
    window_strides: Shape

    @property
    def lines(self) -> Shape:
        """The axes of `places` before the last."""
        return self.places[:-1]

    @property
    def columns(self) -> int:
        return self.places[-1]

    @property
    def depth(self) -> int:
        """Products of a sum."""
        return prod(self.window) * self.channels

    @property
    def column_stride(self) -> int:
        return self.strides[-1]


@dataclass(frozen=True)
class Tile:
    """Where a tile is, the column and the feature being the first ones."""

    image: Index
    line: Sequence[Index]
    """Of the axes before the last."""
    column: Index
    pixels: int
    feature: Index
    """Among all groups."""
    block: Index
    """Which block of packed features."""


@dataclass
class DirectKernel:
    """Writes the loops around a product."""

    kernel: HostKernel
    product: DirectProduct
    schedule: TileSchedule
    arithmetic: Arithmetic
    image: SSAValue
    weights: SSAValue
    """Packed: [groups, blocks, window, steps, features of a block, depth of a step]."""

    @property
    def blocks(self) -> int:
        """Of features, in a group."""
        return -(-self.product.features // self.schedule.features)

    def emit(self, start: Start, finish: Finish) -> None:
        found = self.product
        outer = () if self.keeps_weights else (found.groups * self.blocks,)
        sizes = (found.images, *outer, *found.lines)
        begin, end = self.kernel.share(prod(sizes))
        with loop(begin, end) as piece:
            image, *at = unraveled(piece, sizes)
            block = at.pop(0) if outer else None
            self.emit_line(image, block, at, start, finish)

    @property
    def keeps_weights(self) -> bool:
        """Whether all weights stay in a cache: then pixels get all their features,
        which are neighbours in memory, before the next ones do; else a block of weights
        is used for all lines before the next."""
        found = self.product
        pieces = found.images * prod(found.lines)
        return pieces >= MANY_PIECES and buffer_bytes(self.weights) <= KEPT_BYTES

    def emit_line(
        self,
        image: Index,
        block: Index | None,
        line: Sequence[Index],
        start: Start,
        finish: Finish,
    ) -> None:
        """The columns of one line, of one block of features or of all blocks."""
        columns, height = self.product.columns, self.schedule.pixels

        def finish_tile(column: Index, pixels: int, block: Index) -> None:
            place = Tile(image, line, column, pixels, self._feature(block), block)
            finish(place, self._sums(place, start(place)))

        def tile(column: Index, pixels: int) -> None:
            if block is not None:
                finish_tile(column, pixels, block)
                return
            with loop(0, self.product.groups * self.blocks) as each:
                finish_tile(column, pixels, each)

        whole = columns - columns % height
        if whole:
            with loop(0, whole, height) as column:
                tile(column, height)
        if whole < columns:
            tile(whole, columns - whole)

    def _feature(self, block: Index) -> Index:
        features, width = self.product.features, self.schedule.features
        group, within = divide(block, self.blocks), remainder(block, self.blocks)
        first = multiply(within, width)
        if features > width and features % width:
            # The last block is whole too, and computes some of the one before again.
            last = as_value(features - width)
            first = arith.MinUIOp(as_value(first), last).result
        return add(multiply(group, features), first)

    def _sums(self, place: Tile, start: Sums) -> Sums:
        found = self.product
        group = divide(place.block, self.blocks)
        first = add(self._first(place), multiply(group, found.channels))
        tap_weights, weights = self._tap_weights, self.first_weight(place)

        def tap(at: Sequence[Index], sums: Sums) -> Sums:
            return self._channels(
                place.pixels,
                add(first, *map(multiply, at, found.window_strides)),
                add(weights, multiply(linear(list(at), found.window), tap_weights)),
                sums,
            )

        return nested_sums(found.window, start, tap)

    def _first(self, place: Tile) -> Index:
        """Where a tile of features of the first group reads first."""
        found = self.product
        at = (*place.line, place.column)
        return add(
            multiply(place.image, found.image_stride),
            *map(multiply, at, found.strides),
            found.start,
        )

    def first_weight(self, place: Tile) -> Index:
        """Where the packed weights of a tile begin."""
        block = prod(self.product.window) * self._tap_weights
        return multiply(place.block, block)

    @property
    def _tap_weights(self) -> int:
        """Of one element of the window, for all features of a block."""
        steps = -(-self.product.channels // self.arithmetic.depth)
        return steps * self._step_weights

    @property
    def _step_weights(self) -> int:
        """Of one step, for all features of a block."""
        return self.schedule.features * self.arithmetic.depth

    def _channels(self, pixels: int, read: Index, weights: Index, sums: Sums) -> Sums:
        """Add the products of all channels at one element of the window."""
        depth = self.arithmetic.depth
        steps, rest = divmod(self.product.channels, depth)
        ahead = self.schedule.unroll(steps)

        def step(
            number: Index, sums: tuple[SSAValue, ...], channels: int
        ) -> tuple[SSAValue, ...]:
            here = add(read, multiply(number, depth))
            there = add(weights, multiply(number, self._step_weights))
            factors = self._factors(there)
            return tuple(
                total
                for pixel in range(pixels)
                for total in self._pixel(
                    add(here, pixel * self.product.column_stride),
                    channels,
                    factors,
                    sums[pixel * len(factors) : (pixel + 1) * len(factors)],
                )
            )

        def turn(first: SSAValue, sums: tuple[SSAValue, ...]) -> Sums:
            for number in range(ahead):
                sums = step(add(first, number), sums, depth)
            return sums

        if steps:
            sums = for_loop(0, steps, ahead, sums, turn)
        return step(steps, tuple(sums), rest) if rest else sums

    def _pixel(self, at: Index, channels: int, factors: Sums, sums: Sums) -> Sums:
        spread = self.arithmetic.spread(self.image, at, channels)
        return [
            self.arithmetic.multiply_add(spread, factor, total)
            for factor, total in zip(factors, sums, strict=True)
        ]

    def _factors(self, at: Index) -> list[SSAValue]:
        apart = self.schedule.lanes * self.arithmetic.depth
        return [
            self.arithmetic.factors(self.weights, add(at, number * apart))
            for number in range(self.schedule.vectors)
        ]


def buffer_bytes(buffer: SSAValue) -> int:
    assert isa(buffer.type, MemRefType)
    return prod(buffer.type.get_shape()) * element_bytes(buffer.type.element_type)


def nested_sums(
    sizes: Sequence[Index],
    start: Sums,
    step: Callable[[Sequence[Index], Sums], Sums],
    outer: Sequence[Index] = (),
) -> Sums:
    """`start` after `step` at all indices below `sizes`, the last the innermost."""
    if not sizes:
        return step(outer, start)
    size, *inner = sizes
    if size == 1:
        return nested_sums(inner, start, step, (*outer, 0))

    def turn(at: SSAValue, sums: tuple[SSAValue, ...]) -> Sums:
        return nested_sums(inner, sums, step, (*outer, at))

    return for_loop(0, size, 1, start, turn)
