"""The threads of a block at work on rows: which rows, and which elements of them.

A thread has one row, or several neighbouring ones where these lie side by side; all
threads of a row get what they find together. Threads of the last block that are left
without a row load and store nothing, but go with the others to shuffles and barriers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import constant
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.reductions import WARP, block_merge, warp_merge
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_else, if_then
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    compare,
    divide,
    is_below,
    multiply,
    remainder,
)
from fusemlir.lowering.rows.fold import Merge, State

Values = list[SSAValue]

Load = Callable[[SSAValue], Values]
"""Elements of the source from a number on, as many as a thread moves at once."""


@dataclass(frozen=True)
class Place:
    """Where a thread reads: the element's number in its row, and in the source."""

    column: Index
    number: SSAValue


Part: TypeAlias = tuple[Place, SSAValue | None, Values]
"""What a thread loads in a turn, where from, and whether its row reaches that far."""


@dataclass(frozen=True)
class RowBlock:
    """Which rows a thread helps with, and where their elements are."""

    kernel: BlockKernel
    view: RowView
    schedule: RowSchedule

    def __post_init__(self) -> None:
        # Emitted here, before any loop or condition, for all of the kernel to see.
        _ = (self.lane, self.start, self.is_own)

    @staticmethod
    def grid(view: RowView, schedule: RowSchedule) -> tuple[int, int, int]:
        return (ceil_divide(view.rows, schedule.rows), 1, 1)

    @property
    def block_number(self) -> Index:
        """The block's number among those of all rows."""
        return self.kernel.block_id()

    @cached_property
    def lane(self) -> Index:
        """The thread's number among those of its row."""
        thread, chosen = self.kernel.thread_id(), self.schedule
        if chosen.is_across:
            return divide(thread, chosen.groups)
        return remainder(thread, chosen.threads)

    @cached_property
    def group(self) -> Index:
        """The number of the threads of its row among those of the block."""
        thread, chosen = self.kernel.thread_id(), self.schedule
        if chosen.is_across:
            return remainder(thread, chosen.groups)
        return 0 if chosen.groups == 1 else divide(thread, chosen.threads)

    @cached_property
    def number(self) -> Index:
        """Of the thread's first row."""
        first = multiply(self.block_number, self.schedule.rows)
        return add(first, multiply(self.group, self.rows))

    @cached_property
    def is_own(self) -> SSAValue | None:
        """Whether there are rows of its numbers; None where that is so everywhere."""
        rows = self.view.rows
        if rows % self.schedule.rows == 0:
            return None
        return is_below(self.number, rows)

    @cached_property
    def start(self) -> Index:
        """Where in the source its first row begins."""
        return self.view.row(self.number)

    def result(self) -> SSAValue:
        """Where its first row's result is."""
        return as_value(self.view.result(self.number))

    @property
    def rows(self) -> int:
        """That a thread has."""
        return self.schedule.elements if self.schedule.is_across else 1

    @contextmanager
    def own(self) -> Generator[None]:
        """What only threads do that have a row."""
        with nullcontext() if self.is_own is None else if_then(self.is_own):
            yield

    @contextmanager
    def first(self) -> Generator[None]:
        """What one thread of each row does."""
        with self.own(), if_then(compare("eq", self.lane, 0)):
            yield

    def parts(self, load: Load, start: int) -> list[Part]:
        """What the thread has of its row or rows from a column on."""
        found: list[Part] = []
        for column in range(start, self.view.columns, self.columns_at_once):
            place = self.place(column)
            mask = self.mask(place, column + self.columns_at_once)
            found.append((place, mask, self.guarded(load, place, mask)))
        return found

    @property
    def columns_at_once(self) -> int:
        """Elements of a row that all its threads load in one turn."""
        chosen = self.schedule
        return chosen.threads * (1 if chosen.is_across else chosen.elements)

    def place(self, column: Index) -> Place:
        """Where the thread reads in the turn that begins at a column."""
        each = 1 if self.schedule.is_across else self.schedule.elements
        own = add(column, multiply(self.lane, each))
        number = add(self.start, self.view.column(own))
        return Place(own, as_value(number))

    def mask(self, place: Place, end: int) -> SSAValue | None:
        """Whether the row reaches that far; None where it has all columns up to `end`,
        one of which it is."""
        if end <= self.view.columns:
            return None
        return compare("slt", place.column, self.view.columns)

    def guarded(self, load: Load, place: Place, mask: SSAValue | None) -> Values:
        """What is loaded there; where the row does not reach or is none, zeros."""
        conditions = [x for x in (mask, self.is_own) if x is not None]
        if not conditions:
            return load(place.number)
        loaded: Values = []

        def then() -> Values:
            loaded.extend(load(place.number))
            return loaded

        def otherwise() -> Values:
            return [constant(0, value.type) for value in loaded]

        return list(if_else(_all_of(*conditions), then, otherwise))

    def merge(
        self, states: list[State], merge: Merge, *, repeated: bool = False
    ) -> list[State]:
        """Of all threads of a row; each of them gets it. `repeated` is for code that a
        thread runs more than once, in a loop."""
        threads = self.schedule.threads
        if self.schedule.is_across:
            if threads > 1 and repeated:
                self.kernel.barrier()
            return self._merge_across(states, merge) if threads > 1 else states
        (state,) = states
        if threads <= WARP:
            return [warp_merge(state, merge, threads)]
        return [block_merge(self.kernel, state, merge, repeated=repeated)]

    def _merge_across(self, states: list[State], merge: Merge) -> list[State]:
        """Through shared memory, where each thread reads all parts of its rows."""
        chosen, kernel = self.schedule, self.kernel
        shape = (chosen.threads, chosen.rows)
        arrays = [kernel.shared(shape, value.type) for value in states[0]]
        at = multiply(self.group, chosen.elements)
        for parts, array in zip(zip(*states, strict=True), arrays, strict=True):
            store_raw(parts, array, [self.lane, at])
        kernel.barrier()

        def part(lane: Index) -> list[State]:
            columns = [load_raw(array, [lane, at], chosen.elements) for array in arrays]
            return [list(state) for state in zip(*columns, strict=True)]

        def step(lane: SSAValue, carried: tuple[SSAValue, ...]) -> Values:
            pairs = zip(unflatten(carried, len(arrays)), part(lane), strict=True)
            return flatten([merge(a, b) for a, b in pairs])

        total = for_loop(1, chosen.threads, 1, flatten(part(0)), step)
        return unflatten(total, len(arrays))


def _all_of(first: SSAValue, *others: SSAValue) -> SSAValue:
    """Whether all conditions hold."""
    for other in others:
        first = arith.AndIOp(first, other).result
    return first


def flatten(states: Sequence[State]) -> Values:
    """One after the other."""
    return [value for state in states for value in state]


def unflatten(values: Sequence[SSAValue], size: int) -> list[State]:
    """The reverse, of states of `size` values."""
    return [list(values[at : at + size]) for at in range(0, len(values), size)]
