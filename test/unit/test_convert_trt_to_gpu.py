"""Networks lowered to kernels and run, against the reference and against numpy."""

from __future__ import annotations

from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import HostProgram, lower, machine_level, parse, run_lowered
from xdsl.context import Context
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects.trt.convolution import same_padding
from fusemlir.dialects.trt.enums import PaddingMode
from fusemlir.lowering.gpu.position import merge_axes
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.transforms.fuse_conv_elementwise import FuseConvElementwisePass
from fusemlir.transforms.fuse_conv_relu import FuseConvReluPass
from fusemlir.transforms.fuse_pointwise import FusePointwisePass
from fusemlir.weights import Weights, element_of

FUSIONS = (FuseConvElementwisePass(), FuseConvReluPass(), FusePointwisePass())


def random(shape: tuple[int, ...], dtype: Any = np.float32, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def tensor(array: np.ndarray) -> str:
    sizes = "".join(f"{size}x" for size in array.shape)
    return f"tensor<{sizes}{element_of(array.dtype)}>"


def assert_near(actual: np.ndarray, exact: np.ndarray, terms: int = 1) -> None:
    """Within what rounding `terms` products of magnitude one, and the result, costs."""
    eps = float(ml_dtypes.finfo(actual.dtype).eps)
    sums = 2 * float(np.finfo(np.float32).eps) * np.sqrt(terms)
    wide = exact.astype(np.float64)
    off = np.abs(actual.astype(np.float64) - wide)
    allowed = 4 * sums * max(1.0, np.abs(wide).max()) + eps * np.abs(wide)
    if actual.dtype == np.float32:
        allowed = 8 * sums * max(1.0, np.abs(wide).max())
    assert (off <= allowed).all(), (off.max(), allowed.min())


def fused(text: str) -> ModuleOp:
    module = parse(text)
    for fusion in FUSIONS:
        fusion.apply(Context(), module)
    return module


def expected(module: ModuleOp, inputs: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    (function,) = functions(module)
    return run(function, inputs, Weights.of_module(module), Mode.WIDE)


def check(text: str, *inputs: np.ndarray, terms: int = 1) -> None:
    """Fused and lowered, a network gives what its groups mean in f64; in f32, where
    rounding between layers is too little to see, what the unfused network does too."""
    module = fused(text)
    references = [expected(module, inputs)]
    if inputs[0].dtype == np.float32:
        references.append(expected(parse(text), inputs))
    results = HostProgram(lower(module))(*inputs)
    for reference in references:
        for result, exact in zip(results, reference, strict=True):
            assert result.shape == exact.shape
            if result.dtype.kind in "bi":
                np.testing.assert_array_equal(result, exact)
            else:
                assert_near(result, exact, terms)


def convolved(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    pads: list[tuple[int, int]],
) -> np.ndarray:
    """The definition, one window position at a time, in f64."""
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *pads])
    features, channels, *window = kernel.shape
    extents = [d * (w - 1) + 1 for d, w in zip(dilation, window, strict=True)]
    sizes = [
        (size - extent) // step + 1
        for size, extent, step in zip(padded.shape[2:], extents, stride, strict=True)
    ]
    result = np.zeros((x.shape[0], features, *sizes))
    for feature, *at in product(range(features), *map(range, sizes)):
        group = feature // (features // groups)
        taps = tuple(
            slice(p * s, p * s + e, d)
            for p, s, e, d in zip(at, stride, extents, dilation, strict=True)
        )
        first = group * channels
        part = padded[(slice(None), slice(first, first + channels), *taps)]
        products = part * kernel[feature].astype(np.float64)
        sums = products.reshape(x.shape[0], -1).sum(axis=1)
        result[(slice(None), feature, *at)] = sums + float(bias[feature])
    return result


