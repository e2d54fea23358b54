"""Element-wise, unary, scale and cast layers against Python's own arithmetic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from reference_support import FLOAT_TYPES, apply, assert_rounded, assert_same, floats

from fusemlir.dialects.trt import CastOp, ElementWiseOp, ScaleOp, UnaryOp
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import ScaleMode
from fusemlir.dialects.trt.enums import UnaryOperation as U
from fusemlir.reference.error_function import erf, erfc
from fusemlir.weights import element_of

nan, inf = math.nan, math.inf


def _layer(kind: E) -> Callable[..., ElementWiseOp]:
    return lambda a, b: ElementWiseOp(kind, a, b)


def _elementwise(kind: E, *arrays: np.ndarray) -> Any:
    return apply(_layer(kind), *arrays)


EXACT = {
    E.SUM: operator.add,
    E.PROD: operator.mul,
    E.SUB: operator.sub,
    E.DIV: operator.truediv,
    E.FLOOR_DIV: operator.floordiv,
    E.MAX: max,
    E.MIN: min,
}


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", EXACT)
def test_arithmetic_is_the_exact_result_rounded_once(kind: E, dtype: type):
    x = floats(dtype)
    x = x[np.isfinite(x) & (x != 0)]
    a, b = x, np.roll(x, 7)
    pairs = zip(a.astype(float).tolist(), b.astype(float).tolist(), strict=True)
    exact = [EXACT[kind](Fraction(p), Fraction(q)) for p, q in pairs]
    assert_rounded(_elementwise(kind, a, b), np.array(list(map(_nearest, exact))))


def _nearest(value: Fraction | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(inf, value)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize(
    ("kind", "a", "b", "expected"),
    [
        (E.SUM, inf, -inf, nan),
        (E.SUM, nan, 1, nan),
        (E.SUM, -0.0, 0.0, 0.0),
        (E.PROD, 0.0, inf, nan),
        (E.PROD, -0.0, 3, -0.0),
        (E.SUB, inf, inf, nan),
        (E.DIV, 1, 0.0, inf),
        (E.DIV, 1, -0.0, -inf),
        (E.DIV, 0.0, 0.0, nan),
        (E.DIV, inf, inf, nan),
        (E.FLOOR_DIV, 1, 0.0, inf),
        (E.FLOOR_DIV, inf, 2, inf),
        (E.FLOOR_DIV, -1, 2, -1),
        (E.MAX, nan, 1, nan),
        (E.MAX, 1, nan, nan),
        (E.MAX, -0.0, 0.0, 0.0),
        (E.MAX, 0.0, -0.0, 0.0),
        (E.MAX, -0.0, -0.0, -0.0),
        (E.MAX, -inf, 2, 2),
        (E.MIN, nan, 1, nan),
        (E.MIN, 1, nan, nan),
        (E.MIN, -0.0, 0.0, -0.0),
        (E.MIN, 0.0, -0.0, -0.0),
        (E.MIN, 0.0, 0.0, 0.0),
        (E.MIN, inf, 2, 2),
        (E.POW, nan, 0.0, 1),
        (E.POW, 1, nan, 1),
        (E.POW, -8, 0.5, nan),
        (E.POW, -2, 3, -8),
        (E.POW, 0.0, -1, inf),
        (E.POW, -inf, 3, -inf),
    ],
)
def test_arithmetic_of_special_values(
    kind: E, a: float, b: float, expected: float, dtype: type
):
    actual = _elementwise(kind, np.array([a], dtype), np.array([b], dtype))
    assert_same(actual, [expected])


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_pow_is_rounded_once(dtype: type):
    rng = np.random.default_rng(3)
    a = rng.uniform(0.1, 9, 200).astype(dtype)
    b = rng.uniform(-5, 5, 200).astype(dtype)
    exact = [math.pow(p, q) for p, q in zip(map(float, a), map(float, b), strict=True)]
    assert_rounded(_elementwise(E.POW, a, b), np.array(exact))


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
@pytest.mark.parametrize("kind", EXACT)
def test_integers_are_exact_and_wrap(kind: E, dtype: type):
    limits = np.iinfo(dtype)
    edges = [limits.min, limits.min + 1, -7, -3, -1, 1, 2, 3, 100, limits.max]
    a, b = (g.ravel() for g in np.meshgrid(np.array(edges, dtype), edges))
    b = b.astype(dtype)
    python = {**EXACT, E.DIV: _truncated_quotient}[kind]
    exact = [python(int(p), int(q)) for p, q in zip(a, b, strict=True)]
    span = 2**limits.bits
    expected = [(v - limits.min) % span + limits.min for v in exact]
    np.testing.assert_array_equal(_elementwise(kind, a, b), np.array(expected, dtype))


def _truncated_quotient(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@pytest.mark.parametrize("kind", [E.DIV, E.FLOOR_DIV])
def test_an_integer_divided_by_zero_gives_zero(kind: E):
    a = np.array([-5, 0, 5], np.int32)
    np.testing.assert_array_equal(_elementwise(kind, a, np.zeros(3, np.int32)), 0)


@pytest.mark.parametrize("dtype", [*FLOAT_TYPES, np.int8, np.int32, np.int64])
@pytest.mark.parametrize(
    ("kind", "python"),
    [(E.EQUAL, operator.eq), (E.GREATER, operator.gt), (E.LESS, operator.lt)],
)
def test_comparisons(kind: E, python: Callable[..., bool], dtype: type):
    numbers = [nan, inf, -inf, 0.0, -0.0, 1, -2]
    if np.issubdtype(dtype, np.integer):
        numbers = [np.iinfo(dtype).min, -1, 0, 1, np.iinfo(dtype).max]
    a, b = (g.ravel().astype(dtype) for g in np.meshgrid(numbers, numbers))
    expected = [python(p, q) for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_array_equal(_elementwise(kind, a, b), expected)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(E.AND, [0, 0, 0, 1]), (E.OR, [0, 1, 1, 1]), (E.XOR, [0, 1, 1, 0])],
)
def test_logic(kind: E, expected: list[int]):
    a, b = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)
    np.testing.assert_array_equal(_elementwise(kind, a, b), np.array(expected, bool))


def test_operands_broadcast_and_one_against_zero_is_empty():
    a, b = np.ones((2, 1, 3), np.float32), np.ones((1, 4, 1), np.float32)
    assert _elementwise(E.SUM, a, b).shape == (2, 4, 3)
    assert _elementwise(E.SUM, a, np.ones((2, 0, 3), np.float32)).shape == (2, 0, 3)


UNARY: dict[U, Callable[[float], float]] = {
    U.EXP: math.exp,
    U.LOG: math.log,
    U.SQRT: math.sqrt,
    U.RECIP: lambda x: 1 / x,
    U.ABS: abs,
    U.NEG: operator.neg,
    U.SIN: math.sin,
    U.COS: math.cos,
    U.TAN: math.tan,
    U.SINH: math.sinh,
    U.COSH: math.cosh,
    U.ASIN: math.asin,
    U.ACOS: math.acos,
    U.ATAN: math.atan,
    U.ASINH: math.asinh,
    U.ACOSH: math.acosh,
    U.ATANH: math.atanh,
    U.CEIL: lambda x: float(math.ceil(x)) if math.isfinite(x) else x,
    U.FLOOR: lambda x: float(math.floor(x)) if math.isfinite(x) else x,
    U.ERF: math.erf,
    U.SIGN: lambda x: x if x == 0 or x != x else math.copysign(1, x),
    U.ROUND: lambda x: float(round(x)) if math.isfinite(x) else x,
    U.ISINF: math.isinf,
    U.ISNAN: math.isnan,
}
POLES = {
    (U.LOG, 0.0): -inf,
    (U.RECIP, 0.0): inf,
    (U.ATANH, 1.0): inf,
    (U.ATANH, -1.0): -inf,
}


def _python(kind: U, x: float) -> float:
    if (kind, x) in POLES:
        return math.copysign(POLES[kind, x], x if kind == U.RECIP else POLES[kind, x])
    try:
        return UNARY[kind](x)
    except OverflowError:
        return math.copysign(inf, x) if kind == U.SINH else inf
    except ValueError:
        return nan


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", UNARY)
def test_unary_is_the_exact_result_rounded_once(kind: U, dtype: type):
    x = floats(dtype, 1, -1, 0.5, 1.5, 2.5, -0.5, -2.5, 80, -80, 11)
    exact = np.array([_python(kind, v) for v in x.astype(float).tolist()])
    actual = apply(lambda v: UnaryOp(kind, v), x)
    if kind in (U.ISINF, U.ISNAN):
        np.testing.assert_array_equal(actual, exact)
    else:
        assert_rounded(actual, exact)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_unary_of_integers(dtype: type):
    x = np.array([-5, 0, 7, np.iinfo(dtype).min], dtype)
    low = np.iinfo(dtype).min
    for kind, expected in (
        (U.ABS, [5, 0, 7, low]),
        (U.NEG, [5, 0, -7, low]),
        (U.SIGN, [-1, 0, 1, -1]),
    ):
        actual = apply(lambda v, kind=kind: UnaryOp(kind, v), x)
        np.testing.assert_array_equal(actual, np.array(expected, dtype))


def test_not():
    actual = apply(lambda v: UnaryOp(U.NOT, v), np.array([True, False]))
    np.testing.assert_array_equal(actual, [False, True])


@pytest.mark.parametrize(("ours", "theirs"), [(erf, math.erf), (erfc, math.erfc)])
def test_error_function_is_accurate_in_f64(ours: Any, theirs: Any):
    x = np.concatenate([np.linspace(-6, 27, 30001), np.logspace(-320, 0, 500)])
    expected = np.array([theirs(v) for v in x.tolist()])
    units = np.abs(ours(x) - expected) / np.spacing(np.abs(expected))
    normal = np.abs(expected) > 1e-300
    assert units[normal].max() <= (2 if ours is erf else 5)
    assert np.abs(ours(x) - expected)[~normal].max() < 1e-307


def test_error_function_of_special_values():
    x = np.array([nan, inf, -inf, 0.0, -0.0])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(erf(x), [nan, 1, -1, 0, 0])
        np.testing.assert_array_equal(erfc(x), [nan, 0, 2, 1, 1])
    assert np.signbit(erf(x)[4])


def _scale(mode: ScaleMode, x: np.ndarray, axis: int | None, **weights: Any) -> Any:
    names = list(weights)

    def build(value: Any, *rest: Any) -> ScaleOp:
        operands = dict(zip(names, rest, strict=True))
        return ScaleOp(mode, value, channel_axis=axis, **operands)

    return apply(build, x, *weights.values())


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("axis", range(4))
def test_scale_by_channel_shifts_after_scaling_and_raises_last(axis: int, dtype: type):
    rng = np.random.default_rng(1)
    x = rng.uniform(0.5, 2, (2, 3, 4, 5)).astype(dtype)
    scale, shift, power = (
        rng.uniform(0.5, 2, x.shape[axis]).astype(dtype) for _ in range(3)
    )
    exact = np.empty(x.shape)
    for at in np.ndindex(x.shape):
        c = at[axis]
        base = float(x[at]) * float(scale[c]) + float(shift[c])
        exact[at] = math.pow(base, float(power[c]))
    actual = _scale(ScaleMode.CHANNEL, x, axis, scale=scale, shift=shift, power=power)
    assert_rounded(actual, exact)


@pytest.mark.parametrize("present", ["scale", "shift", "power"])
def test_absent_weights_of_scale_are_neutral(present: str):
    x = np.array([[[[2.0, 3.0]]]], np.float32)
    expected = {"scale": x * 4, "shift": x + 4, "power": x**4}[present]
    weight = np.array([4], np.float32)
    actual = _scale(ScaleMode.UNIFORM, x, None, **{present: weight})
    np.testing.assert_array_equal(actual, expected)


def test_scale_by_element_repeats_over_the_outer_axes():
    x = np.ones((2, 3, 2), np.float32)
    scale = np.arange(6, dtype=np.float32)
    actual = _scale(ScaleMode.ELEMENTWISE, x, 1, scale=scale)
    np.testing.assert_array_equal(actual, [[[0, 1], [2, 3], [4, 5]]] * 2)


def test_scale_of_i8_rounds_half_to_even_and_clamps():
    x = np.array([1, 3, 5, 127, -128], np.int8)
    actual = _scale(ScaleMode.UNIFORM, x, None, scale=np.array([0.5], np.float32))
    np.testing.assert_array_equal(actual, [0, 2, 2, 64, -64])
    actual = _scale(ScaleMode.UNIFORM, x, None, scale=np.array([9], np.float32))
    np.testing.assert_array_equal(actual, [9, 27, 45, 127, -128])


def test_scale_raises_a_negative_base_to_a_fraction_as_nan():
    x = np.array([-4, 4], np.float32)
    actual = _scale(ScaleMode.UNIFORM, x, None, power=np.array([0.5], np.float32))
    np.testing.assert_array_equal(actual, [nan, 2])


def _cast(x: np.ndarray, dtype: Any) -> np.ndarray:
    return apply(lambda v: CastOp(v, element_of(np.dtype(dtype))), x)


@pytest.mark.parametrize("source", FLOAT_TYPES)
@pytest.mark.parametrize("target", [np.int8, np.int32])
def test_cast_to_integers_truncates_and_saturates(source: type, target: type):
    x = np.array([1.75, -1.75, -0.0, nan, inf, -inf, 3e4, -3e4], source)
    low, high = np.iinfo(target).min, np.iinfo(target).max
    large = min(int(x[6]), high)
    expected = [1, -1, 0, 0, high, low, large, max(int(x[7]), low)]
    np.testing.assert_array_equal(_cast(x, target), np.array(expected, target))


def test_cast_to_bool_is_whether_it_is_not_zero():
    x = np.array([0.0, -0.0, nan, 1e-45, inf], np.float32)
    np.testing.assert_array_equal(_cast(x, bool), [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(_cast(np.array([0, 256]), bool), [0, 1])


def test_cast_between_integers_wraps():
    actual = _cast(np.array([300, -129, 2**40 + 5], np.int64), np.int8)
    np.testing.assert_array_equal(actual, [44, 127, 5])


@pytest.mark.parametrize("target", FLOAT_TYPES)
def test_cast_to_floats_rounds_once(target: type):
    x = floats(np.float32, 1 + 2**-8, 1 + 2**-8 + 2**-23, 65519.99, 65520)
    assert_rounded(_cast(x, target), x.astype(np.float64))
    np.testing.assert_array_equal(_cast(np.array([True, False]), target), [1, 0])


def test_bf16_is_rounded_once():
    # 7 * 37/256 is halfway between two bf16, and the shift, which f32 cannot hold
    # beside it, takes it below.
    x, scale, shift = (
        np.array([v], ml_dtypes.bfloat16) for v in (7, 37 / 256, -(2.0**-40))
    )
    actual = _scale(ScaleMode.UNIFORM, x, None, scale=scale, shift=shift)
    assert float(actual[0]) == 258 / 256
