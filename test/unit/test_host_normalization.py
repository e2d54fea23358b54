"""Kernels of normalisation for the CPU, against numpy in f64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from host_rows import run
from kernel_arrays import layer_module, random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import assert_close, network
from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.trt import NormalizationOp

EPSILON = 1e-5

NORMALIZATIONS: dict[
    str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]
] = {
    "one": ((1, 1), (1,), (1, 1), 1),
    "a short layer": ((1, 31), (1,), (1, 31), 1),
    "a layer": ((3, 768), (1,), (1, 768), 1),
    "a layer of no whole vectors": ((3, 1001), (1,), (1, 1001), 1),
    "a layer in parts": ((2, 40001), (1,), (1, 40001), 1),
    "a layer of two axes": ((3, 7, 33), (1, 2), (1, 7, 33), 1),
    "instances": ((3, 5, 7, 7), (2, 3), (1, 5, 1, 1), 1),
    "large instances": ((1, 2, 232, 228), (2, 3), (1, 2, 1, 1), 1),
    "groups": ((3, 6, 4, 8), (2, 3), (1, 6, 1, 1), 2),
    "channels": ((3, 33, 5, 5), (1,), (1, 33, 1, 1), 1),
    "channels in parts": ((2, 5000, 130), (1,), (1, 5000, 1), 1),
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


def normalization(case: str, *arrays: np.ndarray) -> ModuleOp:
    _, axes, _, groups = NORMALIZATIONS[case]
    return layer_module(
        lambda x, s, b: NormalizationOp(
            x, s, b, axes, epsilon=EPSILON, num_groups=groups
        ),
        *arrays,
    )


def operands_of(case: str, dtype: Any = np.float32) -> tuple[Any, Any, Any]:
    shape, _, weights, _ = NORMALIZATIONS[case]
    return random(shape, dtype), random(weights, dtype, 1), random(weights, dtype, 2)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", NORMALIZATIONS)
def test_a_normalization_is_its_definition(case: str, dtype: Any):
    arrays = operands_of(case, dtype)
    _, axes, _, groups = NORMALIZATIONS[case]
    wanted = normalized(*arrays, axes, groups)
    terms = np.prod([arrays[0].shape[axis] for axis in axes])
    assert_close(run(normalization(case, *arrays), *arrays), wanted, 4, terms)


@pytest.mark.parametrize(
    ("case", "k"), [("a layer", 8), ("channels", 8), ("a layer in parts", 8000)]
)
def test_a_large_mean_costs_at_most_its_own_rounding(case: str, k: float):
    """Squares less the square of the mean would lose all but a digit here."""
    x, scale, bias = operands_of(case)
    x += np.float32(1000)
    _, axes, _, groups = NORMALIZATIONS[case]
    wanted = normalized(x, scale, bias, axes, groups)
    assert_close(run(normalization(case, x, scale, bias), x, scale, bias), wanted, k)


@pytest.mark.parametrize("case", ["a layer", "a layer in parts"])
def test_what_is_not_finite_spoils_its_row_alone(case: str):
    x, scale, bias = operands_of(case)
    for special in (np.nan, np.inf, -np.inf):
        x[1, 5] = special
        result = run(normalization(case, x, scale, bias), x, scale, bias)
        assert np.isnan(result[1]).all()
        assert np.isfinite(result[0]).all()


@pytest.mark.parametrize(
    "case", ["a short layer", "a layer", "a layer in parts", "channels"]
)
def test_what_has_an_infinite_variance_becomes_the_bias(case: str):
    """As in onnxruntime: a number over infinity is 0."""
    x, scale, bias = operands_of(case)
    x *= np.float32(1e30)
    result = run(normalization(case, x, scale, bias), x, scale, bias)
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
    result = run(network(text, [x], *arrays), *arrays)
    assert_close(result, np.maximum(wanted, 0), k=8)
