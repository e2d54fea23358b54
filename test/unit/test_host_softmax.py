"""Kernels of softmax for the CPU, against numpy in f64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from host_rows import kernels, run, with_specials
from kernel_arrays import layer_module, random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import assert_close, fused, network
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.dialects.trt import SoftMaxOp

SOFTMAXES: dict[str, tuple[tuple[int, ...], int]] = {
    "one": ((1, 1), 1),
    "a short row": ((1, 31), 1),
    "short rows": ((100, 7), 1),
    "classes": ((3, 1000), 1),
    "rows of no whole vectors": ((3, 1001), 1),
    "rows in parts": ((2, 40001), 1),
    "channels": ((3, 10, 7, 7), 1),
    "columns in parts": ((2, 5000, 130), 1),
    "in front": ((33, 31), 0),
}


def softmax(x: np.ndarray, axis: int, *, log: bool = False) -> Any:
    """The definition, in f64."""
    with np.errstate(all="ignore"):
        centred = x.astype(np.float64) - np.max(x, axis, keepdims=True).astype(float)
        total = np.sum(np.exp(centred), axis, keepdims=True)
        return centred - np.log(total) if log else np.exp(centred) / total


def softmax_module(x: np.ndarray, axis: int, *, log: bool = False) -> ModuleOp:
    if not log:
        return layer_module(lambda v: SoftMaxOp(v, axis), x)
    type = tensor(x)
    layers = (
        f"%s = trt.softmax %x0 axis = {axis} : {type} -> {type}\n"
        f"%y0 = trt.unary log %s : {type} -> {type}"
    )
    return fused(network(layers, [x], x))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", SOFTMAXES)
def test_a_softmax_is_along_any_axis(case: str, dtype: Any, log: bool):
    shape, axis = SOFTMAXES[case]
    x = random(shape, dtype) * dtype(3)
    result = run(softmax_module(x, axis, log=log), x)
    assert_close(result, softmax(x, axis, log=log), k=4, terms=shape[axis])
    if dtype == np.float32 and not log:
        sums = result.astype(np.float64).sum(axis)
        np.testing.assert_allclose(sums, 1, rtol=1e-5)


def test_a_softmax_is_exact_to_the_last_places_far_below_the_greatest():
    x = np.linspace(-80, 0, 3000, dtype=np.float32)[None]
    result = run(softmax_module(x, 1), x).astype(np.float64)
    np.testing.assert_allclose(result, softmax(x, 1), rtol=8 * 2.0**-23)


def test_a_softmax_is_zero_where_it_is_masked():
    x = np.array([[0, -np.inf, -100, -3e38, 1]], np.float32)
    result = run(softmax_module(x, 1), x)
    np.testing.assert_array_equal(result[:, 1:4], 0)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_softmax_of_negative_numbers_is_shifted_by_the_greatest(axis: int):
    x = np.array([[-1000, -900, -100, -101]], np.float32)
    x = x if axis else np.ascontiguousarray(x.T)
    result = run(softmax_module(x, axis), x)
    assert_close(result, softmax(x, axis), k=4)


def test_a_logarithm_is_finite_where_that_of_zero_is_not():
    x = np.array([[0, -500, -1000]], np.float32)
    result = run(softmax_module(x, 1, log=True), x)
    np.testing.assert_array_equal(result, [[0, -500, -1000]])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", [(7, 33), (7, 40001)])
@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_not_finite_goes_through_a_softmax(
    axis: int, shape: tuple[int, int], log: bool
):
    x = with_specials(shape, axis)
    wanted = softmax(x, axis, log=log)
    assert_close(run(softmax_module(x, axis, log=log), x), wanted, k=4)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("axis", [1, 2])
def test_layers_around_a_softmax_are_in_its_kernel(axis: int, dtype: Any):
    x, b = random((3, 5, 9), dtype), random((1, 5, 1), dtype, seed=1)
    type, other = tensor(x), tensor(b)
    text = f"""
    %y0, %y1 = trt.fused "abs_sub_softmax_neg"(%x0, %x1) layers ["a", "d", "s", "n"]
        : ({type}, {other}) -> ({type}, {type}) {{
    ^bb0(%x: {type}, %b: {other}):
      %a = trt.unary abs %b layers ["a"] : {other} -> {other}
      %d = trt.element_wise sub %x, %a layers ["d"] : ({type}, {other}) -> {type}
      %s = trt.softmax %d axis = {axis} layers ["s"] : {type} -> {type}
      %n = trt.unary neg %s layers ["n"] : {type} -> {type}
      trt.yield %n, %s : {type}, {type}
    }}"""
    module = network(text, [x, x], x, b)
    assert len(kernels(module)) == 1
    engine = fusemlir.compile(module, device="host", fuse="none")
    negative, positive = engine.run([x, b])
    wide = x.astype(np.float64) - np.abs(b.astype(np.float64))
    assert_close(positive, softmax(wide, axis), k=4)
    assert_close(negative, -softmax(wide, axis), k=4)
