"""Rows while the code is written that folds and changes them.

    def kernel(rows: Rows) -> None:
        sums = rows.fold(element, SUM)
        rows.each(lambda at: store(at, *sums(at)))

Where the elements of a row lie side by side, a thread has one row at once (`Line`) and
what it is folded to in registers. Where rows lie side by side it has a strip of them
(`Strip`), and for each of them a place in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.host.rows.nest import RowNest
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply
from fusemlir.lowering.rows.fold import Fold, State


@dataclass(frozen=True)
class Cursor:
    """An element, or a row."""

    places: Sequence[Index]
    """Where it is in the buffer of each walk."""
    lane: Index = 0
    """Which of the rows that a thread has at once it is in."""

    def moved(self, strides: Sequence[int], count: Index) -> Cursor:
        """`count` steps further."""
        pairs = zip(self.places, strides, strict=True)
        return replace(
            self, places=[add(place, multiply(count, step)) for place, step in pairs]
        )


Element: TypeAlias = Callable[[Cursor], SSAValue]
"""Emits the element of a row that is there."""

Statistics: TypeAlias = Callable[[Cursor], State]
"""Emits what is known of the row that an element is in."""

Use: TypeAlias = Callable[[Cursor], None]

Bounds: TypeAlias = tuple[Index, Index]


@dataclass(frozen=True)
class Rows(ABC):
    """The rows that a thread has at once, or a part of each."""

    nest: RowNest
    first: Cursor
    """Where the first of them begins."""
    bounds: tuple[Bounds, ...]
    """Of the loops along a row."""

    @abstractmethod
    def fold(self, element: Element, fold: Fold) -> Statistics:
        """What the elements of each row are folded to."""

    @abstractmethod
    def derive(self, compute: Statistics) -> Statistics:
        """`compute`, done once for each row."""

    @abstractmethod
    def each(self, use: Use) -> None:
        """Do something with all elements."""

    @abstractmethod
    def each_row(self, use: Use) -> None:
        """Do something once for each row."""

    @property
    @abstractmethod
    def part_columns(self) -> int:
        """How many elements of a row are near when they are read again."""

    @property
    def is_near(self) -> bool:
        """Whether all are."""
        return self.nest.columns <= self.part_columns

    def in_parts(self, of_part: Callable[[Rows], Statistics], fold: Fold) -> Statistics:
        """What `of_part` finds, of a row that is far by parts of it that are near,
        merged as `fold` does."""
        if self.is_near:
            return of_part(self)
        return self._merged(of_part, fold, Parts.of_nest(self.nest, self.part_columns))

    @abstractmethod
    def _merged(
        self, of_part: Callable[[Rows], Statistics], fold: Fold, parts: Parts
    ) -> Statistics: ...

    def part(self, parts: Parts, at: Sequence[Index]) -> Self:
        return replace(self, bounds=parts.bounds(at))


@dataclass(frozen=True)
class Parts:
    """A long row, cut along a loop; those outside of it have one turn a part."""

    nest: RowNest
    depth: int
    """Which loop is cut."""
    size: int
    """Its turns in a part, but maybe the last one."""

    @staticmethod
    def of_nest(nest: RowNest, most: int) -> Parts:
        """Of at most so many elements."""
        inner = 1
        for depth in reversed(range(len(nest.reduced))):
            size = nest.reduced[depth].size
            if inner * size > most:
                return Parts(nest, depth, max(1, most // inner))
            inner *= size
        return Parts(nest, 0, 1)

    @property
    def counts(self) -> list[int]:
        """Of parts, by loop."""
        outer = [axis.size for axis in self.nest.reduced[: self.depth]]
        return [*outer, -(-self.nest.reduced[self.depth].size // self.size)]

    def bounds(self, at: Sequence[Index]) -> tuple[Bounds, ...]:
        """Of the loops, for the part of those numbers."""
        *outer, cut = at
        begin = multiply(cut, self.size)
        end = add(begin, self.size)
        size = self.nest.reduced[self.depth].size
        if size % self.size:
            end = arith.MinSIOp(as_value(end), as_value(size)).result
        inner = self.nest.reduced[self.depth + 1 :]
        return (
            *((turn, add(turn, 1)) for turn in outer),
            (begin, end),
            *((0, axis.size) for axis in inner),
        )
