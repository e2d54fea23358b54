"""Convolutions and poolings on the CPU, against sums that numpy makes in f64."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse

import fusemlir
from fusemlir.codegen.native import HostCpu
from fusemlir.lowering.host.deconvolution import DeconvolutionPlan
from fusemlir.lowering.host.depthwise import DepthwisePlan
from fusemlir.lowering.host.kernel_table import HostKernelTable

Window = Sequence[tuple[int, ...]]
"""Of a convolution: strides, dilations, padding before and after."""


def random(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def convolution(x: Any, kernel: Any, window: Window, groups: int) -> Any:
    """[N, K, places] in f64: for each tap of the window a product of matrices."""
    strides, dilations, pre, post = window
    padding = [(0, 0), (0, 0), *zip(pre, post, strict=True)]
    image = np.pad(x.astype(np.float64), padding)
    taps = kernel.shape[2:]
    places = [
        (size - dilation * (count - 1) - 1) // stride + 1
        for size, dilation, count, stride in zip(
            image.shape[2:], dilations, taps, strides, strict=True
        )
    ]
    features, channels = kernel.shape[:2]
    weights = kernel.astype(np.float64).reshape(groups, -1, channels, *taps)
    result = np.zeros((len(x), groups, features // groups, *places))
    for tap in product(*map(range, taps)):
        axes = zip(tap, dilations, strides, places, strict=True)
        part = tuple(
            slice(at * dilation, at * dilation + (count - 1) * stride + 1, stride)
            for at, dilation, stride, count in axes
        )
        seen = image[(slice(None), slice(None), *part)]
        seen = seen.reshape(len(x), groups, channels, *places)
        result += np.einsum("gkc,ngc...->ngk...", weights[(..., *tap)], seen)
    return result.reshape(len(x), features, *places)


def deconvolution(x: Any, kernel: Any, window: Window, groups: int) -> Any:
    """[N, K, places] in f64: each tap of the window adds to every stride-th place."""
    strides, dilations, pre, post = window
    taps = kernel.shape[2:]
    full = [
        (size - 1) * stride + dilation * (count - 1) + 1
        for size, stride, dilation, count in zip(
            x.shape[2:], strides, dilations, taps, strict=True
        )
    ]
    each = kernel.shape[0] // groups
    image = x.astype(np.float64).reshape(len(x), groups, each, *x.shape[2:])
    weights = kernel.astype(np.float64).reshape(groups, each, -1, *taps)
    result = np.zeros((len(x), groups, weights.shape[2], *full))
    for tap in product(*map(range, taps)):
        axes = zip(tap, dilations, strides, x.shape[2:], strict=True)
        part = tuple(
            slice(at * dilation, at * dilation + (count - 1) * stride + 1, stride)
            for at, dilation, stride, count in axes
        )
        brought = np.einsum("gck,ngc...->ngk...", weights[(..., *tap)], image)
        result[(..., *part)] += brought
    result = result.reshape(len(x), -1, *full)
    trims = zip(pre, post, full, strict=True)
    trimmed = (slice(before, size - after) for before, after, size in trims)
    return result[(slice(None), slice(None), *trimmed)]


def window_of(rank: int, **given: int | tuple[int, ...]) -> Window:
    def of(name: str, default: int) -> tuple[int, ...]:
        value = given.get(name, default)
        return (value,) * rank if isinstance(value, int) else value

    pad = of("pad", 0)
    return (
        of("stride", 1),
        of("dilation", 1),
        pad,
        of("post", 0) if "post" in given else pad,
    )


def options(window: Window, groups: int) -> str:
    names = ("stride", "pre_padding", "post_padding", "dilation")
    strides, dilations, pre, post = window
    values = (strides, pre, post, dilations)
    text = " ".join(
        f"{name} = {list(value)}" for name, value in zip(names, values, strict=True)
    )
    return f"{text} num_groups = {groups}" if groups > 1 else text


def constant(name: str, array: Any) -> str:
    return f"%{name} = trt.constant dense<{array.tolist()}> : {tensor(array)}\n"


def network(layer: str, x: Any, kernel: Any, window: Window, groups: int, exact: Any):
    """y = relu(layer(x) + bias), and as text what it is."""
    features = exact.shape[1]
    bias = random(features)
    result = "x".join(map(str, exact.shape)) + "xf32"
    text = f"""
    func.func @main(%x: {tensor(x)}) -> tensor<{result}> {{
      {constant("w", kernel)} {constant("b", bias)}
      %c = trt.{layer} %x, %w, %b {options(window, groups)}
        : ({tensor(x)}, {tensor(kernel)}, {tensor(bias)}) -> tensor<{result}>
      %y = trt.activation relu %c : tensor<{result}> -> tensor<{result}>
      func.return %y : tensor<{result}>
    }}"""
    wide = exact + bias.reshape(-1, *[1] * (exact.ndim - 2))
    return text, np.maximum(wide, 0)


def check(found: Any, wanted: Any, terms: int) -> None:
    bound = 8 * np.finfo(np.float32).eps * np.sqrt(terms + 1)
    scale = max(1.0, float(np.abs(wanted).max()))
    assert found.shape == wanted.shape
    assert np.abs(found.astype(np.float64) - wanted).max() <= bound * scale


def run(text: str, *inputs: Any, threads: int = 1) -> Any:
    (found,) = fusemlir.compile(parse(text), device="host", threads=threads).run(inputs)
    return found


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the plans of the kernels that are built."""
    seen = list[str]()
    build = HostKernelTable.kernel

    def kernel(table: Any, plan: Any, layouts: Any) -> Any:
        seen.append(type(plan).__name__)
        return build(table, plan, layouts)

    monkeypatch.setattr(HostKernelTable, "kernel", kernel)
    return seen


