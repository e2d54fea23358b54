"""A block's part of a depthwise convolution's input, in shared memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import storage_type
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.contraction.operands import split, zero
from fusemlir.lowering.gpu.schedules.depthwise import Axes, DepthwiseSchedule
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import if_else, if_then, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    is_below,
    linear,
    multiply,
)

ELEMENTS_IN_FLIGHT = 16
"""That a thread loads before it stores them, to wait once for all."""


@dataclass
class InputTile:
    """Channels of the input under a tile of results, zeros where it is padded."""

    kernel: BlockKernel
    value: SSAValue
    axes: Axes
    schedule: DepthwiseSchedule
    origin: Sequence[Index]
    """The first channel, and where the tile of results begins."""

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Of the array in shared memory, row-major."""
        return (self.schedule.channels, *self.schedule.seen(self.axes))

    @cached_property
    def array(self) -> SSAValue:
        return self.kernel.shared((prod(self.sizes),), self.element)

    @property
    def element(self) -> Attribute:
        return storage_type(element_type_of(self.value))

    def fill(self) -> None:
        """Load it by all threads of the block."""
        vector, threads = self.schedule.vector, self.kernel.block_size
        count = prod(self.sizes) // vector
        turns = ceil_divide(count, threads)
        together = min(turns, max(ELEMENTS_IN_FLIGHT // vector, 1))
        thread = self.kernel.thread_id()
        buffer, array = flat(self.kernel.buffers[self.value]), self.array
        places = self._places()

        def copy(first: Index) -> None:
            numbers = [add(first, turn * threads) for turn in range(together)]
            loaded = [self._load(buffer, number, count, places) for number in numbers]
            for number, values in zip(numbers, loaded, strict=True):
                with if_then(is_below(number, count)):
                    store_raw(values, array, [multiply(number, vector)])

        if together == turns:
            copy(thread)
            return
        with loop(thread, count, together * threads) as first:
            copy(first)

    @property
    def _planes(self) -> int:
        """Channels of all images."""
        return prod(shape_of(self.value)[:2])

    @property
    def _is_left(self) -> tuple[bool, ...]:
        """Whether tiles reach outside the input, along its channels and each axis."""
        lead = (0, 0, self.schedule.lead(self.axes))
        tiles = zip(
            self.axes,
            self.schedule.tile,
            self.schedule.tiles(self.axes),
            self.sizes[1:],
            lead,
            strict=True,
        )
        return (
            self._planes % self.schedule.channels > 0,
            *(
                axis.before + before > 0
                or (tiles - 1) * tile * axis.stride + size > axis.size
                for axis, tile, tiles, size, before in tiles
            ),
        )

    def _places(self) -> tuple[Index, ...]:
        """The channel, depth, row and column of the input that the array begins at."""
        channel, *tile = self.origin
        lead = (0, 0, self.schedule.lead(self.axes))
        first = [
            add(multiply(at, axis.stride), -axis.before - before)
            for at, axis, before in zip(tile, self.axes, lead, strict=True)
        ]
        return (channel, *first)

    def _load(
        self, buffer: SSAValue, number: Index, count: int, places: Sequence[Index]
    ) -> Sequence[SSAValue]:
        """The `number`-th vector of `count`, zeros where there is none."""
        vector = self.schedule.vector
        *sizes, row = self.sizes
        *outer, chunk = split(number, (*sizes, row // vector))
        offsets = (*outer, multiply(chunk, vector))
        at = [add(place, n) for place, n in zip(places, offsets, strict=True)]
        whole = (self._planes, *(axis.size for axis in self.axes))
        triples = zip(at, whole, self._is_left, strict=True)
        inside = [is_below(a, size) for a, size, is_left in triples if is_left]
        condition = every([is_below(number, count), *inside])
        assert condition is not None
        offset = linear(at, whole)
        return if_else(
            condition,
            lambda: load_raw(buffer, [offset], vector),
            lambda: [zero(self.element)] * vector,
        )
