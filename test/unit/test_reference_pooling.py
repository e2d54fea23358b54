"""Pooling and local response normalisation against their windows, and ONNX."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_support import (
    FLOAT_TYPES,
    apply,
    assert_rounded,
    assert_same,
    onnx_result,
    onnxruntime_result,
)

from fusemlir.dialects.trt import LrnOp, PoolingOp
from fusemlir.dialects.trt.enums import PaddingMode as P
from fusemlir.dialects.trt.enums import PoolingType as T

BLEND = 0.25


def _window_range(
    size: int, window: int, stride: int, pads: tuple[int, int], mode: P
) -> list[tuple[range, int]]:
    """Positions of each window in the input's numbering, and how many of them lie in
    the padded input."""
    before, after = pads
    if mode in (P.SAME_UPPER, P.SAME_LOWER):
        outputs = math.ceil(size / stride)
        total = max(0, (outputs - 1) * stride + window - size)
        before = total // 2 if mode == P.SAME_UPPER else total - total // 2
        after = total - before
    else:
        rounding = math.ceil if mode == P.EXPLICIT_ROUND_UP else math.floor
        outputs = rounding((size + before + after - window) / stride) + 1
    windows = [
        range(o * stride - before, o * stride - before + window) for o in range(outputs)
    ]
    return [(w, sum(-before <= i < size + after for i in w)) for w in windows]


def pooled(x: np.ndarray, kind: T, excludes: bool, *axes: Any) -> np.ndarray:
    x = x.astype(np.float64)
    windows = [
        _window_range(n, *axis) for n, axis in zip(x.shape[2:], axes, strict=True)
    ]
    y = np.empty((*x.shape[:2], *map(len, windows)))
    for at in np.ndindex(y.shape[2:]):
        places = [windows[axis][i] for axis, i in enumerate(at)]
        inside = [
            [i for i in place if 0 <= i < n]
            for (place, _), n in zip(places, x.shape[2:], strict=True)
        ]
        count = (
            math.prod(map(len, inside)) if excludes else math.prod(n for _, n in places)
        )
        for c in np.ndindex(x.shape[:2]):
            values = x[c][np.ix_(*inside)].ravel() if all(inside) else np.empty(0)
            greatest = np.max(values, initial=-np.inf)
            mean = sum(values) / count if count else np.nan
            y[(*c, *at)] = {
                T.MAX: greatest,
                T.AVERAGE: mean,
                T.MAX_AVERAGE_BLEND: (1 - BLEND) * greatest + BLEND * mean,
            }[kind]
    return y


@st.composite
def _cases(draw: st.DrawFn) -> dict[str, Any]:
    rank = draw(st.sampled_from([2, 2, 3]))
    window = [draw(st.integers(1, 4)) for _ in range(rank)]
    kind = draw(st.sampled_from(T))
    return {
        "kind": kind,
        "spatial": [draw(st.integers(w, w + 5)) for w in window],
        "window": window,
        "stride": [draw(st.integers(1, 4)) for _ in range(rank)],
        "pads": [
            (draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(rank)
        ],
        "mode": draw(st.sampled_from(P)),
        "excludes": kind == T.MAX or draw(st.booleans()),
        "dtype": draw(st.sampled_from(FLOAT_TYPES)),
        "special": draw(st.sampled_from([None, np.nan, np.inf, -np.inf])),
    }


def _build(case: dict[str, Any]) -> Any:
    return lambda x: PoolingOp(
        case["kind"],
        x,
        case["window"],
        stride=case["stride"],
        pre_padding=[before for before, _ in case["pads"]],
        post_padding=[after for _, after in case["pads"]],
        padding_mode=case["mode"],
        blend_factor=BLEND if case["kind"] == T.MAX_AVERAGE_BLEND else None,
        average_count_excludes_padding=case["excludes"],
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_cases())
def test_pooling_is_over_its_windows(case: dict[str, Any]):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((2, 2, *case["spatial"])).astype(case["dtype"])
    if case["special"] is not None:
        x[1, 0].flat[x[1, 0].size // 2] = case["special"]
    axes = zip(
        case["window"], case["stride"], case["pads"], [case["mode"]] * 3, strict=False
    )
    with np.errstate(all="ignore"):
        expected = pooled(x, case["kind"], case["excludes"], *axes)
    actual = apply(_build(case), x)
    assert actual.shape == expected.shape
    assert_rounded(actual, expected)


@pytest.mark.parametrize("count_include_pad", [0, 1])
def test_average_agrees_with_onnx(count_include_pad: int):
    x = np.random.default_rng(0).standard_normal((1, 3, 9, 8)).astype(np.float32)
    attributes = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}
    expected = onnx_result(
        "AveragePool", x, count_include_pad=count_include_pad, **attributes
    )
    case = {
        "kind": T.AVERAGE,
        "window": [3, 2],
        "stride": [2, 2],
        "pads": [(1, 1), (0, 1)],
        "mode": P.EXPLICIT_ROUND_DOWN,
        "excludes": not count_include_pad,
    }
    np.testing.assert_allclose(apply(_build(case), x), expected, rtol=1e-6, atol=1e-7)


def test_max_agrees_with_onnx():
    x = np.random.default_rng(0).standard_normal((1, 3, 9, 8)).astype(np.float32)
    expected = onnx_result(
        "MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]
    )
    case = {
        "kind": T.MAX,
        "window": [3, 3],
        "stride": [2, 2],
        "pads": [(1, 1), (1, 1)],
        "mode": P.EXPLICIT_ROUND_DOWN,
        "excludes": True,
    }
    np.testing.assert_array_equal(apply(_build(case), x), expected)


@pytest.mark.parametrize(
    ("kind", "excludes", "expected"),
    [(T.MAX, True, -np.inf), (T.AVERAGE, True, np.nan), (T.AVERAGE, False, 0)],
)
def test_a_window_wholly_in_padding(kind: T, excludes: bool, expected: float):
    case = {
        "kind": kind,
        "window": [1, 2],
        "stride": [1, 2],
        "pads": [(0, 0), (2, 0)],
        "mode": P.EXPLICIT_ROUND_DOWN,
        "excludes": excludes,
    }
    x = np.ones((1, 1, 1, 2), np.float32)
    assert_same(apply(_build(case), x), [[[[expected, 1]]]])


@pytest.mark.parametrize(
    ("kind", "expected"), [(T.MAX, [-128, 4, 4]), (T.AVERAGE, [0, 4, 4])]
)
def test_i8_pads_with_its_least_and_rounds_half_to_even(kind: T, expected: list[int]):
    case = {
        "kind": kind,
        "window": [1, 2],
        "stride": [1, 2],
        "pads": [(0, 0), (2, 1)],
        "mode": P.EXPLICIT_ROUND_DOWN,
        "excludes": True,
    }
    x = np.array([3, 4, 4], np.int8).reshape(1, 1, 1, 3)
    np.testing.assert_array_equal(apply(_build(case), x).ravel(), expected)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("shape", [(2, 9, 4), (2, 3, 2, 3), (1, 8, 2, 2, 2)])
def test_lrn_is_its_formula(dtype: type, shape: tuple[int, ...]):
    x = (np.random.default_rng(0).standard_normal(shape) * 3).astype(dtype)
    window, alpha, beta, k = 5, 0.5, 0.75, 2.0
    wide = x.astype(np.float64)
    exact = np.empty(shape)
    for at in np.ndindex(shape):
        n, c, *rest = at
        near = range(max(0, c - window // 2), min(shape[1], c + window // 2 + 1))
        total = sum(wide[(n, i, *rest)] ** 2 for i in near)
        exact[at] = wide[at] / (k + alpha / window * total) ** beta
    assert_rounded(apply(lambda v: LrnOp(v, window, alpha, beta, k), x), exact)


def test_lrn_agrees_with_onnxruntime():
    x = np.random.default_rng(0).standard_normal((2, 7, 3, 4)).astype(np.float32)
    expected = onnxruntime_result("LRN", x, size=3, alpha=0.5, beta=0.75, bias=2.0)
    actual = apply(lambda v: LrnOp(v, 3, 0.5, 0.75, 2.0), x)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)