CONVOLUTIONS = {
    "one by one": ((1, 1, 1, 1), 1, 1, (1, 1), (1, 1), 1, (0, 0), (0, 0)),
    "pointwise": ((3, 5, 7, 9), 3, 1, (1, 1), (1, 1), 1, (0, 0), (0, 0)),
    "padded": ((1, 3, 8, 8), 4, 3, (1, 1), (1, 1), 1, (1, 1), (1, 1)),
    "one-sided": ((2, 3, 6, 7), 4, 3, (1, 1), (1, 1), 1, (0, 2), (3, 0)),
    "strided": ((3, 3, 31, 33), 5, 3, (2, 3), (1, 1), 1, (1, 0), (0, 1)),
    "dilated": ((1, 2, 9, 11), 3, 3, (1, 1), (2, 3), 1, (2, 3), (2, 3)),
    "grouped": ((1, 6, 5, 5), 4, 3, (1, 1), (1, 1), 2, (1, 1), (1, 1)),
    "depthwise": ((2, 5, 6, 6), 10, 3, (2, 2), (1, 1), 5, (1, 1), (1, 1)),
    "all padding": ((1, 1, 2, 2), 1, 5, (1, 1), (1, 1), 1, (4, 4), (4, 4)),
    "in space": (
        (1, 3, 4, 5, 6),
        4,
        2,
        (1, 2, 1),
        (2, 1, 1),
        1,
        (1, 0, 1),
        (0, 1, 1),
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_convolution_is_its_definition(case: str, dtype: Any):
    shape, features, window, stride, dilation, groups, pre, post = CONVOLUTIONS[case]
    axes = len(shape) - 2
    x = random(shape, dtype)
    kernel = random((features, shape[1] // groups, *(window,) * axes), dtype, 1)
    bias = random((features,), dtype, 2)
    pads = list(zip(pre, post, strict=True))
    exact = convolved(x, kernel, bias, stride, dilation, groups, pads)
    result = f"tensor<{'x'.join(map(str, exact.shape))}x{element_of(x.dtype)}>"
    text = f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}, %b: {tensor(bias)})
        -> {result} {{
      %y = trt.convolution %x, %k, %b stride = {list(stride)}
        pre_padding = {list(pre)} post_padding = {list(post)}
        dilation = {list(dilation)} num_groups = {groups} layers ["conv"]
        : ({tensor(x)}, {tensor(kernel)}, {tensor(bias)}) -> {result}
      func.return %y : {result}
    }}"""
    (actual,) = run_lowered(text, x, kernel, bias)
    assert_near(actual, exact, terms=kernel[0].size)


@pytest.mark.parametrize("mode", [PaddingMode.SAME_UPPER, PaddingMode.SAME_LOWER])
def test_a_convolution_pads_as_its_mode_says(mode: PaddingMode):
    x, kernel = random((1, 3, 7, 8)), random((4, 3, 4, 2), seed=1)
    sizes = zip((7, 8), (4, 2), (2, 3), strict=True)
    pads = [same_padding(*axis, mode) for axis in sizes]
    exact = convolved(x, kernel, np.zeros(4), (2, 3), (1, 1), 1, pads)
    text = f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}) -> tensor<1x4x4x3xf32> {{
      %y = trt.convolution %x, %k stride = [2, 3] padding_mode = {mode}
        : ({tensor(x)}, {tensor(kernel)}) -> tensor<1x4x4x3xf32>
      func.return %y : tensor<1x4x4x3xf32>
    }}"""
    assert_near(run_lowered(text, x, kernel)[0], exact, terms=24)


def test_rounding_up_reads_zeros_past_the_padding():
    x, kernel = random((1, 1, 6, 6)), random((1, 1, 3, 3), seed=1)
    exact = convolved(x, kernel, np.zeros(1), (2, 2), (1, 1), 1, [(0, 1), (0, 1)])
    text = f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}) -> tensor<1x1x3x3xf32> {{
      %y = trt.convolution %x, %k stride = [2, 2] padding_mode = explicit_round_up
        : ({tensor(x)}, {tensor(kernel)}) -> tensor<1x1x3x3xf32>
      func.return %y : tensor<1x1x3x3xf32>
    }}"""
    assert_near(run_lowered(text, x, kernel)[0], exact, terms=9)


MATRICES = {
    "plain": ((3, 5), "none", (5, 7), "none", "mk,kn->mn"),
    "transposed": ((5, 3), "transpose", (7, 5), "transpose", "km,nk->mn"),
    "batched": ((2, 3, 31), "none", (2, 31, 4), "none", "bmk,bkn->bmn"),
    "broadcast left": ((1, 3, 5), "none", (4, 5, 2), "none", "amk,bkn->bmn"),
    "broadcast right": ((4, 3, 5), "none", (1, 2, 5), "transpose", "bmk,ank->bmn"),
    "vector left": ((2, 5), "vector", (2, 5, 3), "none", "bk,bkn->bn"),
    "vector right": ((2, 3, 5), "none", (2, 5), "vector", "bmk,bk->bm"),
    "vectors": ((5,), "vector", (5,), "vector", "k,k->"),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("case", MATRICES)
def test_a_matrix_multiply_is_its_sum(case: str, dtype: Any):
    shape0, op0, shape1, op1, formula = MATRICES[case]
    a, b = random(shape0, dtype), random(shape1, dtype, 1)
    exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
    result = tensor(exact.astype(dtype))
    text = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {result} {{
      %y = trt.matrix_multiply %a, %b op0 = {op0} op1 = {op1}
        : ({tensor(a)}, {tensor(b)}) -> {result}
      func.return %y : {result}
    }}"""
    assert_near(run_lowered(text, a, b)[0], exact, terms=a.shape[-1])


