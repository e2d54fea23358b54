"""Every activation against its formula in decimals, and against ONNX's reference."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import pytest
from reference_support import (
    FLOAT_TYPES,
    SPECIAL,
    apply,
    assert_rounded,
    assert_same,
    floats,
    onnx_result,
)

from fusemlir.dialects.trt import ActivationOp
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.reference import Mode

ALPHA, BETA = 0.25, 1.5
"""Exact in every float type."""


def _tanh(x: Decimal) -> Decimal:
    power = (2 * x).exp()
    return (power - 1) / (power + 1)


def _gelu_tanh(x: Decimal) -> Decimal:
    root = (2 / Decimal("3.14159265358979323846264338327950288")).sqrt()
    return x / 2 * (1 + _tanh(root * (x + Decimal("0.044715") * x**3)))


def _gelu_erf(x: Decimal) -> Decimal:
    return x / 2 * Decimal(math.erfc(-float(x / Decimal(2).sqrt())))


a, b = Decimal(ALPHA), Decimal(BETA)
FORMULAS: dict[A, Callable[[Decimal], Decimal]] = {
    A.RELU: lambda x: max(x, Decimal(0)),
    A.SIGMOID: lambda x: 1 / (1 + (-x).exp()),
    A.TANH: _tanh,
    A.LEAKY_RELU: lambda x: x if x >= 0 else a * x,
    A.ELU: lambda x: x if x >= 0 else a * (x.exp() - 1),
    A.SELU: lambda x: b * x if x > 0 else b * (a * x.exp() - a),
    A.SOFTSIGN: lambda x: x / (1 + abs(x)),
    A.SOFTPLUS: lambda x: a * ((b * x).exp() + 1).ln(),
    A.CLIP: lambda x: max(a, min(b, x)),
    A.HARD_SIGMOID: lambda x: max(Decimal(0), min(Decimal(1), a * x + b)),
    A.SCALED_TANH: lambda x: a * _tanh(b * x),
    A.THRESHOLDED_RELU: lambda x: x if x > a else Decimal(0),
    A.GELU_ERF: _gelu_erf,
    A.GELU_TANH: _gelu_tanh,
}

nan, inf = math.nan, math.inf
AT_SPECIAL: dict[A, tuple[float, float, float, float, float]] = {
    A.RELU: (nan, inf, 0, 0, 0),
    A.SIGMOID: (nan, 1, 0, 0.5, 0.5),
    A.TANH: (nan, 1, -1, 0, -0.0),
    A.LEAKY_RELU: (nan, inf, -inf, 0, -0.0),
    A.ELU: (nan, inf, -ALPHA, 0, -0.0),
    A.SELU: (nan, inf, -ALPHA * BETA, 0, -0.0),
    A.SOFTSIGN: (nan, nan, nan, 0, -0.0),
    A.SOFTPLUS: (nan, inf, 0, ALPHA * math.log(2), ALPHA * math.log(2)),
    A.CLIP: (nan, BETA, ALPHA, ALPHA, ALPHA),
    A.HARD_SIGMOID: (nan, 1, 0, 1, 1),
    A.SCALED_TANH: (nan, ALPHA, -ALPHA, 0, -0.0),
    A.THRESHOLDED_RELU: (0, inf, 0, 0, 0),
    A.GELU_ERF: (nan, inf, nan, 0, -0.0),
    A.GELU_TANH: (nan, inf, nan, 0, -0.0),
}
"""At NaN, +Inf, -Inf, +0, -0, as the formula has it."""


def _layer(kind: A) -> Callable[..., ActivationOp]:
    alpha = ALPHA if kind.takes_alpha else None
    beta = BETA if kind.takes_beta else None
    return lambda x: ActivationOp(kind, x, alpha, beta)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", A)
def test_activation_is_its_formula_rounded_once(kind: A, dtype: type):
    x = floats(dtype, ALPHA, BETA, -8, -12, -30, 20, 100, -100)
    x = x[np.abs(x.astype(np.float64)) <= 200]
    with localcontext() as context:
        context.prec = 60
        exact = [float(FORMULAS[kind](Decimal(float(v)))) for v in x]
    assert_rounded(apply(_layer(kind), x), np.array(exact))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", A)
def test_activation_of_special_values(kind: A, dtype: type):
    actual = apply(_layer(kind), np.array(SPECIAL, dtype))
    assert_same(actual, AT_SPECIAL[kind])


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", A)
def test_activation_of_the_largest_numbers_does_not_overflow(kind: A, dtype: type):
    bounded = {A.SIGMOID, A.TANH, A.SOFTSIGN, A.CLIP, A.HARD_SIGMOID, A.SCALED_TANH}
    x = floats(dtype)
    x = x[np.isfinite(x)]
    actual = apply(_layer(kind), x)
    assert not np.isnan(actual).any()
    if kind in bounded:
        assert (np.abs(actual) <= BETA).all()
    else:
        assert actual.max() >= ALPHA * x.max()
        assert np.isfinite(actual).all() or kind == A.SELU


@pytest.mark.parametrize("kind", A)
def test_activation_of_an_empty_tensor_is_empty(kind: A):
    assert apply(_layer(kind), np.zeros((2, 0), np.float32)).shape == (2, 0)


ONNX = {
    A.RELU: ("Relu", {}),
    A.SIGMOID: ("Sigmoid", {}),
    A.TANH: ("Tanh", {}),
    A.LEAKY_RELU: ("LeakyRelu", {"alpha": ALPHA}),
    A.ELU: ("Elu", {"alpha": ALPHA}),
    A.SELU: ("Selu", {"alpha": ALPHA, "gamma": BETA}),
    A.SOFTSIGN: ("Softsign", {}),
    A.HARD_SIGMOID: ("HardSigmoid", {"alpha": ALPHA, "beta": BETA}),
    A.THRESHOLDED_RELU: ("ThresholdedRelu", {"alpha": ALPHA}),
    A.GELU_ERF: ("Gelu", {}),
    A.GELU_TANH: ("Gelu", {"approximate": "tanh"}),
}


@pytest.mark.parametrize("kind", ONNX)
def test_activation_agrees_with_onnx(kind: A):
    name, attributes = ONNX[kind]
    x = np.linspace(-6, 6, 97, dtype=np.float32)
    expected = onnx_result(name, x, **attributes)
    np.testing.assert_allclose(apply(_layer(kind), x), expected, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_relu_of_integers(dtype: type):
    x = np.array([-5, 0, 7, np.iinfo(dtype).min, np.iinfo(dtype).max], dtype)
    expected = np.array([0, 0, 7, 0, np.iinfo(dtype).max], dtype)
    np.testing.assert_array_equal(apply(_layer(A.RELU), x), expected)


def test_clip_with_crossed_bounds_gives_the_lower():
    x = np.array([-9, 0, 9], np.float32)
    actual = apply(lambda v: ActivationOp(A.CLIP, v, 4.0, 2.0), x)
    np.testing.assert_array_equal(actual, [4, 4, 4])


def test_wide_rounds_a_lone_layer_at_its_output():
    x = floats(np.float16)
    typed = apply(_layer(A.GELU_ERF), x)
    wide = apply(_layer(A.GELU_ERF), x, mode=Mode.WIDE)
    assert_same(wide, typed)
