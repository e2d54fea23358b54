"""Reductions, softmax, top-k and matrix products against numpy in wider types."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_support import (
    CANCELLED,
    CANCELLING,
    FLOAT_TYPES,
    apply,
    assert_rounded,
    assert_same,
    onnx_result,
)
from xdsl.dialects.builtin import i32, i64

from fusemlir.dialects.trt import MatrixMultiplyOp, ReduceOp, SoftMaxOp, TopKOp
from fusemlir.dialects.trt.enums import MatrixOperation as M
from fusemlir.dialects.trt.enums import ReduceOperation as R
from fusemlir.dialects.trt.enums import TopKOperation
from fusemlir.reference import Mode

nan, inf = math.nan, math.inf

PYTHON: dict[R, Callable[[list[Any]], Any]] = {
    R.SUM: sum,
    R.PROD: math.prod,
    R.MAX: max,
    R.MIN: min,
    R.AVG: lambda values: Fraction(sum(values)) / len(values),
}


def _reduce(kind: R, x: np.ndarray, axes: list[int], keep: bool = False) -> np.ndarray:
    return apply(lambda v: ReduceOp(kind, v, axes, keep_dimensions=keep), x)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", R)
@pytest.mark.parametrize("axes", [[0], [1, 2], [0, 1, 2]])
def test_reduction_is_exact_and_rounded_once(kind: R, axes: list[int], dtype: type):
    x = np.random.default_rng(0).uniform(-2, 2, (3, 4, 5)).astype(dtype)
    kept = [axis for axis in range(3) if axis not in axes]
    rows = np.moveaxis(x, kept, range(len(kept)))
    shape = rows.shape[: len(kept)]
    exact = np.empty(shape)
    for at in np.ndindex(shape):
        exact[at] = float(PYTHON[kind]([Fraction(float(v)) for v in rows[at].flat]))
    actual = _reduce(kind, x, axes)
    assert actual.shape == shape
    assert_rounded(actual, exact)
    kept_shape = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
    assert_same(_reduce(kind, x, axes, keep=True), actual.reshape(kept_shape))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1, nan, inf], [nan, nan, nan, nan, nan]),
        ([1, inf, 2], [inf, inf, inf, 1, inf]),
        ([inf, -inf, 0], [nan, nan, inf, -inf, nan]),
        ([-inf, -inf, -1], [-inf, -inf, -1, -inf, -inf]),
    ],
)
def test_reduction_of_special_values(
    row: list[float], expected: list[float], dtype: type
):
    for kind, value in zip(R, expected, strict=True):
        assert_same(_reduce(kind, np.array([row], dtype), [1]), [value])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float32, [0, 1, -inf, inf, nan]),
        (np.float16, [0, 1, -inf, inf, nan]),
        (np.int32, [0, 1, -(2**31), 2**31 - 1, 0]),
        (np.int64, [0, 1, -(2**63), 2**63 - 1, 0]),
        (np.int8, [0, 1, -128, 127, -128]),
    ],
)
def test_reduction_of_nothing(dtype: type, expected: list[float]):
    for kind, value in zip(R, expected, strict=True):
        actual = _reduce(kind, np.zeros((2, 0, 3), dtype), [1])
        np.testing.assert_array_equal(actual, np.full((2, 3), value, dtype))


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_reduction_of_integers_wraps_and_its_mean_truncates(dtype: type):
    high = int(np.iinfo(dtype).max)
    x = np.array([[high, 1], [-3, -4], [3, 4]], dtype)
    np.testing.assert_array_equal(_reduce(R.SUM, x, [1]), [-high - 1, -7, 7])
    np.testing.assert_array_equal(_reduce(R.PROD, x, [1]), [high, 12, 12])
    np.testing.assert_array_equal(_reduce(R.AVG, x[1:], [1]), [-3, 3])
    np.testing.assert_array_equal(_reduce(R.MAX, x, [0]), [high, 4])


def _softmax(x: np.ndarray, axis: int, mode: Mode = Mode.TYPED) -> np.ndarray:
    return apply(lambda v: SoftMaxOp(v, axis), x, mode=mode)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_softmax_is_rounded_once(axis: int, dtype: type):
    x = (np.random.default_rng(0).standard_normal((3, 4, 5)) * 8).astype(dtype)
    rows = np.moveaxis(x, axis, -1)
    exact = np.empty(rows.shape)
    for at in np.ndindex(rows.shape[:-1]):
        powers = [math.exp(v) for v in map(float, rows[at])]
        exact[at] = [p / math.fsum(powers) for p in powers]
    assert_rounded(_softmax(x, axis), np.moveaxis(exact, -1, axis))


def test_softmax_agrees_with_onnx():
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    expected = onnx_result("Softmax", x, axis=1)
    np.testing.assert_allclose(_softmax(x, 1), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([-inf, -inf], [nan, nan]),
        ([-inf, 3], [0, 1]),
        ([inf, 3], [nan, nan]),
        ([nan, 3], [nan, nan]),
        ([6e4, 6e4], [0.5, 0.5]),
        ([-6e4, 6e4], [0, 1]),
    ],
)
def test_softmax_of_special_values(
    row: list[float], expected: list[float], dtype: type
):
    assert_same(_softmax(np.array([row], dtype), 1), [expected])


def test_softmax_of_nothing_is_empty():
    assert _softmax(np.zeros((2, 0), np.float32), 1).shape == (2, 0)


def _top_k(
    kind: TopKOperation, x: np.ndarray, k: int, axis: int, indices_type: Any = i32
) -> tuple[np.ndarray, np.ndarray]:
    return apply(lambda v: TopKOp(kind, v, k, axis, indices_type=indices_type), x)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(TopKOperation),
    row=st.lists(st.sampled_from([-inf, -1.0, -0.0, 0.0, 1.0, 2.0, inf]), min_size=1),
    data=st.data(),
    dtype=st.sampled_from([*FLOAT_TYPES, np.int32, np.int64]),
)
def test_top_k_is_sorted_and_ties_go_by_index(
    kind: TopKOperation, row: list[float], data: st.DataObject, dtype: Any
):
    if dtype in (np.int32, np.int64):
        row = [int(v) if math.isfinite(v) else 7 for v in row]
    k = data.draw(st.integers(1, len(row)))
    sign = -1 if kind == TopKOperation.MAX else 1
    order = sorted(range(len(row)), key=lambda i: (sign * row[i], i))[:k]
    values, indices = _top_k(kind, np.array([row], dtype).T, k, 0)
    np.testing.assert_array_equal(indices[:, 0], order)
    assert_same(values[:, 0], [row[i] for i in order])


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_top_k_takes_nan_for_the_greatest(dtype: type):
    x = np.array([1, nan, inf, nan, -inf], dtype)
    values, indices = _top_k(TopKOperation.MAX, x, 5, 0)
    np.testing.assert_array_equal(indices, [1, 3, 2, 0, 4])
    assert_same(values, [nan, nan, inf, 1, -inf])
    _, indices = _top_k(TopKOperation.MIN, x, 5, 0)
    np.testing.assert_array_equal(indices, [4, 0, 2, 1, 3])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_top_k_works_along_its_axis(axis: int):
    x = np.random.default_rng(0).permutation(60).reshape(3, 4, 5).astype(np.float32)
    values, indices = _top_k(TopKOperation.MAX, x, 2, axis, i64)
    assert indices.dtype == np.int64
    rows, found = np.moveaxis(x, axis, -1), np.moveaxis(values, axis, -1)
    for at in np.ndindex(rows.shape[:-1]):
        assert found[at].tolist() == sorted(rows[at].tolist(), reverse=True)[:2]
    np.testing.assert_array_equal(np.take_along_axis(x, indices, axis), values)


def _matmul(
    lhs: np.ndarray, rhs: np.ndarray, op0: M, op1: M, mode: Mode = Mode.TYPED
) -> np.ndarray:
    return apply(
        lambda a, b: MatrixMultiplyOp(a, b, op0=op0, op1=op1), lhs, rhs, mode=mode
    )


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("batch", [((), ()), ((2, 1), (1, 3)), ((2,), (2,))])
@pytest.mark.parametrize(("op0", "op1"), list(itertools.product(M, M)))
def test_matrix_multiply(op0: M, op1: M, batch: Any, dtype: type):
    shapes0 = {M.NONE: (4, 5), M.TRANSPOSE: (5, 4), M.VECTOR: (5,)}
    shapes1 = {M.NONE: (5, 3), M.TRANSPOSE: (3, 5), M.VECTOR: (5,)}
    rng = np.random.default_rng(0)
    lhs = rng.integers(-9, 9, batch[0] + shapes0[op0]).astype(dtype)
    rhs = rng.integers(-9, 9, batch[1] + shapes1[op1]).astype(dtype)
    left = {M.NONE: "ik", M.TRANSPOSE: "ki", M.VECTOR: "k"}[op0]
    right = {M.NONE: "kj", M.TRANSPOSE: "jk", M.VECTOR: "k"}[op1]
    result = (left + right).replace("k", "")
    exact = np.einsum(
        f"...{left},...{right}->...{result}",
        lhs.astype(np.float64),
        rhs.astype(np.float64),
    )
    for mode in Mode:
        actual = _matmul(lhs, rhs, op0, op1, mode)
        assert actual.shape == exact.shape
        assert_rounded(actual, exact)


def test_matrix_multiply_over_nothing_is_zero():
    lhs, rhs = np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)
    np.testing.assert_array_equal(_matmul(lhs, rhs, M.NONE, M.NONE), np.zeros((2, 3)))


@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (40, 3)])
@pytest.mark.parametrize("value", [nan, inf])
def test_a_zero_does_not_hide_what_is_not_finite(shape: Any, value: float):
    lhs = np.zeros(shape, np.float32)
    rhs = np.full((3, 7), value, np.float32)
    assert np.isnan(_matmul(lhs, rhs, M.NONE, M.NONE)).all()
    assert np.isnan(_matmul(lhs, rhs[:, 0], M.NONE, M.VECTOR)).all()


def test_wide_matrix_multiply_adds_in_f64():
    lhs, rhs = np.array(CANCELLING, np.float32)
    assert _matmul(lhs, rhs, M.VECTOR, M.VECTOR, Mode.WIDE).item() == CANCELLED
    assert _matmul(lhs, rhs, M.VECTOR, M.VECTOR).item() != CANCELLED
