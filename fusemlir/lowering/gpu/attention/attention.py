"""Kernels of attention, and of the softmax of a matrix product.

Scores are computed in tiles and never written. Of attention each row keeps the greatest
score so far, the sum of e^(score - greatest) and the values summed with those weights,
which shrink when a greater score is found (Milakov and Gimelshein, "Online normalizer
calculation for softmax"; Dao et al., "FlashAttention"). Sums and weights are f32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.gpu.attention.form import attention_form
from fusemlir.lowering.gpu.attention.result import finish_tile
from fusemlir.lowering.gpu.attention.scores import AttentionBlock, Rows, multiply_add
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.reductions import warp_reduce
from fusemlir.lowering.gpu.schedules.attention import (
    KEYS,
    SHARING,
    THREADS,
    AttentionSchedule,
)
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_then, loop
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    compare,
    multiply,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.exponential_sum import exponential, finite_shift
from fusemlir.lowering.rows.fold import add as plus
from fusemlir.lowering.rows.fold import in_pairs, maximum
from fusemlir.target import Target

STRAIGHT = 64
"""Multiply-adds of values in straight code."""


def is_attention_kernel(body: KernelBody) -> bool:
    """Whether it is a softmax along the rows of a product of inputs, perhaps multiplied
    by another input, with pointwise layers before the softmax and at the end."""
    return attention_form(body) is not None


def build_attention(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    form = attention_form(body)
    assert form is not None
    size = form.size
    chosen = AttentionSchedule.choose(size, Target.of_module(immediates.module))
    grid = (chosen.blocks(size), 1, 1)
    with BlockKernel(name, body, grid, THREADS) as kernel:
        block = AttentionBlock(kernel, form, chosen, immediates.emit(body))
        block.load_queries()
        writer = _Attention if form.product else _Softmax
        writer(block).emit()
    return kernel.finished


@dataclass(frozen=True)
class _Statistics:
    """Of each of a thread's rows: the greatest score, and this thread's part of the sum
    of e^(score - greatest)."""

    greatest: Sequence[SSAValue]
    totals: Sequence[SSAValue]

    @staticmethod
    def neutral(rows: int) -> _Statistics:
        return _Statistics([real(-inf)] * rows, [real(0)] * rows)

    def step(self, scores: Rows) -> tuple[_Statistics, Rows, list[SSAValue]]:
        """With some more scores; their weights, and by how much the old ones shrink."""
        most = [
            maximum(old, warp_reduce(in_pairs(maximum, row), maximum, SHARING))
            for old, row in zip(self.greatest, scores, strict=True)
        ]
        shifts = [finite_shift(value) for value in most]
        pairs = zip(self.greatest, shifts, strict=True)
        factors = [exponential(*pair) for pair in pairs]
        weights = [
            [exponential(score, shift) for score in row]
            for row, shift in zip(scores, shifts, strict=True)
        ]
        totals = [
            plus(arith.MulfOp(total, factor).result, in_pairs(plus, row))
            for total, factor, row in zip(self.totals, factors, weights, strict=True)
        ]
        return _Statistics(most, totals), weights, factors

    def norms(self) -> list[SSAValue]:
        """What weights are multiplied by in the end: infinity where nothing is."""
        sums = [warp_reduce(total, plus, SHARING) for total in self.totals]
        return [arith.DivfOp(real(1), total).result for total in sums]


@dataclass(frozen=True)
class _Attention:
    """Weights that multiply values: a thread sums neighbouring columns, four at a time,
    of all its rows."""

    block: AttentionBlock

    def emit(self) -> None:
        block, chosen = self.block, self.block.schedule
        rows = chosen.thread_rows
        neutral = _Statistics.neutral(rows)
        sums = [real(0)] * (rows * chosen.sums)

        def turn(first: SSAValue, carried: tuple[SSAValue, ...]) -> list[SSAValue]:
            before = _Statistics(carried[:rows], carried[rows : 2 * rows])
            after, weights, factors = before.step(block.scores(first))
            for offset, row in enumerate(weights):
                store_raw(row, block.memory, [block.weights_at(offset)])
            shrunk = self._scaled(carried[2 * rows :], factors)
            return [*after.greatest, *after.totals, *self._sum(first, shrunk)]

        carried = [*neutral.greatest, *neutral.totals, *sums]
        found = for_loop(0, block.form.size.keys, KEYS, carried, turn)
        norms = _Statistics(found[:rows], found[rows : 2 * rows]).norms()
        self._finish(self._scaled(found[2 * rows :], norms))

    def _scaled(
        self, sums: Sequence[SSAValue], factors: Sequence[SSAValue]
    ) -> list[SSAValue]:
        count = self.block.schedule.sums
        return [
            arith.MulfOp(total, factors[at // count]).result
            for at, total in enumerate(sums)
        ]

    def _sum(self, first: Index, sums: Sequence[SSAValue]) -> tuple[SSAValue, ...]:
        """Add the values of a tile's keys, multiplied by the weights in memory."""
        block, chosen = self.block, self.block.schedule
        operand, (batch, _, column) = block.form.of_result.second, block.origin
        tile = chosen.value_keys
        loader = block.loader(operand, chosen.values, tile, batch, column)

        def turn(at: Index, carried: tuple[SSAValue, ...]) -> tuple[SSAValue, ...]:
            loaded = loader.load(add(first, at))
            block.kernel.barrier()
            loader.store(loaded, block.memory, chosen.values_at)
            block.kernel.barrier()
            return self._multiply(at, carried)

        if tile == KEYS:
            return turn(0, tuple(sums))
        end: Index = KEYS
        # A loader looks for the last key only in a tile that is cut off by it.
        keys = ceil_divide(block.form.size.keys, tile) * tile
        if keys % KEYS:
            rest = as_value(subtract(keys, first))
            end = arith.MinSIOp(rest, as_value(KEYS)).result
        return for_loop(0, end, tile, sums, turn)

    def _multiply(
        self, first: Index, sums: tuple[SSAValue, ...]
    ) -> tuple[SSAValue, ...]:
        """Add the values in memory, those of a tile's keys from the `first` on."""
        block, chosen = self.block, self.block.schedule
        unroll = max(1, min(4, STRAIGHT // len(sums)))
        column = add(multiply(block.lane, 4), chosen.values_at)

        def turn(at: SSAValue, carried: tuple[SSAValue, ...]) -> tuple[SSAValue, ...]:
            start = add(first, at, chosen.scores_at)
            weights = [
                load_raw(
                    block.memory,
                    [add(multiply(add(block.row, row), chosen.score_row), start)],
                    unroll,
                )
                for row in range(chosen.thread_rows)
            ]
            for step in range(unroll):
                down = multiply(add(at, step), chosen.value_row)
                values = [
                    value
                    for offset in range(0, chosen.values, KEYS)
                    for value in load_raw(block.memory, [add(down, column, offset)], 4)
                ]
                carried = multiply_add([row[step] for row in weights], values, carried)
            return carried

        return for_loop(0, chosen.value_keys, unroll, sums, turn)

    def _finish(self, sums: Sequence[SSAValue]) -> None:
        """Put the sums where the tiles were, and the result where it belongs."""
        block, chosen = self.block, self.block.schedule
        block.kernel.barrier()
        for at in range(0, len(sums), 4):
            row, offset = divmod(at // 4, chosen.sums // 4)
            down = multiply(add(block.row, row), chosen.value_row)
            column = add(multiply(block.lane, 4), offset * KEYS)
            store_raw(sums[at : at + 4], block.memory, [add(down, column)])
        block.kernel.barrier()

        def read(down: SSAValue, right: SSAValue, count: int) -> Sequence[SSAValue]:
            at = add(multiply(down, chosen.value_row), right)
            return load_raw(block.memory, [at], count)

        finish_tile(block, chosen.values, block.origin[2], read)


@dataclass(frozen=True)
class _Softmax:
    """Weights that are the result: scores stay in shared memory until their row's
    statistics are known, or are computed once more where they do not fit."""

    block: AttentionBlock

    def emit(self) -> None:
        block, chosen, keys = self.block, self.block.schedule, self.block.form.size.keys
        rows = chosen.thread_rows
        keeps = chosen.kept_scores >= keys
        start = _Statistics.neutral(rows)

        def turn(first: SSAValue, carried: tuple[SSAValue, ...]) -> list[SSAValue]:
            scores = block.scores(first)
            if keeps:
                self._store(scores, first)
            after, _, _ = _Statistics(carried[:rows], carried[rows:]).step(scores)
            return [*after.greatest, *after.totals]

        found = for_loop(0, keys, KEYS, [*start.greatest, *start.totals], turn)
        shared = self._share(_Statistics(found[:rows], found[rows:]))
        block.kernel.barrier()
        with loop(0, keys, KEYS) as first:
            if not keeps:
                self._store(block.scores(first), 0)
                block.kernel.barrier()
            self._finish(first, first if keeps else 0, shared)

    def _store(self, scores: Rows, first: Index) -> None:
        block = self.block
        for offset, row in enumerate(scores):
            at = add(block.weights_at(offset), first)
            store_raw(row, block.memory, [at])

    def _share(self, statistics: _Statistics) -> tuple[SSAValue, SSAValue]:
        """The greatest score of each of the block's rows, and what its weights are
        multiplied by."""
        block = self.block
        size = block.schedule.rows
        norms = statistics.norms()
        greatest, factors = (block.kernel.shared((size,), f32) for _ in range(2))
        with if_then(compare("eq", block.lane, 0)):
            for values, array in ((statistics.greatest, greatest), (norms, factors)):
                store_raw(values, array, [block.row])
        return greatest, factors

    def _finish(
        self, first: Index, at: Index, shared: tuple[SSAValue, SSAValue]
    ) -> None:
        """Store the weights of a tile, whose scores are from a column of memory on."""
        block, chosen = self.block, self.block.schedule
        start = add(at, chosen.scores_at)

        def read(down: SSAValue, right: SSAValue, count: int) -> Sequence[SSAValue]:
            greatest, factor = (load_raw(array, [down])[0] for array in shared)
            at = add(multiply(down, chosen.score_row), right, start)
            return [
                arith.MulfOp(exponential(score, greatest), factor).result
                for score in load_raw(block.memory, [at], count)
            ]

        finish_tile(block, KEYS, first, read)
