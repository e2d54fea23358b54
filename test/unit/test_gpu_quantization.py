"""Quantize and Dequantize in kernels, run natively: every element to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import emulate_layer, layer_module, run_layer
from kernels_on_host import HostProgram, lower, machine_level
from quantized_networks import Builder, fuse, only_group
from reference_support import FLOAT_TYPES, floats, onnxruntime_result
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp, bf16, f16, f32, i8
from xdsl.ir import Attribute, SSAValue

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import PoolingType as T
from fusemlir.network import functions, name_layers
from fusemlir.reference import Mode, integer_results, run
from fusemlir.weights import Weights

REALS = {np.float32: f32, np.float16: f16, ml_dtypes.bfloat16: bf16}


def single(values: Any) -> Any:
    return np.asarray(values, np.float32)


def levels_of(x: Any, scale: Any, zero: Any = 0) -> Any:
    """i8 of f32 by f32, in numpy."""
    with np.errstate(all="ignore"):
        level = np.rint(single(x) / single(scale)) + zero
        return np.where(np.isnan(level), 0, np.clip(level, -128, 127)).astype(np.int8)


def quantize(axis: int | None = None) -> Callable[..., Any]:
    return lambda *values: trt.QuantizeOp(*values, axis=axis, to_type=i8)


def dequantize(real: Attribute, axis: int | None = None) -> Callable[..., Any]:
    return lambda *values: trt.DequantizeOp(*values, axis=axis, to_type=real)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_a_quantize_rounds_half_to_even_and_clamps(dtype: Any):
    """Ties, both ends, and what is no number."""
    halves = np.arange(-140, 140) * 0.125
    x, scale = floats(dtype, *halves), single(0.25)
    np.testing.assert_array_equal(run_layer(quantize(), x, scale), levels_of(x, scale))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_a_quantize_has_a_scale_and_a_zero_point_for_each_channel(dtype: Any):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((3, 7, 5)) * 9).astype(dtype)
    scale = rng.uniform(0.01, 0.3, 7).astype(dtype)
    zero = rng.integers(-128, 128, 7, np.int8)
    wanted = levels_of(x, scale.reshape(7, 1), zero.reshape(7, 1).astype(float))
    actual = run_layer(quantize(axis=1), x, scale, zero)
    np.testing.assert_array_equal(actual, wanted)


def test_a_quantize_agrees_with_onnxruntime():
    rng = np.random.default_rng(1)
    x = single(rng.standard_normal((3, 33, 31)) * 4)
    scale, zero = single(0.037), np.array(-5, np.int8)
    wanted = onnxruntime_result("QuantizeLinear", x, scale, zero)
    np.testing.assert_array_equal(run_layer(quantize(), x, scale, zero), wanted)


EVERY = np.arange(-128, 128).astype(np.int8)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("zero", [None, 0, -128, 77])
def test_a_dequantize_is_one_product(dtype: Any, zero: int | None):
    """With a scale of its result's type the product is exact in f32, if in f16."""
    scale = np.asarray(0.0371, dtype)
    points = [] if zero is None else [np.int8(zero).reshape(())]
    wide = (EVERY.astype(np.float64) - (zero or 0)) * scale.astype(np.float64)
    actual = run_layer(dequantize(REALS[dtype]), EVERY, scale, *points)
    np.testing.assert_array_equal(actual, wide.astype(dtype))


def test_a_dequantize_agrees_with_onnxruntime():
    x = np.random.default_rng(1).integers(-128, 128, (3, 7, 5), np.int8)
    scale = single(np.linspace(0.01, 3, 7))
    zero = np.arange(-3, 4).astype(np.int8)
    wanted = onnxruntime_result("DequantizeLinear", x, scale, zero, axis=1)
    actual = run_layer(dequantize(f32, axis=1), x, scale, zero)
    np.testing.assert_array_equal(actual, wanted)


Layers = Callable[[Builder, SSAValue, SSAValue], SSAValue]


def add_relu(net: Builder, a: SSAValue, b: SSAValue) -> SSAValue:
    total = net.add(trt.ElementWiseOp(E.SUM, a, b, layers=["add"]))
    return net.add(trt.ActivationOp(A.RELU, total, layers=["relu"]))


