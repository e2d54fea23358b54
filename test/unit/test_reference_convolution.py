"""Convolution and deconvolution against sums written out, and against ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
    onnxruntime_result,
)

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp
from fusemlir.dialects.trt.enums import PaddingMode as P
from fusemlir.reference import Mode
from fusemlir.reference import convolution as convolution_rules

Pads = list[tuple[int, int]]


def _output_and_pads(
    size: int, extent: int, stride: int, pads: tuple[int, int], mode: P
) -> tuple[int, int]:
    """Output size and padding before, from `NvInfer.h`'s formulas."""
    total = size + sum(pads)
    if mode == P.EXPLICIT_ROUND_DOWN:
        return math.floor((total - extent) / stride) + 1, pads[0]
    if mode == P.EXPLICIT_ROUND_UP:
        return math.ceil((total - extent) / stride) + 1, pads[0]
    output = math.ceil(size / stride)
    needed = max(0, (output - 1) * stride + extent - size)
    half = needed // 2 if mode == P.SAME_UPPER else needed - needed // 2
    return output, half


def convolved(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Pads,
    mode: P,
    groups: int,
) -> np.ndarray:
    """The sum of the definition, a loop over positions and one over the window."""
    x, kernel = x.astype(np.float64), kernel.astype(np.float64)
    spatial, window = x.shape[2:], kernel.shape[2:]
    axes = [
        _output_and_pads(size, 1 + d * (w - 1), s, p, mode)
        for size, w, s, d, p in zip(
            spatial, window, strides, dilations, pads, strict=True
        )
    ]
    maps, channels = kernel.shape[:2]
    y = np.zeros((len(x), maps, *(output for output, _ in axes)))
    for at in np.ndindex(y.shape[2:]):
        for tap in np.ndindex(window):
            places = zip(at, tap, strides, dilations, axes, strict=True)
            source = tuple(p * s + t * d - pre for p, t, s, d, (_, pre) in places)
            inside = all(0 <= i < n for i, n in zip(source, spatial, strict=True))
            if not inside:
                continue
            for k in range(maps):
                first = k // (maps // groups) * channels
                used = x[(slice(None), slice(first, first + channels), *source)]
                y[(slice(None), k, *at)] += used @ kernel[(k, slice(None), *tap)]
    if bias is not None:
        y += bias.astype(np.float64).reshape(-1, *(1,) * len(spatial))
    return y


