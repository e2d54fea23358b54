"""The PTX of networks on the emulator, against what the network means."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import parse
from test_convert_trt_to_gpu import (
    assert_near,
    expected,
    random,
    tensor,
)

import fusemlir
from fusemlir.diagnostics import DiagnosticError
from fusemlir.runtime.emu_executor import EmuExecutor


def emulated(module: Any, *inputs: np.ndarray) -> list[np.ndarray]:
    engine = fusemlir.compile(module, device="emu", fuse="none")
    assert isinstance(engine.executor, EmuExecutor)
    results = engine.run(list(inputs))
    assert engine.executor.reports, "nothing was launched"
    return results


@pytest.mark.parametrize("size", [1, 31, 33, 255, 256, 257, 5000])
def test_any_number_of_elements_is_computed(size: int):
    text = f"""
    func.func @main(%x: tensor<{size}xf32>) -> tensor<{size}xf32> {{
      %y = trt.unary neg %x : tensor<{size}xf32> -> tensor<{size}xf32>
      func.return %y : tensor<{size}xf32>
    }}"""
    x = random((size,))
    np.testing.assert_array_equal(emulated(parse(text), x)[0], -x)


ACTIVATIONS = {
    "relu": "",
    "sigmoid": "",
    "tanh": "",
    "softsign": "",
    "gelu_erf": "",
    "gelu_tanh": "",
    "elu": "alpha = 0.5",
    "leaky_relu": "alpha = 0.25",
    "selu": "alpha = 1.5 beta = 0.5",
    "softplus": "alpha = 1.5 beta = 2.0",
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_an_activation_is_what_the_reference_computes(kind: str, dtype: Any):
    x = np.concatenate([random((3, 5, 7), dtype).reshape(-1), np.zeros(2, dtype)])
    text = f"""
    func.func @main(%x: {tensor(x)}) -> {tensor(x)} {{
      %y = trt.activation {kind} %x {ACTIVATIONS[kind]} : {tensor(x)} -> {tensor(x)}
      func.return %y : {tensor(x)}
    }}"""
    module = parse(text)
    (wanted,) = expected(module, (x,))
    assert_near(emulated(module, x)[0], wanted)


def test_broadcast_operands():
    a, b = random((3, 1, 5)), random((1, 4, 5), seed=1)
    result = tensor(a - b)
    text = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {result} {{
      %y = trt.element_wise sub %a, %b : ({tensor(a)}, {tensor(b)}) -> {result}
      func.return %y : {result}
    }}"""
    np.testing.assert_array_equal(emulated(parse(text), a, b)[0], a - b)


def test_bytes_round_and_saturate():
    x = np.array([-128, -3, 1, 3, 5, 127], np.int8)
    text = """
    func.func @main(%x: tensor<6xi8>) -> tensor<6xi8> {
      %a = trt.constant dense<[2.5]> : tensor<1xf32>
      %y = trt.scale uniform %x scale(%a : tensor<1xf32>) : tensor<6xi8> -> tensor<6xi8>
      func.return %y : tensor<6xi8>
    }"""
    assert emulated(parse(text), x)[0].tolist() == [-128, -8, 2, 8, 12, 127]


CHAIN = """
func.func @net(%x: tensor<2x300xf32>) -> (tensor<2x300xf32>, tensor<600xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x300xf32>>
  %s = trt.element_wise sum %x, %w layers ["add"]
    : (tensor<2x300xf32>, tensor<2x300xf32>) -> tensor<2x300xf32>
  %p = trt.element_wise prod %s, %s layers ["square"]
    : (tensor<2x300xf32>, tensor<2x300xf32>) -> tensor<2x300xf32>
  %f = trt.shuffle %s reshape = [600] layers ["flat"]
    : tensor<2x300xf32> -> tensor<600xf32>
  func.return %p, %f : tensor<2x300xf32>, tensor<600xf32>
}
"""


def test_a_network_runs_on_device_emu():
    engine = fusemlir.compile(parse(CHAIN), device="emu", fuse="none")
    wanted = fusemlir.compile(parse(CHAIN), device="reference", fuse="none")
    text = str(engine.device)
    assert text == "emu (PTX for sm_80 on numpy, checked, slow): as asked"
    for seed in (0, 1):
        x = random((2, 300), seed=seed)
        found, reference = engine.run([x]), wanted.run([x])
        for a, b in zip(found, reference, strict=True):
            np.testing.assert_array_equal(a, b)
    assert isinstance(engine.executor, EmuExecutor)
    sums, squares = engine.executor.reports
    assert sums.buffers["input 0"].read_bytes == 2400
    assert sum(t.written_bytes for t in squares.buffers.values()) == 2400


def test_the_target_of_the_emulator_is_that_of_the_network():
    engine = fusemlir.compile(parse(CHAIN), device="emu", target="sm_90")
    assert "PTX for sm_90" in str(engine.device)
    with pytest.raises(DiagnosticError, match="emu wants a GPU as target, found host"):
        fusemlir.compile(parse(CHAIN), device="emu", target="host")


def test_a_layer_without_a_kernel_is_named():
    text = """
    func.func @main(%x: tensor<1x1x3x3xf32>, %k: tensor<1x1x1x1xf32>)
        -> tensor<1x1x3x3xf32> {
      %y = trt.fused "relu_conv"(%x, %k) layers ["relu", "conv"]
        : (tensor<1x1x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x3xf32> {
      ^bb0(%a: tensor<1x1x3x3xf32>, %b: tensor<1x1x1x1xf32>):
        %r = trt.activation relu %a layers ["relu"]
          : tensor<1x1x3x3xf32> -> tensor<1x1x3x3xf32>
        %c = trt.convolution %r, %b layers ["conv"]
          : (tensor<1x1x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x3xf32>
        trt.yield %c : tensor<1x1x3x3xf32>
      }
      func.return %y : tensor<1x1x3x3xf32>
    }"""
    with pytest.raises(DiagnosticError, match="no kernel yet for relu_conv"):
        fusemlir.compile(parse(text), device="emu", fuse="none")


def test_a_fault_of_a_kernel_is_an_error_of_the_network():
    engine = fusemlir.compile(parse(CHAIN), device="emu", fuse="none")
    executor = engine.executor
    assert isinstance(executor, EmuExecutor)
    program = executor._program
    program.sizes[program.launches[0].buffers[-1]] -= 4
    with pytest.raises(DiagnosticError, match=r"emulated kernel 'sum_0', PTX line \d+"):
        engine.run([random((2, 300))])


def test_a_tensor_that_no_kernel_has_written_is_not_read():
    engine = fusemlir.compile(parse(CHAIN), device="emu", fuse="none")
    executor = engine.executor
    assert isinstance(executor, EmuExecutor)
    executor._program.launches.reverse()
    with pytest.raises(DiagnosticError, match="which nothing has written"):
        engine.run([random((2, 300))])
