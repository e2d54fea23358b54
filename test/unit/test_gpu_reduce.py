"""Kernels of reductions on the emulator, against numpy in f64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
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
from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import ReduceOp
from fusemlir.dialects.trt.enums import ReduceOperation as R
from fusemlir.lowering.gpu.rows.view import RowView

NUMPY: dict[R, Callable[..., Any]] = {
    R.SUM: np.sum,
    R.PROD: np.prod,
    R.MAX: np.max,
    R.MIN: np.min,
    R.AVG: np.mean,
}

CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "one": ((1,), (0,)),
    "a short row": ((31,), (0,)),
    "short rows": ((1000, 7), (1,)),
    "rows of no whole vectors": ((3, 1001), (1,)),
    "rows of vectors": ((3, 4096), (1,)),
    "a long row": ((1, 20000), (1,)),
    "columns": ((33, 31), (0,)),
    "columns of vectors": ((1001, 64), (0,)),
    "long columns": ((1000, 8), (0,)),
    "the middle": ((3, 31, 33), (1,)),
    "images": ((3, 5, 7, 7), (2, 3)),
    "both ends": ((3, 5, 8, 4), (0, 3)),
    "every other": ((3, 5, 8, 12), (0, 2)),
    "all": ((3, 5, 7), (0, 1, 2)),
}


def module(kind: R, x: np.ndarray, axes: tuple[int, ...], keep: bool) -> ModuleOp:
    return layer_module(lambda v: ReduceOp(kind, v, axes, keep_dimensions=keep), x)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", CASES)
def test_a_sum_is_along_any_axes(case: str, dtype: Any):
    shape, axes = CASES[case]
    x = random(shape, dtype)
    result = launch(module(R.SUM, x, axes, False), x).result
    wanted = np.sum(x.astype(np.float64), axes)
    assert_close(result, wanted, k=4, terms=x.size / max(1, result.size))


@pytest.mark.parametrize("kind", R)
@pytest.mark.parametrize("case", ["rows of no whole vectors", "columns", "both ends"])
def test_any_operation_keeps_dimensions(case: str, kind: R):
    shape, axes = CASES[case]
    x = random(shape)
    result = launch(module(kind, x, axes, True), x).result
    wanted = NUMPY[kind](x.astype(np.float64), axes, keepdims=True)
    assert_close(result, wanted, k=4, terms=x.size / result.size)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
@pytest.mark.parametrize("kind", R)
@pytest.mark.parametrize("axes", [(0,), (1,)])
def test_integers_wrap_around_and_means_are_truncated(
    axes: tuple[int, ...], kind: R, dtype: Any
):
    info = np.iinfo(dtype)
    x = np.random.default_rng(0).integers(info.min, info.max, (33, 31), dtype)
    # Of 64 bits a sum of them all wraps around before the mean is taken, as numpy's.
    wide = x.astype(np.int64)
    with np.errstate(over="ignore"):
        total = wide.sum(axes)
        count = x.shape[axes[0]]
        mean = np.sign(total) * (np.abs(total) // count)
        wanted = mean if kind == R.AVG else NUMPY[kind](wide, axes)
    result = launch(module(kind, x, axes, False), x).result
    np.testing.assert_array_equal(result, wanted.astype(dtype))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("kind", [R.SUM, R.AVG, R.MAX, R.MIN])
def test_what_is_not_finite_goes_through(kind: R, axis: int):
    x = random((7, 33))
    rows = x if axis else x[:, :7]
    for at, values in enumerate(
        ([np.nan], [np.inf], [-np.inf], [np.inf, -np.inf], [np.nan, np.inf])
    ):
        rows[at, : len(values)] = values
    rows[5] = -np.inf
    x = np.ascontiguousarray(rows if axis else rows.T)
    with np.errstate(all="ignore"):
        wanted = NUMPY[kind](x.astype(np.float64), axis)
    assert_close(launch(module(kind, x, (axis,), False), x).result, wanted, 4, 33)


EMPTY: dict[Any, tuple[float, ...]] = {
    np.float32: (0, 1, -np.inf, np.inf, np.nan),
    np.int8: (0, 1, -128, 127, -128),
    np.int32: (0, 1, -(2**31), 2**31 - 1, 0),
}


@pytest.mark.parametrize("dtype", EMPTY)
def test_of_nothing_there_is_the_value_that_changes_nothing(dtype: Any):
    x = np.empty((3, 0), dtype)
    for kind, value in zip(R, EMPTY[dtype], strict=True):
        result = launch(module(kind, x, (1,), False), x).result
        np.testing.assert_array_equal(result, np.full(3, value, dtype))


def test_halves_are_summed_in_single_precision():
    x = np.full((2, 8192), 300, np.float16)
    layers = (
        "%s = trt.element_wise prod %x0, %x0 : ({0}, {0}) -> {0}\n"
        "%r = trt.reduce sum %s axes = [1] : {0} -> {1}\n"
        "%y0 = trt.unary sqrt %r : {1} -> {1}"
    ).format(tensor(x), "tensor<2xf16>")
    group = fused(network(layers, [x[:, 0]], x))
    # A square alone is more than halves hold.
    assert_close(launch(group, x).result, np.full(2, 300 * np.sqrt(8192)), k=4)


NORMS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "l1": ("abs", "", lambda x: np.abs(x).sum(1)),
    "log sum": ("", "log", lambda x: np.log(x.sum(1))),
    "log sum exp": ("exp", "log", lambda x: np.logaddexp.reduce(x, axis=1)),
}


def norm(case: str, x: np.ndarray, first: str = "") -> ModuleOp:
    """A group of a reduction along axis 1, which may be of x with its axes moved."""
    before, after, _ = NORMS[case]
    moved = x.transpose([int(axis) for axis in first.split(",")]) if first else x
    summed = moved[:, :1]
    full, less = tensor(moved), tensor(summed)
    layers, value, kept = list[str](), "%x0", "%r"
    if first:
        layers.append(
            f"%m = trt.shuffle %x0 first_transpose = [{first}] : {tensor(x)} -> {full}"
        )
        value = "%m"
    if before:
        layers.append(f"%b = trt.unary {before} {value} : {full} -> {full}")
        value = "%b"
    layers.append(
        f"%r = trt.reduce sum {value} axes = [1] keep_dimensions : {full} -> {less}"
    )
    if after:
        layers.append(f"%a = trt.unary {after} %r : {less} -> {less}")
        kept = "%a"
    text = "\n".join(layers).replace(f"{kept} =", "%y0 =")
    return fused(network(text, [summed], x))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("shape", [(3, 1001), (3, 31, 33), (2, 5000)])
@pytest.mark.parametrize("case", NORMS)
def test_a_norm_is_one_kernel(case: str, shape: tuple[int, ...], dtype: Any):
    x = np.abs(random(shape, dtype))
    result = launch(norm(case, x), x).result.squeeze(1)
    wanted = NORMS[case][2](x.astype(np.float64))
    assert_close(result, wanted, k=4, terms=shape[1])


@pytest.mark.parametrize("size", [31, 5000])
def test_the_logarithm_of_a_sum_of_exponentials_is_shifted(size: int):
    x = random((8, size))
    x[0] += 250
    x[1] -= 250
    x[2] = -np.inf
    x[3, 0] = -np.inf
    x[4, 1] = np.inf
    x[5, :2] = np.inf, -np.inf
    x[6, :2] = np.inf, np.nan
    x[7, -1] = np.nan
    with np.errstate(all="ignore"):
        wanted = np.log(np.sum(np.exp(x.astype(np.float64)), axis=1))
    result = launch(norm("log sum exp", x), x).result.squeeze(1)
    assert_close(result, wanted, k=4)


@pytest.mark.parametrize("order", ["1,0,2", "2,0,1", "2,1,0", "0,2,1"])
@pytest.mark.parametrize("case", NORMS)
def test_what_is_reduced_may_be_permuted(case: str, order: str):
    x = np.abs(random((5, 8, 12)))
    moved = x.transpose([int(axis) for axis in order.split(",")]).astype(np.float64)
    result = launch(norm(case, x, order), x).result
    assert_close(result.squeeze(1), NORMS[case][2](moved), k=4, terms=12)


def test_layers_around_a_reduction_may_read_other_tensors():
    x, y, b = random((3, 5, 8)), random((3, 5, 8), seed=1), random((1, 5, 1), seed=2)
    less = "tensor<3x5x1xf32>"
    text = f"""
    %y0 = trt.fused "prod_reduce_sum_sub"(%x0, %x1, %x2) layers ["p", "r", "s"]
        : ({tensor(x)}, {tensor(y)}, {tensor(b)}) -> {less} {{
    ^bb0(%x: {tensor(x)}, %y: {tensor(y)}, %b: {tensor(b)}):
      %p = trt.element_wise prod %x, %y layers ["p"] : ({tensor(x)}, {tensor(y)}) -> {tensor(x)}
      %r = trt.reduce sum %p axes = [2] keep_dimensions layers ["r"] : {tensor(x)} -> {less}
      %s = trt.element_wise sub %r, %b layers ["s"] : ({less}, {tensor(b)}) -> {less}
      trt.yield %s : {less}
    }}"""  # noqa: E501
    wanted = (x.astype(np.float64) * y).sum(2, keepdims=True) - b
    result = launch(network(text, [wanted.astype(np.float32)], x, y, b), x, y, b)
    assert_close(result.result, wanted, k=4, terms=8)


def test_an_exponential_that_another_layer_uses_is_computed_for_it_too():
    x = random((8, 1))
    type = tensor(x)
    text = f"""
    %y0 = trt.fused "exp_reduce_sum_log_sum"(%x0) layers ["e", "r", "l", "s"]
        : ({type}) -> {type} {{
    ^bb0(%x: {type}):
      %e = trt.unary exp %x layers ["e"] : {type} -> {type}
      %r = trt.reduce sum %e axes = [1] keep_dimensions layers ["r"] : {type} -> {type}
      %l = trt.unary log %r layers ["l"] : {type} -> {type}
      %s = trt.element_wise sum %l, %e layers ["s"] : ({type}, {type}) -> {type}
      trt.yield %s : {type}
    }}"""
    wide = x.astype(np.float64)
    assert_close(launch(network(text, [x], x), x).result, wide + np.exp(wide), k=4)


def test_what_is_read_permuted_and_as_it_is_has_no_kernel():
    """Each element of a row is read in one order."""
    x = random((8, 8))
    type, less = tensor(x), tensor(x[:, :1])
    text = f"""
    %y0 = trt.fused "shuffle_sub_reduce_max"(%x0) layers ["m", "s", "r"]
        : ({type}) -> {less} {{
    ^bb0(%x: {type}):
      %m = trt.shuffle %x first_transpose = [1, 0] layers ["m"] : {type} -> {type}
      %s = trt.element_wise sub %x, %m layers ["s"] : ({type}, {type}) -> {type}
      %r = trt.reduce max %s axes = [1] keep_dimensions layers ["r"] : {type} -> {less}
      trt.yield %r : {less}
    }}"""
    with pytest.raises(DiagnosticError, match="no kernel yet for shuffle_sub_reduce"):
        launch(network(text, [x[:, :1]], x), x)


@pytest.mark.parametrize(
    ("shape", "axes", "dtype"),
    [
        ((4, 4096), (1,), np.float16),
        ((64, 96), (0,), np.float32),
        ((4, 16, 8, 4), (0, 2), np.float32),
        ((2, 8192), (1,), ml_dtypes.bfloat16),
    ],
)
def test_each_element_is_loaded_once(
    shape: tuple[int, ...], axes: tuple[int, ...], dtype: Any
):
    x = random(shape, dtype)
    (source,) = launch(module(R.SUM, x, axes, False), x).read
    assert source.read_bytes == source.unique_read_bytes == x.nbytes


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 9, 10, 16, 27, 31, 32])
def test_several_short_rows_are_for_one_warp(size: int):
    """No thread is without elements, and a block is some warps."""
    for shape, axis in (((1000, size), 1), ((300, size, 3), 1), ((size, 1000), 0)):
        chosen = RowView.of_shape(shape, [axis]).schedule(4)
        each = 1 if chosen.is_across else chosen.elements
        assert (chosen.threads - 1) * each < size
        assert chosen.block in (128, 256)


def test_few_short_rows_fill_no_more_than_a_warp():
    for rows, threads in ((1, 32), (3, 32), (33, 128)):
        assert RowView.of_shape((rows, 9), [1]).schedule(4).block == threads


def test_kernels_are_small_and_ptxas_takes_them_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    halves = (np.float32, np.float16)
    for ((shape, axes), dtype), sm in in_turn(CASES.values(), halves):
        check_machine_code(module(R.SUM, np.empty(shape, dtype), axes, False), sm)
    check_machine_code(module(R.AVG, np.empty((33, 31), np.int8), (0,), False))
    shapes = ((3, 1001), (3, 31, 33), (2, 5000), (2, 5000, 8))
    for (shape, dtype), sm in in_turn(shapes, halves):
        check_machine_code(norm("log sum exp", np.zeros(shape, dtype)), sm)
