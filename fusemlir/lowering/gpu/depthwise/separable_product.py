"""The convolution of what a depthwise one gives, and what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import VectorType, i8
from xdsl.ir import SSAValue

from fusemlir.dialects.vector import FromElementsOp
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.contraction.arithmetic import IntegerArithmetic
from fusemlir.lowering.gpu.contraction.operands import split
from fusemlir.lowering.gpu.depthwise.middle_tile import MiddleTile
from fusemlir.lowering.gpu.depthwise.separable_sizes import is_flat
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.schedules.separable import WORD
from fusemlir.lowering.gpu.vector_access import load_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_then, loop
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


@dataclass
class SeparableProduct:
    """Writes what the block's threads do with the tile: each takes some features of
    some neighbours at a time."""

    middle: MiddleTile
    operands: Operands
    after: Neighbours
    arithmetic = IntegerArithmetic()

    def emit(self) -> None:
        chosen, sizes = self.middle.schedule, self.middle.sizes
        z, y, x = chosen.tile
        across = z * y * (x // chosen.width)
        items = chosen.features // chosen.rows * across
        kernel = self.middle.kernel
        with loop(kernel.thread_id(), items, kernel.block_size) as item:
            *local, run = split(remainder(item, across), (z, y, x // chosen.width))
            at = (*local, multiply(run, chosen.width))
            own = multiply(divide(item, across), chosen.rows)
            feature = add(self.middle.origin[0], own)
            place = self._place(at)
            conditions = [
                is_below(there, axis.count)
                for there, axis, tile in zip(
                    place, sizes.axes, chosen.tile, strict=True
                )
                if axis.count % tile
            ]
            if sizes.features % chosen.features:
                conditions.append(is_below(feature, sizes.features))
            condition = every(conditions)
            if condition is None:
                self._compute(feature, at, place)
            else:
                with if_then(condition):
                    self._compute(feature, at, place)

    def _place(self, at: Sequence[Index]) -> list[Index]:
        """In the result, of a place in the tile."""
        pairs = zip(self.middle.origin[2:], at, strict=True)
        return [add(first, offset) for first, offset in pairs]

    def _compute(
        self, feature: Index, at: Sequence[Index], place: Sequence[Index]
    ) -> None:
        """Some features of some neighbours, and what follows them."""
        found, chosen = self.middle.separable, self.middle.schedule
        axes, width = self.middle.sizes.axes, chosen.width
        totals = self._sums(feature, at)
        image = self.middle.origin[1]
        shape = (
            self.middle.sizes.images,
            self.middle.sizes.features,
            *(axis.count for axis in axes),
        )
        for row in range(chosen.rows):
            one = add(feature, row)
            sums = totals[row * width : (row + 1) * width]
            results = found.second.results(self.operands, sums, one, 0)
            first = as_value(linear([image, one, *place], shape))
            self.after.compute(first, width, results)

    def _sums(self, feature: Index, at: Sequence[Index]) -> tuple[SSAValue, ...]:
        """Row by row, a row of each feature."""
        chosen, sizes = self.middle.schedule, self.middle.sizes
        steps = (sizes.words // chosen.depth, *(axis.window for axis in sizes.axes))
        group = divide(feature, sizes.features // sizes.groups)
        first_word = multiply(group, sizes.words)

        def turn(number: SSAValue, carried: Sequence[SSAValue]) -> list[SSAValue]:
            step, *offsets = split(number, steps)
            word = multiply(step, chosen.depth)
            weights = [
                self._weights(add(feature, row), word, offsets)
                for row in range(chosen.rows)
            ]
            totals = list(carried)
            for deep in range(chosen.depth):
                seen = self._seen(add(first_word, word, deep), at, offsets)
                for number_, total in enumerate(totals):
                    row, lane = divmod(number_, chosen.width)
                    totals[number_] = self.arithmetic.multiply_add(
                        seen[lane], weights[row][deep], total
                    )
            return totals

        zeros = [self.arithmetic.zero()] * (chosen.rows * chosen.width)
        return for_loop(0, prod(steps), 1, zeros, turn)

    def _seen(
        self, word: Index, at: Sequence[Index], offsets: Sequence[Index]
    ) -> Sequence[SSAValue]:
        """The channels of a word that some neighbours' windows have at one place."""
        chosen, axes = self.middle.schedule, self.middle.sizes.axes
        places = [
            add(multiply(place, axis.stride), multiply(offset, axis.dilation))
            for place, axis, offset in zip(at, axes, offsets, strict=True)
        ]
        pixel = linear(places, chosen.seen(axes))
        first = add(multiply(word, self.middle.pitch), pixel)
        array, width = self.middle.array, chosen.width
        if is_flat(self.middle.separable):
            return self.arithmetic.words(array, first, width)
        stride = axes[-1].stride
        return [
            self.arithmetic.words(array, add(first, lane * stride), 1)[0]
            for lane in range(width)
        ]

    def _weights(
        self, feature: Index, word: Index, offsets: Sequence[Index]
    ) -> Sequence[SSAValue]:
        """Those of a feature, of some words from one on, at one place of the window.

        Where a word has fewer channels the last one's stand for those that are missing:
        they are multiplied by zeros.
        """
        found, chosen = self.middle.separable, self.middle.schedule
        buffer = flat(self.operands.buffers[found.second.factors[1]])
        channels = self.middle.sizes.channels
        window = tuple(axis.window for axis in self.middle.sizes.axes)
        if channels % WORD == 0 and prod(window) == 1:
            at = add(multiply(feature, channels // WORD), word)
            return self.arithmetic.words(buffer, at, chosen.depth)
        bytes_ = list[SSAValue]()
        for lane in range(WORD):
            channel = add(multiply(word, WORD), lane)
            if channels % WORD:
                last = as_value(channels - 1)
                channel = arith.MinSIOp(as_value(channel), last).result
            row = add(multiply(feature, channels), channel)
            at = add(multiply(row, prod(window)), linear(list(offsets), window))
            bytes_.extend(load_raw(buffer, [at]))
        return [FromElementsOp(bytes_, VectorType(i8, [WORD])).dest]