DEPTHWISE = {
    "one channel": ((1, 1, 5, 6), (3, 3), window_of(2, pad=1)),
    "channels of no whole vector": ((3, 37, 7, 13), (3, 3), window_of(2, pad=1)),
    "a stride": ((1, 33, 9, 17), (3, 3), window_of(2, pad=1, stride=2)),
    "a large window": ((1, 17, 7, 9), (7, 7), window_of(2, pad=3)),
    "five by five": ((2, 15, 8, 8), (5, 5), window_of(2, pad=2, stride=2)),
    "a dilation": ((1, 16, 11, 13), (3, 3), window_of(2, pad=2, dilation=2)),
    "a dilation and a stride": (
        (1, 24, 11, 13),
        (3, 2),
        window_of(2, pad=(2, 1), dilation=(2, 3), stride=(1, 2)),
    ),
    "a volume": ((1, 18, 5, 6, 7), (3, 3, 3), window_of(3, pad=1, stride=(1, 2, 1))),
    "one pixel": ((1, 32, 3, 3), (3, 3), window_of(2)),
}


@pytest.mark.parametrize("case", DEPTHWISE)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_depthwise_convolution(case: str, threads: int, plans: list[str]):
    shape, taps, window = DEPTHWISE[case]
    x, kernel = random(*shape), random(shape[1], 1, *taps)
    exact = convolution(x, kernel, window, shape[1])
    text, wanted = network("convolution", x, kernel, window, shape[1], exact)
    check(run(text, x, threads=threads), wanted, kernel[0].size)
    assert plans == ["ConvolutionPlan" if shape[1] == 1 else DepthwisePlan.__name__]


