"""Elements of tensors between memory and registers, and from one type to another.

A float of any width is computed as f32 and rounded where it is stored; ui8 is held in
an i8, arith having signless integers only. Operations are put where xDSL's
`ImplicitBuilder` stands.
"""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    BFloat16Type,
    FixedBitwidthType,
    Float16Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    Signedness,
    f32,
    i1,
    i8,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.trt.base import is_float

UI8 = IntegerType(8, Signedness.UNSIGNED)

F32_INTEGERS = 2**24
"""Up to here f32 has all of them."""


def storage_type(element: Attribute) -> Attribute:
    """What an element of a tensor is in memory."""
    return i8 if element == UI8 else element


def element_bytes(element: Attribute) -> int:
    """How many bytes an element is in memory."""
    held = storage_type(element)
    assert isinstance(held, FixedBitwidthType)
    return held.size


def compute_type(element: Attribute) -> Attribute:
    """What an element of a tensor is between its load and its store."""
    return f32 if is_float(element) else storage_type(element)


def widen(value: SSAValue) -> SSAValue:
    """A value as loaded, in the type that is computed in."""
    if isinstance(value.type, Float16Type | BFloat16Type):
        return arith.ExtFOp(value, f32).result
    return value


def narrow(value: SSAValue, element: Attribute) -> SSAValue:
    """A computed value as it is stored, rounded half to even."""
    if isinstance(element, Float16Type | BFloat16Type):
        return arith.TruncFOp(value, element).result
    return value


def real(value: float) -> SSAValue:
    return arith.ConstantOp(FloatAttr(value, f32)).result


def integer(type: Attribute, value: int) -> SSAValue:
    assert isa(type, IntegerType)
    return arith.ConstantOp(IntegerAttr(value, type, truncate_bits=True)).result


def constant(value: float, element: Attribute) -> SSAValue:
    """A number as an element of `element` is computed in."""
    type = compute_type(element)
    return real(value) if type == f32 else integer(type, int(value))


def convert(x: SSAValue, source: Attribute, target: Attribute) -> SSAValue:
    """`x`, an element of type `source`, rounded to `target`.

    To i1 it is `x != 0`; floats to integers truncate and saturate, NaN gives 0;
    integers wrap around. An integer becomes a narrow float by way of f32.
    """
    if target == i1:
        return _is_not_zero(x)
    if is_float(target):
        return widen(narrow(_to_real(x, source), target))
    if is_float(source):
        return saturate(x, target)
    return _resize(x, source, compute_type(target))


def _is_not_zero(x: SSAValue) -> SSAValue:
    if x.type == f32:
        return arith.CmpfOp(x, real(0), "une").result
    return arith.CmpiOp(x, integer(x.type, 0), "ne").result


def _to_real(x: SSAValue, source: Attribute) -> SSAValue:
    if is_float(source):
        return x
    if source in (i1, UI8):
        return arith.UIToFPOp(x, f32).result
    return arith.SIToFPOp(x, f32).result


def saturate(x: SSAValue, target: Attribute) -> SSAValue:
    """A float truncated toward zero and clamped to an integer type; NaN is 0.

    LLVM leaves the conversion of what does not fit undefined, so it is not made.
    """
    assert isa(target, IntegerType)
    held = i8 if target == UI8 else target
    most = 2**8 if target == UI8 else 2 ** (target.width.data - 1)
    least = 0 if target == UI8 else -most
    to_integer = arith.FPToUIOp if target == UI8 else arith.FPToSIOp
    if most <= F32_INTEGERS:
        number = _chosen("ord", x, x, x, real(0))
        below = _chosen("olt", number, real(most - 1), number, real(most - 1))
        fitting = _chosen("ogt", below, real(least), below, real(least))
        return to_integer(fitting, held).result
    is_high = arith.CmpfOp(x, real(most), "oge").result
    is_low = arith.CmpfOp(x, real(least), "ole").result
    is_out = arith.OrIOp(is_high, is_low).result
    is_other = arith.OrIOp(is_out, arith.CmpfOp(x, x, "uno").result).result
    fitting = arith.SelectOp(is_other, real(0), x).result
    value = to_integer(fitting, held).result
    value = arith.SelectOp(is_high, integer(held, most - 1), value).result
    return arith.SelectOp(is_low, integer(held, least), value).result


def _chosen(
    predicate: str, a: SSAValue, b: SSAValue, then: SSAValue, otherwise: SSAValue
) -> SSAValue:
    return arith.SelectOp(arith.CmpfOp(a, b, predicate).result, then, otherwise).result


def _resize(x: SSAValue, source: Attribute, target: Attribute) -> SSAValue:
    """An integer of another width; what does not fit wraps around."""
    assert isa(x.type, IntegerType)
    assert isa(target, IntegerType)
    before, after = x.type.width.data, target.width.data
    if before == after:
        return x
    if before > after:
        return arith.TruncIOp(x, target).result
    extend = arith.ExtUIOp if source in (i1, UI8) else arith.ExtSIOp
    return extend(x, target).result
