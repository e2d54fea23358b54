"""Kernels of deconvolutions, run natively, against the sum that defines them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import (
    assert_near,
    emulate,
    emulate_layer,
    layer_module,
    random,
)
from kernels_on_host import lower, machine_level, parse
from reference_support import FLOAT_TYPES, onnxruntime_result
from test_reference_convolution import deconvolved
from xdsl.dialects import gpu

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects.trt import DeconvolutionOp
from fusemlir.dialects.trt.enums import PaddingMode as P

CASES: dict[str, dict[str, Any]] = {
    "single": {"x": (1, 1, 1, 1), "kernel": (1, 1, 1, 1)},
    "pointwise": {"x": (3, 5, 7, 9), "kernel": (5, 7, 1, 1)},
    "window": {"x": (3, 3, 7, 5), "kernel": (3, 5, 3, 2)},
    "doubling": {"x": (1, 7, 5, 33), "kernel": (7, 3, 2, 2), "strides": (2, 2)},
    "trimmed": {
        "x": (1, 3, 5, 6),
        "kernel": (3, 2, 4, 4),
        "strides": (2, 2),
        "pads": ((1, 1), (1, 2)),
    },
    "gaps": {"x": (2, 3, 4, 5), "kernel": (3, 2, 1, 2), "strides": (3, 4)},
    "dilated": {
        "x": (1, 2, 5, 4),
        "kernel": (2, 3, 3, 2),
        "strides": (2, 3),
        "dilations": (3, 2),
        "pads": ((2, 0), (0, 1)),
    },
    "grouped": {
        "x": (2, 6, 4, 4),
        "kernel": (6, 2, 3, 3),
        "strides": (2, 1),
        "groups": 3,
    },
    "depthwise": {"x": (2, 5, 4, 4), "kernel": (5, 1, 3, 3), "groups": 5},
    "same upper": {
        "x": (1, 2, 4, 5),
        "kernel": (2, 2, 4, 2),
        "strides": (3, 3),
        "mode": P.SAME_UPPER,
    },
    "same lower": {
        "x": (1, 2, 4, 5),
        "kernel": (2, 2, 4, 2),
        "strides": (1, 1),
        "mode": P.SAME_LOWER,
    },
    "in space": {
        "x": (1, 2, 3, 4, 2),
        "kernel": (2, 3, 2, 3, 1),
        "strides": (2, 1, 3),
        "dilations": (1, 2, 1),
        "pads": ((1, 0), (0, 2), (0, 0)),
    },
}


def numbers(case: str) -> tuple[Any, ...]:
    given = CASES[case]
    rank = len(given["x"]) - 2
    return (
        given.get("strides", (1,) * rank),
        given.get("dilations", (1,) * rank),
        list(given.get("pads", ((0, 0),) * rank)),
        given.get("mode", P.EXPLICIT_ROUND_DOWN),
        given.get("groups", 1),
    )


def deconvolution(case: str) -> Any:
    strides, dilations, pads, mode, groups = numbers(case)
    return lambda *values: DeconvolutionOp(
        *values,
        stride=strides,
        dilation=dilations,
        pre_padding=[before for before, _ in pads],
        post_padding=[after for _, after in pads],
        padding_mode=mode,
        num_groups=groups,
    )


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_a_deconvolution_is_its_sum(case: str, dtype: Any):
    x = random(CASES[case]["x"], dtype)
    kernel = random(CASES[case]["kernel"], dtype, 1)
    features = kernel.shape[1] * numbers(case)[-1]
    bias = random((features,), dtype, 2)
    exact = deconvolved(x.astype(float), kernel.astype(float), *numbers(case))
    exact += bias.astype(float).reshape(-1, *(1,) * (x.ndim - 2))
    actual = emulate_layer(deconvolution(case), x, kernel, bias)
    assert actual.shape == exact.shape
    assert_near(actual, exact, terms=kernel[:, 0].size)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_a_large_deconvolution_is_tiled(dtype: Any):
    x, kernel = random((2, 32, 9, 7), dtype), random((32, 40, 4, 4), dtype, 1)
    build = lambda *values: DeconvolutionOp(  # noqa: E731
        *values, stride=(2, 2), pre_padding=(1, 1), post_padding=(1, 1)
    )
    pads = [(1, 1), (1, 1)]
    mode = P.EXPLICIT_ROUND_DOWN
    exact = deconvolved(
        x.astype(float), kernel.astype(float), (2, 2), (1, 1), pads, mode, 1
    )
    assert_near(emulate_layer(build, x, kernel), exact, terms=kernel[:, 0].size)
    lowered = lower(layer_module(build, x, kernel))
    assert any(isinstance(op, gpu.BarrierOp) for op in lowered.walk())


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_halves_are_added_in_f32(dtype: Any):
    """A sum of so many ones would stop growing in halves."""
    x = np.ones((1, 3000, 1, 2), dtype)
    kernel = np.ones((3000, 1, 1, 1), dtype)
    actual = emulate_layer(DeconvolutionOp, x, kernel)
    np.testing.assert_array_equal(actual, np.full((1, 1, 1, 2), 3000).astype(dtype))


def test_a_deconvolution_agrees_with_onnxruntime():
    x, kernel = random((2, 6, 9, 11)), random((6, 4, 3, 2), seed=1)
    bias = random((8,), seed=2)
    wanted = onnxruntime_result(
        "ConvTranspose",
        x,
        kernel,
        bias,
        strides=[2, 1],
        dilations=[1, 2],
        pads=[1, 2, 0, 1],
        group=2,
    )
    build = lambda *values: DeconvolutionOp(  # noqa: E731
        *values,
        stride=(2, 1),
        dilation=(1, 2),
        pre_padding=(1, 2),
        post_padding=(0, 1),
        num_groups=2,
    )
    assert_near(emulate_layer(build, x, kernel, bias), wanted, terms=18)


def test_what_is_not_finite_stays_where_it_reaches():
    x = np.zeros((1, 1, 3, 3), np.float32)
    x[0, 0, 1, 1] = np.inf
    build = lambda *values: DeconvolutionOp(*values, stride=(3, 3))  # noqa: E731
    wanted = np.zeros((1, 1, 8, 8))
    wanted[0, 0, 3:5, 3:5] = np.inf
    actual = emulate_layer(build, x, np.ones((1, 1, 2, 2), np.float32))
    np.testing.assert_array_equal(actual, wanted)


EPILOGUE = """
func.func @main(%x: tensor<3x5x7x3xf16>, %w: tensor<5x3x2x2xf16>, %b: tensor<3xf16>, %r: tensor<3x3x14x6xf16>) -> tensor<3x3x14x6xf16> {
  %y = trt.fused "deconv_sum_relu"(%x, %w, %b, %r) layers ["deconv", "add", "relu"] : (tensor<3x5x7x3xf16>, tensor<5x3x2x2xf16>, tensor<3xf16>, tensor<3x3x14x6xf16>) -> tensor<3x3x14x6xf16> {
  ^bb0(%x0: tensor<3x5x7x3xf16>, %w0: tensor<5x3x2x2xf16>, %b0: tensor<3xf16>, %r0: tensor<3x3x14x6xf16>):
    %d = trt.deconvolution %x0, %w0, %b0 stride = [2, 2] layers ["deconv"] : (tensor<3x5x7x3xf16>, tensor<5x3x2x2xf16>, tensor<3xf16>) -> tensor<3x3x14x6xf16>
    %s = trt.element_wise sum %d, %r0 layers ["add"] : (tensor<3x3x14x6xf16>, tensor<3x3x14x6xf16>) -> tensor<3x3x14x6xf16>
    %y0 = trt.activation relu %s layers ["relu"] : tensor<3x3x14x6xf16> -> tensor<3x3x14x6xf16>
    trt.yield %y0 : tensor<3x3x14x6xf16>
  }
  func.return %y : tensor<3x3x14x6xf16>
}
"""  # noqa: E501


def test_a_deconvolution_carries_its_epilogue():
    shapes = ((3, 5, 7, 3), (5, 3, 2, 2), (3,), (3, 3, 14, 6))
    x, w, b, r = (random(s, np.float16, k) for k, s in enumerate(shapes))
    (actual,) = emulate(parse(EPILOGUE), x, w, b, r)
    pads = [(0, 0), (0, 0)]
    sums = deconvolved(x, w, (2, 2), (1, 1), pads, P.EXPLICIT_ROUND_DOWN, 1)
    exact = np.maximum(0, sums + b.astype(float).reshape(3, 1, 1) + r)
    assert_near(actual, exact, terms=5)


def test_a_kernel_is_small_and_ptxas_takes_it_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for case, dtype in (("in space", np.float16), ("dilated", np.float32)):
        arrays = [np.empty(CASES[case][name], dtype) for name in ("x", "kernel")]
        module = lower(layer_module(deconvolution(case), *arrays))
        (kernel,) = (op for op in module.walk() if isinstance(op, gpu.FuncOp))
        assert len(list(kernel.walk())) <= 800
        (report,) = assemble(emit_ptx(machine_level(module), "80"), "80").kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)
