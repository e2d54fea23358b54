"""Kernels of normalisation on the emulator, against numpy in f64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import layer_module, random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import ULP, assert_close, check_machine_code, in_turn, launch, network
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import find_ptxas
from fusemlir.dialects.trt import NormalizationOp

EPSILON = 1e-5

CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]] = {
    "one": ((1, 1), (1,), (1, 1), 1),
    "a short layer": ((1, 31), (1,), (1, 31), 1),
    "a layer": ((3, 768), (1,), (1, 768), 1),
    "a layer of no whole vectors": ((3, 1001), (1,), (1, 1001), 1),
    "a layer that is read twice": ((2, 17001), (1,), (1, 17001), 1),
    "a layer of two axes": ((3, 7, 33), (1, 2), (1, 7, 33), 1),
    "instances": ((3, 5, 7, 7), (2, 3), (1, 5, 1, 1), 1),
    "large instances": ((1, 2, 132, 128), (2, 3), (1, 2, 1, 1), 1),
    "groups": ((3, 6, 4, 8), (2, 3), (1, 6, 1, 1), 2),
    "channels": ((3, 33, 5, 5), (1,), (1, 33, 1, 1), 1),
    "channels that are read twice": ((2, 5000, 8), (1,), (1, 5000, 1), 1),
}


def normalized(
    x: np.ndarray, scale: np.ndarray, bias: np.ndarray, axes: Any, groups: int
) -> Any:
    """The definition, in f64."""
    split = x.astype(np.float64)
    if groups > 1:
        split = split.reshape(x.shape[0], groups, -1)
        axes = (2,)
    mean = split.mean(axes, keepdims=True)
    variance = split.var(axes, keepdims=True)
    normal = ((split - mean) / np.sqrt(variance + EPSILON)).reshape(x.shape)
    return normal * scale.astype(np.float64) + bias.astype(np.float64)


def module(case: str, *arrays: np.ndarray) -> ModuleOp:
    _, axes, _, groups = CASES[case]
    return layer_module(
        lambda x, s, b: NormalizationOp(
            x, s, b, axes, epsilon=EPSILON, num_groups=groups
        ),
        *arrays,
    )


def arrays_of(case: str, dtype: Any) -> tuple[Any, Any, Any]:
    shape, _, weights, _ = CASES[case]
    return (
        random(shape, dtype),
        random(weights, dtype, 1),
        random(weights, dtype, 2),
    )


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_a_normalization_is_its_definition(case: str, dtype: Any):
    arrays = arrays_of(case, dtype)
    _, axes, _, groups = CASES[case]
    wanted = normalized(*arrays, axes, groups)
    assert_close(launch(module(case, *arrays), *arrays).result, wanted, k=8)


@pytest.mark.parametrize(
    ("case", "k"),
    [("a layer", 8), ("channels", 8), ("a layer that is read twice", 8000)],
)
def test_a_large_mean_costs_at_most_its_own_rounding(case: str, k: float):
    """Squares less the square of the mean would lose all but a digit here."""
    x, scale, bias = arrays_of(case, np.float32)
    x += np.float32(1000)
    _, axes, _, groups = CASES[case]
    wanted = normalized(x, scale, bias, axes, groups)
    assert_close(launch(module(case, x, scale, bias), x, scale, bias).result, wanted, k)


def test_neighbouring_numbers_are_apart():
    """What rounding leaves of the mean is as large here as the deviation."""
    x = np.array([[1, 1 + ULP], [3, 3 - 2 * ULP], [1000, 1001]], np.float32)
    scale, bias = np.ones((1, 2), np.float32), np.zeros((1, 2), np.float32)
    layer = layer_module(
        lambda *v: NormalizationOp(*v, (1,), epsilon=1e-30), x, scale, bias
    )
    result = launch(layer, x, scale, bias).result
    assert_close(result, np.array([[-1, 1], [1, -1], [-1, 1]]), k=4)


@pytest.mark.parametrize("size", [1, 1001, 20001])
@pytest.mark.parametrize("number", [1234.567, -1e20])
def test_equal_elements_are_the_mean_however_large(number: float, size: int):
    x = np.full((2, size), number, np.float32)
    scale, bias = np.ones((1, 1), np.float32), np.full((1, 1), 3, np.float32)
    layer = layer_module(lambda *v: NormalizationOp(*v, (1,)), x, scale, bias)
    np.testing.assert_array_equal(launch(layer, x, scale, bias).result, 3)


@pytest.mark.parametrize("case", ["a layer", "a layer that is read twice"])
def test_what_is_not_finite_spoils_its_row_alone(case: str):
    x, scale, bias = arrays_of(case, np.float32)
    for special in (np.nan, np.inf, -np.inf):
        x[1, 5] = special
        result = launch(module(case, x, scale, bias), x, scale, bias).result
        assert np.isnan(result[1]).all()
        assert np.isfinite(result[0]).all()


@pytest.mark.parametrize("case", ["a layer", "channels", "a layer that is read twice"])
def test_what_has_an_infinite_variance_becomes_the_bias(case: str):
    """As in onnxruntime: a number over infinity is 0."""
    x, scale, bias = arrays_of(case, np.float32)
    x *= np.float32(1e30)
    result = launch(module(case, x, scale, bias), x, scale, bias).result
    np.testing.assert_array_equal(result, np.broadcast_to(bias, x.shape))


def test_layers_around_a_normalization_are_in_its_kernel():
    x, r = random((3, 64)), random((3, 64), seed=1)
    scale, bias = random((1, 64), seed=2), random((1, 64), seed=3)
    type, weight = tensor(x), tensor(scale)
    text = f"""
    %y0 = trt.fused "sum_normalization_relu"(%x0, %x1, %x2, %x3) layers ["a", "n", "r"]
        : ({type}, {type}, {weight}, {weight}) -> {type} {{
    ^bb0(%x: {type}, %o: {type}, %s: {weight}, %b: {weight}):
      %a = trt.element_wise sum %x, %o layers ["a"] : ({type}, {type}) -> {type}
      %n = trt.normalization %a, %s, %b axes = [1] epsilon = 1.0e-05 layers ["n"]
        : ({type}, {weight}, {weight}) -> {type}
      %r = trt.activation relu %n layers ["r"] : {type} -> {type}
      trt.yield %r : {type}
    }}"""
    arrays = (x, r, scale, bias)
    wanted = normalized(x.astype(np.float64) + r, scale, bias, (1,), 1)
    result = launch(network(text, [x], *arrays), *arrays).result
    assert_close(result, np.maximum(wanted, 0), k=8)


@pytest.mark.parametrize(("case", "times"), [("a layer", 1), ("large instances", 2)])
def test_a_row_is_read_once_where_registers_hold_it(case: str, times: int):
    arrays = arrays_of(case, np.float32)
    source, *_ = launch(module(case, *arrays), *arrays).read
    assert source.unique_read_bytes == arrays[0].nbytes
    # What is beyond the end of a long row is its first element once more.
    assert times <= source.read_bytes / arrays[0].nbytes < times + 0.25


def test_kernels_are_small_and_ptxas_takes_them_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for (case, dtype), sm in in_turn(CASES, (np.float32, np.float16)):
        check_machine_code(module(case, *arrays_of(case, dtype)), sm)
