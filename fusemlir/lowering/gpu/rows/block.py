"""The threads of a block at work on rows: which rows, and which elements of them.

A thread has one row, or several neighbouring ones where these lie side by side; all
threads of a row get what they find together. The tail of a block repeats the last row,
so that all lanes of a warp take part in shuffles; it is only kept from storing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.control_flow import for_loop, if_then
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
from fusemlir.lowering.gpu.reductions import (
    WARP,
    Merge,
    State,
    block_merge,
    warp_merge,
)
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw

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
        _ = (self.lane, self.start)

    @staticmethod
    def grid(view: RowView, schedule: RowSchedule) -> tuple[int, int, int]:
        if not schedule.is_across:
            return (-(-view.rows // schedule.rows), 1, 1)
        inner = view.kept[-1].size
        return (view.rows // inner * -(-inner // schedule.rows), 1, 1)

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
        return divide(thread, chosen.threads)

    @cached_property
    def _place(self) -> tuple[Index, SSAValue | None]:
        """The number of the thread's first row, and whether it is not a repetition."""
        chosen, block = self.schedule, self.kernel.block_id()
        if not chosen.is_across:
            if chosen.groups == 1:
                return block, None
            number = add(multiply(block, chosen.groups), self.group)
            return self._clamped(number, self.view.rows, chosen.groups)
        inner = self.view.kept[-1].size
        blocks = -(-inner // chosen.rows)
        at = multiply(remainder(block, blocks), chosen.rows)
        at = add(at, multiply(self.group, chosen.elements))
        at, is_own = self._clamped(at, inner, chosen.rows, chosen.elements)
        return add(multiply(divide(block, blocks), inner), at), is_own

    def _clamped(
        self, number: Index, size: int, unit: int, last: int = 1
    ) -> tuple[Index, SSAValue | None]:
        if size % unit == 0:
            return number, None
        least = arith.MinSIOp(as_value(number), as_value(size - last)).result
        return least, is_below(number, size)

    @cached_property
    def number(self) -> Index:
        """Of the thread's first row."""
        return self._place[0]

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
        """What only threads do that are no repetition."""
        is_own = self._place[1]
        with nullcontext() if is_own is None else if_then(is_own):
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
        """What is loaded there; what is beyond the row, from its start."""
        if mask is None:
            return load(place.number)
        at = arith.SelectOp(mask, place.number, as_value(self.start)).result
        return load(at)

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


def flatten(states: Sequence[State]) -> Values:
    """One after the other."""
    return [value for state in states for value in state]


def unflatten(values: Sequence[SSAValue], size: int) -> list[State]:
    """The reverse, of states of `size` values."""
    return [list(values[at : at + size]) for at in range(0, len(values), size)]
