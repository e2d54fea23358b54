"""Networks lowered to kernels and run, against the reference and against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import assert_near, random, tensor
from kernels_on_host import HostProgram, lower, machine_level, parse, run_lowered
from xdsl.context import Context
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.lowering.kernel.position import merge_axes
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.transforms.fuse_conv_elementwise import FuseConvElementwisePass
from fusemlir.transforms.fuse_conv_relu import FuseConvReluPass
from fusemlir.transforms.fuse_pointwise import FusePointwisePass
from fusemlir.weights import Weights

FUSIONS = (FuseConvElementwisePass(), FuseConvReluPass(), FusePointwisePass())


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


@pytest.mark.parametrize("sm", ["75", "80", "90"])
def test_ptxas_takes_a_pointwise_kernel_without_spills(sm: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    ptx = emit_ptx(machine_level(lower(fused(POINTWISE))), sm)
    (report,) = assemble(ptx, sm).kernels
    assert (report.spill_stores, report.spill_loads) == (0, 0)
