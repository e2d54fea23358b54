"""Normalisation by mean and variance against its formula in f64, and ONNX."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from reference_support import FLOAT_TYPES, apply, onnx_result
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import NormalizationOp
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.reference import Mode

EPSILON = float(np.float32(1e-3))


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def exact(x: Any, scale: Any, bias: Any, axes: tuple[int, ...]) -> np.ndarray:
    """The formula in f64, by numpy's own mean and variance."""
    x, scale, bias = (array.astype(np.float64) for array in (x, scale, bias))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + EPSILON) * scale + bias


def normalized(
    x: Any,
    scale: Any,
    bias: Any,
    axes: tuple[int, ...],
    mode: Mode = Mode.TYPED,
    groups: int = 1,
) -> Any:
    def build(x: SSAValue, scale: SSAValue, bias: SSAValue) -> LayerOp:
        return NormalizationOp(x, scale, bias, axes, epsilon=EPSILON, num_groups=groups)

    return apply(build, x, scale, bias, mode=mode)


CASES = [
    ((3, 5, 8), (1, 1, 8), (2,)),
    ((3, 5, 8), (1, 5, 8), (1, 2)),
    ((3, 5, 8), (1, 5, 1), (0, 2)),
    ((2, 4, 3, 5), (1, 4, 1, 1), (2, 3)),
    ((7,), (1,), (0,)),
]


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(("shape", "parameters", "axes"), CASES)
def test_normalization_is_its_formula(
    dtype: type,
    mode: Mode,
    shape: tuple[int, ...],
    parameters: tuple[int, ...],
    axes: tuple[int, ...],
):
    x = (drawn(*shape) * 3 + 2).astype(dtype)
    scale = drawn(*parameters, seed=1).astype(dtype)
    bias = drawn(*parameters, seed=2).astype(dtype)
    actual = normalized(x, scale, bias, axes, mode)
    wanted = exact(x, scale, bias, axes)
    # Rounded to the type once; before that f32 sums, differences and a root.
    count = math.prod(shape[axis] for axis in axes)
    working = 2**-23 * (8 + math.log2(count))
    step = float(ml_dtypes.finfo(dtype).eps)
    size = 4 * np.abs(scale.astype(np.float64)).max() + 4
    np.testing.assert_allclose(
        actual.astype(np.float64), wanted, rtol=step / 2, atol=working * size
    )


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_of_channels_agree_with_onnx(groups: int):
    x, scale, bias = (
        drawn(*shape, seed=at).astype(np.float32)
        for at, shape in enumerate([(2, 4, 3, 5), (4,), (4,)])
    )
    wanted = onnx_result(
        "GroupNormalization", x, scale, bias, num_groups=groups, epsilon=EPSILON
    )
    axes = (1, 2, 3) if groups == 1 else (2, 3)
    columns = (1, 4, 1, 1)
    actual = normalized(
        x, scale.reshape(columns), bias.reshape(columns), axes, groups=groups
    )
    np.testing.assert_allclose(actual, wanted, rtol=1e-5, atol=1e-5)


def test_statistics_are_in_f32_where_x_is_f16():
    """A sum of f16 would be infinite, and so would the squares."""
    x = np.linspace(-60000, 60000, 64).astype(np.float16).reshape(1, 64)
    one, zero = (np.full((1, 1), value, np.float16) for value in (1, 0))
    actual = normalized(x, one, zero, (1,))
    wanted = exact(x, one, zero, (1,))
    np.testing.assert_allclose(actual.astype(np.float64), wanted, rtol=2**-11, atol=0)


def test_a_large_mean_does_not_cancel():
    x = (1e4 + drawn(2, 256)).astype(np.float32)
    one, zero = (np.full((1, 1), value, np.float32) for value in (1, 0))
    actual = normalized(x, one, zero, (1,))
    wanted = exact(x, one, zero, (1,))
    # The mean alone is off by half a unit in the last place of 1e4, 2^-11.
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=4 * 2**-11)
    squares = np.mean(x * x, 1, keepdims=True) - np.mean(x, 1, keepdims=True) ** 2
    assert np.abs(squares - x.astype(np.float64).var(1, keepdims=True)).max() > 0.1


def test_a_row_with_an_infinity_is_nan_alone():
    x = drawn(3, 8).astype(np.float32)
    x[1, 2] = np.inf
    one, zero = (np.full((1, 1), value, np.float32) for value in (1, 0))
    actual = normalized(x, one, zero, (1,))
    assert np.isnan(actual).any(1).tolist() == [False, True, False]
