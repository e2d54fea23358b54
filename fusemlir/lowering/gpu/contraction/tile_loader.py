"""From a factor of a contraction to its tiles in shared memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.contraction.arithmetic import Words
from fusemlir.lowering.gpu.contraction.operands import Operand, Place
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    multiply,
    remainder,
)

PADDING = 4
"""Words after each row of a tile, so that those who store a column meet no bank twice
and rows stay aligned to 16 bytes."""


@dataclass(frozen=True)
class Chunk:
    """Words of a tile that a thread loads at once: a row of some, or a column."""

    place: Place
    depth: int
    """In words, from the thread's row of the tile on."""
    free: Index
    """From the start of the tile."""


@dataclass
class TileLoader:
    """Copies one factor's tiles of `block` elements of free by `depth` words."""

    kernel: BlockKernel
    operand: Operand
    arithmetic: Words
    block: int
    depth: int
    batch: Index
    first: Index
    """Of the block's, in free."""

    @cached_property
    def neighbours(self) -> int:
        """Elements that one access loads: no more than leave work for all threads."""
        pack = self.arithmetic.pack
        share = self.block * self.depth // self.kernel.block_size
        if self.operand.is_depth_inner:
            return min(self.operand.neighbours, share * pack)
        return min(self.operand.neighbours, share)

    @property
    def words(self) -> tuple[int, int]:
        """Of a chunk, in depth and in free; one of them is 1."""
        if self.operand.is_depth_inner:
            return max(1, self.neighbours // self.arithmetic.pack), 1
        return 1, self.neighbours

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """What this thread loads of each tile, next to what the next thread loads."""
        deep, wide = self.words
        count = self.depth // deep * self.block // wide // self.kernel.block_size
        places: dict[int, tuple[Place, Index]] = {}
        found = list[Chunk]()
        for number in range(count):
            along, across = self._turn(number)
            if self.operand.is_depth_inner:
                row, column = along, across
            else:
                row, column = across, along
            if column not in places:
                free = multiply(add(self.column, column), wide)
                places[column] = self._place(free), free
            place, free = places[column]
            found.append(Chunk(place, row * deep, free))
        return tuple(found)

    def _turn(self, number: int) -> tuple[int, int]:
        """How far from this thread's first chunk its `number`-th is."""
        threads = self.kernel.block_size
        if threads >= self.inner:
            return 0, number * (threads // self.inner)
        across, along = divmod(number, self.inner // threads)
        return along * threads, across

    @property
    def inner(self) -> int:
        """How many chunks there are along neighbours in memory."""
        deep, wide = self.words
        is_deep = self.operand.is_depth_inner
        return self.depth // deep if is_deep else self.block // wide

    @cached_property
    def thread(self) -> tuple[Index, Index]:
        """This thread's first chunk: along neighbours in memory, and across them."""
        thread = self.kernel.thread_id()
        if self.kernel.block_size < self.inner:
            return thread, 0
        return remainder(thread, self.inner), divide(thread, self.inner)

    @property
    def row(self) -> Index:
        """The first that this thread loads words of."""
        along, across = self.thread
        return multiply(along if self.operand.is_depth_inner else across, self.words[0])

    @property
    def column(self) -> Index:
        """The first that this thread loads, in chunks."""
        along, across = self.thread
        return across if self.operand.is_depth_inner else along

    def _place(self, free: Index) -> Place:
        """Of a column; what is past the end is computed from the last, not stored."""
        at = add(self.first, free)
        size = self.operand.free
        if size % self.block:
            last = size - self.words[1]
            at = arith.MinUIOp(as_value(at), as_value(last)).result
        return self.operand.place(self.batch, at)

    def load(self, start: Index) -> list[SSAValue]:
        """The elements of all chunks of the tile that begins `start` words deep."""
        buffer = flat(self.kernel.buffers[self.operand.value])
        pack = self.arithmetic.pack
        first, row = multiply(start, pack), multiply(self.row, pack)
        places = dict.fromkeys(chunk.place for chunk in self.chunks)
        tiles = {place: self.operand.tile(place, first, row) for place in places}
        return [
            self.arithmetic.prepare(value)
            for chunk in self.chunks
            for value in self._chunk_values(buffer, tiles[chunk.place], chunk.depth)
        ]

    def _chunk_values(
        self, buffer: SSAValue, tile: Place, depth: int
    ) -> list[SSAValue]:
        """In the order in which the words are in a tile, each word's pack together."""
        pack, count = self.arithmetic.pack, self.neighbours
        deep, wide = self.words
        masked = self.operand.is_masked(self.depth * pack)
        step = count if self.operand.is_depth_inner else 1
        runs = [
            self.operand.load(buffer, tile, depth * pack + offset, count, masked=masked)
            for offset in range(0, deep * pack, step)
        ]
        if self.operand.is_depth_inner:
            return [value for run in runs for value in run]
        return [run[lane] for lane in range(wide) for run in runs]

    def store(self, values: Sequence[SSAValue], tile: SSAValue, start: Index) -> None:
        """Put what `load` gave into a tile whose first word is the `start`-th."""
        given = iter(values)
        deep, wide = self.words
        for chunk in self.chunks:
            for row in range(deep):
                words = [next(given) for _ in range(wide * self.arithmetic.pack)]
                down = multiply(add(self.row, chunk.depth + row), self.block + PADDING)
                at = add(start, down, chunk.free)
                self.arithmetic.put(words, tile, at)
