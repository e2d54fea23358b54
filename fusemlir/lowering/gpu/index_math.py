"""Arithmetic on indices, of which a Python int is a constant.

What is known is computed here and not in the kernel; sums and products do not overflow,
and say so, so that neighbouring accesses become one address and constant offsets.
"""

from __future__ import annotations

from functools import reduce
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import SSAValue

Index: TypeAlias = SSAValue | int

NO_OVERFLOW = arith.IntegerOverflowAttr([arith.IntegerOverflowFlag.NSW])


def as_value(index: Index) -> SSAValue:
    """An index as a value; a constant is made for an int."""
    if isinstance(index, SSAValue):
        return index
    return arith.ConstantOp(IntegerAttr(index, IndexType())).result


def add(*terms: Index) -> Index:
    """The sum; constants are added up and come last."""
    known = sum(term for term in terms if isinstance(term, int))
    values = [term for term in terms if isinstance(term, SSAValue)]
    if not values:
        return known
    total = reduce(_plus, values)
    return _plus(total, as_value(known)) if known else total


def _plus(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.AddiOp(a, b, overflow=NO_OVERFLOW).result


def subtract(a: Index, b: Index) -> Index:
    if isinstance(b, int):
        return add(a, -b)
    return arith.SubiOp(as_value(a), b, overflow=NO_OVERFLOW).result


def multiply(a: Index, b: Index) -> Index:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    for factor, other in ((a, b), (b, a)):
        if isinstance(factor, int) and factor in (0, 1):
            return other if factor == 1 else 0
    return arith.MuliOp(as_value(a), as_value(b), overflow=NO_OVERFLOW).result


def divide(a: Index, b: int) -> Index:
    """Rounded down; `a` is not negative."""
    if isinstance(a, int):
        return a // b
    return a if b == 1 else arith.DivUIOp(a, as_value(b)).result


def remainder(a: Index, b: int) -> Index:
    """Of the division by `b`; `a` is not negative."""
    if isinstance(a, int):
        return a % b
    return 0 if b == 1 else arith.RemUIOp(a, as_value(b)).result


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
