"""Kernels of softmax and its logarithm on the emulator, against numpy in f64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import layer_module, random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import (
    assert_close,
    check_machine_code,
    fused,
    in_turn,
    launch,
    network,
)
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import find_ptxas
from fusemlir.dialects.trt import SoftMaxOp

CASES: dict[str, tuple[tuple[int, ...], int]] = {
    "one": ((1, 1), 1),
    "a short row": ((1, 31), 1),
    "short rows": ((1000, 7), 1),
    "a warp and one": ((3, 33), 1),
    "classes": ((3, 1000), 1),
    "rows of no whole vectors": ((3, 1001), 1),
    "rows that are read twice": ((2, 17001), 1),
    "channels": ((3, 10, 7, 7), 1),
    "many channels": ((2, 1000, 4, 4), 1),
    "channels that are read twice": ((2, 5000, 8), 1),
    "in front": ((33, 31), 0),
}


def softmax(x: np.ndarray, axis: int, *, log: bool = False) -> Any:
    """The definition, in f64."""
    with np.errstate(all="ignore"):
        centred = x.astype(np.float64) - np.max(x, axis, keepdims=True).astype(float)
        total = np.sum(np.exp(centred), axis, keepdims=True)
        return centred - np.log(total) if log else np.exp(centred) / total


def module(x: np.ndarray, axis: int, *, log: bool = False) -> ModuleOp:
    if not log:
        return layer_module(lambda v: SoftMaxOp(v, axis), x)
    type = tensor(x)
    layers = (
        f"%s = trt.softmax %x0 axis = {axis} : {type} -> {type}\n"
        f"%y0 = trt.unary log %s : {type} -> {type}"
    )
    return fused(network(layers, [x], x))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_a_softmax_is_along_any_axis(case: str, dtype: Any):
    shape, axis = CASES[case]
    x = random(shape, dtype) * dtype(3)
    result = launch(module(x, axis), x).result
    assert_close(result, softmax(x, axis), k=4)
    sums = result.astype(np.float64).sum(axis)
    if dtype == np.float32:
        np.testing.assert_allclose(sums, 1, rtol=1e-5)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_its_logarithm_is_one_kernel(case: str, dtype: Any):
    shape, axis = CASES[case]
    x = random(shape, dtype) * dtype(3)
    result = launch(module(x, axis, log=True), x).result
    assert_close(result, softmax(x, axis, log=True), k=4)


def test_a_logarithm_is_finite_where_that_of_zero_is_not():
    x = np.array([[0, -500, -1000]], np.float32)
    result = launch(module(x, 1, log=True), x).result
    np.testing.assert_array_equal(result, [[0, -500, -1000]])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", [(7, 33), (7, 17001)])
@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_not_finite_goes_through(axis: int, shape: tuple[int, int], log: bool):
    x = random(shape)
    x[0, 0], x[1, 1], x[2, :2] = np.nan, np.inf, (np.inf, -np.inf)
    x[3], x[4, 3], x[5] = -np.inf, -np.inf, x[5] + 1000
    x = np.ascontiguousarray(x if axis else x.T)
    wanted = softmax(x, axis, log=log)
    assert_close(launch(module(x, axis, log=log), x).result, wanted, k=4)


def test_layers_around_a_softmax_are_in_its_kernel():
    x, mask = random((3, 5, 9)), random((1, 5, 9), seed=1)
    type, other = tensor(x), tensor(mask)
    text = f"""
    %y0 = trt.fused "sum_softmax_neg"(%x0, %x1) layers ["a", "s", "n"]
        : ({type}, {other}) -> {type} {{
    ^bb0(%x: {type}, %m: {other}):
      %a = trt.element_wise sum %x, %m layers ["a"] : ({type}, {other}) -> {type}
      %s = trt.softmax %a axis = 2 layers ["s"] : {type} -> {type}
      %n = trt.unary neg %s layers ["n"] : {type} -> {type}
      trt.yield %n : {type}
    }}"""
    result = launch(network(text, [x], x, mask), x, mask).result
    assert_close(result, -softmax(x.astype(np.float64) + mask, 2), k=4)


def test_a_layer_before_it_may_be_of_what_is_broadcast():
    x, b = random((3, 5, 8)), random((1, 5, 1), seed=1)
    type, other = tensor(x), tensor(b)
    text = f"""
    %y0 = trt.fused "abs_sub_softmax"(%x0, %x1) layers ["a", "d", "s"]
        : ({type}, {other}) -> {type} {{
    ^bb0(%x: {type}, %b: {other}):
      %a = trt.unary abs %b layers ["a"] : {other} -> {other}
      %d = trt.element_wise sub %x, %a layers ["d"] : ({type}, {other}) -> {type}
      %s = trt.softmax %d axis = 1 layers ["s"] : {type} -> {type}
      trt.yield %s : {type}
    }}"""
    result = launch(network(text, [x], x, b), x, b).result
    assert_close(result, softmax(x.astype(np.float64) - np.abs(b), 1), k=4)


@pytest.mark.parametrize(
    ("shape", "axis", "dtype", "times"),
    [
        ((3, 1024), 1, np.float32, 1),
        ((3, 4096), 1, np.float16, 1),
        ((2, 64, 8, 8), 1, np.float32, 1),
        ((2, 32768), 1, np.float32, 2),
    ],
)
def test_a_row_is_read_once_where_registers_hold_it(
    shape: tuple[int, ...], axis: int, dtype: Any, times: int
):
    x = random(shape, dtype)
    (source,) = launch(module(x, axis), x).read
    assert source.unique_read_bytes == x.nbytes
    assert source.read_bytes == times * x.nbytes


def test_kernels_are_small_and_ptxas_takes_them_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    halves = (np.float32, np.float16)
    for ((shape, axis), dtype, log), sm in in_turn(
        CASES.values(), halves, (False, True)
    ):
        check_machine_code(module(np.zeros(shape, dtype), axis, log=log), sm)
