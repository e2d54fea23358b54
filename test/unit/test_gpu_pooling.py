"""Kernels of poolings and of response normalisation, run natively, against windows."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import (
    assert_near,
    emulate_layer,
    layer_module,
    random,
    run_layer,
)
from kernels_on_host import HostProgram, lower, machine_level, parse
from reference_support import FLOAT_TYPES, assert_same, onnxruntime_result
from test_reference_pooling import BLEND, pooled
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects.trt import LrnOp, PoolingOp
from fusemlir.dialects.trt.enums import PaddingMode as P
from fusemlir.dialects.trt.enums import PoolingType as T

DOWN, UP = P.EXPLICIT_ROUND_DOWN, P.EXPLICIT_ROUND_UP

CASES: dict[str, tuple[Any, ...]] = {
    "single": ((1, 1, 1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), DOWN),
    "plain": ((3, 5, 7, 33), (2, 3), (1, 1), ((0, 0), (0, 0)), DOWN),
    "padded": ((1, 7, 31, 9), (3, 3), (2, 2), ((1, 1), (1, 1)), DOWN),
    "one-sided": ((2, 3, 8, 7), (3, 2), (1, 3), ((2, 0), (0, 1)), DOWN),
    "rounded up": ((2, 3, 8, 7), (3, 2), (4, 3), ((0, 0), (0, 2)), UP),
    "past the end": ((1, 2, 3, 5), (1, 2), (4, 4), ((0, 2), (1, 3)), UP),
    "same upper": ((1, 3, 7, 8), (4, 2), (2, 3), ((0, 0), (0, 0)), P.SAME_UPPER),
    "same lower": ((1, 3, 7, 8), (4, 2), (2, 3), ((0, 0), (0, 0)), P.SAME_LOWER),
    "only padding": ((1, 1, 2, 3), (1, 2), (1, 2), ((0, 0), (2, 4)), DOWN),
    "whole image": ((3, 5, 9, 11), (9, 11), (1, 1), ((0, 0), (0, 0)), DOWN),
    "in space": (
        (2, 3, 5, 4, 7),
        (2, 3, 1),
        (1, 2, 3),
        ((1, 0), (1, 2), (0, 1)),
        UP,
    ),
}


def pooling(kind: T, case: str, excludes: bool = True) -> Any:
    _, window, stride, pads, mode = CASES[case]
    return lambda x: PoolingOp(
        kind,
        x,
        window,
        stride=stride,
        pre_padding=[before for before, _ in pads],
        post_padding=[after for _, after in pads],
        padding_mode=mode,
        blend_factor=BLEND if kind == T.MAX_AVERAGE_BLEND else None,
        average_count_excludes_padding=excludes,
    )


def exact(x: np.ndarray, kind: T, case: str, excludes: bool = True) -> np.ndarray:
    _, window, stride, pads, mode = CASES[case]
    axes = zip(window, stride, pads, [mode] * 3, strict=False)
    with np.errstate(all="ignore"):
        return pooled(x, kind, excludes, *axes)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_a_maximum_is_that_of_its_window(case: str, dtype: Any):
    x = random(CASES[case][0], dtype)
    assert_same(run_layer(pooling(T.MAX, case), x), exact(x, T.MAX, case))


def assert_average(actual: np.ndarray, wanted: np.ndarray) -> None:
    """Near, and of no elements not a number."""
    nowhere = np.isnan(wanted)
    np.testing.assert_array_equal(np.isnan(actual.astype(np.float32)), nowhere)
    assert_near(np.where(nowhere, 0, actual), np.where(nowhere, 0, wanted), terms=99)


@pytest.mark.parametrize("excludes", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_an_average_counts_with_or_without_padding(case: str, excludes: bool):
    x = random(CASES[case][0])
    actual = run_layer(pooling(T.AVERAGE, case, excludes), x)
    assert_average(actual, exact(x, T.AVERAGE, case, excludes))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_an_average_of_halves_is_rounded_once(dtype: Any):
    x = random((1, 2, 64, 64), dtype) + dtype(8)
    build = lambda v: PoolingOp(T.AVERAGE, v, (64, 64))  # noqa: E731
    wanted = x.astype(np.float64).mean(axis=(2, 3), keepdims=True)
    # A sum in halves would stop growing at a small fraction of this one.
    np.testing.assert_array_equal(run_layer(build, x), wanted.astype(dtype))


@pytest.mark.parametrize("case", ["padded", "rounded up", "in space"])
@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_a_blend_is_of_both(case: str, dtype: Any):
    x = random(CASES[case][0], dtype)
    actual = run_layer(pooling(T.MAX_AVERAGE_BLEND, case), x)
    wanted = exact(x, T.MAX_AVERAGE_BLEND, case)
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(np.isfinite(actual.astype(np.float32)), finite)
    assert_near(np.where(finite, actual, 0), np.where(finite, wanted, 0), terms=99)


@pytest.mark.parametrize("kind", T)
@pytest.mark.parametrize("case", ["padded", "past the end", "only padding", "in space"])
def test_bytes_are_pooled_exactly(case: str, kind: T):
    """Averages half way between two integers are frequent, and go to the even one."""
    x = np.random.default_rng(3).integers(-128, 128, CASES[case][0], np.int8)
    wanted = np.rint(exact(x, kind, case))
    wanted = np.clip(np.where(np.isnan(wanted), 0, wanted), -128, 127)
    np.testing.assert_array_equal(run_layer(pooling(kind, case), x), wanted)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [T.MAX, T.AVERAGE])
def test_what_is_not_finite_goes_through(kind: T, special: float):
    x = np.ones((1, 1, 5, 5), np.float32)
    x[0, 0, 2, 2] = special
    build = lambda v: PoolingOp(kind, v, (3, 3))  # noqa: E731
    with np.errstate(all="ignore"):
        wanted = pooled(x, kind, True, *[(3, 1, (0, 0), P.EXPLICIT_ROUND_DOWN)] * 2)
    assert_same(run_layer(build, x), wanted)


@pytest.mark.parametrize("count_include_pad", [0, 1])
@pytest.mark.parametrize("ceil_mode", [0, 1])
def test_an_average_agrees_with_onnxruntime(count_include_pad: int, ceil_mode: int):
    x = random((1, 3, 10, 8))
    given = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 0, 1]}
    wanted = onnxruntime_result(
        "AveragePool",
        x,
        **given,
        count_include_pad=count_include_pad,
        ceil_mode=ceil_mode,
    )
    build = lambda v: PoolingOp(  # noqa: E731
        T.AVERAGE,
        v,
        (3, 3),
        stride=(2, 2),
        pre_padding=(1, 0),
        post_padding=(0, 1),
        padding_mode=P.EXPLICIT_ROUND_UP if ceil_mode else P.EXPLICIT_ROUND_DOWN,
        average_count_excludes_padding=not count_include_pad,
    )
    np.testing.assert_allclose(run_layer(build, x), wanted, rtol=1e-6, atol=1e-6)


EPILOGUE = """
func.func @main(%x: tensor<3x5x9x7xf16>, %r: tensor<3x5x4x3xf16>, %g: tensor<1x5x1x1xf16>) -> tensor<3x5x4x3xf16> {
  %y = trt.fused "neg_pool_pointwise"(%x, %r, %g) layers ["neg", "pool", "add", "mul", "relu"] : (tensor<3x5x9x7xf16>, tensor<3x5x4x3xf16>, tensor<1x5x1x1xf16>) -> tensor<3x5x4x3xf16> {
  ^bb0(%x0: tensor<3x5x9x7xf16>, %r0: tensor<3x5x4x3xf16>, %g0: tensor<1x5x1x1xf16>):
    %n = trt.unary neg %x0 layers ["neg"] : tensor<3x5x9x7xf16> -> tensor<3x5x9x7xf16>
    %p = trt.pooling average %n window = [2, 2] stride = [2, 2] layers ["pool"] : tensor<3x5x9x7xf16> -> tensor<3x5x4x3xf16>
    %s = trt.element_wise sum %p, %r0 layers ["add"] : (tensor<3x5x4x3xf16>, tensor<3x5x4x3xf16>) -> tensor<3x5x4x3xf16>
    %m = trt.element_wise prod %s, %g0 layers ["mul"] : (tensor<3x5x4x3xf16>, tensor<1x5x1x1xf16>) -> tensor<3x5x4x3xf16>
    %y0 = trt.activation relu %m layers ["relu"] : tensor<3x5x4x3xf16> -> tensor<3x5x4x3xf16>
    trt.yield %y0 : tensor<3x5x4x3xf16>
  }
  func.return %y : tensor<3x5x4x3xf16>
}
"""  # noqa: E501


def test_a_pooling_has_pointwise_layers_before_and_after():
    x, r = random((3, 5, 9, 7), np.float16), random((3, 5, 4, 3), np.float16, 1)
    g = random((1, 5, 1, 1), np.float16, 2)
    module = lower(parse(EPILOGUE))
    launches = [op for op in module.walk() if isinstance(op, gpu.LaunchFuncOp)]
    assert len(launches) == 1
    (actual,) = HostProgram(module)(x, r, g)
    pools = [x.astype(float)[:, :, i:8:2, j:6:2] for i in (0, 1) for j in (0, 1)]
    assert_near(actual, np.maximum(0, (r - sum(pools) / 4) * g.astype(float)))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("shape", [(3, 1, 7), (2, 9, 4, 3), (1, 7, 2, 2, 2)])
@pytest.mark.parametrize("window", [1, 5])
def test_a_response_is_normalised(shape: tuple[int, ...], dtype: Any, window: int):
    x = random(shape, dtype)
    alpha, beta, k = 0.5, 0.75, 2.0
    squares = np.pad(
        x.astype(np.float64) ** 2,
        [(0, 0), (window // 2,) * 2, *[(0, 0)] * (x.ndim - 2)],
    )
    total = sum(squares[:, i : i + shape[1]] for i in range(window))
    wanted = x / (k + alpha / window * total) ** beta
    build = lambda v: LrnOp(v, window, alpha, beta, k)  # noqa: E731
    assert_near(run_layer(build, x), wanted)


def test_a_response_is_normalised_as_onnxruntime_does():
    x = random((2, 7, 3, 4))
    wanted = onnxruntime_result("LRN", x, size=3, alpha=0.5, beta=0.75, bias=2.0)
    actual = run_layer(lambda v: LrnOp(v, 3, 0.5, 0.75, 2.0), x)
    np.testing.assert_allclose(actual, wanted, rtol=1e-6)


@pytest.mark.parametrize("dtype", [*FLOAT_TYPES, np.int8])
@pytest.mark.parametrize("kind", T)
def test_the_ptx_does_what_native_code_does(kind: T, dtype: Any):
    """Both round every operation alike; of NaNs a GPU has but one."""
    x = (random(CASES["in space"][0]) * 50).astype(dtype)
    build = pooling(kind, "in space")
    assert_same(emulate_layer(build, x), run_layer(build, x))


def kernels() -> list[ModuleOp]:
    """One of each kind, with the awkward paddings."""
    kinds = [(kind, dtype) for kind in T for dtype in (*FLOAT_TYPES, np.int8)]
    pools = [
        layer_module(pooling(kind, "in space"), np.empty(CASES["in space"][0], dtype))
        for kind, dtype in kinds
    ]
    x = np.empty((2, 9, 4, 3), np.float16)
    return [*pools, layer_module(lambda v: LrnOp(v, 5, 1.0, 0.75, 2.0), x)]


def test_a_kernel_is_small():
    for module in kernels():
        lower(module)
        (kernel,) = (op for op in module.walk() if isinstance(op, gpu.FuncOp))
        assert len(list(kernel.walk())) < 250


def test_ptxas_takes_the_kernels_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for module in kernels():
        ptx = emit_ptx(machine_level(lower(module)), "80")
        (kernel,) = assemble(ptx, "80").kernels
        assert (kernel.spill_stores, kernel.spill_loads) == (0, 0)
