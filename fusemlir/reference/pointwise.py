"""Pointwise layers: floats are computed in f64, integers in their own type.

Integers wrap around; an integer divided by zero gives 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    ScaleMode,
    UnaryOperation,
)
from fusemlir.dialects.trt.pointwise import CastOp, ElementWiseOp, ScaleOp, UnaryOp
from fusemlir.reference.error_function import erf
from fusemlir.reference.numeric import maximum, minimum, widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array, dtype_of, round_to
from fusemlir.weights.element_types import is_floating


@rule(ElementWiseOp)
def element_wise(op: ElementWiseOp, operands: Operands, _: Context) -> Array:
    a, b = map(widened, operands)
    return ELEMENT_WISE[op.kind](a, b)


def _divide(a: Array, b: Array) -> Array:
    if is_floating(a.dtype):
        return np.divide(a, b)
    return np.floor_divide(a - np.fmod(a, b), b)


def _floor_divide(a: Array, b: Array) -> Array:
    # np.floor_divide gives NaN for an infinite quotient.
    if is_floating(a.dtype):
        return np.floor(np.divide(a, b))
    return np.floor_divide(a, b)


def _power(a: Array, b: Array) -> Array:
    # np.power takes the root for one exponent of 1/2: of -Inf NaN, of -0 itself.
    return np.float_power(a, b) if is_floating(a.dtype) else np.power(a, b)


ELEMENT_WISE: dict[ElementWiseOperation, Callable[[Array, Array], Array]] = {
    ElementWiseOperation.SUM: np.add,
    ElementWiseOperation.PROD: np.multiply,
    ElementWiseOperation.MAX: maximum,
    ElementWiseOperation.MIN: minimum,
    ElementWiseOperation.SUB: np.subtract,
    ElementWiseOperation.DIV: _divide,
    ElementWiseOperation.POW: _power,
    ElementWiseOperation.FLOOR_DIV: _floor_divide,
    ElementWiseOperation.AND: np.logical_and,
    ElementWiseOperation.OR: np.logical_or,
    ElementWiseOperation.XOR: np.logical_xor,
    ElementWiseOperation.EQUAL: np.equal,
    ElementWiseOperation.GREATER: np.greater,
    ElementWiseOperation.LESS: np.less,
}


@rule(UnaryOp)
def unary(op: UnaryOp, operands: Operands, _: Context) -> Array:
    (x,) = operands
    return UNARY[op.kind](widened(x))


UNARY: dict[UnaryOperation, Callable[[Array], Array]] = {
    UnaryOperation.EXP: np.exp,
    UnaryOperation.LOG: np.log,
    UnaryOperation.SQRT: np.sqrt,
    UnaryOperation.RECIP: lambda x: 1 / x,
    UnaryOperation.ABS: np.abs,
    UnaryOperation.NEG: np.negative,
    UnaryOperation.SIN: np.sin,
    UnaryOperation.COS: np.cos,
    UnaryOperation.TAN: np.tan,
    UnaryOperation.SINH: np.sinh,
    UnaryOperation.COSH: np.cosh,
    UnaryOperation.ASIN: np.arcsin,
    UnaryOperation.ACOS: np.arccos,
    UnaryOperation.ATAN: np.arctan,
    UnaryOperation.ASINH: np.arcsinh,
    UnaryOperation.ACOSH: np.arccosh,
    UnaryOperation.ATANH: np.arctanh,
    UnaryOperation.CEIL: np.ceil,
    UnaryOperation.FLOOR: np.floor,
    UnaryOperation.ERF: erf,
    UnaryOperation.NOT: np.logical_not,
    UnaryOperation.SIGN: np.sign,
    UnaryOperation.ROUND: np.rint,
    UnaryOperation.ISINF: np.isinf,
    UnaryOperation.ISNAN: np.isnan,
}


@rule(ScaleOp)
def scale(op: ScaleOp, operands: Operands, _: Context) -> Array:
    """(x * scale + shift) ^ power; an i8 result is rounded half to even and clamped."""
    x, *weights = operands
    present = iter(weights)
    y = x.astype(np.float64)
    if op.scale is not None:
        y = y * _spread(op, next(present), x)
    if op.shift is not None:
        y = y + _spread(op, next(present), x)
    if op.power is not None:
        y = _power(y, _spread(op, next(present), x))
    return y if is_floating(x.dtype) else round_to(np.rint(y), x.dtype)


def _spread(op: ScaleOp, weight: Array, x: Array) -> Array:
    """`weight` in f64, shaped to broadcast against `x`."""
    weight = weight.astype(np.float64)
    match op.kind:
        case ScaleMode.UNIFORM:
            return weight
        case ScaleMode.CHANNEL:
            return weight.reshape(-1, *(1,) * (x.ndim - 1 - op.axis))
        case ScaleMode.ELEMENTWISE:
            return weight.reshape(x.shape[op.axis :])


@rule(CastOp)
def cast(op: CastOp, operands: Operands, _: Context) -> Array:
    """Floats to integers truncate and saturate, NaN gives 0; integers wrap around."""
    (x,) = operands
    return round_to(x, dtype_of(element_type_of(op.output)))
