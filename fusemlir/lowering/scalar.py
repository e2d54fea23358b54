"""One pointwise layer on one element, in arith and math.

Floats are f32 whatever their tensor's type is, not rounded between layers; integers
are exact and wrap around; truth values are i1. NaN propagates through max, min and what
is made of them. Operations are put where xDSL's `ImplicitBuilder` stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sqrt

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32, i1
from xdsl.ir import Operation, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    CastOp,
    DequantizeOp,
    ElementWiseOp,
    QuantizeOp,
    ScaleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, is_float
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    UnaryOperation,
)
from fusemlir.dialects.trt.fused import is_pointwise
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.lowering.element_conversion import convert, integer, real, saturate


def has_scalar_form(layer: LayerOp) -> bool:
    """Whether `emit_layer` takes it."""
    return is_pointwise(layer) or isinstance(layer, CastOp | QuantizationOp)


def emit_layer(layer: LayerOp, operands: Sequence[SSAValue]) -> SSAValue:
    """One element of the result of a pointwise layer, a cast, Quantize or Dequantize.

    `operands` are elements of its operands, in their compute types.
    """
    match layer:
        case ActivationOp():
            return _activation(layer, *operands)
        case ElementWiseOp():
            floating = is_float(element_type_of(layer.lhs))
            table = FLOAT_ELEMENT_WISE if floating else INTEGER_ELEMENT_WISE
            return table[layer.kind](*operands)
        case UnaryOp():
            floating = is_float(element_type_of(layer.input))
            table = FLOAT_UNARY if floating else INTEGER_UNARY
            return table[layer.kind](*operands)
        case ScaleOp():
            return _scale(layer, operands)
        case CastOp():
            (x,) = operands
            return convert(
                x, element_type_of(layer.input), element_type_of(layer.output)
            )
        case QuantizeOp():
            return _quantize(layer, operands)
        case DequantizeOp():
            return _dequantize(layer, operands)
        case _:
            raise ValueError(f"{layer.name} is not pointwise")


def _binary(operation: Callable[[SSAValue, SSAValue], Operation]) -> Binary:
    return lambda a, b: operation(a, b).results[0]


def _unary(operation: Callable[[SSAValue], Operation]) -> Unary:
    return lambda x: operation(x).results[0]


def _compare(predicate: str) -> Binary:
    """Floats by `o..`, false on NaN, or `u..`, true on it; integers by the others."""

    def compare(a: SSAValue, b: SSAValue) -> SSAValue:
        if a.type == f32:
            return arith.CmpfOp(a, b, predicate).result
        return arith.CmpiOp(a, b, predicate).result

    return compare


Unary = Callable[[SSAValue], SSAValue]
Binary = Callable[[SSAValue, SSAValue], SSAValue]

_add, _mul = _binary(arith.AddfOp), _binary(arith.MulfOp)
_sub, _div = _binary(arith.SubfOp), _binary(arith.DivfOp)
_max, _min = _binary(arith.MaximumfOp), _binary(arith.MinimumfOp)
_exp, _expm1, _log1p = _unary(math.ExpOp), _unary(math.ExpM1Op), _unary(math.Log1pOp)
_tanh, _erf, _abs = _unary(math.TanhOp), _unary(math.ErfOp), _unary(math.AbsFOp)
_neg, _floor = _unary(arith.NegfOp), _unary(math.FloorOp)
_and, _less, _equal = _binary(arith.AndIOp), _compare("slt"), _compare("eq")


def _select(condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.SelectOp(condition, a, b).result


def _activation(layer: ActivationOp, x: SSAValue) -> SSAValue:
    if not is_float(element_type_of(layer.input)):
        return arith.MaxSIOp(x, integer(x.type, 0)).result
    alpha = 0.0 if layer.alpha is None else layer.alpha.value.data
    beta = 0.0 if layer.beta is None else layer.beta.value.data
    return ACTIVATIONS[layer.kind](x, alpha, beta)


def _sigmoid(x: SSAValue) -> SSAValue:
    return _div(real(1), _add(real(1), _exp(_neg(x))))


def _clip(x: SSAValue, low: float, high: float) -> SSAValue:
    return _max(real(low), _min(real(high), x))


def _exponential_unit(x: SSAValue, alpha: float, predicate: str) -> SSAValue:
    """x where `x predicate 0`, else alpha (e^x - 1)."""
    keeps = _compare(predicate)(x, real(0))
    return _select(keeps, x, _mul(real(alpha), _expm1(x)))


def _leaky_relu(x: SSAValue, alpha: float) -> SSAValue:
    keeps = _compare("oge")(x, real(0))
    return _select(keeps, x, _mul(real(alpha), x))


def _softplus(x: SSAValue, alpha: float, beta: float) -> SSAValue:
    """alpha log(e^t + 1) of t = beta x, as max(t, 0) + log1p(e^-|t|)."""
    t = _mul(real(beta), x)
    tail = _log1p(_exp(_neg(_abs(t))))
    return _mul(real(alpha), _add(_max(t, real(0)), tail))


def _gelu_erf(x: SSAValue) -> SSAValue:
    gate = _add(real(1), _erf(_mul(x, real(sqrt(0.5)))))
    return _mul(_mul(x, real(0.5)), gate)


def _gelu_tanh(x: SSAValue) -> SSAValue:
    """x sigmoid(2u), which 1 + tanh u is without its cancellation, as one division."""
    cubed = _mul(_mul(x, x), x)
    u = math.FmaOp(cubed, real(0.044715), x).result
    return _div(x, _add(real(1), _exp(_mul(u, real(-2 * sqrt(2 / pi))))))


ACTIVATIONS: dict[ActivationType, Callable[[SSAValue, float, float], SSAValue]] = {
    ActivationType.RELU: lambda x, a, b: _max(x, real(0)),
    ActivationType.SIGMOID: lambda x, a, b: _sigmoid(x),
    ActivationType.TANH: lambda x, a, b: _tanh(x),
    ActivationType.LEAKY_RELU: lambda x, a, b: _leaky_relu(x, a),
    ActivationType.ELU: lambda x, a, b: _exponential_unit(x, a, "oge"),
    ActivationType.SELU: lambda x, a, b: _mul(real(b), _exponential_unit(x, a, "ogt")),
    ActivationType.SOFTSIGN: lambda x, a, b: _div(x, _add(real(1), _abs(x))),
    ActivationType.SOFTPLUS: _softplus,
    ActivationType.CLIP: _clip,
    ActivationType.HARD_SIGMOID: lambda x, a, b: _clip(
        math.FmaOp(x, real(a), real(b)).result, 0, 1
    ),
    ActivationType.SCALED_TANH: lambda x, a, b: _mul(real(a), _tanh(_mul(real(b), x))),
    ActivationType.THRESHOLDED_RELU: lambda x, a, b: _select(
        _compare("ogt")(x, real(a)), x, real(0)
    ),
    ActivationType.GELU_ERF: lambda x, a, b: _gelu_erf(x),
    ActivationType.GELU_TANH: lambda x, a, b: _gelu_tanh(x),
}
"""Of x, alpha and beta, for floats."""

FLOAT_ELEMENT_WISE: dict[ElementWiseOperation, Binary] = {
    ElementWiseOperation.SUM: _add,
    ElementWiseOperation.PROD: _mul,
    ElementWiseOperation.MAX: _max,
    ElementWiseOperation.MIN: _min,
    ElementWiseOperation.SUB: _sub,
    ElementWiseOperation.DIV: _div,
    ElementWiseOperation.POW: _binary(math.PowFOp),
    ElementWiseOperation.FLOOR_DIV: lambda a, b: _floor(_div(a, b)),
    ElementWiseOperation.EQUAL: _compare("oeq"),
    ElementWiseOperation.GREATER: _compare("ogt"),
    ElementWiseOperation.LESS: _compare("olt"),
}


def _negated(x: SSAValue) -> SSAValue:
    return arith.SubiOp(integer(x.type, 0), x).result


def _divide(a: SSAValue, b: SSAValue) -> SSAValue:
    """Truncating; 0 where `b` is 0. LLVM leaves that and -2^31 / -1 undefined."""
    zero, one = integer(b.type, 0), integer(b.type, 1)
    is_zero, is_minus_one = _equal(b, zero), _equal(b, integer(b.type, -1))
    divisor = _select(arith.OrIOp(is_zero, is_minus_one).result, one, b)
    quotient = arith.DivSIOp(a, divisor).result
    return _select(is_zero, zero, _select(is_minus_one, _negated(a), quotient))


def _floor_divide(a: SSAValue, b: SSAValue) -> SSAValue:
    """One less than the truncated quotient where signs differ and there is a rest."""
    zero, quotient = integer(b.type, 0), _divide(a, b)
    rest = arith.SubiOp(a, arith.MuliOp(quotient, b).result).result
    signs_differ = arith.XOrIOp(_less(rest, zero), _less(b, zero)).result
    has_rest = _and(_compare("ne")(rest, zero), _compare("ne")(b, zero))
    less = arith.SubiOp(quotient, integer(b.type, 1)).result
    return _select(_and(has_rest, signs_differ), less, quotient)


INTEGER_ELEMENT_WISE: dict[ElementWiseOperation, Binary] = {
    ElementWiseOperation.SUM: _binary(arith.AddiOp),
    ElementWiseOperation.PROD: _binary(arith.MuliOp),
    ElementWiseOperation.MAX: _binary(arith.MaxSIOp),
    ElementWiseOperation.MIN: _binary(arith.MinSIOp),
    ElementWiseOperation.SUB: _binary(arith.SubiOp),
    ElementWiseOperation.DIV: _divide,
    ElementWiseOperation.FLOOR_DIV: _floor_divide,
    ElementWiseOperation.AND: _and,
    ElementWiseOperation.OR: _binary(arith.OrIOp),
    ElementWiseOperation.XOR: _binary(arith.XOrIOp),
    ElementWiseOperation.EQUAL: _equal,
    ElementWiseOperation.GREATER: _compare("sgt"),
    ElementWiseOperation.LESS: _less,
}
"""Of integers and, the logical ones, of truth values."""


def _sign(x: SSAValue) -> SSAValue:
    # Of zeros and NaN, x - x is +0 and NaN.
    is_negative, is_positive = (
        _compare("olt")(x, real(0)),
        _compare("ogt")(x, real(0)),
    )
    return _select(is_positive, real(1), _select(is_negative, real(-1), _sub(x, x)))


FLOAT_UNARY: dict[UnaryOperation, Unary] = {
    UnaryOperation.EXP: _exp,
    UnaryOperation.LOG: _unary(math.LogOp),
    UnaryOperation.SQRT: _unary(math.SqrtOp),
    UnaryOperation.RECIP: lambda x: _div(real(1), x),
    UnaryOperation.ABS: _abs,
    UnaryOperation.NEG: _neg,
    UnaryOperation.SIN: _unary(math.SinOp),
    UnaryOperation.COS: _unary(math.CosOp),
    UnaryOperation.TAN: _unary(math.TanOp),
    UnaryOperation.SINH: _unary(math.SinhOp),
    UnaryOperation.COSH: _unary(math.CoshOp),
    UnaryOperation.ASIN: _unary(math.AsinOp),
    UnaryOperation.ACOS: _unary(math.AcosOp),
    UnaryOperation.ATAN: _unary(math.AtanOp),
    UnaryOperation.ASINH: _unary(math.AsinhOp),
    UnaryOperation.ACOSH: _unary(math.AcoshOp),
    UnaryOperation.ATANH: _unary(math.AtanhOp),
    UnaryOperation.CEIL: _unary(math.CeilOp),
    UnaryOperation.FLOOR: _floor,
    UnaryOperation.ERF: _erf,
    UnaryOperation.SIGN: _sign,
    UnaryOperation.ROUND: _unary(math.RoundEvenOp),
    UnaryOperation.ISINF: lambda x: _compare("oeq")(_abs(x), real(float("inf"))),
    UnaryOperation.ISNAN: lambda x: _compare("uno")(x, x),
}


def _integer_sign(x: SSAValue) -> SSAValue:
    """-1, 0 or 1: x clamped to them."""
    least = arith.MaxSIOp(x, integer(x.type, -1)).result
    return arith.MinSIOp(least, integer(x.type, 1)).result


INTEGER_UNARY: dict[UnaryOperation, Unary] = {
    UnaryOperation.ABS: lambda x: arith.MaxSIOp(x, _negated(x)).result,
    UnaryOperation.NEG: _negated,
    UnaryOperation.SIGN: _integer_sign,
    UnaryOperation.NOT: lambda x: arith.XOrIOp(x, integer(i1, 1)).result,
}


def _scale(layer: ScaleOp, operands: Sequence[SSAValue]) -> SSAValue:
    """(x * scale + shift) ^ power; an i8 is rounded half to even and clamped."""
    x, *weights = operands
    given, element = iter(weights), element_type_of(layer.input)
    y = convert(x, element, f32)
    scale = None if layer.scale is None else next(given)
    shift = None if layer.shift is None else next(given)
    if scale is not None and shift is not None:
        y = math.FmaOp(y, scale, shift).result
    elif scale is not None:
        y = _mul(y, scale)
    elif shift is not None:
        y = _add(y, shift)
    if layer.power is not None:
        y = math.PowFOp(y, next(given)).result
    if is_float(element):
        return y
    return saturate(math.RoundEvenOp(y).result, element)


def _quantize(layer: QuantizeOp, operands: Sequence[SSAValue]) -> SSAValue:
    """x / scale rounded half to even, plus the zero point, clamped; NaN gives 0."""
    x, scale, *zero_point = operands
    target = element_type_of(layer.output)
    level = math.RoundEvenOp(_div(x, scale)).result
    for zero in zero_point:
        level = _add(level, convert(zero, target, f32))
    return saturate(level, target)


def _dequantize(layer: DequantizeOp, operands: Sequence[SSAValue]) -> SSAValue:
    """(q - zero point) * scale, rounded once: the difference is exact."""
    q, scale, *zero_point = operands
    source = element_type_of(layer.input)
    level = convert(q, source, f32)
    for zero in zero_point:
        level = _sub(level, convert(zero, source, f32))
    return _mul(level, scale)
