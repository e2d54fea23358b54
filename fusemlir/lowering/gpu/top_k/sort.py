"""Kernels of top-k of many: a block sorts a row in shared memory (Batcher 1968).

A row that does not fit is taken in parts: the best half of what is sorted is kept, the
other half replaced by the next part, and all is sorted anew. A sort of s keys is
log(s) * (log(s) + 1) / 2 passes over them; a row of n elements is n / (s / 2) sorts.
"""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.rows.block import Load, RowBlock
from fusemlir.lowering.gpu.rows.rows import read
from fusemlir.lowering.gpu.rows.softmax import statistics
from fusemlir.lowering.gpu.rows.source import loader
from fusemlir.lowering.gpu.schedules.sort import SortSchedule
from fusemlir.lowering.gpu.top_k.order import LEAST, RowTopK, Winners, sort_key
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import loop
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


def is_sort_kernel(body: KernelBody) -> bool:
    """Whether it is a top-k, of an input or of a softmax along the same axis."""
    return RowTopK.of_body(body) is not None


def build_sort(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    form = RowTopK.of_body(body)
    assert form is not None
    view, schedule = form.view, SortSchedule.choose(form.view.columns, form.k)
    with BlockKernel(name, body, (view.rows, 1, 1), schedule.threads) as kernel:
        constants = immediates.emit(body)
        rows = RowBlock(kernel, view, schedule.row(view.columns))
        load = form.widening(loader(form.source, kernel, constants, 1))
        softmax = form.softmax
        found = None if softmax is None else statistics(read(rows, load))
        winners = Winners(form, kernel, load, found)
        keys = kernel.shared((schedule.keys,), i64)
        _sort_all(form, rows, load, keys, schedule)
        result, thread = rows.result(), kernel.thread_id()
        with loop(thread, form.k, schedule.threads) as rank:
            (key,) = load_raw(keys, [rank])
            winners.store(0, rows.start, result, rank, key)
    return kernel.finished


def _sort_all(
    form: RowTopK,
    rows: RowBlock,
    load: Load,
    keys: SSAValue,
    schedule: SortSchedule,
) -> None:
    """Leave the greatest keys of the row at the front, the greatest first."""
    columns, thread = form.view.columns, rows.kernel.thread_id()

    def fill(begin: int, first: Index) -> None:
        """The keys from `begin` on with those of the columns from `first` on."""
        with loop(add(thread, begin), schedule.keys, schedule.threads) as at:
            column = add(first, subtract(at, begin))
            is_there = compare("slt", column, columns)
            held = arith.SelectOp(is_there, as_value(column), as_value(0)).result
            number = as_value(add(rows.start, form.view.column(held)))
            key = sort_key(form.op, load(number)[0], held)
            least = integer(i64, LEAST)
            store_raw([arith.SelectOp(is_there, key, least).result], keys, [at])
        rows.kernel.barrier()
        _sort(rows.kernel, keys, schedule)

    fill(0, 0)
    if columns > schedule.keys:
        with loop(schedule.keys, columns, schedule.keys // 2) as first:
            fill(schedule.keys // 2, first)


def _sort(kernel: BlockKernel, keys: SSAValue, schedule: SortSchedule) -> None:
    """In falling order: runs are merged in pairs, of which every other one rises."""
    phases = schedule.keys.bit_length() - 1
    one = as_value(1)
    with loop(0, phases) as phase, loop(0, add(phase, 1)) as back:
        shift = as_value(subtract(phase, back))
        apart = arith.ShLIOp(one, shift).result
        with loop(kernel.thread_id(), schedule.keys // 2, schedule.threads) as pair:
            within = arith.AndIOp(pair, as_value(subtract(apart, 1))).result
            left = add(multiply(subtract(pair, within), 2), within)
            right = add(left, apart)
            run = arith.ShRUIOp(as_value(left), as_value(add(phase, 1))).result
            falls = compare("eq", arith.AndIOp(run, one).result, 0)
            (a,), (b,) = load_raw(keys, [left]), load_raw(keys, [right])
            greater, lesser = arith.MaxSIOp(a, b).result, arith.MinSIOp(a, b).result
            for at, first, second in (
                (left, greater, lesser),
                (right, lesser, greater),
            ):
                chosen = arith.SelectOp(falls, first, second).result
                store_raw([chosen], keys, [at])
        kernel.barrier()
