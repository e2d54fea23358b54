"""What a depthwise convolution gives under a tile of the convolution that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.elements.element import Element
from fusemlir.lowering.elements.separable import Separable
from fusemlir.lowering.elements.windows import every, inside, taps
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.contraction.operands import split
from fusemlir.lowering.gpu.depthwise.separable_sizes import sizes_of
from fusemlir.lowering.gpu.schedules.separable import WORD, SeparableSchedule, Sizes
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.vector_access import store_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_else, loop
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
from fusemlir.lowering.kernel.position import Position

PIXELS = 4
"""Positions of a channel that a thread computes, with the same weights and scales."""


@dataclass(frozen=True)
class Pixel:
    """A position in the tile."""

    number: Index
    """In the tile."""
    at: Sequence[Index]
    """In the depthwise convolution's result; anywhere in it of one that is outside."""
    is_inside: SSAValue


@dataclass
class MiddleTile:
    """Bytes in shared memory: words of four channels of a group, each of all positions
    that the tile sees; zeros where there is no channel or no position."""

    kernel: BlockKernel
    separable: Separable
    schedule: SeparableSchedule
    operands: Operands

    @cached_property
    def sizes(self) -> Sizes:
        """Of the second convolution."""
        return sizes_of(self.separable)

    @cached_property
    def array(self) -> SSAValue:
        size = self.schedule.shared_bytes(self.sizes)
        return self.kernel.shared((size,), i8)

    @property
    def pitch(self) -> int:
        """Words from those of four channels to those of the next."""
        return self.schedule.pitch(self.sizes.axes)

    @cached_property
    def origin(self) -> tuple[Index, ...]:
        """The block's first feature, its image, and the tile's first result."""
        sizes, chosen = self.sizes, self.schedule
        parts = ceil_divide(sizes.features, chosen.features)
        counts = (parts, sizes.images, *chosen.tiles(sizes.axes))
        part, image, *tile = split(self.kernel.block_id(), counts)
        at = [multiply(n, size) for n, size in zip(tile, chosen.tile, strict=True)]
        return (multiply(part, chosen.features), image, *at)

    def fill(self) -> None:
        """Compute it by all threads of the block, which wait for nothing after it."""
        array, sizes = self.array, self.sizes
        # Computed here, all of the kernel sees it.
        _ = self.origin
        across = ceil_divide(self.pitch, PIXELS)
        channels = sizes.groups * sizes.words * WORD
        thread = self.kernel.thread_id()
        with loop(thread, channels * across, self.kernel.block_size) as item:
            padded, first = divide(item, across), remainder(item, across)
            pixels = [self._pixel(add(first, n * across)) for n in range(PIXELS)]
            group = divide(padded, sizes.words * WORD)
            own = remainder(padded, sizes.words * WORD)
            channel = add(multiply(group, sizes.channels), own)
            levels = self._levels(channel, own, pixels)
            word, lane = divide(padded, WORD), remainder(padded, WORD)
            for pixel, level in zip(pixels, levels, strict=True):
                at = add(multiply(word, self.pitch), pixel.number)
                store_raw([level], array, [add(multiply(at, WORD), lane)])

    def _levels(
        self, channel: Index, own: Index, pixels: Sequence[Pixel]
    ) -> Sequence[SSAValue]:
        """The bytes of a channel, which is so far into its group and may not exist."""
        zero = integer(i8, 0)

        def computed() -> list[SSAValue]:
            return [
                arith.SelectOp(pixel.is_inside, level, zero).result
                for pixel, level in zip(
                    pixels, self._computed(channel, pixels), strict=True
                )
            ]

        channels = self.sizes.channels
        if channels % WORD == 0:
            return computed()
        is_there = is_below(own, channels)
        return if_else(is_there, computed, lambda: [zero] * len(pixels))

    def _pixel(self, number: Index) -> Pixel:
        """One whose number may be past the end of the tile."""
        axes = self.sizes.axes
        seen = self.schedule.seen(axes)
        local = split(number, seen)
        at = [
            add(multiply(first, axis.stride), offset, -axis.before)
            for first, axis, offset in zip(self.origin[2:], axes, local, strict=True)
        ]
        conditions = [
            is_below(place, axis.size) for place, axis in zip(at, axes, strict=True)
        ]
        is_inside = every([is_below(number, prod(seen)), *conditions])
        assert is_inside is not None
        spatial = shape_of(self.separable.depthwise.output)[2:]
        sizes = [axis.size for axis in axes]
        place = as_value(linear(at, tuple(sizes)))
        safe = arith.SelectOp(is_inside, place, as_value(0)).result
        return Pixel(number, split(safe, spatial), is_inside)

    def _computed(self, channel: Index, pixels: Sequence[Pixel]) -> list[SSAValue]:
        """What the depthwise convolution gives at some positions, as the Quantize
        rounds it."""
        found, output = self.separable, self.separable.between.output
        sums = self._sums(channel, pixels)
        results = found.first.results(self.operands, sums, channel, 0)
        if output in results:
            return list(results[output])
        shape = shape_of(found.depthwise.output)
        levels = list[SSAValue]()
        for lane, pixel in enumerate(pixels):
            place = (self.origin[1], channel, *pixel.at)
            element = Element(
                Position(shape, as_value(linear(place, shape))),
                self.operands.buffers,
                {
                    **self.operands.values,
                    **{value: lanes[lane] for value, lanes in results.items()},
                },
            )
            for layer in found.before:
                element.compute(layer)
            levels.append(element.values[output])
        return levels

    def _sums(self, channel: Index, pixels: Sequence[Pixel]) -> tuple[SSAValue, ...]:
        """The products under the windows of some positions, of one map."""
        first, op = self.separable.first, self.separable.depthwise
        x, kernel = first.factors
        maps = shape_of(op.kernel)[0] // op.groups
        read = (self.origin[1], divide(channel, maps))

        def turn(number: SSAValue, totals: Sequence[SSAValue]) -> list[SSAValue]:
            offsets = split(number, op.window)
            weight = first.element(self.operands, kernel, [channel, 0, *offsets])
            found = list[SSAValue]()
            for pixel, total in zip(pixels, totals, strict=True):
                places = taps(op, pixel.at, offsets)
                is_read = inside(op, places)

                def load(places: Sequence[Index] = places) -> list[SSAValue]:
                    return [first.element(self.operands, x, [*read, *places])]

                if is_read is None:
                    (value,) = load()
                else:
                    (value,) = if_else(is_read, load, lambda: [first.zero()])
                found.append(first.multiply_add(value, weight, total))
            return found

        zeros = [first.zero()] * len(pixels)
        return for_loop(0, prod(op.window), 1, zeros, turn)
