"""Contractions of which a block computes a tile of the result, by way of shared memory.

Tiles of both factors are in shared memory, one pair being multiplied while the next is
on its way; a thread keeps the sums of its part of the result. In the end the sums go
through shared memory, so that what follows is computed on neighbours in the result's
tensor, and moved 16 bytes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeAlias

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, i8
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.gpu import WORKGROUP
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.contraction.arithmetic import Arithmetic
from fusemlir.lowering.gpu.contraction.operands import Operand, zero
from fusemlir.lowering.gpu.contraction.product import Product
from fusemlir.lowering.gpu.contraction.tile_loader import PADDING, TileLoader
from fusemlir.lowering.gpu.control_flow import for_loop, if_else, if_then, loop
from fusemlir.lowering.gpu.index_math import (
    Index,
    add,
    as_value,
    compare,
    divide,
    is_below,
    multiply,
    remainder,
)
from fusemlir.lowering.gpu.schedules.contraction import ContractionSchedule
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.gpu.windows import every

Finish: TypeAlias = Callable[[SSAValue, Sequence[SSAValue], Sequence[Index]], None]
"""Computes and stores what follows, given the number of the first element in the
result, the sums of it and its neighbours, and its batch, row and column."""


@dataclass
class TiledContraction:
    """Writes the kernel of a product."""

    kernel: BlockKernel
    product: Product
    arithmetic: Arithmetic
    schedule: ContractionSchedule

    @staticmethod
    def blocks(product: Product, schedule: ContractionSchedule) -> int:
        return product.batch * schedule.tiles(product.first.free, product.second.free)

    def emit(self, finish: Finish, most: int) -> None:
        """Write it; `finish` takes `most` neighbours at once, a power of two."""
        self.kernel.prefer_registers()
        self._prepare()
        sums = self._sums()
        self.kernel.barrier()
        self._stage(sums)
        self.kernel.barrier()
        self._finish(finish, most)

    def _prepare(self) -> tuple[object, ...]:
        """What all of the kernel needs, computed where all of it sees it."""
        return self.shared, self.place, [loader.chunks for loader in self.loaders]

    @cached_property
    def tile_words(self) -> tuple[int, int]:
        """Of one tile of each factor."""
        chosen = self.schedule
        return (
            chosen.block_k * (chosen.block_m + PADDING),
            chosen.block_k * (chosen.block_n + PADDING),
        )

    @cached_property
    def shared(self) -> SSAValue:
        """The block's memory: two pairs of tiles, and later the sums."""
        chosen, arithmetic = self.schedule, self.arithmetic
        word = arithmetic.pack * element_bytes(arithmetic.element)
        size = max(
            2 * sum(self.tile_words) * word,
            chosen.block_m * self.stage_row * element_bytes(arithmetic.total),
        )
        return self.kernel.shared((size,), i8)

    def _view(self, element: Attribute) -> SSAValue:
        """The block's memory as an array."""
        bytes_ = self.shared.type
        assert isinstance(bytes_, MemRefType)
        count = bytes_.get_shape()[0] // element_bytes(element)
        type = MemRefType(element, (count,), memory_space=WORKGROUP)
        return memref.ViewOp(self.shared, as_value(0), [], type).result

    @cached_property
    def origin(self) -> tuple[Index, Index, Index]:
        """The batch, the first row and the first column of the block's tile; blocks
        that follow each other share columns, of which there are more."""
        chosen = self.schedule
        down = -(-self.product.first.free // chosen.block_m)
        across = -(-self.product.second.free // chosen.block_n)
        block = self.kernel.block_id()
        rest = divide(block, down)
        return (
            divide(rest, across) if self.product.batch > 1 else 0,
            multiply(remainder(block, down), chosen.block_m),
            multiply(remainder(rest, across), chosen.block_n),
        )

    @cached_property
    def loaders(self) -> tuple[TileLoader, TileLoader]:
        chosen, result = self.schedule, self.product
        _, row, column = self.origin
        return (
            self._loader(result.first, chosen.block_m, row),
            self._loader(result.second, chosen.block_n, column),
        )

    def _loader(self, operand: Operand, block: int, first: Index) -> TileLoader:
        return TileLoader(
            self.kernel,
            operand,
            self.arithmetic,
            block,
            self.schedule.block_k,
            self.origin[0],
            first,
        )

    def _load(self, start: Index) -> list[SSAValue]:
        return [value for loader in self.loaders for value in loader.load(start)]

    def _store(self, values: Sequence[SSAValue], tiles: SSAValue, pair: Index) -> None:
        a, b = self.loaders
        count = len(values) - len(b.chunks) * b.words[0] * b.words[1] * (
            self.arithmetic.pack
        )
        start = multiply(pair, sum(self.tile_words))
        a.store(values[:count], tiles, start)
        b.store(values[count:], tiles, add(start, self.tile_words[0]))

    def _sums(self) -> Sequence[SSAValue]:
        chosen, arithmetic = self.schedule, self.arithmetic
        tiles = self._view(arithmetic.element)
        steps = -(-self.product.depth // (chosen.block_k * arithmetic.pack))
        self._store(self._load(0), tiles, 0)
        self.kernel.barrier()
        start = [arithmetic.zero()] * (chosen.thread_m * chosen.thread_n)

        def turn(step: SSAValue, sums: tuple[SSAValue, ...]) -> Sequence[SSAValue]:
            following = add(step, 1)
            has_more = compare("slt", following, steps)
            sample = self._value_types
            values = if_else(
                has_more,
                lambda: self._load(multiply(following, chosen.block_k)),
                lambda: [zero(type) for type in sample],
            )
            pair = remainder(step, 2)
            sums = self._multiply(tiles, pair, sums)
            with if_then(has_more):
                self._store(values, tiles, remainder(following, 2))
            self.kernel.barrier()
            return sums

        if steps == 1:
            return self._multiply(tiles, 0, tuple(start))
        return for_loop(0, steps, 1, start, turn)

    @property
    def _value_types(self) -> Iterator[Attribute]:
        count = sum(
            len(loader.chunks) * loader.words[0] * loader.words[1]
            for loader in self.loaders
        )
        yield from [self.arithmetic.element] * (count * self.arithmetic.pack)

    def _multiply(
        self, tiles: SSAValue, pair: Index, sums: tuple[SSAValue, ...]
    ) -> tuple[SSAValue, ...]:
        """Add the product of a pair of tiles, `unroll` words of depth at a time."""
        chosen = self.schedule
        start = multiply(pair, sum(self.tile_words))
        row, column = self.place

        def turn(at: Index, carried: tuple[SSAValue, ...]) -> tuple[SSAValue, ...]:
            for step in range(chosen.unroll):
                depth = add(at, step)
                down = multiply(depth, chosen.block_m + PADDING)
                a = self._words(tiles, add(start, down, row), chosen.rows)
                down = multiply(depth, chosen.block_n + PADDING)
                first = add(start, self.tile_words[0], down, column)
                b = self._words(tiles, first, chosen.columns)
                pairs = product(a, b)
                carried = tuple(
                    self.arithmetic.multiply_add(left, right, total)
                    for (left, right), total in zip(pairs, carried, strict=True)
                )
            return carried

        if chosen.unroll == chosen.block_k:
            return turn(0, sums)
        return for_loop(0, chosen.block_k, chosen.unroll, sums, turn)

    def _words(
        self, tiles: SSAValue, first: Index, offsets: Sequence[tuple[int, int]]
    ) -> list[SSAValue]:
        return [
            word
            for offset, count in offsets
            for word in self.arithmetic.words(tiles, add(first, offset), count)
        ]

    @cached_property
    def place(self) -> tuple[Index, Index]:
        """The first row and column of this thread's sums, in the tile."""
        chosen = self.schedule
        across = chosen.block_n // chosen.thread_n
        thread = self.kernel.thread_id()
        (_, height), (_, width) = chosen.rows[0], chosen.columns[0]
        return (
            multiply(divide(thread, across), height),
            multiply(remainder(thread, across), width),
        )

    @property
    def stage_row(self) -> int:
        """Elements from one row of staged sums to the next."""
        return self.schedule.block_n + PADDING

    def _stage(self, sums: Sequence[SSAValue]) -> None:
        """Put the block's sums into shared memory."""
        chosen = self.schedule
        stage = self._view(self.arithmetic.total)
        row, column = self.place
        given = iter(sums)
        for first, count in chosen.rows:
            for down in range(count):
                for offset, width in chosen.columns:
                    values = [next(given) for _ in range(width)]
                    start = multiply(add(row, first, down), self.stage_row)
                    store_raw(values, stage, [add(start, column, offset)])

    def _finish(self, finish: Finish, most: int) -> None:
        """Every thread takes chunks of the staged sums, neighbours in the result."""
        chosen, result = self.schedule, self.product
        count = min(result.neighbours, most)
        across = chosen.block_n // count
        stage = self._view(self.arithmetic.total)
        batch, first_row, first_column = self.origin
        thread = self.kernel.thread_id()
        with loop(thread, chosen.block_m * across, self.kernel.block_size) as chunk:
            down, right = (
                divide(chunk, across),
                multiply(remainder(chunk, across), count),
            )
            row, column = add(first_row, down), add(first_column, right)
            conditions = [
                is_below(at, size)
                for at, size, block in (
                    (row, result.first.free, chosen.block_m),
                    (column, result.second.free, chosen.block_n),
                )
                if size % block
            ]

            def compute() -> None:
                at = add(multiply(down, self.stage_row), right)
                width = min(count, 4)
                values = [
                    value
                    for part in range(0, count, width)
                    for value in load_raw(stage, [add(at, part)], width)
                ]
                first = as_value(result.offset(batch, row, column))
                finish(first, values, (batch, row, column))

            condition = every(conditions)
            if condition is None:
                compute()
            else:
                with if_then(condition):
                    compute()
