"""Rows, as the elements that a thread has of them: folded, changed, used.

row = read(RowBlock(kernel, view, schedule), load)
sums = row.fold(Fold.of_combine(add, lambda: real(0)))
row.change(lambda at, x: ...).each(store)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.gpu.rows.block import (
    Load,
    Part,
    Place,
    RowBlock,
    Values,
    flatten,
    unflatten,
)
from fusemlir.lowering.kernel.control_flow import for_loop, if_then, loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value
from fusemlir.lowering.rows.fold import Fold, State

Change = Callable[[int, SSAValue], SSAValue]
"""From which of a thread's rows an element is of, and the element, to another value."""


class Row(Protocol):
    """What a thread has of its row, or of its neighbouring rows."""

    def change(self, change: Change) -> Row:
        """Other values for the elements."""
        ...

    def fold(self, fold: Fold) -> list[State]:
        """What each of the thread's rows is folded to, by all its threads."""
        ...

    def each(self, use: Callable[[Place, Values], None]) -> None:
        """Do something with all elements of the rows."""
        ...


@dataclass(frozen=True)
class HeldRow:
    """Elements in registers, with where they are and whether the row has them."""

    block: RowBlock
    parts: list[Part]

    @property
    def elements(self) -> list[tuple[int, Index, SSAValue | None, SSAValue]]:
        """Of each the thread's row that it is in, its number there, whether it is one
        at all, and its value."""
        across = self.block.schedule.is_across
        return [
            (at, place.column, mask, value)
            if across
            else (0, add(place.column, at), mask, value)
            for place, mask, values in self.parts
            for at, value in enumerate(values)
        ]

    def change(self, change: Change) -> HeldRow:
        changed = [
            (place, mask, _changed(self.block, change, values))
            for place, mask, values in self.parts
        ]
        return HeldRow(self.block, changed)

    def fold(self, fold: Fold) -> list[State]:
        states = [fold.neutral() for _ in range(self.block.rows)]
        for _, mask, values in self.parts:
            states = _step(self.block, fold, states, [values], mask)
        return self.block.merge(states, fold.merge)

    def each(self, use: Callable[[Place, Values], None]) -> None:
        with self.block.own():
            for place, mask, values in self.parts:
                with nullcontext() if mask is None else if_then(mask):
                    use(place, values)


@dataclass(frozen=True)
class StreamedRow:
    """Elements that are loaded, some turns ahead, whenever they are needed."""

    block: RowBlock
    load: Load

    def change(self, change: Change) -> StreamedRow:
        return StreamedRow(
            self.block,
            lambda number: _changed(self.block, change, self.load(number)),
        )

    def fold(self, fold: Fold) -> list[State]:
        block = self.block
        states = [fold.neutral() for _ in range(block.rows)]
        size = len(states[0])

        def step(column: SSAValue, carried: tuple[SSAValue, ...]) -> Values:
            loaded = [self.load(place.number) for place in self._places(column)]
            return flatten(_step(block, fold, unflatten(carried, size), loaded))

        if self._end:
            carried = for_loop(0, self._own_end, self._ahead, flatten(states), step)
            states = unflatten(carried, size)
        for _, mask, values in self._rest:
            states = _step(block, fold, states, [values], mask)
        return block.merge(states, fold.merge)

    def each(self, use: Callable[[Place, Values], None]) -> None:
        with self.block.own():
            if self._end:
                with loop(0, self._end, self._ahead) as column:
                    places = self._places(column)
                    loaded = [self.load(place.number) for place in places]
                    for place, values in zip(places, loaded, strict=True):
                        use(place, values)
            for place, mask, values in self._rest:
                with nullcontext() if mask is None else if_then(mask):
                    use(place, values)

    def _places(self, column: Index) -> list[Place]:
        once = self.block.columns_at_once
        return [self.block.place(add(column, at)) for at in range(0, self._ahead, once)]

    @property
    def _ahead(self) -> int:
        """Columns that all threads load before they need the first."""
        return self.block.schedule.ahead * self.block.columns_at_once

    @property
    def _end(self) -> int:
        """Where a loop of so many columns at once has to end."""
        return self.block.view.columns // self._ahead * self._ahead

    @property
    def _own_end(self) -> Index:
        """The same, but for threads without a row the start."""
        is_own, end = self.block.is_own, self._end
        if is_own is None:
            return end
        return arith.SelectOp(is_own, as_value(end), as_value(0)).result

    @property
    def _rest(self) -> list[Part]:
        """What is behind it, loaded at once."""
        return self.block.parts(self.load, self._end)


def read(block: RowBlock, load: Load) -> Row:
    """A thread's part of its row or rows, kept in registers where it fits, else loaded
    anew in each pass."""
    if block.schedule.is_held:
        return HeldRow(block, block.parts(load, 0))
    return StreamedRow(block, load)


def _step(
    block: RowBlock,
    fold: Fold,
    states: list[State],
    loaded: Sequence[Values],
    mask: SSAValue | None = None,
) -> list[State]:
    """The states with what was loaded in some turns."""
    is_across = block.schedule.is_across
    parts = [list(part) for part in zip(*loaded, strict=True)]
    if not is_across:
        parts = [flatten(loaded)]
    after = [fold.step(s, part) for s, part in zip(states, parts, strict=True)]
    if mask is None:
        return after
    return [
        [arith.SelectOp(mask, a, b).result for a, b in zip(new, old, strict=True)]
        for new, old in zip(after, states, strict=True)
    ]


def _changed(block: RowBlock, change: Change, values: Values) -> Values:
    is_across = block.schedule.is_across
    return [change(at if is_across else 0, value) for at, value in enumerate(values)]
