"""Kernels of top-k of few: the greatest is found, then the one below it, and so on.

A row is read once and stays in registers; its threads look through what they hold k
times, so that the work is k * n for n elements.
"""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.rows.block import RowBlock
from fusemlir.lowering.gpu.rows.rows import HeldRow
from fusemlir.lowering.gpu.rows.softmax import statistics
from fusemlir.lowering.gpu.rows.source import loader
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.top_k.order import (
    GREATEST,
    LEAST,
    RowTopK,
    Winners,
    sort_key,
)
from fusemlir.lowering.kernel.control_flow import for_loop
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import add
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import alone, in_pairs

MOST_SELECTED = 32
"""Above it a sort costs less."""

KEY_BYTES = 8

HELD_KEYS = 16
"""That a thread keeps in registers, two each."""


def is_selection_kernel(body: KernelBody) -> bool:
    """Whether it is a top-k of few, in rows that registers hold."""
    form = RowTopK.of_body(body)
    if form is None or form.k > MOST_SELECTED:
        return False
    schedule = _schedule(form)
    return schedule.turns * schedule.elements <= HELD_KEYS


def _schedule(form: RowTopK) -> RowSchedule:
    # Across rows, where each has keys of its own, so many are taken as keys are wide.
    widest = KEY_BYTES if form.view.is_across else form.source.widest
    return form.view.schedule(widest, holds=True)


def build_selection(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    form = RowTopK.of_body(body)
    assert form is not None
    schedule = _schedule(form)
    grid = RowBlock.grid(form.view, schedule)
    with BlockKernel(name, body, grid, schedule.block) as kernel:
        constants = immediates.emit(body)
        rows = RowBlock(kernel, form.view, schedule)
        load = loader(form.source, kernel, constants, schedule.elements)
        row = HeldRow(rows, rows.parts(form.widening(load), 0))
        softmax = form.softmax
        winners = Winners(
            form,
            kernel,
            loader(form.source, kernel, constants, 1),
            None if softmax is None else statistics(row),
        )
        _select(form, row, winners)
    return kernel.finished


def _select(form: RowTopK, row: HeldRow, winners: Winners) -> None:
    rows, least = row.block, integer(i64, LEAST)
    keys: list[list[SSAValue]] = [[] for _ in range(rows.rows)]
    for at, column, mask, x in row.elements:
        key = sort_key(form.op, x, column)
        keys[at].append(
            key if mask is None else arith.SelectOp(mask, key, least).result
        )
    result = rows.result()

    def below(keys: list[SSAValue], bound: SSAValue) -> SSAValue:
        """The greatest of the keys below a bound."""
        fitting: list[SSAValue] = [
            arith.SelectOp(arith.CmpiOp(key, bound, "slt").result, key, least).result
            for key in keys
        ]
        return in_pairs(_greater, fitting)

    def step(rank: SSAValue, before: tuple[SSAValue, ...]) -> list[SSAValue]:
        own = [below(*pair) for pair in zip(keys, before, strict=True)]
        states = rows.merge([[key] for key in own], alone(_greater), repeated=True)
        with rows.first():
            for at, (key,) in enumerate(states):
                # Neighbouring rows have their results side by side too.
                begin, place = add(rows.start, at), add(result, at)
                winners.store(at, begin, place, rank, key)
        return [key for (key,) in states]

    for_loop(0, form.k, 1, [integer(i64, GREATEST)] * rows.rows, step)


def _greater(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.MaxSIOp(a, b).result
