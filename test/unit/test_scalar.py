"""Every pointwise layer as the code of a kernel, against numpy in f64."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import run_lowered
from reference_support import FLOAT_TYPES, SPECIAL, assert_same, floats

from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    UnaryOperation,
)
from fusemlir.weights import element_of
from fusemlir.weights.element_types import is_floating

INTEGER_TYPES = (np.int8, np.int32, np.int64)

ALPHA, BETA = 0.75, -0.5

SMALL = 2.0**-120
"""Below it an error of an activation is counted as if the result were this large: e^x
overflows before 1 / (1 + e^x) is zero."""


def name_of(dtype: Any) -> str:
    return str(element_of(np.dtype(dtype)))


def run_each(layers: dict[str, tuple[str, str]], *inputs: np.ndarray) -> dict[str, Any]:
    """The result of every layer, all in one network over `inputs`, `%x0` and so on.

    Layers are text and the element type of the result, by name.
    """
    types = [f"tensor<{a.size}x{name_of(a.dtype)}>" for a in inputs]
    size = inputs[0].size
    results = {key: f"tensor<{size}x{type}>" for key, (_, type) in layers.items()}
    signature = ", ".join(results.values())
    lines = [
        f"%y{number} = {text} -> {results[key]}"
        for number, (key, (text, _)) in enumerate(layers.items())
    ]
    arguments = ", ".join(f"%x{k}: {type}" for k, type in enumerate(types))
    returned = ", ".join(f"%y{number}" for number in range(len(layers)))
    text = f"""
    func.func @main({arguments}) -> ({signature}) {{
      {chr(10).join(lines)}
      func.return {returned} : {signature}
    }}"""
    return dict(zip(layers, run_lowered(text, *inputs), strict=True))


def assert_within(
    actual: np.ndarray, exact: np.ndarray, ulps: float, least: Any = 0.0
) -> None:
    """Within so many units in the last place of the exact value, or of `least` where
    that is larger; NaN where it is NaN."""
    info = ml_dtypes.finfo(actual.dtype)
    with np.errstate(all="ignore"):
        nearest = exact.astype(actual.dtype).astype(np.float64)
        found = actual.astype(np.float64)
        size = np.maximum(np.maximum(np.abs(exact), least), float(info.tiny))
        unit = float(info.eps) * np.exp2(np.floor(np.log2(size)))
        off = np.abs(found - exact) / unit
        same = (found == nearest) | (np.isnan(found) & np.isnan(exact))
    wrong = np.flatnonzero(~(same | (off <= ulps)))
    assert wrong.size == 0, [
        (found.flat[i], exact.flat[i], off.flat[i]) for i in wrong[:5]
    ]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def error_function(x: np.ndarray) -> np.ndarray:
    from math import erf

    return np.frompyfunc(erf, 1, 1)(x).astype(np.float64)


ACTIVATIONS: dict[ActivationType, Callable[[np.ndarray], np.ndarray]] = {
    ActivationType.RELU: lambda x: np.maximum(x, 0),
    ActivationType.SIGMOID: sigmoid,
    ActivationType.TANH: np.tanh,
    ActivationType.LEAKY_RELU: lambda x: np.where(x >= 0, x, ALPHA * x),
    ActivationType.ELU: lambda x: np.where(x >= 0, x, ALPHA * np.expm1(x)),
    ActivationType.SELU: lambda x: BETA * np.where(x > 0, x, ALPHA * np.expm1(x)),
    ActivationType.SOFTSIGN: lambda x: x / (1 + np.abs(x)),
    ActivationType.SOFTPLUS: lambda x: ALPHA * np.logaddexp(0, BETA * x),
    # The lower bound is above the upper one here, and wins.
    ActivationType.CLIP: lambda x: np.where(np.isnan(x), x, ALPHA),
    ActivationType.HARD_SIGMOID: lambda x: np.clip(ALPHA * x + BETA, 0, 1),
    ActivationType.SCALED_TANH: lambda x: ALPHA * np.tanh(BETA * x),
    ActivationType.THRESHOLDED_RELU: lambda x: np.where(x > ALPHA, x, 0),
    ActivationType.GELU_ERF: lambda x: x / 2 * (1 + error_function(x * 0.5**0.5)),
    ActivationType.GELU_TANH: lambda x: (
        x * sigmoid((8 / np.pi) ** 0.5 * (x + 0.044715 * x**3))
    ),
}

SIZE_OF_ERROR: dict[ActivationType, Callable[[np.ndarray], np.ndarray]] = {
    # 1 + erf cancels for negative x; at -3, 1 / (1 + e^-2u) has an exponent of some 7.
    ActivationType.GELU_ERF: lambda x: np.where(np.isfinite(x), np.abs(x), 0),
}
ULPS = {ActivationType.GELU_TANH: 128}


@cache
def activations(dtype: Any) -> tuple[np.ndarray, dict[str, Any]]:
    x = floats(dtype, ALPHA, 1.0)
    type = f"tensor<{x.size}x{name_of(dtype)}>"
    layers: dict[str, tuple[str, str]] = {}
    for kind in ActivationType:
        alpha = f"alpha = {ALPHA}" if kind.takes_alpha else ""
        beta = f"beta = {BETA}" if kind.takes_beta else ""
        text = f"trt.activation {kind} %x0 {alpha} {beta} : {type}"
        layers[kind] = (text, name_of(dtype))
    return x, run_each(layers, x)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", ActivationType)
def test_an_activation_is_its_formula(kind: ActivationType, dtype: Any):
    x, results = activations(dtype)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        exact = ACTIVATIONS[kind](wide)
        least = np.maximum(SIZE_OF_ERROR.get(kind, np.zeros_like)(wide), SMALL)
    assert_within(results[kind], exact, ULPS.get(kind, 4), least)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_relu_keeps_nan_and_makes_no_negative_zero(dtype: Any):
    x, results = activations(dtype)
    wide = x.astype(np.float64)
    assert_same(
        results[ActivationType.RELU],
        np.where(np.isnan(wide), np.nan, np.where(wide > 0, wide, 0.0)),
    )


UNARY: dict[UnaryOperation, Callable[[np.ndarray], np.ndarray]] = {
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
    UnaryOperation.ERF: error_function,
    UnaryOperation.SIGN: np.sign,
    UnaryOperation.ROUND: np.rint,
    UnaryOperation.ISINF: np.isinf,
    UnaryOperation.ISNAN: np.isnan,
}
TRUTH_VALUED = (UnaryOperation.ISINF, UnaryOperation.ISNAN)
EXACT_UNARY = (
    UnaryOperation.ABS,
    UnaryOperation.CEIL,
    UnaryOperation.FLOOR,
    UnaryOperation.SIGN,
    UnaryOperation.ROUND,
)


@cache
def unary_operations(dtype: Any) -> tuple[np.ndarray, dict[str, Any]]:
    halves = [k / 2 for k in range(-7, 8)]
    x = floats(dtype, 0.25, 1.0, -1.0, *halves)
    type = f"tensor<{x.size}x{name_of(dtype)}>"
    layers = {
        kind: (
            f"trt.unary {kind} %x0 : {type}",
            "i1" if kind in TRUTH_VALUED else name_of(dtype),
        )
        for kind in UNARY
    }
    return x, run_each(layers, x)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", UNARY)
def test_a_unary_operation_is_its_formula(kind: UnaryOperation, dtype: Any):
    x, results = unary_operations(dtype)
    with np.errstate(all="ignore"):
        exact = UNARY[kind](x.astype(np.float64))
    if kind in TRUTH_VALUED:
        np.testing.assert_array_equal(results[kind], exact)
    elif kind in EXACT_UNARY:
        assert_same(results[kind], exact)
    else:
        assert_within(results[kind], exact, 4)


def test_every_unary_operation_of_floats_is_tested():
    assert {*UNARY, UnaryOperation.NOT} == {*UnaryOperation}


ARITHMETIC: dict[ElementWiseOperation, Callable[[Any, Any], np.ndarray]] = {
    ElementWiseOperation.SUM: np.add,
    ElementWiseOperation.PROD: np.multiply,
    ElementWiseOperation.MAX: np.maximum,
    ElementWiseOperation.MIN: np.minimum,
    ElementWiseOperation.SUB: np.subtract,
    ElementWiseOperation.DIV: np.divide,
    ElementWiseOperation.POW: np.power,
    ElementWiseOperation.FLOOR_DIV: lambda a, b: np.floor(np.divide(a, b)),
}
COMPARISONS: dict[ElementWiseOperation, Callable[[Any, Any], np.ndarray]] = {
    ElementWiseOperation.EQUAL: np.equal,
    ElementWiseOperation.GREATER: np.greater,
    ElementWiseOperation.LESS: np.less,
}
LOGIC: dict[ElementWiseOperation, Callable[[Any, Any], np.ndarray]] = {
    ElementWiseOperation.AND: np.logical_and,
    ElementWiseOperation.OR: np.logical_or,
    ElementWiseOperation.XOR: np.logical_xor,
}


def test_every_element_wise_operation_is_tested():
    assert {*ARITHMETIC, *COMPARISONS, *LOGIC} == {*ElementWiseOperation}


def binary_layers(
    kinds: Any, size: int, element: str, result: str | None = None
) -> dict[str, tuple[str, str]]:
    type = f"tensor<{size}x{element}>"
    return {
        kind: (
            f"trt.element_wise {kind} %x0, %x1 : ({type}, {type})",
            result or element,
        )
        for kind in kinds
    }


@cache
def float_pairs(dtype: Any) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    some = [*floats(dtype)[:40].tolist(), 1.0, -1.0, 2.0, -3.0, 0.5, *SPECIAL]
    pairs = np.array([*product(some, some)]).astype(dtype)
    a, b = np.ascontiguousarray(pairs.T)
    layers = binary_layers(ARITHMETIC, a.size, name_of(dtype))
    layers |= binary_layers(COMPARISONS, a.size, name_of(dtype), "i1")
    return a, b, run_each(layers, a, b)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", [*ARITHMETIC, *COMPARISONS])
def test_an_operation_on_floats_is_numpys(kind: ElementWiseOperation, dtype: Any):
    a, b, results = float_pairs(dtype)
    with np.errstate(all="ignore"):
        exact = (ARITHMETIC | COMPARISONS)[kind](
            a.astype(np.float64), b.astype(np.float64)
        )
    if kind in COMPARISONS:
        np.testing.assert_array_equal(results[kind], exact)
    elif kind == ElementWiseOperation.FLOOR_DIV:
        assert_floor_of_quotient(results[kind], a, b)
    else:
        assert_within(results[kind], exact, 6 if kind.value == "pow" else 1)


def assert_floor_of_quotient(actual: Any, a: Any, b: Any) -> None:
    """The floor of the quotient as f32 has it."""
    with np.errstate(all="ignore"):
        quotient = np.divide(a.astype(np.float32), b.astype(np.float32))
        assert_within(actual, np.floor(quotient).astype(np.float64), 1)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_the_greater_zero_is_the_positive_one(dtype: Any):
    a, b, results = float_pairs(dtype)
    zeros = (a == 0) & (b == 0)
    both, either = np.signbit(a) & np.signbit(b), np.signbit(a) | np.signbit(b)
    greatest, least = (
        np.signbit(results[kind])[zeros]
        for kind in (ElementWiseOperation.MAX, ElementWiseOperation.MIN)
    )
    np.testing.assert_array_equal(greatest, both[zeros])
    np.testing.assert_array_equal(least, either[zeros])


@cache
def integer_pairs(dtype: Any) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    info = np.iinfo(dtype)
    some = [info.min, info.min + 1, -7, -2, -1, 0, 1, 2, 3, 7, 100, info.max]
    a, b = np.array([*product(some, some)], dtype=dtype).T.copy()
    kinds = [kind for kind in ARITHMETIC if kind != ElementWiseOperation.POW]
    layers = binary_layers(kinds, a.size, name_of(dtype))
    layers |= binary_layers(COMPARISONS, a.size, name_of(dtype), "i1")
    return a, b, run_each(layers, a, b)


def truncated_quotient(a: Any, b: Any) -> np.ndarray:
    """In Python's integers: 0 for a divisor of 0, wrapped around."""
    quotients = [
        0 if y == 0 else abs(x) // abs(y) * (-1 if (x < 0) != (y < 0) else 1)
        for x, y in zip(a.tolist(), b.tolist(), strict=True)
    ]
    return wrapped(quotients, a.dtype)


