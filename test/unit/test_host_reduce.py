"""Kernels of reductions for the CPU, against numpy in f64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from host_rows import run, with_specials
from kernel_arrays import layer_module, random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import assert_close, fused, network
from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.trt import ReduceOp
from fusemlir.dialects.trt.enums import ReduceOperation as R

NUMPY: dict[R, Callable[..., Any]] = {
    R.SUM: np.sum,
    R.PROD: np.prod,
    R.MAX: np.max,
    R.MIN: np.min,
    R.AVG: np.mean,
}

REDUCTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "one": ((1,), (0,)),
    "a short row": ((31,), (0,)),
    "short rows": ((100, 7), (1,)),
    "rows of no whole vectors": ((3, 1001), (1,)),
    "a long row": ((1, 70001), (1,)),
    "columns": ((33, 31), (0,)),
    "few columns": ((1000, 3), (0,)),
    "many columns": ((17, 2500), (0,)),
    "the middle": ((3, 31, 33), (1,)),
    "many blocks": ((15, 7, 33), (1,)),
    "images": ((3, 5, 7, 7), (2, 3)),
    "both ends": ((3, 5, 8, 4), (0, 3)),
    "every other": ((3, 5, 8, 12), (0, 2)),
    "the other two": ((3, 5, 8, 12), (1, 3)),
    "all": ((3, 5, 7), (0, 1, 2)),
}


def reduction(kind: R, x: np.ndarray, axes: Sequence[int], keep: bool) -> ModuleOp:
    return layer_module(lambda v: ReduceOp(kind, v, axes, keep_dimensions=keep), x)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("case", REDUCTIONS)
def test_a_sum_is_along_any_axes(case: str, dtype: Any):
    shape, axes = REDUCTIONS[case]
    x = random(shape, dtype)
    result = run(reduction(R.SUM, x, axes, False), x)
    wanted = np.sum(x.astype(np.float64), axes)
    assert_close(result, wanted, k=4, terms=x.size / max(1, result.size))


@pytest.mark.parametrize("kind", R)
@pytest.mark.parametrize("case", ["rows of no whole vectors", "columns", "both ends"])
def test_any_operation_keeps_dimensions(case: str, kind: R):
    shape, axes = REDUCTIONS[case]
    x = random(shape)
    result = run(reduction(kind, x, axes, True), x)
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
    wide = x.astype(np.int64)
    with np.errstate(over="ignore"):
        total = wide.sum(axes)
        mean = np.sign(total) * (np.abs(total) // x.shape[axes[0]])
        wanted = mean if kind == R.AVG else NUMPY[kind](wide, axes)
    result = run(reduction(kind, x, axes, False), x)
    np.testing.assert_array_equal(result, wanted.astype(dtype))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("kind", [R.SUM, R.AVG, R.MAX, R.MIN])
def test_what_is_not_finite_goes_through_a_reduction(kind: R, axis: int):
    x = with_specials((7, 33), axis)
    with np.errstate(all="ignore"):
        wanted = NUMPY[kind](x.astype(np.float64), axis)
    assert_close(run(reduction(kind, x, (axis,), False), x), wanted, 4, 33)


EMPTY: dict[Any, tuple[float, ...]] = {
    np.float32: (0, 1, -np.inf, np.inf, np.nan),
    np.int8: (0, 1, -128, 127, -128),
    np.int32: (0, 1, -(2**31), 2**31 - 1, 0),
}


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", EMPTY)
def test_of_nothing_there_is_the_value_that_changes_nothing(dtype: Any, axis: int):
    x = np.empty((3, 0) if axis else (0, 3), dtype)
    for kind, value in zip(R, EMPTY[dtype], strict=True):
        result = run(reduction(kind, x, (axis,), False), x)
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
    assert_close(run(group, x), np.full(2, 300 * np.sqrt(8192)), k=4)


NORMS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "l1": ("abs", "", lambda x: np.abs(x).sum(1)),
    "log sum": ("", "log", lambda x: np.log(x.sum(1))),
    "log sum exp": ("exp", "log", lambda x: np.logaddexp.reduce(x, axis=1)),
}


def norm(case: str, x: np.ndarray, first: str = "") -> ModuleOp:
    """A group of a reduction along axis 1, which may be of x with its axes moved."""
    before, after, _ = NORMS[case]
    moved = x.transpose([int(axis) for axis in first.split(",")]) if first else x
    full, less = tensor(moved), tensor(moved[:, :1])
    layers, value = list[str](), "%x0"
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
    text = "\n".join(layers).replace("%a =" if after else "%r =", "%y0 =")
    return fused(network(text, [moved[:, :1]], x))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("shape", [(3, 1001), (3, 31, 33), (2, 40000), (1, 3, 50000)])
@pytest.mark.parametrize("case", NORMS)
def test_a_norm_is_one_kernel(case: str, shape: tuple[int, ...], dtype: Any):
    x = np.abs(random(shape, dtype))
    result = run(norm(case, x), x).squeeze(1)
    wanted = NORMS[case][2](x.astype(np.float64))
    assert_close(result, wanted, k=4, terms=shape[1])


@pytest.mark.parametrize("shape", [(8, 31), (8, 40000), (8, 31, 3), (8, 5000, 130)])
def test_the_logarithm_of_a_sum_of_exponentials_is_shifted(shape: tuple[int, ...]):
    """Of rows along axis 1, short ones and such that are cut into parts."""
    x = random(shape)
    x[0] += 250
    x[1] -= 250
    x[2] = -np.inf
    x[3, 0] = -np.inf
    x[4, 1] = np.inf
    x[5, 0], x[5, 1] = np.inf, -np.inf
    x[6, 0], x[6, 1] = np.inf, np.nan
    x[7, -1] = np.nan
    with np.errstate(all="ignore"):
        wanted = np.log(np.sum(np.exp(x.astype(np.float64)), axis=1))
    assert_close(run(norm("log sum exp", x), x).squeeze(1), wanted, k=4)


@pytest.mark.parametrize("order", ["1,0,2", "2,0,1", "2,1,0", "0,2,1"])
@pytest.mark.parametrize("case", NORMS)
def test_what_is_reduced_may_be_permuted(case: str, order: str):
    x = np.abs(random((5, 8, 12)))
    moved = x.transpose([int(axis) for axis in order.split(",")]).astype(np.float64)
    result = run(norm(case, x, order), x)
    assert_close(result.squeeze(1), NORMS[case][2](moved), k=4, terms=12)


@pytest.mark.parametrize("axis", [1, 2])
def test_layers_around_a_reduction_may_read_other_tensors(axis: int):
    x, y, b = random((3, 5, 8)), random((3, 5, 8), seed=1), random((1, 5, 1), seed=2)
    if axis == 1:
        b = random((1, 1, 8), seed=2)
    summed = (x.astype(np.float64) * y).sum(axis, keepdims=True)
    full, less = tensor(x), tensor(summed.astype(np.float32))
    text = f"""
    %y0 = trt.fused "prod_reduce_sum_sub"(%x0, %x1, %x2) layers ["p", "r", "s"]
        : ({full}, {full}, {tensor(b)}) -> {less} {{
    ^bb0(%x: {full}, %y: {full}, %b: {tensor(b)}):
      %p = trt.element_wise prod %x, %y layers ["p"] : ({full}, {full}) -> {full}
      %r = trt.reduce sum %p axes = [{axis}] keep_dimensions layers ["r"]
        : {full} -> {less}
      %s = trt.element_wise sub %r, %b layers ["s"] : ({less}, {tensor(b)}) -> {less}
      trt.yield %s : {less}
    }}"""
    module = network(text, [summed.astype(np.float32)], x, y, b)
    assert_close(run(module, x, y, b), summed - b, k=4, terms=8)
