"""Arithmetic on indices, of which a Python int is a constant.

What is known is computed here and not in the kernel, and what a kernel has computed is
not computed again; sums and products do not overflow, and say so, so that neighbouring
accesses become one address and constant offsets.
"""

from __future__ import annotations

from functools import reduce
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Attribute, Operation, SSAValue

from fusemlir.lowering.kernel.value_numbering import constant, once

Index: TypeAlias = SSAValue | int

NO_OVERFLOW = arith.IntegerOverflowAttr([arith.IntegerOverflowFlag.NSW])


def as_value(index: Index) -> SSAValue:
    """An index as a value; a constant is made for an int."""
    if isinstance(index, SSAValue):
        return index
    return constant(index, lambda: _constant(index))


def _constant(value: int) -> SSAValue:
    return arith.ConstantOp(IntegerAttr(value, IndexType())).result


def add(*terms: Index) -> Index:
    """The sum; constants are added up and come last."""
    known = sum(term for term in terms if isinstance(term, int))
    values = [term for term in terms if isinstance(term, SSAValue)]
    if not values:
        return known
    total = reduce(_plus, values)
    return _plus(total, as_value(known)) if known else total


def _plus(a: SSAValue, b: SSAValue) -> SSAValue:
    return _without_overflow(arith.AddiOp, a, b)


def subtract(a: Index, b: Index) -> Index:
    if isinstance(b, int):
        return add(a, -b)
    return _without_overflow(arith.SubiOp, as_value(a), b)


def multiply(a: Index, b: Index) -> Index:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    for factor, other in ((a, b), (b, a)):
        if isinstance(factor, int) and factor in (0, 1):
            return other if factor == 1 else 0
    return _without_overflow(arith.MuliOp, as_value(a), as_value(b))


def divide(a: Index, b: int) -> Index:
    """Rounded down; `a` is not negative."""
    if isinstance(a, int):
        return a // b
    return a if b == 1 else _binary(arith.DivUIOp, a, as_value(b))


def remainder(a: Index, b: int) -> Index:
    """Of the division by `b`; `a` is not negative."""
    if isinstance(a, int):
        return a % b
    return 0 if b == 1 else _binary(arith.RemUIOp, a, as_value(b))


def is_below(a: Index, b: Index) -> SSAValue:
    """Whether 0 <= a < b: unsigned, what is below zero is above any size."""
    return compare("ult", a, b)


def compare(predicate: str, a: Index, b: Index) -> SSAValue:
    """`eq`, `ne`, `slt`, `sge`, ...: arith.cmpi's predicates."""
    return arith.CmpiOp(as_value(a), as_value(b), predicate).result


def linear(at: tuple[Index, ...] | list[Index], shape: tuple[int, ...]) -> Index:
    """The number of the element at `at` in a row-major array of `shape`."""
    offset: Index = 0
    for coordinate, size in zip(at, shape, strict=True):
        if size != 1:
            offset = add(multiply(offset, size), coordinate)
    return offset


def _without_overflow(kind: type[Operation], a: SSAValue, b: SSAValue) -> SSAValue:
    return _binary(kind, a, b, overflowFlags=NO_OVERFLOW)


def _binary(
    kind: type[Operation], a: SSAValue, b: SSAValue, **properties: Attribute
) -> SSAValue:
    """`create`, because a constructor takes half the time of making a kernel."""

    def make() -> SSAValue:
        made = kind.create(
            operands=[a, b], result_types=[a.type], properties=properties
        )
        return made.results[0]

    return once((kind, a, b), make)