CONVOLUTIONS = {
    "groups of no whole vector": ((2, 12, 7, 9), (34 * 3, 4, 1, 1), window_of(2), 3),
    "small groups": ((1, 20, 6, 5), (28, 5, 3, 3), window_of(2, pad=1), 4),
    "two features for each channel": ((1, 6, 5, 5), (12, 1, 3, 3), window_of(2), 6),
    "features of no whole block": ((1, 3, 4, 31), (1000, 3, 1, 1), window_of(2), 1),
    "a volume": ((2, 3, 5, 6, 7), (20, 3, 3, 2, 3), window_of(3, pad=1), 1),
    "a volume with strides": (
        (1, 8, 7, 9, 8),
        (18, 4, 3, 3, 1),
        window_of(
            3, pad=(1, 0, 0), post=(0, 1, 0), stride=(2, 1, 3), dilation=(1, 2, 1)
        ),
        2,
    ),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_convolution(case: str, threads: int):
    shape, kernel_shape, window, groups = CONVOLUTIONS[case]
    x, kernel = random(*shape), random(*kernel_shape)
    exact = convolution(x, kernel, window, groups)
    text, wanted = network("convolution", x, kernel, window, groups, exact)
    check(run(text, x, threads=threads), wanted, kernel[0].size)


DECONVOLUTIONS = {
    "no stride": ((1, 3, 5, 6), (3, 7, 3, 3), window_of(2, pad=1), 1),
    "windows that do not overlap": (
        (2, 5, 3, 4),
        (5, 16, 2, 2),
        window_of(2, stride=2),
        1,
    ),
    "four by two": ((1, 6, 7, 5), (6, 33, 4, 4), window_of(2, stride=2, pad=1), 1),
    "three by two": ((1, 4, 5, 9), (4, 20, 3, 3), window_of(2, stride=2, pad=1), 1),
    "padding at the end": (
        (1, 4, 5, 5),
        (4, 8, 3, 3),
        window_of(2, stride=2, pad=1, post=0),
        1,
    ),
    "places that nothing reaches": (
        (1, 2, 3, 4),
        (2, 8, 2, 2),
        window_of(2, stride=3),
        1,
    ),
    "a dilation": ((1, 3, 6, 5), (3, 9, 3, 2), window_of(2, dilation=(2, 3)), 1),
    "a dilation and a stride": (
        (1, 3, 4, 5),
        (3, 8, 3, 3),
        window_of(2, dilation=(3, 2), stride=(2, 3), pad=(2, 1)),
        1,
    ),
    "a dilation with a divisor of the stride": (
        (1, 3, 4, 5),
        (3, 8, 3, 2),
        window_of(2, dilation=(2, 4), stride=(4, 6), pad=(1, 3)),
        1,
    ),
    "groups": ((1, 6, 4, 7), (6, 5, 3, 3), window_of(2, stride=2, pad=1), 3),
    "one channel a group": ((1, 4, 5, 4), (4, 1, 4, 4), window_of(2, stride=2), 4),
    "fewer columns than a stride": (
        (1, 2, 3, 1),
        (2, 8, 3, 2),
        window_of(2, stride=(2, 5)),
        1,
    ),
    "a volume": (
        (2, 3, 3, 4, 5),
        (3, 8, 4, 2, 3),
        window_of(3, stride=2, pad=(1, 0, 1)),
        1,
    ),
}


@pytest.mark.parametrize("case", DECONVOLUTIONS)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_deconvolution(case: str, threads: int, plans: list[str]):
    shape, kernel_shape, window, groups = DECONVOLUTIONS[case]
    x, kernel = random(*shape), random(*kernel_shape)
    exact = deconvolution(x, kernel, window, groups)
    text, wanted = network("deconvolution", x, kernel, window, groups, exact)
    check(run(text, x, threads=threads), wanted, kernel[:, 0].size)
    assert plans == [DeconvolutionPlan.__name__]


def pooled(
    x: Any, window: Window, taps: tuple[int, ...], kind: str, counts_padding: bool
) -> Any:
    """[N, C, places] in f64, element by element."""
    strides, _, pre, post = window
    places = [
        (size + before + after - count) // stride + 1
        for size, before, after, count, stride in zip(
            x.shape[2:], pre, post, taps, strides, strict=True
        )
    ]
    result = np.empty((*x.shape[:2], *places))
    for place in product(*map(range, places)):
        firsts = [p * s - b for p, s, b in zip(place, strides, pre, strict=True)]
        part = tuple(
            slice(max(first, 0), min(first + count, size))
            for first, count, size in zip(firsts, taps, x.shape[2:], strict=True)
        )
        seen: Any = x[(slice(None), slice(None), *part)].astype(np.float64)
        axes = tuple(range(2, x.ndim))
        if kind == "max":
            value = seen.max(axes)
        else:
            number = prod(taps if counts_padding else seen.shape[2:])
            value = seen.sum(axes) / number
        result[(slice(None), slice(None), *place)] = value
    return result


POOLINGS = {
    "a window inside": ((2, 24, 9, 8), (3, 2), window_of(2, stride=2)),
    "a window that leaves the image": ((1, 5, 7, 8), (3, 3), window_of(2, pad=1)),
    "a stride and padding": ((1, 17, 8, 9), (3, 3), window_of(2, pad=1, stride=2)),
    "a large window": ((1, 33, 9, 9), (7, 8), window_of(2, pad=(1, 2), stride=(2, 1))),
    "one channel": ((3, 1, 6, 5), (2, 2), window_of(2, stride=(1, 3))),
    "a volume": ((1, 18, 5, 6, 7), (2, 3, 2), window_of(3, pad=1, stride=(1, 2, 2))),
    "a volume inside": ((2, 7, 4, 4, 5), (2, 2, 2), window_of(3, stride=2)),
}


@pytest.mark.parametrize("case", POOLINGS)
@pytest.mark.parametrize("kind", ["max", "average", "average of padding too"])
def test_a_pooling(case: str, kind: str, plans: list[str]):
    shape, taps, window = POOLINGS[case]
    strides, _, pre, post = window
    name, counts_padding = kind.split()[0], kind.endswith("too")
    x = random(*shape)
    x[0, 0, 1, 1] = np.nan
    wanted = pooled(x, window, taps, name, counts_padding)
    text = f"window = {list(taps)} stride = {list(strides)} "
    text += f"pre_padding = {list(pre)} post_padding = {list(post)}"
    if counts_padding:
        text += " average_count_excludes_padding = false"
    result = "x".join(map(str, wanted.shape)) + "xf32"
    found = run(
        f"""
        func.func @main(%x: {tensor(x)}) -> tensor<{result}> {{
          %y = trt.pooling {name} %x {text} : {tensor(x)} -> tensor<{result}>
          func.return %y : tensor<{result}>
        }}""",
        x,
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    assert plans == ["PoolingPlan"]


@pytest.mark.parametrize("bytes", [16, 32])
@pytest.mark.parametrize("groups", [1, 3, 39])
@pytest.mark.parametrize("layer", ["convolution", "deconvolution"])
def test_shorter_vectors_give_the_same(
    layer: str, groups: int, bytes: int, monkeypatch: pytest.MonkeyPatch
):
    """LLVM makes what an older CPU would be given."""
    monkeypatch.setattr(HostCpu, "vector_bytes", bytes)
    monkeypatch.setattr(HostCpu, "vector_registers", 16)
    x, window = random(2, 39, 5, 6), window_of(2, stride=2, pad=1)
    kernel = random(39, 39 // groups, 3, 3)
    exact = globals()[layer](x, kernel, window, groups)
    text, wanted = network(layer, x, kernel, window, groups, exact)
    check(run(text, x), wanted, 9 * 39 // groups)


@pytest.mark.parametrize("groups", [1, 2, 38])
@pytest.mark.parametrize("layer", ["convolution", "deconvolution"])
def test_the_number_of_threads_changes_no_bit(layer: str, groups: int):
    x, window = random(2, 38, 7, 9), window_of(2, pad=1, stride=2)
    kernel = random(38, 38 // groups, 3, 3)
    exact = globals()[layer](x, kernel, window, groups)
    text, _ = network(layer, x, kernel, window, groups, exact)
    alone, *others = (run(text, x, threads=count) for count in (1, 2, 3))
    for other in others:
        np.testing.assert_array_equal(alone, other)


RESIDUAL = """
    func.func @main(%x: {x}) -> {y} {{
      {w} {v} {s}
      %1 = trt.convolution %x, %w {pad} : ({x}, {wt}) -> {y}
      %2 = trt.activation sigmoid %1 : {y} -> {y}
      %3 = trt.convolution %2, %v {pad} num_groups = 34 : ({y}, {vt}) -> {y}
      %4 = trt.element_wise sum %3, %2 : ({y}, {y}) -> {y}
      %5 = trt.element_wise prod %4, %s : ({y}, {st}) -> {y}
      func.return %5 : {y}
    }}"""


@pytest.mark.parametrize("features", [17, 34, 68])
def test_layers_after_a_depthwise_convolution(features: int):
    """A residual, a factor for each feature, and what needs more than arithmetic."""
    x, w = random(1, 9, 6, 9), random(features, 9, 3, 3)
    v, s = random(features, 1, 3, 3), random(1, features, 1, 1)
    window, result = window_of(2, pad=1), f"tensor<1x{features}x6x9xf32>"
    text = RESIDUAL.format(
        x=tensor(x),
        y=result,
        w=constant("w", w),
        v=constant("v", v),
        s=constant("s", s),
        wt=tensor(w),
        vt=tensor(v),
        st=tensor(s),
        pad=options(window, 1),
    ).replace("num_groups = 34", f"num_groups = {features}")
    first = 1 / (1 + np.exp(-convolution(x, w, window, 1)))
    wanted = (convolution(first, v, window, features) + first) * s
    check(run(text, x), wanted, 81)