@pytest.mark.parametrize("size", [1, 31, 33, 255, 256, 257])
def test_any_number_of_elements_is_computed(size: int):
    text = f"""
    func.func @main(%x: tensor<{size}xf32>) -> tensor<{size}xf32> {{
      %y = trt.unary neg %x : tensor<{size}xf32> -> tensor<{size}xf32>
      func.return %y : tensor<{size}xf32>
    }}"""
    x = random((size,))
    np.testing.assert_array_equal(run_lowered(text, x)[0], -x)


def test_a_tensor_without_elements_is_not_launched_on():
    text = """
    func.func @main(%x: tensor<0x3xf32>) -> tensor<0x3xf32> {
      %y = trt.unary neg %x : tensor<0x3xf32> -> tensor<0x3xf32>
      func.return %y : tensor<0x3xf32>
    }"""
    module = lower(parse(text))
    assert not [op for op in module.walk() if isinstance(op, gpu.LaunchFuncOp)]


def test_a_scalar_is_computed():
    text = """
    func.func @main(%x: tensor<f32>) -> tensor<f32> {
      %y = trt.unary neg %x : tensor<f32> -> tensor<f32>
      func.return %y : tensor<f32>
    }"""
    assert run_lowered(text, np.float32(3).reshape(()))[0] == -3


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 1, 5), (1, 4, 5)),
        ((1, 1, 1), (2, 3, 4)),
        ((2, 3, 4), (2, 1, 1)),
        ((2, 1, 4, 1), (1, 3, 1, 5)),
        ((1, 7), (1, 7)),
    ],
)
def test_operands_are_broadcast(shapes: tuple[tuple[int, ...], tuple[int, ...]]):
    a, b = random(shapes[0]), random(shapes[1], seed=1)
    result = tensor(a - b)
    text = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {result} {{
      %y = trt.element_wise sub %a, %b : ({tensor(a)}, {tensor(b)}) -> {result}
      func.return %y : {result}
    }}"""
    np.testing.assert_array_equal(run_lowered(text, a, b)[0], a - b)


def test_neighbouring_axes_are_merged_where_all_tensors_agree():
    whole, row, column = (2, 3, 4), (1, 1, 4), (2, 3, 1)
    assert merge_axes(whole, []) == {whole: (24,)}
    assert merge_axes(whole, [row]) == {whole: (6, 4), row: (1, 4)}
    assert merge_axes(whole, [row, column])[column] == (6, 1)
    assert merge_axes((1, 5, 1), [(1, 1, 1)]) == {(1, 5, 1): (5,), (1, 1, 1): (1,)}


SCALES = {
    "uniform": (1, "", lambda w: w),
    "channel": (3, "", lambda w: w.reshape(3, 1, 1)),
    "channel of another axis": (5, "channel_axis = 3", lambda w: w),
    "elementwise": (60, "", lambda w: w.reshape(3, 4, 5)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("mode", SCALES)
def test_a_scale_spreads_its_weights(mode: str, dtype: Any):
    count, axis, spread = SCALES[mode]
    x = np.abs(random((2, 3, 4, 5), dtype))
    scale, shift, power = (np.abs(random((count,), dtype, k)) for k in (1, 2, 3))
    weights = [spread(w.astype(np.float64)) for w in (scale, shift, power)]
    exact = (x.astype(np.float64) * weights[0] + weights[1]) ** weights[2]
    weight = tensor(scale)
    text = f"""
    func.func @main(%x: {tensor(x)}, %a: {weight}, %b: {weight}, %c: {weight})
        -> {tensor(x)} {{
      %y = trt.scale {mode.split()[0]} %x scale(%a : {weight}) shift(%b : {weight})
        power(%c : {weight}) {axis} : {tensor(x)} -> {tensor(x)}
      func.return %y : {tensor(x)}
    }}"""
    assert_near(run_lowered(text, x, scale, shift, power)[0], exact)


def test_a_scale_of_bytes_rounds_and_saturates():
    x = np.array([-128, -3, 1, 3, 5, 127], np.int8)
    text = """
    func.func @main(%x: tensor<6xi8>) -> tensor<6xi8> {
      %a = trt.constant dense<[2.5]> : tensor<1xf32>
      %y = trt.scale uniform %x scale(%a : tensor<1xf32>) : tensor<6xi8> -> tensor<6xi8>
      func.return %y : tensor<6xi8>
    }"""
    assert run_lowered(text, x)[0].tolist() == [-128, -8, 2, 8, 12, 127]


RESIDUAL = """
func.func @main(%x: tensor<3x3x9x7xTYPE>, %r: tensor<3x5x9x7xTYPE>) -> tensor<3x5x9x7xTYPE> {
  %w = trt.constant #trt.weight<"w" : tensor<5x3x3x3xTYPE>>
  %b = trt.constant #trt.weight<"b" : tensor<5xTYPE>>
  %c = trt.convolution %x, %w, %b pre_padding = [1, 1] post_padding = [1, 1] layers ["conv"] : (tensor<3x3x9x7xTYPE>, tensor<5x3x3x3xTYPE>, tensor<5xTYPE>) -> tensor<3x5x9x7xTYPE>
  %s = trt.element_wise sum %r, %c layers ["add"] : (tensor<3x5x9x7xTYPE>, tensor<3x5x9x7xTYPE>) -> tensor<3x5x9x7xTYPE>
  %y = trt.activation relu %s layers ["relu"] : tensor<3x5x9x7xTYPE> -> tensor<3x5x9x7xTYPE>
  func.return %y : tensor<3x5x9x7xTYPE>
}
"""  # noqa: E501


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_a_convolution_carries_a_residual_sum_and_an_activation(dtype: Any):
    x, r = random((3, 3, 9, 7), dtype), random((3, 5, 9, 7), dtype, 1)
    text = RESIDUAL.replace("TYPE", str(element_of(x.dtype)))
    module = lower(fused(text))
    launches = [op for op in module.walk() if isinstance(op, gpu.LaunchFuncOp)]
    assert len(launches) == 1
    check(text, x, r, terms=27)


def test_a_group_may_hold_layers_beside_its_convolution():
    """A gate that is computed from another input stands before the convolution."""
    text = """
    func.func @main(%x: tensor<2x3x5x5xf32>, %w: tensor<4x3x1x1xf32>, %g: tensor<2x4x1x1xf32>) -> (tensor<2x4x5x5xf16>) {
      %y = trt.fused "sigmoid_conv_prod_cast"(%x, %w, %g) layers ["gate", "conv", "mul", "cast"] : (tensor<2x3x5x5xf32>, tensor<4x3x1x1xf32>, tensor<2x4x1x1xf32>) -> tensor<2x4x5x5xf16> {
      ^bb0(%x0: tensor<2x3x5x5xf32>, %w0: tensor<4x3x1x1xf32>, %g0: tensor<2x4x1x1xf32>):
        %s = trt.activation sigmoid %g0 layers ["gate"] : tensor<2x4x1x1xf32> -> tensor<2x4x1x1xf32>
        %c = trt.convolution %x0, %w0 layers ["conv"] : (tensor<2x3x5x5xf32>, tensor<4x3x1x1xf32>) -> tensor<2x4x5x5xf32>
        %m = trt.element_wise prod %c, %s layers ["mul"] : (tensor<2x4x5x5xf32>, tensor<2x4x1x1xf32>) -> tensor<2x4x5x5xf32>
        %h = trt.cast %m layers ["cast"] : tensor<2x4x5x5xf32> -> tensor<2x4x5x5xf16>
        trt.yield %h : tensor<2x4x5x5xf16>
      }
      func.return %y : tensor<2x4x5x5xf16>
    }"""  # noqa: E501
    x, w, g = random((2, 3, 5, 5)), random((4, 3, 1, 1)), random((2, 4, 1, 1))
    exact = np.einsum("nchw,kc->nkhw", x, w[:, :, 0, 0]) / (1 + np.exp(-g))
    (actual,) = run_lowered(text, x, w, g)
    assert actual.dtype == np.float16
    assert_near(actual, exact, terms=3)


POINTWISE = """
func.func @main(%a: tensor<3x5x11xf32>, %b: tensor<3x5x11xf32>, %c: tensor<1x5x1xf32>) -> (tensor<3x5x11xf32>, tensor<3x5x11xf32>, tensor<3x5x11xi1>) {
  %k = trt.constant dense<0.25> : tensor<1x1x1xf32>
  %n = trt.constant #trt.weight<"named" : tensor<1x1x1xf32>>
  %0 = trt.element_wise sum %a, %b layers ["l0"] : (tensor<3x5x11xf32>, tensor<3x5x11xf32>) -> tensor<3x5x11xf32>
  %1 = trt.element_wise prod %0, %c layers ["l1"] : (tensor<3x5x11xf32>, tensor<1x5x1xf32>) -> tensor<3x5x11xf32>
  %2 = trt.activation tanh %1 layers ["l2"] : tensor<3x5x11xf32> -> tensor<3x5x11xf32>
  %3 = trt.element_wise sub %2, %k layers ["l3"] : (tensor<3x5x11xf32>, tensor<1x1x1xf32>) -> tensor<3x5x11xf32>
  %4 = trt.element_wise prod %3, %n layers ["l4"] : (tensor<3x5x11xf32>, tensor<1x1x1xf32>) -> tensor<3x5x11xf32>
  %5 = trt.element_wise greater %4, %a layers ["l5"] : (tensor<3x5x11xf32>, tensor<3x5x11xf32>) -> tensor<3x5x11xi1>
  func.return %1, %4, %5 : tensor<3x5x11xf32>, tensor<3x5x11xf32>, tensor<3x5x11xi1>
}
"""  # noqa: E501


def test_a_pointwise_group_has_several_outputs_and_numbers_in_its_code():
    module = lower(fused(POINTWISE))
    (kernel,) = (op for op in module.walk() if isinstance(op, gpu.FuncOp))
    assert len(kernel.function_type.inputs) == 6
    shape = (3, 5, 11)
    check(POINTWISE, random(shape), random(shape, seed=1), random((1, 5, 1), seed=2))


def test_nan_and_infinity_go_through_a_convolution_and_its_activation():
    x = np.zeros((1, 1, 3, 3), np.float32)
    x[0, 0, 0, 0], x[0, 0, 2, 2] = np.nan, np.inf
    text = """
    func.func @main(%x: tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32> {
      %w = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
      %c = trt.convolution %x, %w layers ["conv"] : (tensor<1x1x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x3xf32>
      %y = trt.activation relu %c layers ["relu"] : tensor<1x1x3x3xf32> -> tensor<1x1x3x3xf32>
      func.return %y : tensor<1x1x3x3xf32>
    }"""  # noqa: E501
    (actual,) = run_lowered(text, x)
    np.testing.assert_array_equal(actual, x)


def test_views_constants_and_inputs_can_be_outputs():
    text = """
    func.func @main(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<6xf32>) {
      %c = trt.constant dense<[5.0, 7.0]> : tensor<2xf32>
      %n = trt.unary neg %x : tensor<2x3xf32> -> tensor<2x3xf32>
      %i = trt.identity %n : tensor<2x3xf32> -> tensor<2x3xf32>
      %s = trt.shuffle %i reshape = [6] : tensor<2x3xf32> -> tensor<6xf32>
      %v = trt.shuffle %x reshape = [3, 2] : tensor<2x3xf32> -> tensor<3x2xf32>
      func.return %s, %v, %c, %s : tensor<6xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<6xf32>
    }"""  # noqa: E501
    x = random((2, 3))
    negated, viewed, constant, again = run_lowered(text, x)
    np.testing.assert_array_equal(negated, -x.reshape(6))
    np.testing.assert_array_equal(viewed, x.reshape(3, 2))
    np.testing.assert_array_equal(constant, [5, 7])
    np.testing.assert_array_equal(again, negated)


def test_a_kernel_may_read_a_view_and_one_tensor_twice():
    text = """
    func.func @main(%x: tensor<2x3xf32>) -> tensor<6xf32> {
      %v = trt.shuffle %x reshape = [6] : tensor<2x3xf32> -> tensor<6xf32>
      %y = trt.element_wise prod %v, %v : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
      func.return %y : tensor<6xf32>
    }"""  # noqa: E501
    x = random((2, 3))
    np.testing.assert_array_equal(run_lowered(text, x)[0], (x * x).reshape(6))


ALL_KERNELS = RESIDUAL.replace("@main", "@f32").replace("TYPE", "f32") + "\n".join(
    [
        RESIDUAL.replace("@main", "@f16").replace("TYPE", "f16"),
        RESIDUAL.replace("@main", "@bf16").replace("TYPE", "bf16"),
        POINTWISE.replace("@main", "@pointwise"),
    ]
)


@pytest.mark.parametrize("sm", ["75", "80", "90"])
def test_ptxas_takes_the_kernels_without_spills(sm: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    ptx = emit_ptx(machine_level(lower(fused(ALL_KERNELS))), sm)
    assembly = assemble(ptx, sm)
    assert len(assembly.kernels) == 4
    assert [k.spill_stores + k.spill_loads for k in assembly.kernels] == [0] * 4
