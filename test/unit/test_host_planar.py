"""Convolutions of what a network is given to what it gives: no layout is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse
from xdsl.dialects.func import CallOp

import fusemlir
from fusemlir.codegen.native import HostCpu
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass


def random(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def constant(name: str, array: Any) -> str:
    return f"%{name} = trt.constant dense<{array.tolist()}> : {tensor(array)}\n"


def kernels(text: str) -> list[str]:
    """What is called, in order."""
    module = parse(text)
    TrtFusePass().apply(make_context(), module)
    ConvertTrtToHostPass().apply(make_context(), module)
    calls = [op for op in module.walk() if isinstance(op, CallOp)]
    names = [call.callee.root_reference.data.rpartition("_")[0] for call in calls]
    return [name for name in names if name != "wait_for"]


def check(found: Any, wanted: Any, terms: int) -> None:
    bound = 8 * np.finfo(np.float32).eps * np.sqrt(terms + 1)
    scale = max(1.0, float(np.abs(wanted[np.isfinite(wanted)]).max()))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=bound * scale)


def run(text: str, *inputs: Any, threads: int = 1) -> Any:
    (found,) = fusemlir.compile(parse(text), device="host", threads=threads).run(inputs)
    return found


RESIDUAL = """
    func.func @main(%x: {x}, %r: {y}) -> {y} {{
      {w} {b}
      %1 = trt.convolution %x, %w, %b : ({x}, {wt}, {bt}) -> {y}
      %2 = trt.element_wise sum %1, %r : ({y}, {y}) -> {y}
      %3 = trt.activation {function} %2 : {y} -> {y}
      func.return %3 : {y}
    }}"""
"""Of single pixels."""


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {"relu": relu, "sigmoid": sigmoid}

IMAGES = {
    "one feature": (1, 5, 1, 15, 21),
    "rows of no whole tile": (3, 7, 33, 17, 19),
    "one channel": (2, 1, 17, 1, 301),
    "a volume": (2, 3, 6, 3, 10, 11),
}
"""Images, channels, features, and places."""


def residual(case: str, function: str) -> tuple[str, list[Any], Any]:
    """A network, its inputs, and its result in f64."""
    images, channels, features, *spatial = IMAGES[case]
    ones = [1] * len(spatial)
    x, r = random(images, channels, *spatial), random(images, features, *spatial)
    w, b = random(features, channels, *ones), random(features)
    x[0, 0, 0, -1] = np.nan
    text = RESIDUAL.format(
        x=tensor(x),
        y=tensor(r),
        w=constant("w", w),
        b=constant("b", b),
        wt=tensor(w),
        bt=tensor(b),
        function=function,
    )
    weights = w.reshape(features, channels).astype(np.float64)
    sums = np.einsum("fc,nc...->nf...", weights, x.astype(np.float64))
    sums += b.reshape(-1, *ones) + r
    return text, [x, r], FUNCTIONS[function](sums)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("case", IMAGES)
def test_single_pixels_are_convolved_where_they_lie(case: str, function: str):
    text, inputs, wanted = residual(case, function)
    alone, *others = (run(text, *inputs, threads=count) for count in (1, 2, 3))
    check(alone, wanted, inputs[0].shape[1])
    for other in others:
        np.testing.assert_array_equal(alone, other)
    assert "reformat" not in kernels(text)


HALVES = """
    func.func @main(%x: tensor<2x9x18x18xf16>) -> tensor<2x5x18x18xf16> {{
      {w}
      %1 = trt.convolution %x, %w
        : (tensor<2x9x18x18xf16>, {wt}) -> tensor<2x5x18x18xf16>
      func.return %1 : tensor<2x5x18x18xf16>
    }}"""


def test_halves_are_summed_in_f32():
    x, w = random(2, 9, 18, 18).astype(np.float16), random(5, 9, 1, 1).astype("f2")
    found = run(HALVES.format(w=constant("w", w), wt=tensor(w)), x)
    weights = w.reshape(5, 9).astype(np.float64)
    exact = np.einsum("fc,nc...->nf...", weights, x.astype(np.float64))
    np.testing.assert_allclose(found, exact, rtol=2**-10, atol=2**-10)


DEPTHWISE = """
    func.func @main(%x: {x}, %r: {y}) -> {y} {{
      {w} {b}
      %1 = trt.convolution %x, %w, %b stride = {stride} pre_padding = {pre}
        post_padding = {post} dilation = {dilation} num_groups = {groups}
        : ({x}, {wt}, {bt}) -> {y}
      %2 = trt.element_wise sum %1, %r : ({y}, {y}) -> {y}
      %3 = trt.activation relu %2 : {y} -> {y}
      func.return %3 : {y}
    }}"""

WINDOWS = {
    "three by three": ((3, 5, 7, 17), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    "many columns": ((1, 3, 14, 33), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    "one row": ((1, 2, 1, 56), (1, 5), (1, 1), (0, 2), (0, 2), (1, 1)),
    "a stride of rows, padded on one side": (
        (2, 3, 15, 20),
        (4, 2),
        (2, 1),
        (2, 0),
        (0, 1),
        (1, 1),
    ),
    "dilations": ((1, 6, 16, 30), (3, 5), (1, 1), (2, 6), (1, 5), (2, 3)),
}
"""Images, then window, strides, padding before and after, and dilations."""


def depthwise(case: str) -> tuple[str, list[Any], Any]:
    """A network, its inputs, and its result in f64."""
    shape, taps, stride, pre, post, dilation = WINDOWS[case]
    channels = shape[1]
    x, w, b = random(*shape), random(channels, 1, *taps), random(channels)
    x[0, 0, 0, 0] = np.inf
    around = [(0, 0), (0, 0), *zip(pre, post, strict=True)]
    seen = np.pad(x.astype(np.float64), around)
    wide = [(count - 1) * step for count, step in zip(taps, dilation, strict=True)]
    sums: Any = 0.0
    for down, across in np.ndindex(*taps):
        top, left = down * dilation[0], across * dilation[1]
        part = seen[..., top : seen.shape[2] - wide[0] + top, :]
        part = part[..., left : seen.shape[3] - wide[1] + left]
        sums = sums + part[..., :: stride[0], :] * w[:, :, down, across, None]
    r = random(*sums.shape)
    text = DEPTHWISE.format(
        x=tensor(x),
        y=tensor(r),
        w=constant("w", w),
        b=constant("b", b),
        wt=tensor(w),
        bt=tensor(b),
        stride=list(stride),
        pre=list(pre),
        post=list(post),
        dilation=list(dilation),
        groups=channels,
    )
    return text, [x, r], relu(sums + b[:, None, None] + r)


@pytest.mark.parametrize("case", WINDOWS)
def test_channels_are_convolved_where_they_lie(case: str):
    text, inputs, wanted = depthwise(case)
    alone, *others = (run(text, *inputs, threads=count) for count in (1, 2, 3))
    check(alone, wanted, 25)
    for other in others:
        np.testing.assert_array_equal(alone, other)
    assert "reformat" not in kernels(text)


def test_shorter_vectors_give_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(HostCpu, "vector_bytes", 16)
    monkeypatch.setattr(HostCpu, "vector_registers", 16)
    for text, inputs, wanted in (
        residual("rows of no whole tile", "relu"),
        depthwise("dilations"),
    ):
        check(run(text, *inputs), wanted, 25)
