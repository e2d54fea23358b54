"""Quantize and Dequantize against ONNX's formula, written out and run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference_support import (
    FLOAT_TYPES,
    apply,
    assert_rounded,
    floats,
    onnx_result,
)
from xdsl.dialects.builtin import i8

from fusemlir.dialects.trt import DequantizeOp, QuantizeOp
from fusemlir.reference import Mode
from fusemlir.weights import element_of


def _quantize(
    x: np.ndarray, scale: Any, *zero: Any, axis: int | None = None, **mode: Any
) -> np.ndarray:
    build = lambda *values: QuantizeOp(*values, axis=axis, to_type=i8)  # noqa: E731
    zeros = [np.array(z, np.int8) for z in zero]
    return apply(build, x, np.array(scale, np.float32), *zeros, **mode)


def _dequantize(
    x: np.ndarray, scale: np.ndarray, *zero: Any, dtype: Any, axis: int | None = None
) -> np.ndarray:
    element = element_of(np.dtype(dtype))
    build = lambda *values: DequantizeOp(*values, axis=axis, to_type=element)  # noqa: E731
    return apply(build, x, scale, *[np.array(z, np.int8) for z in zero])


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_quantize_rounds_half_to_even_and_clamps(dtype: type, mode: Mode):
    x = np.array([0.25, 0.75, 1.25, -0.25, -0.75, 63, 64, -64, -65], dtype)
    expected = [0, 2, 2, 0, -2, 126, 127, -128, -128]
    np.testing.assert_array_equal(_quantize(x, 0.5, mode=mode), expected)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_quantize_of_special_values(dtype: type):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    np.testing.assert_array_equal(_quantize(x, 0.5), [0, 127, -128, 0, 0])


def test_quantize_agrees_with_onnx():
    x = floats(np.float32)
    x = x[np.isfinite(x) & (np.abs(x) < 1e6)]
    scale, zero = np.float32(0.0371), np.int8(-3)
    expected = onnx_result("QuantizeLinear", x, np.array(scale), np.array(zero))
    np.testing.assert_array_equal(_quantize(x, scale, zero), expected)


def test_typed_quantize_divides_in_f32_and_wide_in_f64():
    # In f32 the quotient is 2.5, a tie; in f64 it is just above.
    scale = np.float32(0.7)
    x = np.array([np.float32(scale * np.float32(2.5))], np.float32)
    exact = float(x[0]) / float(scale)
    assert np.float32(exact) == 2.5
    assert exact > 2.5
    assert _quantize(x, scale).item() == 2
    assert _quantize(x, scale, mode=Mode.WIDE).item() == 3


def test_quantize_by_channel():
    x = np.ones((2, 3, 2), np.float32)
    actual = _quantize(x, [1, 0.5, 0.25], [0, 1, 2], axis=1)
    np.testing.assert_array_equal(actual, [[[1, 1], [3, 3], [6, 6]]] * 2)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_dequantize_is_rounded_once(dtype: type):
    x = np.arange(-128, 128).astype(np.int8)
    scale = np.array(0.0371, np.float32)
    exact = (x.astype(np.float64) - 5) * float(scale)
    assert_rounded(_dequantize(x, scale, 5, dtype=dtype), exact)


def test_dequantize_by_channel_agrees_with_onnx():
    x = np.arange(-6, 6).reshape(2, 3, 2).astype(np.int8)
    scale, zero = np.array([0.1, 0.2, 0.3], np.float32), np.array([0, 1, 2], np.int8)
    expected = onnx_result("DequantizeLinear", x, scale, zero, axis=1)
    actual = _dequantize(x, scale, zero, dtype=np.float32, axis=1)
    np.testing.assert_array_equal(actual, expected)