def pool(kind: T, **properties: Any) -> Layers:
    return lambda net, a, b: net.add(
        trt.PoolingOp(kind, a, (2, 3), layers=["pool"], **properties)
    )


PADDED = {"stride": (1, 2), "pre_padding": (1, 1), "post_padding": (0, 1)}

PASSES = ("fuse-pointwise", "fuse-qdq-pointwise", "fuse-qdq-pooling")

GROUPS: dict[str, Layers] = {
    "pointwise": add_relu,
    "max": pool(T.MAX, **PADDED),
    "average": pool(T.AVERAGE, **PADDED),
    "average with padding": pool(
        T.AVERAGE, average_count_excludes_padding=False, **PADDED
    ),
    "blend": pool(T.MAX_AVERAGE_BLEND, blend_factor=0.3),
}


def network(case: str, real: Attribute, scales: tuple[float, float, float]) -> Builder:
    """Of as many inputs as the layers read, which the last layer's result ends."""
    rng = np.random.default_rng(2)
    net = Builder(real)
    count = 2 if case == "pointwise" else 1
    made = [
        net.dequantize(rng.integers(-128, 128, (3, 5, 31, 7), np.int8), scale)
        for scale in scales[:count]
    ]
    net.quantize(GROUPS[case](net, made[0], made[-1]), scales[2])
    return net


def finished(net: Builder) -> ModuleOp:
    assert net.block.last_op is not None
    module = net.module(net.block.last_op.results[0])
    (function,) = functions(module)
    name_layers(function)
    return module


@pytest.mark.parametrize("scales", [(0.1, 0.1, 0.1), (0.02, 0.037, 0.05)])
@pytest.mark.parametrize("real", [f32, f16], ids=str)
@pytest.mark.parametrize("case", GROUPS)
def test_a_group_is_its_layers_in_f32(
    case: str, real: Attribute, scales: tuple[float, float, float]
):
    """Equal scales make ties frequent: the last bit of a float decides."""
    net = network(case, real, scales)
    module = finished(net)
    weights = Weights.of_module(module)
    unfused = run(*functions(module), net.arrays, weights, Mode.TYPED)
    group = only_group(fuse(module, PASSES))
    (wanted,) = integer_results(group, net.arrays, weights)
    (actual,) = HostProgram(lower(module))(*net.arrays)
    np.testing.assert_array_equal(actual, wanted)
    if real == f32:
        np.testing.assert_array_equal(actual, unfused[0])


def test_a_sum_and_a_relu_are_what_numpy_makes_of_them():
    scales = (0.02, 0.037, 0.05)
    net = network("pointwise", f32, scales)
    module = finished(net)
    fuse(module, PASSES)
    (actual,) = HostProgram(lower(module))(*net.arrays)
    a, b = (single(x) * single(s) for x, s in zip(net.arrays, scales, strict=False))
    wanted = levels_of(np.maximum(a + b, 0), scales[2])
    np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_the_ptx_quantizes_what_native_code_does(dtype: Any):
    x, scale = floats(dtype, *np.arange(-140, 140) * 0.125), single(0.25)
    wanted = levels_of(x, scale)
    np.testing.assert_array_equal(emulate_layer(quantize(), x, scale), wanted)


def test_ptxas_takes_the_kernels_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    x, q = np.empty((3, 7, 5), np.float16), np.empty((3, 7, 5), np.int8)
    scale, zero = np.empty(7, np.float16), np.empty(7, np.int8)
    modules = [finished(network(case, f32, (0.1, 0.2, 0.3))) for case in GROUPS]
    for module in modules:
        fuse(module, PASSES)
    modules.append(layer_module(quantize(axis=1), x, scale, zero))
    modules.append(layer_module(dequantize(f16, axis=1), q, scale, zero))
    for module in modules:
        (kernel,) = (op for op in lower(module).walk() if isinstance(op, gpu.FuncOp))
        assert len(list(kernel.walk())) < 800
        (report,) = assemble(emit_ptx(machine_level(module), "80"), "80").kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)
