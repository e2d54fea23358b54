"""Top-k of many: a row is sorted digit by digit, the last one first (Knuth, "The Art of
Computer Programming", volume 3, section 5.2.5).

Elements of equal digits stay as they stand, so that in the end equals are in the order
of their columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IndexType, i32, i64
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.top_k.row import Row
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value
from fusemlir.lowering.kernel.value_numbering import constant

DIGIT_BITS = 8

DIGITS = 2**DIGIT_BITS

ARRAYS = 4
"""Of 64-bit numbers, as long as a row, that a sort takes: what is compared and its
columns, before a pass and after it."""


def sort(row: Row, scratch: SSAValue, start: Index) -> None:
    """Take the first k elements of the order; `scratch` is free from `start` on."""
    places = [add(start, number * row.columns) for number in range(ARRAYS)]
    before = _Pairs(scratch, places[0], places[1])
    after = _Pairs(scratch, places[2], places[3])
    with loop(0, row.columns) as column:
        at = arith.IndexCastOp(column, i64).result
        before.put(column, _falling(row.order(column)), at)
    width = 64 if row.form.is_wide else 32
    with loop(0, width, 2 * DIGIT_BITS) as bits:
        _pass(before, after, row.columns, bits)
        _pass(after, before, row.columns, add(bits, DIGIT_BITS))
    with loop(0, row.form.k) as rank:
        column = load(scratch, add(before.columns, rank))
        row.take(rank, arith.IndexCastOp(column, IndexType()).result)


def _falling(order: SSAValue) -> SSAValue:
    """A number without sign, of 64 bits, the less, the greater the order."""
    if order.type == i64:
        return arith.XOrIOp(order, integer(i64, 2**63 - 1)).result
    turned = arith.XOrIOp(order, integer(i32, 2**31 - 1)).result
    return arith.ExtUIOp(turned, i64).result


@dataclass(frozen=True)
class _Pairs:
    """Numbers and their columns."""

    memory: SSAValue
    numbers: Index
    columns: Index

    def put(self, at: Index, number: SSAValue, column: SSAValue) -> None:
        store(number, self.memory, add(self.numbers, at))
        store(column, self.memory, add(self.columns, at))

    def get(self, at: Index) -> tuple[SSAValue, SSAValue]:
        return (
            load(self.memory, add(self.numbers, at)),
            load(self.memory, add(self.columns, at)),
        )


def _pass(source: _Pairs, target: _Pairs, count: int, bits: Index) -> None:
    """Bring what has less in the digit from bit `bits` on to the front."""
    counts = constant(
        "digits", lambda: memref.AllocaOp.get(IndexType(), None, [DIGITS]).memref
    )
    shift = arith.IndexCastOp(as_value(bits), i64).result

    def digit(number: SSAValue) -> SSAValue:
        low = arith.ShRUIOp(number, shift).result
        masked = arith.AndIOp(low, integer(i64, DIGITS - 1)).result
        return arith.IndexCastOp(masked, IndexType()).result

    with loop(0, DIGITS) as which:
        store(as_value(0), counts, which)
    with loop(0, count) as at:
        which = digit(source.get(at)[0])
        store(as_value(add(load(counts, which), 1)), counts, which)

    def begin(which: SSAValue, so_far: tuple[SSAValue, ...]) -> list[SSAValue]:
        own = load(counts, which)
        store(so_far[0], counts, which)
        return [as_value(add(so_far[0], own))]

    for_loop(0, DIGITS, 1, [as_value(0)], begin)
    with loop(0, count) as at:
        number, column = source.get(at)
        which = digit(number)
        place = load(counts, which)
        target.put(place, number, column)
        store(as_value(add(place, 1)), counts, which)


def scratch_of(columns: int) -> int:
    """64-bit numbers that a sort of a row takes."""
    return ARRAYS * columns
