"""Kernels of int8 groups, as PTX on the emulator: the integer formula, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kernel_arrays import emulate
from kernels_on_host import lower, machine_level
from quantized_networks import Builder, fuse, is_integer, only_group, run_integers
from xdsl.dialects.builtin import ModuleOp, f16, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import MatrixOperation as M
from fusemlir.network import functions, name_layers
from fusemlir.target import Target
from fusemlir.weights import Weights

Make = Callable[[Builder, np.random.Generator], SSAValue]
"""A network up to its result."""


def levels(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-128, 128, shape, np.int8)


def convolution(
    shape: tuple[int, ...],
    features: int,
    window: int,
    *,
    bias: bool = True,
    per_channel: bool = True,
    **properties: Any,
) -> Make:
    """Of integers at scales that make most results distinct from their bounds."""

    def make(net: Builder, rng: np.random.Generator) -> SSAValue:
        own = shape[1] // properties.get("num_groups", 1)
        depth = own * window ** (len(shape) - 2)
        kernel = levels(rng, features, own, *(window,) * (len(shape) - 2))
        scales = rng.uniform(0.5, 1, features) / (3000 * np.sqrt(depth))
        scale: Any = scales.astype(np.float32) if per_channel else float(scales[0])
        x = net.dequantize(levels(rng, *shape), 0.037)
        w = net.dequantize(kernel, scale, 0 if per_channel else None)
        values = rng.standard_normal(features) / 2
        b = net.constant(values.astype(np.float32), net.real) if bias else None
        return net.add(trt.ConvolutionOp(x, w, b, layers=["conv"], **properties))

    return make


def product(
    lhs: tuple[int, ...], op0: M, rhs: tuple[int, ...], op1: M, *, columns: int = 0
) -> Make:
    """With a scale for each of `columns`, if any."""

    def make(net: Builder, rng: np.random.Generator) -> SSAValue:
        scales = rng.uniform(0.5, 1, columns or 1) / 20000
        scale: Any = scales.astype(np.float32) if columns else float(scales[0])
        axis = len(rhs) - (2 if op1 == M.TRANSPOSE else 1)
        a = net.dequantize(levels(rng, *lhs), 0.037)
        b = net.dequantize(levels(rng, *rhs), scale, axis if columns else None)
        op = trt.MatrixMultiplyOp(a, b, op0=op0, op1=op1, layers=["matmul"])
        return net.add(op)

    return make


def relu(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.RELU, x, layers=["relu"]))


def clip(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.CLIP, x, alpha=-0.21, beta=0.5, layers=["clip"]))


def residual(net: Builder, x: SSAValue) -> SSAValue:
    """A sum with what another Dequantize makes, and a ReLU."""
    type: Any = x.type
    other = net.dequantize(levels(np.random.default_rng(9), *type.get_shape()), 0.011)
    return relu(net, net.add(trt.ElementWiseOp(E.SUM, x, other, layers=["add"])))


def same(net: Builder, x: SSAValue) -> SSAValue:
    return x


def group_of(
    make: Make,
    follow: Callable[[Builder, SSAValue], SSAValue] = relu,
    *,
    real: Attribute = f32,
    scale: float | None = 0.02,
) -> tuple[ModuleOp, FuncOp, list[np.ndarray]]:
    """A network of one int8 group; without a `scale` its result stays float."""
    net = Builder(real)
    result = follow(net, make(net, np.random.default_rng(3)))
    module = net.module(result if scale is None else net.quantize(result, scale))
    (function,) = functions(module)
    name_layers(function)
    assert is_integer(only_group(fuse(module)))
    return module, function, net.arrays


def check(make: Make, *arguments: Any, **options: Any) -> None:
    module, function, arrays = group_of(make, *arguments, **options)
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    (actual,) = emulate(module, *arrays)
    assert np.unique(wanted).size > min(7, wanted.size // 3)
    np.testing.assert_array_equal(actual, wanted)


CONVOLUTIONS: dict[str, Make] = {
    "pointwise": convolution((3, 8, 7, 4), 33, 1),
    "odd channels": convolution((1, 31, 9, 9), 17, 3, pre_padding=(1, 1)),
    "few channels": convolution((2, 3, 15, 13), 20, 5, stride=(2, 3)),
    "no bias": convolution((1, 16, 6, 6), 32, 3, bias=False),
    "one scale": convolution((1, 16, 6, 6), 32, 3, per_channel=False),
    "dilated": convolution((1, 36, 9, 9), 8, 3, dilation=(2, 3)),
    "grouped": convolution((2, 12, 7, 7), 24, 3, num_groups=3),
    "depthwise": convolution((1, 8, 9, 9), 8, 3, num_groups=8, pre_padding=(1, 1)),
    "in space": convolution((1, 5, 4, 6, 5), 9, 2),
    "one": convolution((1, 1, 1, 1), 1, 1),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_an_int8_convolution_is_its_formula(case: str):
    check(CONVOLUTIONS[case])


PRODUCTS: dict[str, Make] = {
    "plain": product((33, 31), M.NONE, (31, 40), M.NONE, columns=40),
    "transposed": product((16, 24), M.TRANSPOSE, (36, 16), M.TRANSPOSE, columns=36),
    "one scale": product((17, 32), M.NONE, (32, 5), M.NONE),
    "batched": product((2, 3, 7, 20), M.NONE, (1, 3, 20, 9), M.NONE),
    "vector": product((2, 50), M.VECTOR, (2, 50, 12), M.NONE),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_an_int8_product_is_its_formula(case: str):
    check(PRODUCTS[case], same)


@pytest.mark.parametrize("real", [f32, f16], ids=str)
@pytest.mark.parametrize("follow", [same, relu, clip, residual])
@pytest.mark.parametrize("scale", [0.02, None])
def test_an_int8_group_carries_an_epilogue(
    follow: Callable[[Builder, SSAValue], SSAValue],
    real: Attribute,
    scale: float | None,
):
    make = convolution((2, 8, 6, 6), 12, 3, pre_padding=(1, 1), post_padding=(1, 1))
    check(make, follow, real=real, scale=scale)


def test_a_bias_that_is_too_large_saturates():
    def make(net: Builder, rng: np.random.Generator) -> SSAValue:
        x = net.dequantize(levels(rng, 1, 4, 3, 3), 1e-6)
        w = net.dequantize(levels(rng, 6, 4, 1, 1), 1e-6)
        bias = [1e9, -1e9, float("nan"), float("inf"), 0.0, 1e-7]
        return net.add(trt.ConvolutionOp(x, w, net.constant(bias), layers=["conv"]))

    module, function, arrays = group_of(make, same, scale=1e-9)
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    (actual,) = emulate(module, *arrays)
    np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("sm", ["75", "80", "90"])
def test_ptxas_takes_the_kernels_without_spills(sm: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for make in (CONVOLUTIONS["odd channels"], PRODUCTS["plain"]):
        module, _, _ = group_of(make, relu)
        Target(f"sm_{sm}").put_on(module)
        ptx = emit_ptx(machine_level(lower(module)), sm)
        assert ("dp4a.s32.s32" if sm == "75" else "mma.sync.aligned") in ptx
        (report,) = assemble(ptx, sm).kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)
