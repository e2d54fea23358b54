"""Convolutions and matrix products of packed weights, summed in registers.

A tile is some neighbouring pixels by some vectors of features. For every element of
the window and every channel, one number of each pixel is multiplied with the vectors
of weights that lie packed in the order in which they are read; nothing is copied
together before (no im2col). A matrix is an image of one row, its window one pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import SSAValue

from fusemlir.lowering.host.access import load_vector
from fusemlir.lowering.host.host_kernel import ALIGNMENT, HostKernel
from fusemlir.lowering.host.schedules import TileSchedule
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    multiply,
    remainder,
)

Sums: TypeAlias = Sequence[SSAValue]
"""Of a tile: of its first pixel all vectors, then of the next."""

Finish: TypeAlias = Callable[["Tile", Sums], None]


@dataclass(frozen=True)
class DirectProduct:
    """result[image, row, column, feature] from an image, in elements of its buffer.

    Features are in groups, each of channels of its own.
    """

    images: int
    rows: int
    columns: int
    groups: int
    features: int
    """Of a group."""
    channels: int
    """Of a group, read for each element of the window."""
    window: tuple[int, int]
    start: int
    """Where the first pixel reads first."""
    image_stride: int
    row_stride: int
    column_stride: int
    window_strides: tuple[int, int]


@dataclass(frozen=True)
class Tile:
    """Where a tile is, the column and the feature being the first ones."""

    image: Index
    row: Index
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
    image: SSAValue
    weights: SSAValue
    """Packed: [groups, blocks, window, channels, features of a block]."""

    @property
    def blocks(self) -> int:
        """Of features, in a group."""
        return -(-self.product.features // self.schedule.features)

    def emit(self, start: Callable[[Tile], Sums], finish: Finish) -> None:
        """`start` gives what the sums begin with, the bias; `finish` stores them."""
        found, height = self.product, self.schedule.pixels
        pieces = found.images * found.groups * self.blocks * found.rows
        begin, end = self.kernel.share(pieces)
        with loop(begin, end) as piece:
            row = remainder(piece, found.rows)
            rest = divide(piece, found.rows)
            block = remainder(rest, found.groups * self.blocks)
            image = divide(rest, found.groups * self.blocks)

            def tile(column: Index, pixels: int) -> None:
                place = Tile(image, row, column, pixels, self._feature(block), block)
                finish(place, self._sums(place, start(place)))

            whole = found.columns - found.columns % height
            if whole:
                with loop(0, whole, height) as column:
                    tile(column, height)
            if whole < found.columns:
                tile(whole, found.columns - whole)

    def _feature(self, block: Index) -> Index:
        group, within = divide(block, self.blocks), remainder(block, self.blocks)
        first = multiply(within, self.schedule.features)
        return add(multiply(group, self.product.features), first)

    def _sums(self, place: Tile, start: Sums) -> Sums:
        found, width = self.product, self.schedule.features
        height, across = found.window
        group = divide(place.block, self.blocks)
        read = add(
            multiply(place.image, found.image_stride),
            multiply(place.row, found.row_stride),
            multiply(place.column, found.column_stride),
            multiply(group, found.channels),
            found.start,
        )
        tap_weights = found.channels * width
        weights = multiply(place.block, height * across * tap_weights)

        def along_rows(r: SSAValue, sums: tuple[SSAValue, ...]) -> Sums:
            def along_columns(s: SSAValue, sums: tuple[SSAValue, ...]) -> Sums:
                number = add(multiply(r, across), s)
                down, right = found.window_strides
                return self._taps(
                    place.pixels,
                    add(read, multiply(r, down), multiply(s, right)),
                    add(weights, multiply(number, tap_weights)),
                    sums,
                )

            return for_loop(0, across, 1, sums, along_columns)

        return for_loop(0, height, 1, start, along_rows)

    def _taps(self, pixels: int, read: Index, weights: Index, sums: Sums) -> Sums:
        """Add the products of all channels at one element of the window."""
        step = self.schedule.unroll(self.product.channels)
        width = self.schedule.features

        def turn(channel: SSAValue, sums: tuple[SSAValue, ...]) -> Sums:
            here = add(read, channel)
            there = add(weights, multiply(channel, width))
            for ahead in range(step):
                factors = self._vectors(self.weights, add(there, ahead * width))
                sums = tuple(
                    total
                    for pixel in range(pixels)
                    for total in self._pixel(
                        add(here, ahead + pixel * self.product.column_stride),
                        factors,
                        sums[pixel * len(factors) : (pixel + 1) * len(factors)],
                    )
                )
            return sums

        return for_loop(0, self.product.channels, step, sums, turn)

    def _pixel(self, at: Index, factors: Sums, sums: Sums) -> Sums:
        one = memref.LoadOp.get(self.image, [as_value(at)]).res
        spread = vector.BroadcastOp(one, self._type).vector
        return [
            vector.FMAOp(spread, factor, total).res
            for factor, total in zip(factors, sums, strict=True)
        ]

    def _vectors(self, buffer: SSAValue, at: Index) -> list[SSAValue]:
        lanes = self.schedule.lanes
        return [
            load_vector(buffer, add(at, number * lanes), lanes, ALIGNMENT)
            for number in range(self.schedule.vectors)
        ]

    @property
    def _type(self) -> VectorType:
        return VectorType(f32, [self.schedule.lanes])
