"""Kernels of bytes for the CPU: the integer formula, to the bit."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import prod, sqrt
from typing import Any

import numpy as np
import pytest
from layers_on_host import run_on_host
from quantized_networks import Builder, fuse, is_integer, only_group, run_integers
from xdsl.dialects.builtin import ModuleOp, f16, f32, i8
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue

from fusemlir.codegen import native
from fusemlir.codegen.native import HostCpu
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import MatrixOperation as M
from fusemlir.dialects.trt.enums import PoolingType as P
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.placement import constants_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, name_layers
from fusemlir.weights import Weights

Make = Callable[[Builder], SSAValue]
"""A network up to its result."""

Follow = Callable[[Builder, SSAValue], SSAValue]

NATIVE = native.host_cpu()

CPUS = {
    "its own": NATIVE,
    "AVX2": HostCpu(NATIVE.triple, "haswell", ("+avx2", "+fma")),
    "any x86-64": HostCpu(NATIVE.triple, "x86-64", ()),
    "short vectors of bytes": HostCpu(
        NATIVE.triple, "x86-64-v3", ("+avx2", "+avx512vl", "+avx512vnni", "+fma")
    ),
}
"""The last has no wide registers, as it says."""

HALF: dict[str, Any] = {"pre_padding": (1, 1), "post_padding": (1, 1)}


def levels(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


def convolve(
    net: Builder,
    x: SSAValue,
    features: int,
    window: tuple[int, int] = (3, 3),
    *,
    bias: bool = True,
    per_channel: bool = True,
    step: float = 0.037,
    **properties: Any,
) -> SSAValue:
    """Of what is dequantized by `step`, at scales that make most results distinct."""
    type: Any = x.type
    own = type.get_shape()[1] // properties.get("num_groups", 1)
    rng = np.random.default_rng(features)
    spread = 90 * step * sqrt(own * prod(window)) * 70
    scales = (rng.uniform(0.5, 1, features) / spread).astype(np.float32)
    scale: Any = scales if per_channel else float(scales[0])
    kernel = net.constant(levels(features, features, own, *window), i8)
    w = net.dequantize(kernel, scale, 0 if per_channel else None)
    values = (rng.standard_normal(features) / 4).astype(np.float32)
    b = net.constant(values, net.real) if bias else None
    return net.add(trt.ConvolutionOp(x, w, b, **properties))


def convolution(shape: tuple[int, ...], *arguments: Any, **options: Any) -> Make:
    def make(net: Builder) -> SSAValue:
        x = net.dequantize(levels(1, *shape), 0.037)
        return convolve(net, x, *arguments, **options)

    return make


def product(rows: int, depth: int, columns: int, op1: M, *, one: bool = False) -> Make:
    def make(net: Builder) -> SSAValue:
        scales = np.random.default_rng(2).uniform(0.5, 1, columns) / 250 / sqrt(depth)
        turned = op1 == M.TRANSPOSE
        shape = (columns, depth) if turned else (depth, columns)
        scale: Any = float(scales[0]) if one else scales.astype(np.float32)
        x = net.dequantize(levels(1, rows, depth), 0.037)
        kernel = net.constant(levels(2, *shape), i8)
        w = net.dequantize(kernel, scale, None if one else int(not turned))
        return net.add(trt.MatrixMultiplyOp(x, w, op1=op1))

    return make


def same(net: Builder, x: SSAValue) -> SSAValue:
    return x


def relu(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.RELU, x))


def clip(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.CLIP, x, alpha=-0.21, beta=0.5))


def leaky(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.LEAKY_RELU, x, alpha=0.125))


def residual(net: Builder, x: SSAValue) -> SSAValue:
    """A sum with what another Dequantize makes, and a ReLU."""
    type: Any = x.type
    other = net.dequantize(levels(9, *type.get_shape()), 0.011)
    return relu(net, net.add(trt.ElementWiseOp(E.SUM, x, other)))


def group_of(
    make: Make,
    follow: Follow = same,
    *,
    real: Attribute = f32,
    scale: float | None = 0.02,
) -> tuple[ModuleOp, FuncOp, list[np.ndarray]]:
    """A network of one int8 group; without a `scale` its result stays float."""
    net = Builder(real)
    result = follow(net, make(net))
    module = net.module(result if scale is None else net.quantize(result, scale))
    (function,) = functions(module)
    name_layers(function)
    assert is_integer(only_group(fuse(module)))
    return module, function, net.arrays


def plan_name(function: FuncOp) -> str:
    body = KernelBody(only_group(function))
    plan = plan_of(body, constants_of(body))
    return type(plan).__name__


def check(
    make: Make, *arguments: Any, plan: str = "ByteConvolutionPlan", **options: Any
) -> None:
    module, function, arrays = group_of(make, *arguments, **options)
    assert plan_name(function) == plan
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    (found,) = run_on_host(module, *arrays)
    assert np.unique(wanted).size > min(7, wanted.size // 3)
    np.testing.assert_array_equal(found, wanted)


CHANNELS = list(itertools.product([1, 3, 5, 17, 33], [1, 7, 17, 48]))


@pytest.mark.parametrize(("channels", "features"), CHANNELS)
def test_a_convolution_of_odd_channels(channels: int, features: int):
    check(convolution((3, channels, 5, 6), features, **HALF))


CONVOLUTIONS: dict[str, Make] = {
    "pointwise": convolution((3, 8, 7, 4), 33, (1, 1)),
    "strided": convolution((2, 3, 15, 13), 20, (5, 4), stride=(2, 3)),
    "no bias": convolution((1, 16, 6, 6), 32, bias=False),
    "one scale": convolution((1, 16, 6, 6), 32, per_channel=False),
    "dilated": convolution((1, 36, 9, 9), 8, dilation=(2, 3)),
    "grouped": convolution((2, 12, 7, 7), 24, num_groups=3, **HALF),
    "odd groups": convolution((2, 15, 7, 7), 21, num_groups=3, **HALF),
    "depthwise": convolution((3, 37, 9, 9), 37, num_groups=37, **HALF),
    "a few depthwise": convolution((1, 3, 5, 9), 3, num_groups=3, stride=(1, 2)),
    "multiplied": convolution((1, 5, 9, 9), 10, num_groups=5, **HALF),
    "padded on one side": convolution((1, 8, 5, 6), 8, (2, 2), post_padding=(1, 2)),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_convolution(case: str):
    check(CONVOLUTIONS[case])


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("case", ["strided", "grouped", "depthwise", "pointwise"])
def test_a_convolution_on_other_processors(
    cpu: str, case: str, monkeypatch: pytest.MonkeyPatch
):
    if cpu == "short vectors of bytes" and not NATIVE.has_vpdpbusd:
        pytest.skip("the processor has no vpdpbusd")
    monkeypatch.setattr(native, "host_cpu", lambda: CPUS[cpu])
    check(CONVOLUTIONS[case], relu)


@pytest.mark.parametrize("rows", [1, 3, 31])
@pytest.mark.parametrize("depth", [1, 5, 64])
@pytest.mark.parametrize("columns", [2, 17, 64])
def test_a_product_with_a_constant(rows: int, depth: int, columns: int):
    check(product(rows, depth, columns, M.NONE))
    check(product(rows, depth, columns, M.TRANSPOSE, one=True), relu)


@pytest.mark.parametrize("real", [f32, f16], ids=str)
@pytest.mark.parametrize("follow", [same, relu, clip, leaky, residual])
@pytest.mark.parametrize("scale", [0.02, None])
def test_what_follows(follow: Follow, real: Attribute, scale: float | None):
    make = convolution((2, 8, 6, 6), 12, **HALF)
    check(make, follow, real=real, scale=scale)


def test_sums_that_are_as_large_as_can_be():
    """All factors at their bounds: an i16 would not hold even two products."""

    def make(net: Builder) -> SSAValue:
        x = net.dequantize(np.full((1, 512, 4, 3), -128, np.int8), 0.01)
        kernel = np.full((9, 512, 3, 3), -128, np.int8)
        kernel[1::2] = 127
        w = net.dequantize(net.constant(kernel, i8), 0.01)
        return net.add(trt.ConvolutionOp(x, w))

    module, function, arrays = group_of(make, scale=None)
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    (found,) = run_on_host(module, *arrays)
    assert wanted.max() > 7000
    np.testing.assert_array_equal(found, wanted)


def test_ties_go_to_the_even_neighbour_and_what_is_too_large_saturates():
    """Scales are powers of two: every second result lies between two integers."""

    def make(net: Builder) -> SSAValue:
        x = net.dequantize(
            np.arange(-128, 128).astype(np.int8).reshape(1, 1, 16, 16), 1
        )
        w = net.dequantize(net.constant(np.array([[[[1]]], [[[3]]]]), i8), 0.5)
        return net.add(trt.ConvolutionOp(x, w))

    module, _, arrays = group_of(make, scale=1)
    (found,) = run_on_host(module, *arrays)
    exact = arrays[0] * np.array([0.5, 1.5]).reshape(1, 2, 1, 1)
    np.testing.assert_array_equal(found, np.clip(np.rint(exact), -128, 127))


def test_a_bias_that_is_too_large_saturates():
    def make(net: Builder) -> SSAValue:
        x = net.dequantize(levels(1, 1, 4, 3, 3), 1e-6)
        w = net.dequantize(net.constant(levels(2, 6, 4, 1, 1), i8), 1e-6)
        bias = [1e9, -1e9, float("nan"), float("inf"), 0.0, 1e-7]
        return net.add(trt.ConvolutionOp(x, w, net.constant(bias)))

    module, function, arrays = group_of(make, scale=1e-9)
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    (found,) = run_on_host(module, *arrays)
    np.testing.assert_array_equal(found, wanted)


def separable(
    shape: tuple[int, ...],
    features: int,
    window: int = 1,
    *,
    inner: Follow = relu,
    first: dict[str, Any] = HALF,
    second: dict[str, Any] | None = None,
) -> Make:
    def make(net: Builder) -> SSAValue:
        channels = shape[1]
        y = convolution(shape, channels, num_groups=channels, **first)(net)
        y = net.dequantize(net.quantize(inner(net, y), 0.011), 0.011)
        sizes = (window, window)
        return convolve(net, y, features, sizes, step=0.011, **(second or {}))

    return make


SEPARABLE: dict[str, Make] = {
    "of whole words": separable((1, 32, 8, 8), 48),
    "of odd channels": separable((3, 31, 7, 5), 33),
    "of few channels": separable((1, 3, 9, 10), 5),
    "strided": separable((2, 16, 15, 14), 20, first={**HALF, "stride": (2, 2)}),
    "dilated": separable((1, 16, 12, 12), 6, first={"dilation": (2, 3)}),
    "of many features": separable((1, 16, 5, 6), 300, inner=clip),
    "with another activation": separable((1, 16, 5, 6), 9, inner=leaky),
}


@pytest.mark.parametrize("case", SEPARABLE)
@pytest.mark.parametrize("follow", [relu, residual])
def test_a_depthwise_separable_group(case: str, follow: Follow):
    check(SEPARABLE[case], follow, plan="ByteSeparablePlan")


OTHERWISE: dict[str, Make] = {
    "then windows": separable((1, 9, 7, 8), 10, 3, second=HALF),
    "then strided": separable((1, 12, 9, 10), 8, second={"stride": (2, 2)}),
    "then groups": separable((1, 12, 6, 6), 18, second={"num_groups": 3}),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_a_depthwise_separable_group_of_other_windows(case: str):
    check(OTHERWISE[case], relu, plan="ElementPlan")


@pytest.mark.parametrize("channels", [(17, 5), (3, 1), (16, 33)])
def test_a_network_of_odd_channels(channels: tuple[int, int]):
    """Bytes go from convolutions through a concatenation and a maximum to another."""
    net = Builder()
    x = net.input(levels(1, 3, 7, 9, 8))

    def bytes_of(features: int, source: SSAValue, **properties: Any) -> SSAValue:
        wide = net.dequantize(source, 0.037)
        return net.quantize(
            relu(net, convolve(net, wide, features, **properties)), 0.02
        )

    both = [bytes_of(features, x, **HALF) for features in channels]
    joined = net.add(trt.ConcatenationOp(both, 1))
    pooled = net.add(trt.PoolingOp(P.MAX, joined, (3, 3), stride=(2, 2), **HALF))
    module = net.module(bytes_of(9, pooled))
    (function,) = functions(module)
    name_layers(function)
    fuse(module)
    (wanted,) = run_integers(function, net.arrays, Weights.of_module(module))
    (found,) = run_on_host(module, *net.arrays)
    assert np.unique(wanted).size > 7
    np.testing.assert_array_equal(found, wanted)