def deconvolved(
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Pads,
    mode: P,
    groups: int,
) -> np.ndarray:
    """Every input element adds its multiple of the kernel; padding trims."""
    x, kernel = x.astype(np.float64), kernel.astype(np.float64)
    spatial, window = x.shape[2:], kernel.shape[2:]
    extents = [1 + d * (w - 1) for d, w in zip(dilations, window, strict=True)]
    full = [
        (size - 1) * s + e for size, s, e in zip(spatial, strides, extents, strict=True)
    ]
    if mode in (P.SAME_UPPER, P.SAME_LOWER):
        totals = [max(e - s, 0) for e, s in zip(extents, strides, strict=True)]
        pads = [(t // 2, t - t // 2) for t in totals]
        if mode == P.SAME_LOWER:
            pads = [(after, before) for before, after in pads]
    channels, maps = kernel.shape[:2]
    y = np.zeros((len(x), maps * groups, *full))
    for at in np.ndindex(spatial):
        for tap in np.ndindex(window):
            places = zip(at, tap, strides, dilations, strict=True)
            target = tuple(p * s + t * d for p, t, s, d in places)
            for c in range(channels):
                group = c // (channels // groups)
                for k in range(maps):
                    y[(slice(None), group * maps + k, *target)] += (
                        x[(slice(None), c, *at)] * kernel[(c, k, *tap)]
                    )
    cut = zip(pads, full, strict=True)
    return y[(..., *(slice(before, n - after) for (before, after), n in cut))]


@st.composite
def _settings(draw: st.DrawFn) -> dict[str, Any]:
    rank = draw(st.sampled_from([2, 2, 3]))
    ints = lambda low, high: draw(st.tuples(*[st.integers(low, high)] * rank))  # noqa: E731
    window, dilations = ints(1, 3), ints(1, 2)
    pads = [draw(st.tuples(*[st.integers(0, 2)] * 2)) for _ in range(rank)]
    extents = [1 + d * (w - 1) for d, w in zip(dilations, window, strict=True)]
    spatial = [draw(st.integers(e, e + 4)) for e in extents]
    return {
        "window": window,
        "strides": ints(1, 3),
        "dilations": dilations,
        "pads": pads,
        "mode": draw(st.sampled_from(P)),
        "spatial": spatial,
        "groups": draw(st.integers(1, 3)),
        "channels": draw(st.integers(1, 3)),
        "maps": draw(st.integers(1, 3)),
        "batch": draw(st.integers(0, 2)),
    }


def _build(op: Any, case: dict[str, Any]) -> Callable[..., Any]:
    return lambda *values: op(
        *values,
        stride=case["strides"],
        pre_padding=[before for before, _ in case["pads"]],
        post_padding=[after for _, after in case["pads"]],
        padding_mode=case["mode"],
        dilation=case["dilations"],
        num_groups=case["groups"],
    )


def _whole(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Small whole numbers, whose sums of products are exact in f32."""
    return rng.integers(-4, 5, shape).astype(np.float32)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_settings())
def test_convolution_is_its_sum(case: dict[str, Any]):
    rng = np.random.default_rng(0)
    groups, channels, maps = case["groups"], case["channels"], case["maps"]
    x = _whole(rng, case["batch"], groups * channels, *case["spatial"])
    kernel = _whole(rng, groups * maps, channels, *case["window"])
    bias = _whole(rng, groups * maps)
    numbers = (case[n] for n in ("strides", "dilations", "pads", "mode", "groups"))
    expected = convolved(x, kernel, bias, *numbers)
    for mode in Mode:
        actual = apply(_build(ConvolutionOp, case), x, kernel, bias, mode=mode)
        np.testing.assert_array_equal(actual, expected)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_settings())
def test_deconvolution_is_its_sum(case: dict[str, Any]):
    rng = np.random.default_rng(0)
    groups, channels, maps = case["groups"], case["channels"], case["maps"]
    case["pads"] = [
        (min(before, d * (w - 1)), 0)
        if before > after
        else (0, min(after, d * (w - 1)))
        for (before, after), d, w in zip(
            case["pads"], case["dilations"], case["window"], strict=True
        )
    ]
    x = _whole(rng, case["batch"], groups * channels, *case["spatial"])
    kernel = _whole(rng, groups * channels, maps, *case["window"])
    numbers = (case[n] for n in ("strides", "dilations", "pads", "mode", "groups"))
    expected = deconvolved(x, kernel, *numbers)
    for mode in Mode:
        actual = apply(_build(DeconvolutionOp, case), x, kernel, mode=mode)
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("operator", "op", "kernel_shape"),
    [
        ("Conv", ConvolutionOp, (8, 3, 3, 2)),
        ("ConvTranspose", DeconvolutionOp, (6, 4, 3, 2)),
    ],
)
def test_contraction_agrees_with_onnxruntime(
    operator: str, op: Any, kernel_shape: tuple[int, ...]
):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2, 6, 9, 11)).astype(np.float32)
    kernel = rng.standard_normal(kernel_shape).astype(np.float32)
    bias = rng.standard_normal(8).astype(np.float32)
    case = {
        "strides": [2, 1],
        "dilations": [1, 2],
        "pads": [(1, 0), (2, 1)],
        "mode": P.EXPLICIT_ROUND_DOWN,
        "groups": 2,
    }
    expected = onnxruntime_result(
        operator,
        x,
        kernel,
        bias,
        strides=[2, 1],
        dilations=[1, 2],
        pads=[1, 2, 0, 1],
        group=2,
    )
    actual = apply(_build(op, case), x, kernel, bias)
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("groups", [1, 4])
def test_halves_are_summed_in_wider_types_and_rounded_once(dtype: type, groups: int):
    rng = np.random.default_rng(5)
    x = rng.integers(-8, 8, (1, 4, 6, 6)).astype(dtype)
    kernel = rng.integers(-8, 8, (4, 4 // groups, 3, 3)).astype(dtype)
    case = ((1, 1), (1, 1), [(0, 0), (0, 0)], P.EXPLICIT_ROUND_DOWN, groups)
    exact = convolved(x, kernel, None, *case)
    actual = apply(lambda a, k: ConvolutionOp(a, k, num_groups=groups), x, kernel)
    assert_rounded(actual, exact)


def test_wide_convolution_multiplies_and_adds_in_f64():
    x, kernel = np.array(CANCELLING, np.float32).reshape(2, 1, 2, 1, 1)
    assert apply(ConvolutionOp, x, kernel, mode=Mode.WIDE).item() == CANCELLED
    assert apply(ConvolutionOp, x, kernel).item() != CANCELLED


@pytest.mark.parametrize("op", [ConvolutionOp, DeconvolutionOp])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_zero_weight_does_not_hide_what_is_not_finite(op: Any, value: float):
    x = np.zeros((1, 2, 5, 5), np.float32)
    x[0, 1, 2, 2] = value
    for groups in (1, 2):
        kernel = np.zeros((2, 2 // groups, 3, 3), np.float32)
        build = lambda a, k, groups=groups: op(a, k, num_groups=groups)  # noqa: E731
        assert np.isnan(apply(build, x, kernel)).any()


def test_rows_in_chunks_are_the_rows_at_once(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(1)
    x, kernel = _whole(rng, 2, 4, 9, 7), _whole(rng, 6, 2, 3, 3)
    build = lambda a, k: ConvolutionOp(a, k, num_groups=2, pre_padding=[1, 1])  # noqa: E731
    at_once = apply(build, x, kernel)
    monkeypatch.setattr(convolution_rules, "COLUMNS_LIMIT", 2500)
    np.testing.assert_array_equal(apply(build, x, kernel), at_once)
