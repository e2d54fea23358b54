"""Neighbouring rows whose elements lie side by side, one of each row.

What each is folded to is in memory, of which LLVM makes vectors: no operation waits for
the one before it, each row is folded in its own order, and memory is read as it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod

from xdsl.ir import Attribute, SSAValue

from fusemlir.lowering.host.access import load, local, store
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.rows.rows import (
    Bounds,
    Cursor,
    Element,
    Parts,
    Rows,
    Statistics,
    Use,
)
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index
from fusemlir.lowering.rows.fold import Fold, State

NEAR_ELEMENTS = 2**17
"""Of a strip: 512 kB of f32, half of what a cache of the second level has."""


@dataclass(frozen=True)
class Strip(Rows):
    """`width` rows, at most `most`."""

    width: Index
    most: int

    @property
    def part_columns(self) -> int:
        return max(1, NEAR_ELEMENTS // self.most)

    def fold(self, element: Element, fold: Fold) -> Statistics:
        table = self._table(lambda _: fold.neutral())

        def turn(first: Cursor) -> None:
            with self._lanes(first) as at:
                table.store(at, fold.step(table.load(at), [element(at)]))

        self._along(self.bounds, self.first, turn)
        return table.load

    def derive(self, compute: Statistics) -> Statistics:
        return self._table(compute).load

    def each(self, use: Use) -> None:
        def turn(first: Cursor) -> None:
            with self._lanes(first) as at:
                use(at)

        self._along(self.bounds, self.first, turn)

    def each_row(self, use: Use) -> None:
        with self._lanes(self.first) as at:
            use(at)

    def _merged(
        self, of_part: Callable[[Rows], Statistics], fold: Fold, parts: Parts
    ) -> Statistics:
        table = self._table(lambda _: fold.neutral())
        with loop(0, prod(parts.counts)) as number:
            found = of_part(self.part(parts, unraveled(number, parts.counts)))
            with self._lanes(self.first) as at:
                table.store(at, fold.merge(table.load(at), found(at)))
        return table.load

    @contextmanager
    def _lanes(self, first: Cursor) -> Generator[Cursor]:
        """A loop over the rows, given an element of the first one."""
        strides = self.nest.kept[-1].strides
        with loop(0, self.width) as lane:
            yield replace(first.moved(strides, lane), lane=lane)

    def _table(self, compute: Statistics) -> _Table:
        with self._lanes(self.first) as at:
            values = compute(at)
            table = _Table.of_types([value.type for value in values], self.most)
            table.store(at, values)
        return table

    def _along(
        self, bounds: Sequence[Bounds], at: Cursor, turn: Callable[[Cursor], None]
    ) -> None:
        """`turn` for all elements of the first row within the bounds of the loops that
        are left."""
        if not bounds:
            turn(at)
            return
        (lower, upper), *inner = bounds
        strides = self.nest.reduced[-len(bounds)].strides
        with loop(lower, upper) as number:
            self._along(inner, at.moved(strides, number), turn)


@dataclass(frozen=True)
class _Table:
    """A few values for each row of a strip."""

    arrays: Sequence[SSAValue]

    @staticmethod
    def of_types(types: Sequence[Attribute], size: int) -> _Table:
        return _Table([local(type, size) for type in types])

    def load(self, at: Cursor) -> State:
        return [load(array, at.lane) for array in self.arrays]

    def store(self, at: Cursor, values: State) -> None:
        for value, array in zip(values, self.arrays, strict=True):
            store(value, array, at.lane)
