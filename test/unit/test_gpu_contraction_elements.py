"""Kernels of contractions by a thread for each element: of deconvolutions of bytes, and
of what has numbers in its code, as PTX on the emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kernel_arrays import assert_near, emulate, random, tensor
from kernels_on_host import lower, machine_level, parse
from quantized_networks import Builder
from reference_support import onnxruntime_result
from test_gpu_integer_contraction import (
    Make,
    check,
    clip,
    group_of,
    levels,
    relu,
    residual,
    same,
)
from test_reference_convolution import convolved, deconvolved
from xdsl.dialects.builtin import f16, f32, i8
from xdsl.ir import Attribute, SSAValue

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import PaddingMode
from fusemlir.lowering.gpu.kernel_table import family_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.reference import Mode, run
from fusemlir.weights import Weights

LEFT = [(0, 0), (0, 0)]


def deconvolution(
    shape: tuple[int, ...],
    features: int,
    window: tuple[int, ...],
    *,
    bias: bool = True,
    **properties: Any,
) -> Make:
    """`features` are those of a group; of one group each has a scale."""

    def make(net: Builder, rng: np.random.Generator) -> SSAValue:
        groups = properties.get("num_groups", 1)
        channels = shape[1] // groups
        scales = rng.uniform(0.5, 1, features) / (400 * np.sqrt(channels))
        scale: Any = scales.astype(np.float32) if groups == 1 else float(scales[0])
        x = net.dequantize(levels(rng, *shape), 0.037)
        kernel = levels(rng, shape[1], features, *window)
        w = net.dequantize(kernel, scale, 1 if groups == 1 else None)
        values = (rng.standard_normal(features * groups) / 2).astype(np.float32)
        b = net.constant(values, net.real) if bias else None
        return net.add(trt.DeconvolutionOp(x, w, b, layers=["deconv"], **properties))

    return make


DECONVOLUTIONS: dict[str, Make] = {
    "one": deconvolution((1, 1, 1, 1), 1, (1, 1)),
    "pointwise": deconvolution((3, 5, 7, 9), 7, (1, 1)),
    "doubling": deconvolution((1, 7, 5, 33), 3, (2, 2), stride=(2, 2)),
    "trimmed": deconvolution(
        (1, 33, 5, 6), 2, (4, 4), stride=(2, 2), pre_padding=(1, 1), post_padding=(1, 2)
    ),
    "no bias, gaps": deconvolution((2, 3, 4, 5), 2, (1, 2), stride=(3, 4), bias=False),
    "dilated": deconvolution(
        (1, 2, 5, 4), 3, (3, 2), stride=(2, 3), dilation=(3, 2), pre_padding=(2, 0)
    ),
    "grouped": deconvolution((2, 6, 4, 4), 2, (3, 3), stride=(2, 1), num_groups=3),
    "same": deconvolution(
        (1, 2, 4, 5), 2, (4, 3), stride=(2, 3), padding_mode=PaddingMode.SAME_UPPER
    ),
    "in space": deconvolution((1, 2, 3, 4, 2), 3, (2, 3, 1), stride=(2, 1, 3)),
}


@pytest.mark.parametrize("case", DECONVOLUTIONS)
def test_an_int8_deconvolution_is_its_formula(case: str):
    check(DECONVOLUTIONS[case])


@pytest.mark.parametrize("real", [f32, f16], ids=str)
@pytest.mark.parametrize("follow", [same, clip, residual])
@pytest.mark.parametrize("scale", [0.02, None])
def test_an_int8_deconvolution_carries_an_epilogue(
    follow: Callable[[Builder, SSAValue], SSAValue],
    real: Attribute,
    scale: float | None,
):
    make = deconvolution((2, 8, 5, 6), 5, (3, 2), stride=(2, 2))
    check(make, follow, real=real, scale=scale)


def test_an_int8_deconvolution_is_within_a_step_of_onnxruntime():
    rng = np.random.default_rng(7)
    x, kernel = levels(rng, 2, 5, 6, 7), levels(rng, 5, 4, 3, 3)
    scales = (rng.uniform(0.5, 1, 4) / 1000).astype(np.float32)

    def make(net: Builder, _: np.random.Generator) -> SSAValue:
        data, weights = net.dequantize(x, 0.037), net.dequantize(kernel, scales, 1)
        op = trt.DeconvolutionOp(data, weights, stride=(2, 2), layers=["deconv"])
        return net.add(op)

    module, _, arrays = group_of(make, relu)
    (actual,) = emulate(module, *arrays)
    factors = np.float32(0.037) * x, scales.reshape(4, 1, 1) * kernel
    sums = onnxruntime_result("ConvTranspose", *factors, strides=[2, 2])
    wanted = np.rint(np.maximum(sums, 0) / np.float32(0.02)).clip(-128, 127)
    assert np.unique(wanted).size > 60
    assert np.abs(actual - wanted).max() <= 1
    assert (actual == wanted).mean() > 0.99


def convolution_with_zero_points(zeros: list[int]) -> Make:
    def make(net: Builder, rng: np.random.Generator) -> SSAValue:
        kernel = net.input(levels(rng, 3, 4, 2, 2))
        scales = net.constant(np.full(3, 1 / 9000, np.float32))
        point = net.constant(zeros, i8)
        op = trt.DequantizeOp(kernel, scales, point, axis=0, to_type=net.real)
        x = net.dequantize(levels(rng, 1, 4, 5, 6), 0.037)
        return net.add(trt.ConvolutionOp(x, net.add(op), layers=["conv"]))

    return make


def test_zero_points_of_zero_are_none():
    check(convolution_with_zero_points([0, 0, 0]))


OTHER_ZERO_POINT = """
func.func @main(%x: tensor<1x4x5x6xi8>, %k: tensor<3x4x2x2xi8>) -> tensor<1x3x4x5xf32> {
  %y = trt.fused "dequantize_conv"(%x, %k) layers ["dx", "dk", "c"] : (tensor<1x4x5x6xi8>, tensor<3x4x2x2xi8>) -> tensor<1x3x4x5xf32> {
  ^bb0(%x0: tensor<1x4x5x6xi8>, %k0: tensor<3x4x2x2xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %z = trt.constant dense<ZERO> : tensor<i8>
    %d = trt.dequantize %x0, %s, %z layers ["dx"] : (tensor<1x4x5x6xi8>, tensor<f32>, tensor<i8>) -> tensor<1x4x5x6xf32>
    %e = trt.dequantize %k0, %s layers ["dk"] : (tensor<3x4x2x2xi8>, tensor<f32>) -> tensor<3x4x2x2xf32>
    %c = trt.convolution %d, %e layers ["c"] : (tensor<1x4x5x6xf32>, tensor<3x4x2x2xf32>) -> tensor<1x3x4x5xf32>
    trt.yield %c : tensor<1x3x4x5xf32>
  }
  func.return %y : tensor<1x3x4x5xf32>
}
"""  # noqa: E501


@pytest.mark.parametrize(("zero", "is_built"), [(0, True), (3, False)])
def test_other_zero_points_than_zero_have_no_kernel(zero: int, is_built: bool):
    module = parse(OTHER_ZERO_POINT.replace("ZERO", str(zero)))
    (function,) = functions(module)
    (group,) = filter(is_kernel, nodes(function))
    assert (family_of(KernelBody(group)) is not None) == is_built


def grouped(kind: str, layers: str, result: str, *arrays: np.ndarray) -> str:
    """A network of one group, whose arguments are %0, %1, ... ."""
    names = [f"%{at}" for at in range(len(arrays))]
    types = [tensor(array) for array in arrays]
    given = ", ".join(f"{n}: {t}" for n, t in zip(names, types, strict=True))
    return f"""
    func.func @main({given}) -> {result} {{
      %y = trt.fused "{kind}"({", ".join(names)}) layers ["a", "b"]
        : ({", ".join(types)}) -> {result} {{
      ^bb0({given}):
        {layers}
        trt.yield %r : {result}
      }}
      func.return %y : {result}
    }}"""


@pytest.mark.parametrize("size", [5, 60])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_bias_may_be_a_number_in_the_code(dtype: Any, size: int):
    """Of elements, and in tiles."""
    x, kernel = random((2, 13, size, size), dtype), random((1, 13, 3, 3), dtype, 1)
    mode = PaddingMode.EXPLICIT_ROUND_DOWN
    sums = convolved(x, kernel, None, (1, 1), (1, 1), LEFT, mode, 1)
    exact = np.maximum(sums - 1.5, 0)
    result = tensor(exact.astype(dtype))
    element = result.split("x")[-1].rstrip(">")
    layers = f"""
        %b = trt.constant dense<-1.5> : tensor<1x{element}>
        %c = trt.convolution %0, %1, %b layers ["a"]
          : ({tensor(x)}, {tensor(kernel)}, tensor<1x{element}>) -> {result}
        %r = trt.activation relu %c layers ["b"] : {result} -> {result}"""
    module = parse(grouped("conv_relu", layers, result, x, kernel))
    (actual,) = emulate(module, x, kernel)
    assert_near(actual, exact, terms=117)


def test_a_kernel_may_be_a_number_in_the_code():
    x = random((3, 1, 7, 5), np.float16)
    layers = f"""
        %k = trt.constant dense<-0.75> : tensor<1x1x1x1xf16>
        %c = trt.convolution %0, %k layers ["a"]
          : ({tensor(x)}, tensor<1x1x1x1xf16>) -> {tensor(x)}
        %r = trt.activation relu %c layers ["b"] : {tensor(x)} -> {tensor(x)}"""
    module = parse(grouped("conv_relu", layers, tensor(x), x))
    (actual,) = emulate(module, x)
    np.testing.assert_array_equal(actual, np.maximum(x * np.float16(-0.75), 0))


def test_a_factor_may_be_a_number_in_the_code():
    x = random((9, 1))
    layers = f"""
        %k = trt.constant dense<3.0> : tensor<1x1xf32>
        %c = trt.matrix_multiply %0, %k layers ["a"]
          : ({tensor(x)}, tensor<1x1xf32>) -> {tensor(x)}
        %r = trt.activation relu %c layers ["b"] : {tensor(x)} -> {tensor(x)}"""
    module = parse(grouped("matmul_relu", layers, tensor(x), x))
    (actual,) = emulate(module, x)
    np.testing.assert_array_equal(actual, np.maximum(x * 3, 0))


def test_a_deconvolution_may_have_a_bias_in_its_code():
    x, kernel = random((1, 4, 5, 4)), random((4, 1, 2, 2), seed=1)
    mode = PaddingMode.EXPLICIT_ROUND_DOWN
    exact = deconvolved(x, kernel, (2, 2), (1, 1), LEFT, mode, 1) + 0.5
    result = tensor(exact.astype(np.float32))
    layers = f"""
        %b = trt.constant dense<0.5> : tensor<1xf32>
        %c = trt.deconvolution %0, %1, %b stride = [2, 2] layers ["a"]
          : ({tensor(x)}, {tensor(kernel)}, tensor<1xf32>) -> {result}
        %r = trt.activation relu %c layers ["b"] : {result} -> {result}"""
    module = parse(grouped("deconv_relu", layers, result, x, kernel))
    (actual,) = emulate(module, x, kernel)
    assert_near(actual, np.maximum(exact, 0), terms=16)


def test_an_int8_product_by_a_number_is_its_formula():
    """The kernel of one element is in the group's body, as its scale is."""
    text = grouped(
        "dequantize_matmul", BYTES, "tensor<17x1xf32>", np.empty((17, 1), np.int8)
    )
    x = levels(np.random.default_rng(1), 17, 1)
    (actual,) = emulate(parse(text), x)
    unit = np.float32(np.float64(np.float32(0.1)) * np.float64(np.float32(0.3)))
    sums = (x.astype(np.int32) * -7).astype(np.float32)
    np.testing.assert_array_equal(actual, sums * unit)


BYTES = """
        %sx = trt.constant dense<0.1> : tensor<f32>
        %sk = trt.constant dense<0.3> : tensor<f32>
        %k = trt.constant dense<-7> : tensor<1x1xi8>
        %d = trt.dequantize %0, %sx layers ["a"]
          : (tensor<17x1xi8>, tensor<f32>) -> tensor<17x1xf32>
        %e = trt.dequantize %k, %sk
          : (tensor<1x1xi8>, tensor<f32>) -> tensor<1x1xf32>
        %r = trt.matrix_multiply %d, %e layers ["b"]
          : (tensor<17x1xf32>, tensor<1x1xf32>) -> tensor<17x1xf32>"""


def test_ptxas_takes_the_kernels_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for case in ("trimmed", "in space"):
        module, _, _ = group_of(DECONVOLUTIONS[case], residual)
        ptx = emit_ptx(machine_level(lower(module)), "80")
        (report,) = assemble(ptx, "80").kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)


def test_a_lone_layer_reads_what_others_dequantize():
    make = DECONVOLUTIONS["doubling"]
    net = Builder()
    module = net.module(make(net, np.random.default_rng(3)))
    (function,) = functions(module)
    weights = Weights.of_module(module)
    (wanted,) = run(function, net.arrays, weights, Mode.WIDE)
    (actual,) = emulate(module, *net.arrays)
    assert_near(actual, wanted, terms=28)
