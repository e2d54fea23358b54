"""Rows that are folded to a few values each: by one block or, where rows are few and
long, by several.

Then each block folds its part of a row to scratch, and a second kernel merges the parts
of each row, always in one order, so that every run gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel, scratch
from fusemlir.lowering.gpu.rows.block import Load, Place, RowBlock, Values
from fusemlir.lowering.gpu.rows.rows import StreamedRow
from fusemlir.lowering.gpu.rows.source import Constants
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import for_loop
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    multiply,
    remainder,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import Fold, State
from fusemlir.target import Target

Store = Callable[[SSAValue, Sequence[SSAValue]], None]
"""Computes and stores what follows on the results of neighbouring rows, given the
number of the first result."""


@dataclass(frozen=True)
class FoldedRows:
    """What rows are folded to, and what becomes of that."""

    view: RowView
    schedule: RowSchedule
    fold: Fold
    types: tuple[Attribute, ...]
    """Of the values that a row is folded to."""
    load: Callable[[BlockKernel, Constants], Load]
    result: Callable[[State], SSAValue]
    """Of a whole row."""
    store: Callable[[BlockKernel, Constants], Store]


@dataclass(frozen=True)
class SharedRowBlock(RowBlock):
    """A block that has its rows together with those beside it: each takes every
    `blocks`-th turn of what one alone would."""

    blocks: int

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.part

    @cached_property
    def part(self) -> Index:
        """The block's number among those of its rows."""
        return remainder(self.kernel.block_id(), self.blocks)

    @property
    def block_number(self) -> Index:
        return divide(self.kernel.block_id(), self.blocks)

    @property
    def columns_at_once(self) -> int:
        return self.blocks * super().columns_at_once

    def place(self, column: Index) -> Place:
        return super().place(add(column, multiply(self.part, super().columns_at_once)))


def build_folded_rows(
    name: str, body: KernelBody, immediates: Immediates, rows: FoldedRows
) -> Kernel | tuple[Kernel, ...]:
    (whole, _, _) = RowBlock.grid(rows.view, rows.schedule)
    target = Target.of_module(immediates.module)
    blocks = rows.schedule.blocks_of_row(
        whole, rows.view.columns, processors_of(target)
    )
    if blocks == 1:
        return _whole(name, body, immediates, rows)
    shape = (rows.view.rows, blocks)
    parts = [scratch(shape, type) for type in rows.types]
    return (
        _of_parts(f"{name}_parts", body, immediates, rows, parts),
        _merging(name, body, immediates, rows, parts),
    )


def _whole(
    name: str, body: KernelBody, immediates: Immediates, rows: FoldedRows
) -> Kernel:
    view, schedule = rows.view, rows.schedule
    grid = RowBlock.grid(view, schedule)
    with BlockKernel(name, body, grid, schedule.block) as kernel:
        constants = immediates.emit(body)
        block = RowBlock(kernel, view, schedule)
        row = StreamedRow(block, rows.load(kernel, constants))
        results = [rows.result(state) for state in row.fold(rows.fold)]
        store = rows.store(kernel, constants)
        with block.first():
            _store(store, view, block.result(), results)
    return kernel.finished


def _store(
    store: Store, view: RowView, first: SSAValue, results: Sequence[SSAValue]
) -> None:
    """Of neighbouring rows, at once if their results lie so."""
    step = view.kept[-1].result if len(results) > 1 else 1
    if step == 1:
        store(first, results)
        return
    assert step is not None
    for at, result in enumerate(results):
        store(as_value(add(first, at * step)), [result])


def _of_parts(
    name: str,
    body: KernelBody,
    immediates: Immediates,
    rows: FoldedRows,
    parts: Sequence[SSAValue],
) -> Kernel:
    """To tensors of a row for each row, a column for each of its blocks."""
    view, schedule = rows.view, rows.schedule
    blocks = _blocks_of(parts)
    (whole, _, _) = RowBlock.grid(view, schedule)
    grid = (whole * blocks, 1, 1)
    with BlockKernel(name, body, grid, schedule.block, writes=parts) as kernel:
        constants = immediates.emit(body)
        block = SharedRowBlock(kernel, view, schedule, blocks)
        row = StreamedRow(block, rows.load(kernel, constants))
        states = row.fold(rows.fold)
        with block.first():
            for at, state in enumerate(states):
                place = [add(block.number, at), block.part]
                for value, part in zip(state, parts, strict=True):
                    store_raw([value], kernel.buffers[part], place)
    return kernel.finished


def _merging(
    name: str,
    body: KernelBody,
    immediates: Immediates,
    rows: FoldedRows,
    parts: Sequence[SSAValue],
) -> Kernel:
    """As many threads merge the parts of a row as there are, if not too many."""
    view, blocks = rows.view, _blocks_of(parts)
    schedule = RowSchedule.of_parts(blocks)
    grid = RowBlock.grid(view, schedule)
    with BlockKernel(name, body, grid, schedule.block, reads=parts) as kernel:
        constants = immediates.emit(body)
        block = RowBlock(kernel, view, schedule)
        row = as_value(block.number)

        def step(part: SSAValue, merged: tuple[SSAValue, ...]) -> Values:
            found = [load_raw(kernel.buffers[p], [row, part])[0] for p in parts]
            return list(rows.fold.merge(merged, found))

        end: Index = blocks
        if block.is_own is not None:
            # Threads without a row have nothing to read.
            end = arith.SelectOp(block.is_own, as_value(blocks), as_value(0)).result
        neutral = rows.fold.neutral()
        own = for_loop(block.lane, end, schedule.threads, neutral, step)
        (whole,) = block.merge([own], rows.fold.merge)
        result = rows.result(whole)
        store = rows.store(kernel, constants)
        with block.first():
            store(block.result(), [result])
    return kernel.finished


def _blocks_of(parts: Sequence[SSAValue]) -> int:
    """How many parts there are of a row."""
    return shape_of(parts[0])[1]
