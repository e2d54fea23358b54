"""Contractions of which a block computes a tile of the result, by way of shared memory.

Tiles of both factors are in shared memory, one pair being multiplied while the next is
on its way; a thread keeps the sums of its part of the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product

from xdsl.ir import Attribute, SSAValue

from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.gpu.contraction.arithmetic import Arithmetic
from fusemlir.lowering.gpu.contraction.operands import Operand, zero
from fusemlir.lowering.gpu.contraction.result_tile import ResultTile
from fusemlir.lowering.gpu.contraction.tile_loader import PADDING, TileLoader
from fusemlir.lowering.gpu.schedules.contraction import ContractionSchedule
from fusemlir.lowering.gpu.vector_access import store_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_else, if_then
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    compare,
    divide,
    multiply,
    remainder,
)


class TiledContraction(ResultTile[ContractionSchedule, Arithmetic]):
    """Threads that multiply and add words of their own."""

    stage_padding = PADDING

    def _prepare(self) -> tuple[object, ...]:
        return self.shared, self.place, [loader.chunks for loader in self.loaders]

    @cached_property
    def tile_words(self) -> tuple[int, int]:
        """Of one tile of each factor."""
        chosen = self.schedule
        return (
            chosen.block_k * (chosen.block_m + PADDING),
            chosen.block_k * (chosen.block_n + PADDING),
        )

    @property
    def tile_bytes(self) -> int:
        """Of two pairs of them."""
        word = self.arithmetic.pack * element_bytes(self.arithmetic.element)
        return 2 * sum(self.tile_words) * word

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
        first, end = self.turns(steps)
        loaded = self._load(multiply(first, chosen.block_k))
        self._store(loaded, tiles, remainder(first, 2))
        self.kernel.barrier()
        start = [arithmetic.zero()] * (chosen.thread_m * chosen.thread_n)

        def turn(step: SSAValue, sums: tuple[SSAValue, ...]) -> Sequence[SSAValue]:
            following = add(step, 1)
            has_more = compare("slt", following, end)
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
        return for_loop(first, end, 1, start, turn)

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
