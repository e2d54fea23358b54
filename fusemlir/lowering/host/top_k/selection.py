"""Top-k of few: those found so far are kept in order, and most elements are below all.

A row is first looked through block by block. The k-th greatest of what is greatest in
each is not above the k-th greatest element, so that all k are in the few blocks whose
greatest is not below it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, i32, i64
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.host.access import load, local, store
from fusemlir.lowering.host.top_k.row import Row
from fusemlir.lowering.kernel.control_flow import for_loop, if_else, loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply

FEW, MOST_SELECTED = 64, 1024
"""So few are always selected; of more than so many the order would be far from a
processor."""

BLOCK = 32
"""Elements, at least: two or more vectors."""

MOST_BLOCKS = 1024

NOWHERE = 2**62
"""The column of what is not there."""


def are_few(k: int, columns: int) -> bool:
    """Whether a sort costs more: each of k that are found is put between k others."""
    return k <= FEW or (k <= MOST_SELECTED and k * k <= columns)


def select(row: Row) -> None:
    """Take the first k elements of the order."""
    found = _Found.of_row(row)
    block = max(BLOCK, -(-row.columns // MOST_BLOCKS))
    blocks = row.columns // block
    if blocks < 2 * row.form.k:
        found.clear()
        found.search(row, 0, row.columns, found.least)
    else:
        _select_of_blocks(row, found, block, blocks)
    with loop(0, row.form.k) as rank:
        row.take(rank, found.column(rank))


def _select_of_blocks(row: Row, found: _Found, block: int, blocks: int) -> None:
    most = local(found.type, blocks)
    found.clear()

    def note(number: SSAValue, bound: SSAValue) -> SSAValue:
        first = multiply(number, block)

        def greater(turn: SSAValue, so_far: tuple[SSAValue, ...]) -> list[SSAValue]:
            order = row.order(add(first, turn))
            return [arith.MaxSIOp(so_far[0], order).result]

        (greatest,) = for_loop(0, block, 1, [found.least], greater)
        store(greatest, most, number)
        return found.offer(greatest, number, bound)

    found.each(0, blocks, found.least, note)
    bound = found.last
    found.clear()

    def look(number: SSAValue, bound: SSAValue) -> SSAValue:
        first = multiply(number, block)
        may_have = arith.CmpiOp(load(most, number), bound, "sge").result

        def search() -> list[SSAValue]:
            return [found.search(row, first, add(first, block), bound)]

        return if_else(may_have, search, lambda: [bound])[0]

    bound = found.each(0, blocks, bound, look)
    found.search(row, blocks * block, row.columns, bound)


@dataclass(frozen=True)
class _Found:
    """The greatest so far, of equals the first, in order, and their columns."""

    type: IntegerType
    k: int
    orders: SSAValue
    columns: SSAValue

    @staticmethod
    def of_row(row: Row) -> _Found:
        type, k = i64 if row.form.is_wide else i32, row.form.k
        return _Found(type, k, local(type, k), local(i64, k))

    @property
    def least(self) -> SSAValue:
        return integer(self.type, -(2 ** (self.type.width.data - 1)))

    @property
    def last(self) -> SSAValue:
        return load(self.orders, self.k - 1)

    def column(self, rank: SSAValue) -> SSAValue:
        return arith.IndexCastOp(load(self.columns, rank), as_value(0).type).result

    def clear(self) -> None:
        """Forget all: what is not there comes after all that is."""
        with loop(0, self.k) as rank:
            store(self.least, self.orders, rank)
            store(integer(i64, NOWHERE), self.columns, rank)

    def each(
        self,
        begin: Index,
        end: Index,
        bound: SSAValue,
        turn: Callable[[SSAValue, SSAValue], SSAValue],
    ) -> SSAValue:
        """The bound after all turns, each of which may raise it."""
        return for_loop(begin, end, 1, [bound], lambda at, so_far: [turn(at, *so_far)])[
            0
        ]

    def search(self, row: Row, begin: Index, end: Index, bound: SSAValue) -> SSAValue:
        """Offer all elements between two columns."""
        return self.each(
            begin,
            end,
            bound,
            lambda at, so_far: self.offer(row.order(at), at, so_far),
        )

    def offer(self, order: SSAValue, column: SSAValue, bound: SSAValue) -> SSAValue:
        """Keep what is not below the bound, if it is of the first k. Gives the bound
        that holds from then on."""

        def insert() -> list[SSAValue]:
            self._insert(order, column)
            return [self._next_bound(bound)]

        fits = arith.CmpiOp(order, bound, "sge").result
        return if_else(fits, insert, lambda: [bound])[0]

    def _next_bound(self, bound: SSAValue) -> SSAValue:
        """Above the last one, where there are k: what comes later has to be greater."""
        most = integer(self.type, 2 ** (self.type.width.data - 1) - 1)
        one = integer(self.type, 1)
        is_most = arith.CmpiOp(self.last, most, "eq").result
        above = arith.AddiOp(self.last, one).result
        above = arith.SelectOp(is_most, most, above).result
        column = load(self.columns, self.k - 1)
        is_there = arith.CmpiOp(column, integer(i64, NOWHERE), "ne").result
        return arith.SelectOp(is_there, above, bound).result

    def _insert(self, order: SSAValue, column: SSAValue) -> None:
        """From the first that it precedes on, each makes room for the one before."""
        place = arith.IndexCastOp(column, i64).result

        def step(rank: SSAValue, held: tuple[SSAValue, ...]) -> list[SSAValue]:
            order, place = held
            there, its_place = load(self.orders, rank), load(self.columns, rank)
            is_greater = arith.CmpiOp(order, there, "sgt").result
            is_equal = arith.CmpiOp(order, there, "eq").result
            is_first = arith.CmpiOp(place, its_place, "slt").result
            is_before = arith.OrIOp(
                is_greater, arith.AndIOp(is_equal, is_first).result
            ).result
            pairs = (self.orders, order, there), (self.columns, place, its_place)
            for array, own, other in pairs:
                store(arith.SelectOp(is_before, own, other).result, array, rank)
            return [
                arith.SelectOp(is_before, other, own).result for _, own, other in pairs
            ]

        for_loop(0, self.k, 1, [order, place], step)
