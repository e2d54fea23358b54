"""Tiles of factors in shared memory as `ldmatrix` reads them, and their loaders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.contraction.operands import Place
from fusemlir.lowering.gpu.contraction.tile_loader import Chunk, TileLoader
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES, WARP
from fusemlir.lowering.gpu.tensor_core import copy_async
from fusemlir.lowering.gpu.vector_access import store_raw
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    multiply,
    remainder,
)

TRANSPOSED_BYTES = 2
"""Size of the elements that `ldmatrix` transposes."""

LEAST_COPY = 4
"""Bytes that one asynchronous copy moves at least."""

BANK_ROWS = 8
"""Units of 16 bytes that shared memory reads at once."""

BANK_WORDS = 4
"""Of a unit."""


def exclusive_or(a: Index, b: Index) -> Index:
    if isinstance(a, int) and isinstance(b, int):
        return a ^ b
    if b == 0:
        return a
    return arith.XOrIOp(as_value(a), as_value(b)).result


@dataclass(frozen=True)
class MatrixTile:
    """How a tile of `rows` by `columns` elements lies in memory, row by row in units of
    16 bytes.

    A row's units are permuted, by the row's number, so that units below each other in
    eight rows are in different banks, as those beside each other are.
    """

    rows: int
    columns: int
    unit: int
    """Elements of 16 bytes."""

    @property
    def size(self) -> int:
        """In elements."""
        return self.rows * self.columns

    def turn(self, row: Index) -> Index:
        """What the numbers of a row's units are combined with; the same every 8."""
        units = min(BANK_ROWS, self.columns // self.unit)
        return remainder(divide(row, BANK_ROWS // units), units)

    def offset(self, row: Index, column: Index) -> Index:
        """In elements from the tile's first."""
        unit = exclusive_or(divide(column, self.unit), self.turn(row))
        within = remainder(column, self.unit)
        return add(multiply(row, self.columns), multiply(unit, self.unit), within)


@dataclass(frozen=True)
class Run:
    """Elements of a chunk that follow each other in the tile."""

    chunk: Chunk
    offset: Index
    """From the tile's first element."""
    count: int


class MatrixLoader(TileLoader):
    """Copies one factor's tiles, to rows along depth, or along free where neighbours in
    memory are and `ldmatrix` transposes."""

    @property
    def is_transposed(self) -> bool:
        """Whether the tile's rows run along free."""
        size = element_bytes(self.arithmetic.element)
        return not self.operand.is_depth_inner and size == TRANSPOSED_BYTES

    @property
    def keeps_order(self) -> bool:
        """Whether neighbours in memory are neighbours in the tile; else each goes to a
        row of its own."""
        return self.operand.is_depth_inner or self.is_transposed

    @cached_property
    def neighbours(self) -> int:
        found = super().neighbours
        return found if self.keeps_order else min(found, self.arithmetic.pack)

    @cached_property
    def thread(self) -> tuple[Index, Index]:
        """Where order is not kept, a warp has 8 rows of the tile and 4 words of each,
        whose banks all differ, if there are as many."""
        deep = self.kernel.block_size // self.inner
        if self.keeps_order or self.inner < BANK_ROWS or deep < BANK_WORDS:
            return super().thread
        thread, warps = self.kernel.thread_id(), self.inner // BANK_ROWS
        warp = divide(thread, WARP)
        along = multiply(remainder(warp, warps), BANK_ROWS)
        across = multiply(divide(warp, warps), BANK_WORDS)
        word = remainder(divide(thread, BANK_ROWS), BANK_WORDS)
        return add(along, remainder(thread, BANK_ROWS)), add(across, word)

    @cached_property
    def layout(self) -> MatrixTile:
        depth = self.depth * self.arithmetic.pack
        rows, columns = self.block, depth
        if self.is_transposed:
            rows, columns = depth, self.block
        unit = ACCESS_BYTES // element_bytes(self.arithmetic.element)
        return MatrixTile(rows, columns, unit)

    @property
    def is_copied(self) -> bool:
        """Whether asynchronous copies can move what one access loads."""
        size = element_bytes(self.arithmetic.element)
        is_run = self.keeps_order or self.neighbours == self.arithmetic.pack == 1
        return is_run and self.neighbours * size >= LEAST_COPY

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """What this thread puts into a tile, in the order in which it is loaded."""
        return tuple(run for chunk in self.chunks for run in self._runs(chunk))

    def _runs(self, chunk: Chunk) -> Iterator[Run]:
        pack = self.arithmetic.pack
        deep, wide = self.words
        depth = multiply(add(self.row, chunk.depth), pack)
        if self.is_transposed:
            yield Run(chunk, self.layout.offset(depth, chunk.free), wide)
            return
        for lane in range(wide):
            offset = self.layout.offset(add(chunk.free, lane), depth)
            yield Run(chunk, offset, deep * pack)

    @property
    def values(self) -> int:
        """How many elements `load` gives."""
        return sum(run.count for run in self.runs)

    def store(self, values: Sequence[SSAValue], tile: SSAValue, start: Index) -> None:
        """Put what `load` gave into a tile whose first element is the `start`-th."""
        given = iter(values)
        for run in self.runs:
            elements = [next(given) for _ in range(run.count)]
            store_raw(elements, tile, [add(start, run.offset)])

    def copy(self, start: Index, tile: SSAValue, first: Index) -> None:
        """Start to copy the tile that begins `start` words deep to the array `tile`,
        from its `first` element on."""
        buffer = flat(self.kernel.buffers[self.operand.value])
        pack = self.arithmetic.pack
        places = dict.fromkeys(run.chunk.place for run in self.runs)
        deep, row = multiply(start, pack), multiply(self.row, pack)
        tiles = {place: self.operand.tile(place, deep, row) for place in places}
        for run in self.runs:
            source, count = self._source(tiles[run.chunk.place], run)
            to = [add(first, run.offset)]
            copy_async(buffer, [source], tile, to, run.count, count)

    def _source(self, tile: Place, run: Run) -> tuple[Index, Index | None]:
        """Where a run is in memory and how much of it, None for all, is there."""
        pack = self.arithmetic.pack
        depth = run.chunk.depth * pack
        offset, is_there = self.operand.offset(tile, depth)
        conditions = [] if is_there is None else [is_there]
        if self.operand.is_masked(self.depth * pack):
            conditions.append(self.operand.is_inside(tile, depth))
        condition = every(conditions)
        if condition is None:
            return offset, None
        # Nothing is read where there is nothing, but the address is computed.
        nowhere = as_value(0)
        source = arith.SelectOp(condition, as_value(offset), nowhere).result
        return source, arith.SelectOp(condition, as_value(run.count), nowhere).result