def floored_quotient(a: Any, b: Any) -> np.ndarray:
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    return wrapped([0 if y == 0 else x // y for x, y in pairs], a.dtype)


def wrapped(values: list[int], dtype: Any) -> np.ndarray:
    bits = np.iinfo(dtype).bits
    half = 1 << (bits - 1)
    return np.array([(v + half) % (1 << bits) - half for v in values], dtype=dtype)


@pytest.mark.parametrize("dtype", INTEGER_TYPES)
@pytest.mark.parametrize(
    "kind", [k for k in (*ARITHMETIC, *COMPARISONS) if k != ElementWiseOperation.POW]
)
def test_an_operation_on_integers_is_exact(kind: ElementWiseOperation, dtype: Any):
    a, b, results = integer_pairs(dtype)
    with np.errstate(all="ignore"):
        match kind:
            case ElementWiseOperation.DIV:
                expected = truncated_quotient(a, b)
            case ElementWiseOperation.FLOOR_DIV:
                expected = floored_quotient(a, b)
            case _:
                expected = (ARITHMETIC | COMPARISONS)[kind](a, b)
    np.testing.assert_array_equal(results[kind], expected)


@pytest.mark.parametrize("dtype", INTEGER_TYPES)
def test_one_operand_operations_on_integers_are_exact(dtype: Any):
    info = np.iinfo(dtype)
    x = np.array([info.min, -5, -1, 0, 1, 9, info.max], dtype=dtype)
    element = name_of(dtype)
    type = f"tensor<{x.size}x{element}>"
    layers = {
        "relu": (f"trt.activation relu %x0 : {type}", element),
        **{k: (f"trt.unary {k} %x0 : {type}", element) for k in ("abs", "neg", "sign")},
    }
    results = run_each(layers, x)
    np.testing.assert_array_equal(results["relu"], np.maximum(x, 0))
    np.testing.assert_array_equal(results["abs"], np.abs(x))
    np.testing.assert_array_equal(results["neg"], np.negative(x))
    np.testing.assert_array_equal(results["sign"], np.sign(x))


def test_logic_is_that_of_truth_values():
    a = np.array([False, False, True, True])
    b = np.array([False, True, False, True])
    layers = binary_layers(LOGIC, a.size, "i1")
    layers["not"] = (f"trt.unary not %x0 : tensor<{a.size}xi1>", "i1")
    results = run_each(layers, a, b)
    for kind, function in LOGIC.items():
        np.testing.assert_array_equal(results[kind], function(a, b))
    np.testing.assert_array_equal(results["not"], ~a)


CAST_TYPES = (*FLOAT_TYPES, *INTEGER_TYPES, np.bool_)


def cast_input(dtype: Any) -> np.ndarray:
    if is_floating(np.dtype(dtype)):
        edges = [sign * 2.0**k for k in (7, 8, 31, 63) for sign in (1, -1)]
        near = [127.5, -128.5, -129.0, 255.5, -0.9, 0.9, 1.5, -1.5]
        return floats(dtype, *edges, *near)
    if dtype == np.bool_:
        return np.array([False, True])
    info = np.iinfo(dtype)
    more = [v for v in (300, -300, 16777217, 65519, 65520) if info.min < v < info.max]
    return np.array([info.min, -1, 0, 1, 77, info.max, *more], dtype=dtype)


def converted(value: Any, target: Any) -> Any:
    """One number in another type, in Python's arithmetic."""
    if target == np.bool_:
        return value != 0
    if is_floating(np.dtype(target)):
        return value
    bits = np.iinfo(target).bits
    half = 1 << (bits - 1)
    if isinstance(value, int):
        return (value + half) % (1 << bits) - half
    if value != value:
        return 0
    if abs(value) == float("inf"):
        return half - 1 if value > 0 else -half
    return max(-half, min(half - 1, int(value)))


@pytest.mark.parametrize("source", CAST_TYPES)
def test_a_cast_rounds_truncates_saturates_or_wraps(source: Any):
    x = cast_input(source)
    type = f"tensor<{x.size}x{name_of(source)}>"
    layers = {
        name_of(target): (f"trt.cast %x0 : {type}", name_of(target))
        for target in CAST_TYPES
    }
    results = run_each(layers, x)
    exact = (
        x
        if source == np.bool_
        else x.astype(np.float64 if is_floating(x.dtype) else np.int64)
    )
    for target in CAST_TYPES:
        with np.errstate(all="ignore"):
            expected = np.array([converted(v, target) for v in exact.tolist()])
            assert_same(results[name_of(target)], expected)


def test_a_byte_without_sign_is_cast_from_and_to():
    x = np.arange(256, dtype=np.uint8)
    to_float = """
    func.func @main(%x: tensor<256xui8>) -> (tensor<256xf32>, tensor<256xi32>) {
      %0 = trt.cast %x : tensor<256xui8> -> tensor<256xf32>
      %1 = trt.cast %x : tensor<256xui8> -> tensor<256xi32>
      func.return %0, %1 : tensor<256xf32>, tensor<256xi32>
    }"""
    for result in run_lowered(to_float, x.view(np.int8)):
        np.testing.assert_array_equal(result, x.astype(result.dtype))
    values = np.array([-1.0, 0.9, 127.5, 128.0, 255.0, 256.0, np.nan], np.float32)
    to_byte = """
    func.func @main(%x: tensor<7xf32>) -> tensor<7xui8> {
      %0 = trt.cast %x : tensor<7xf32> -> tensor<7xui8>
      func.return %0 : tensor<7xui8>
    }"""
    (result,) = run_lowered(to_byte, values)
    assert result.view(np.uint8).tolist() == [0, 0, 127, 128, 255, 255, 0]
