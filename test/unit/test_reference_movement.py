"""Layers that move elements, against indexing written out and against ONNX."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_support import apply, onnx_result
from xdsl.dialects.builtin import DYNAMIC_INDEX, TensorType, f32
from xdsl.ir import Block

from fusemlir.dialects.trt import (
    ConcatenationOp,
    ConstantOp,
    IdentityOp,
    PaddingOp,
    ShuffleOp,
    SliceOp,
)
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.enums import SampleMode as S
from fusemlir.reference import evaluate
from fusemlir.weights import Weights

TYPES = [np.float32, np.float16, ml_dtypes.bfloat16, np.int8, np.int32, np.int64, bool]


def _counted(dtype: Any, *shape: int) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def _read(mode: S, index: int, size: int) -> int | None:
    """The element that a mode reads at `index`, by walking; None for the fill."""
    if 0 <= index < size:
        return index
    match mode:
        case S.FILL:
            return None
        case S.CLAMP:
            return 0 if index < 0 else size - 1
        case S.WRAP:
            return _read(mode, index + (size if index < 0 else -size), size)
        case _ if size == 1:
            return 0
        case _:
            mirrored = -index if index < 0 else 2 * (size - 1) - index
            return _read(mode, mirrored, size)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    mode=st.sampled_from([S.FILL, S.CLAMP, S.WRAP, S.REFLECT]),
    shape=st.tuples(*[st.integers(1, 4)] * 2),
    start=st.tuples(*[st.integers(-5, 5)] * 2),
    size=st.tuples(*[st.integers(0, 5)] * 2),
    stride=st.tuples(*[st.integers(-3, 3)] * 2),
    dtype=st.sampled_from(TYPES),
    filled=st.booleans(),
)
def test_slice_reads_what_its_mode_says(
    mode: S, shape: Any, start: Any, size: Any, stride: Any, dtype: Any, filled: bool
):
    x = _counted(dtype, *shape)
    fill = [np.array(1, dtype)] if filled and mode == S.FILL else []
    expected = np.full(size, 1 if fill else 0, dtype)
    for at in np.ndindex(size):
        axes = zip(at, start, stride, shape, strict=True)
        source = tuple(_read(mode, s + i * step, n) for i, s, step, n in axes)
        if None not in source:
            expected[at] = x[source]

    def build(value: Any, *rest: Any) -> SliceOp:
        fill = rest[0] if rest else None
        return SliceOp(value, start, size, stride, mode=mode, fill=fill)

    np.testing.assert_array_equal(apply(build, x, *fill), expected)


def test_strict_slice_steps_backwards_and_repeats():
    x = _counted(np.int32, 3, 4)
    actual = apply(lambda v: SliceOp(v, [2, 1], [3, 2], [-1, 0]), x)
    np.testing.assert_array_equal(actual, [[9, 9], [5, 5], [1, 1]])


def test_strict_slice_of_an_unknown_dimension_is_checked_when_run():
    (value,) = Block(arg_types=[TensorType(f32, [DYNAMIC_INDEX])]).args
    op = SliceOp(value, [2], [2])
    with pytest.raises(ValueError, match="of the 3 elements of axis 0"):
        evaluate(op, [np.zeros(3, np.float32)], Weights())


def test_reading_an_empty_axis_is_an_error():
    (value,) = Block(arg_types=[TensorType(f32, [0])]).args
    op = SliceOp(value, [0], [2], mode=S.CLAMP)
    with pytest.raises(ValueError, match="axis 0, which is empty"):
        evaluate(op, [np.zeros(0, np.float32)], Weights())


def test_fill_of_an_empty_axis_is_all_fill():
    actual = apply(
        lambda v: SliceOp(v, [-1], [3], mode=S.FILL), np.zeros(0, np.float32)
    )
    np.testing.assert_array_equal(actual, [0, 0, 0])


@pytest.mark.parametrize("dtype", TYPES)
def test_padding_adds_zeros_and_crops_where_negative(dtype: Any):
    x = _counted(dtype, 1, 2, 3, 4)
    actual = apply(lambda v: PaddingOp(v, [1, -1], [-2, 2]), x)
    expected = np.zeros((1, 2, 2, 5), dtype)
    expected[:, :, 1:, :3] = x[:, :, :1, 1:]
    np.testing.assert_array_equal(actual, expected)


def test_padding_agrees_with_onnx():
    x = np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)
    expected = onnx_result("Pad", x, np.array([0, 0, 1, 2, 0, 0, 3, 0]))
    actual = apply(lambda v: PaddingOp(v, [1, 2], [3, 0]), x)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", TYPES)
def test_shuffle_transposes_reshapes_and_transposes(dtype: Any):
    x = _counted(dtype, 2, 3, 4)

    def build(value: Any) -> ShuffleOp:
        return ShuffleOp(
            value,
            first_transpose=[2, 0, 1],
            reshape_dims=[0, -1],
            second_transpose=[1, 0],
        )

    expected = np.empty((6, 4), dtype)
    for i, j, k in np.ndindex(x.shape):
        expected[i * 3 + j, k] = x[i, j, k]
    np.testing.assert_array_equal(apply(build, x), expected)


def test_shuffle_takes_a_literal_zero():
    x = np.zeros((0, 3), np.float32)

    def build(value: Any) -> ShuffleOp:
        return ShuffleOp(value, reshape_dims=[5, 0], zero_is_placeholder=False)

    assert apply(build, x).shape == (5, 0)


def test_shuffle_resolves_an_unknown_dimension_when_run():
    (value,) = Block(arg_types=[TensorType(f32, [DYNAMIC_INDEX, 2, 3])]).args
    op = ShuffleOp(value, reshape_dims=[0, -1])
    (actual,) = evaluate(op, [np.zeros((5, 2, 3), np.float32)], Weights())
    assert actual.shape == (5, 6)


@pytest.mark.parametrize("dtype", TYPES)
def test_concatenation_joins_along_its_axis(dtype: Any):
    a, b, c = (_counted(dtype, 2, n) for n in (1, 0, 3))
    actual = apply(lambda *values: ConcatenationOp(values, 1), a, b, c)
    np.testing.assert_array_equal(actual[:, :1], a)
    np.testing.assert_array_equal(actual[:, 1:], c)


@pytest.mark.parametrize("dtype", TYPES)
def test_identity(dtype: Any):
    x = _counted(dtype, 2, 3)
    np.testing.assert_array_equal(apply(IdentityOp, x), x)


def test_constant_is_its_array():
    op = ConstantOp(dense(TensorType(f32, [2]), [1.5, -2.0]))
    (actual,) = evaluate(op, [], Weights())
    np.testing.assert_array_equal(actual, np.array([1.5, -2], np.float32))


@pytest.mark.parametrize("build", [IdentityOp, ShuffleOp])
def test_scalars_stay_scalars(build: Any):
    assert apply(build, np.array(3, np.float32)).shape == ()


def test_a_scalar_is_sliced_to_itself():
    actual = apply(lambda v: SliceOp(v, [], []), np.array(3, np.float32))
    assert actual.shape == ()
    assert actual == 3
