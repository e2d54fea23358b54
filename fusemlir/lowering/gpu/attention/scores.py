"""Tiles of scores: of some rows of queries and, one after another, of all keys.

A thread has neighbouring scores of some neighbouring rows; `SHARING` neighbouring
threads share the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import inf

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.gpu.attention.form import GpuAttentionForm
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.contraction.arithmetic import FloatArithmetic
from fusemlir.lowering.gpu.contraction.operands import Operand, select, split
from fusemlir.lowering.gpu.contraction.tile_loader import TileLoader
from fusemlir.lowering.gpu.schedules.attention import (
    KEYS,
    PADDING,
    SCORES,
    SHARING,
    AttentionSchedule,
)
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.vector_access import load_raw
from fusemlir.lowering.kernel.control_flow import for_loop, loop
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

Rows = list[list[SSAValue]]
"""Of each of a thread's rows, what the thread has of it."""

STRAIGHT = 32
"""Multiply-adds of scores in straight code."""

ARITHMETIC = FloatArithmetic()


@dataclass
class AttentionBlock:
    """The rows of a block, its threads and its memory."""

    kernel: BlockKernel
    form: GpuAttentionForm
    schedule: AttentionSchedule
    constants: Mapping[SSAValue, SSAValue]

    def __post_init__(self) -> None:
        self.kernel.prefer_registers()
        # Emitted here, before any loop or condition, for all of the kernel to see.
        _ = (self.memory, self.lane, self.row, self.origin, self._score_batch)

    @cached_property
    def memory(self) -> SSAValue:
        """The block's, of f32: where what is in it stands in the schedule."""
        return self.kernel.shared((self.schedule.shared,), f32)

    @cached_property
    def lane(self) -> Index:
        """The thread's number among those of its rows."""
        return remainder(self.kernel.thread_id(), SHARING)

    @cached_property
    def row(self) -> Index:
        """The thread's first, in the block."""
        group = divide(self.kernel.thread_id(), SHARING)
        return multiply(group, self.schedule.thread_rows)

    def weights_at(self, offset: int) -> Index:
        """Where in memory the thread's scores of one of its rows are, or become
        weights: those of the first tile."""
        down = multiply(add(self.row, offset), self.schedule.score_row)
        return add(down, multiply(self.lane, SCORES), self.schedule.scores_at)

    @cached_property
    def origin(self) -> tuple[Index, Index, Index]:
        """The batch, the block's first row, and its first column of the values."""
        size, chosen = self.form.size, self.schedule
        down = ceil_divide(size.rows, chosen.rows)
        across = ceil_divide(size.values, chosen.values) if chosen.values else 1
        block = self.kernel.block_id()
        rest = divide(block, down)
        return (
            divide(rest, across) if size.batch > 1 else 0,
            multiply(remainder(block, down), chosen.rows),
            multiply(remainder(rest, across), chosen.values),
        )

    @cached_property
    def _score_batch(self) -> tuple[Sequence[Index], Index]:
        """Coordinates of the batch, and its number among those that have scores."""
        own = shape_of(self.form.scores.output)[:-2]
        at = split(self.origin[0], self.form.batch)
        return at, linear(at, own)

    def loader(
        self, operand: Operand, block: int, depth: int, batch: Index, first: Index
    ) -> TileLoader:
        """Of tiles of f32, which can be used in what is emitted next."""
        loader = TileLoader(
            self.kernel, operand, ARITHMETIC, block, depth, batch, first
        )
        _ = loader.chunks
        return loader

    @cached_property
    def queries(self) -> TileLoader:
        chosen, operand = self.schedule, self.form.of_scores.first
        _, batch = self._score_batch
        return self.loader(operand, chosen.rows, chosen.depth, batch, self.origin[1])

    @property
    def keeps_queries(self) -> bool:
        return self.schedule.kept_queries >= self.form.of_scores.depth

    def load_queries(self) -> None:
        """Before the first tile of scores: all that stay in shared memory."""
        queries, chosen = self.queries, self.schedule
        if not self.keeps_queries:
            return
        with loop(0, self.form.of_scores.depth, chosen.depth) as depth:
            start = multiply(depth, chosen.query_row)
            queries.store(queries.load(depth), self.memory, start)

    def scores(self, first: Index) -> Rows:
        """Those of `KEYS` keys from the `first` on; past the last key they are -inf.

        Before they are computed all threads have met once more.
        """
        chosen, depth = self.schedule, self.form.of_scores.depth
        _, batch = self._score_batch
        keys = self.loader(self.form.of_scores.second, KEYS, chosen.depth, batch, first)
        start = [real(0)] * (chosen.thread_rows * SCORES)

        def turn(at: Index, sums: tuple[SSAValue, ...]) -> tuple[SSAValue, ...]:
            loaded = keys.load(at)
            queries = [] if self.keeps_queries else self.queries.load(at)
            self.kernel.barrier()
            keys.store(loaded, self.memory, chosen.keys_at)
            if queries:
                self.queries.store(queries, self.memory, 0)
            self.kernel.barrier()
            return self._multiply(at if self.keeps_queries else 0, sums)

        if depth <= chosen.depth:
            sums = turn(0, tuple(start))
        else:
            sums = for_loop(0, depth, chosen.depth, start, turn)
        return self._softmax_input(first, sums)

    def _multiply(
        self, first: Index, sums: tuple[SSAValue, ...]
    ) -> tuple[SSAValue, ...]:
        """Add the product of the tiles, of queries from the `first` depth on."""
        chosen = self.schedule
        unroll = min(chosen.depth, STRAIGHT // len(sums))

        def turn(at: Index, carried: tuple[SSAValue, ...]) -> tuple[SSAValue, ...]:
            for step in range(unroll):
                own = add(at, step)
                down = multiply(add(first, own), chosen.query_row)
                a = load_raw(self.memory, [add(down, self.row)], chosen.thread_rows)
                column = add(multiply(self.lane, SCORES), chosen.keys_at)
                down = multiply(own, KEYS + PADDING)
                b = load_raw(self.memory, [add(down, column)], SCORES)
                carried = multiply_add(a, b, carried)
            return carried

        return for_loop(0, chosen.depth, unroll, sums, turn)

    def _softmax_input(self, first: Index, sums: Sequence[SSAValue]) -> Rows:
        """What the layers between make of sums, -inf past the last key."""
        keys, values = self.form.size.keys, iter(sums)
        start = add(first, multiply(self.lane, SCORES))
        columns = [add(start, offset) for offset in range(SCORES)]
        rows = self._before_end(
            [
                add(self.origin[1], self.row, offset)
                for offset in range(self.schedule.thread_rows)
            ],
            self.form.size.rows,
            self.schedule.rows,
        )
        safe = self._before_end(columns, keys, KEYS)
        made = [[self._between(next(values), r, c) for c in safe] for r in rows]
        if keys % KEYS == 0:
            return made
        is_there = [is_below(column, keys) for column in columns]
        return [
            [
                select(condition, score, real(-inf))
                for condition, score in zip(is_there, row, strict=True)
            ]
            for row in made
        ]

    def _before_end(
        self, places: Sequence[Index], size: int, unit: int
    ) -> Sequence[Index]:
        """The places, of those past the end the last: tensors can be read there."""
        if size % unit == 0 or not self.form.between:
            return places
        last = as_value(size - 1)
        return [arith.MinUIOp(as_value(place), last).result for place in places]

    def _between(self, score: SSAValue, row: Index, column: Index) -> SSAValue:
        """What the layers between make of a score."""
        known = {**self.constants, self.form.scores.output: score}
        place = [*self._score_batch[0], row, column]
        return Operands(self.kernel.buffers, known).at(self.form.softmax.input, place)


def multiply_add(
    a: Sequence[SSAValue], b: Sequence[SSAValue], sums: Sequence[SSAValue]
) -> tuple[SSAValue, ...]:
    """The sums with the product of each of `a` and each of `b`."""
    return tuple(
        ARITHMETIC.multiply_add(left, right, total)
        for (left, right), total in zip(product(a, b), sums, strict=True)
    )
