"""Products of two inputs on the CPU, against numpy in f64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse
from layers_on_host import run_on_host
from reference_support import FLOAT_TYPES
from row_kernels import assert_close
from xdsl.dialects.func import CallOp

import fusemlir
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.products.matrix_product import MatrixProductPlan
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass

SHAPES = {
    "one number": ((1, 1), (1, 1)),
    "a row": ((1, 33), (33, 17)),
    "a column": ((17, 7), (7, 1)),
    "odd sizes": ((15, 31), (31, 33)),
    "whole vectors": ((28, 64), (64, 128)),
    "more than a block": ((3, 5), (5, 257)),
    "no depth": ((3, 0), (0, 7)),
    "batches": ((2, 3, 7, 15), (2, 3, 15, 17)),
    "the second broadcast": ((3, 7, 15), (1, 15, 33)),
    "the first broadcast": ((1, 7, 15), (3, 15, 33)),
    "crossed": ((2, 1, 7, 5), (1, 3, 5, 9)),
}


def random(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def module_of(a: Any, b: Any, ops: str, type: str, tail: str = "") -> str:
    return f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}, %c: {type}) -> {type} {{
      %0 = trt.matrix_multiply %a, %b {ops} : ({tensor(a)}, {tensor(b)}) -> {type}
      {tail or f"%y = trt.element_wise sum %0, %c : ({type}, {type}) -> {type}"}
      func.return %y : {type}
    }}"""


def fused(text: str) -> Any:
    module = parse(text)
    TrtFusePass().apply(make_context(), module)
    return module


def plans(text: str) -> list[type]:
    (function,) = functions(fused(text))
    bodies = (KernelBody(node) for node in nodes(function) if is_kernel(node))
    return [type(plan_of(body, {})) for body in bodies]


@pytest.mark.parametrize("turned", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("case", SHAPES)
def test_a_product_of_inputs(case: str, turned: tuple[int, int]):
    a, b = (random(*shape) for shape in SHAPES[case])
    wanted = np.matmul(a.astype(np.float64), b.astype(np.float64))
    c = random(*wanted.shape)
    ops = ""
    for number, is_turned in enumerate(turned):
        ops += f" op{number} = transpose" if is_turned else ""
    a, b = (
        np.ascontiguousarray(np.swapaxes(x, -1, -2)) if is_turned else x
        for x, is_turned in zip((a, b), turned, strict=True)
    )
    text = module_of(a, b, ops, tensor(c))
    if a.size:
        assert MatrixProductPlan in plans(text)
    outputs = [
        fusemlir.compile(parse(text), device="host", threads=threads)(a, b, c)
        for threads in (1, 3)
    ]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    depth = max(1, SHAPES[case][0][-1])
    bound = 16 * np.finfo(np.float32).eps * np.sqrt(depth)
    scale = max(1.0, float(np.abs(wanted).max()))
    assert np.abs(outputs[0] - (wanted + c)).max() <= bound * scale


@pytest.mark.parametrize(
    ("subscripts", "first", "second", "ops"),
    [
        ("k,kn->n", (37,), (37, 33), "op0 = vector"),
        ("mk,k->m", (9, 71), (71,), "op1 = vector"),
        ("bk,bk->b", (3, 133), (3, 133), "op0 = vector op1 = vector"),
        ("bmk,bkn->bmn", (2, 5, 71), (2, 71, 3), ""),
        ("mk,nk->mn", (3, 133), (35, 133), "op1 = transpose"),
        ("km,kn->mn", (133, 5), (133, 3), "op0 = transpose"),
    ],
)
def test_vectors_and_sums_along_depth(
    subscripts: str, first: tuple[int, ...], second: tuple[int, ...], ops: str
):
    a, b = random(*first), random(*second)
    a.flat[5], b.flat[-1] = np.nan, np.inf
    wanted = np.einsum(subscripts, a.astype(np.float64), b.astype(np.float64))
    type = tensor(wanted.astype(np.float32))
    module = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {type} {{
      %y = trt.matrix_multiply %a, %b {ops} : ({tensor(a)}, {tensor(b)}) -> {type}
      func.return %y : {type}
    }}"""
    assert plans(module) == [MatrixProductPlan]
    (found,) = run_on_host(parse(module), a, b)
    assert_close(found, wanted, k=16, terms=133)


@pytest.mark.parametrize("dtype", FLOAT_TYPES[1:])
def test_halves_of_which_the_first_is_transposed(dtype: Any):
    a, b = random(3, 31, 17).astype(dtype), random(3, 31, 33).astype(dtype)
    wanted = np.swapaxes(a, 1, 2).astype(np.float64) @ b.astype(np.float64)
    type = tensor(wanted.astype(dtype))
    module = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {type} {{
      %y = trt.matrix_multiply %a, %b op0 = transpose
          : ({tensor(a)}, {tensor(b)}) -> {type}
      func.return %y : {type}
    }}"""
    assert plans(module) == [MatrixProductPlan]
    (found,) = run_on_host(parse(module), a, b)
    assert_close(found, wanted, k=8, terms=31)


HEADS = """
func.func @main(%q: tensor<2x5x48xf32>, %k: tensor<2x5x48xf32>) -> tensor<2x5x48xf32> {
  %0 = trt.shuffle %q reshape = [2, 5, 3, 16] second_transpose = [0, 2, 1, 3]
      : tensor<2x5x48xf32> -> tensor<2x3x5x16xf32>
  %1 = trt.shuffle %k reshape = [2, 5, 3, 16] second_transpose = [0, 2, 3, 1]
      : tensor<2x5x48xf32> -> tensor<2x3x16x5xf32>
  %2 = trt.matrix_multiply %0, %1
      : (tensor<2x3x5x16xf32>, tensor<2x3x16x5xf32>) -> tensor<2x3x5x5xf32>
  %3 = trt.matrix_multiply %2, %0
      : (tensor<2x3x5x5xf32>, tensor<2x3x5x16xf32>) -> tensor<2x3x5x16xf32>
  %4 = trt.shuffle %3 first_transpose = [0, 2, 1, 3] reshape = [2, 5, 48]
      : tensor<2x3x5x16xf32> -> tensor<2x5x48xf32>
  func.return %4 : tensor<2x5x48xf32>
}"""


def test_heads_are_read_and_written_where_they_lie():
    """No kernel transposes them."""
    module = parse(HEADS)
    ConvertTrtToHostPass().apply(make_context(), module)
    names = {
        call.callee.string_value() for call in module.walk() if isinstance(call, CallOp)
    }
    assert not any("shuffle" in name or "reformat" in name for name in names), names
    q, k = random(2, 5, 48), random(2, 5, 48) + 1
    a, b = (x.astype(np.float64).reshape(2, 5, 3, 16) for x in (q, k))
    wanted = np.einsum("bqhd,bkhd,bkhe->bqhe", a, b, a).reshape(2, 5, 48)
    (found,) = run_on_host(parse(HEADS), q, k)
    assert_close(found, wanted, k=8, terms=16 * 5)


def test_a_product_and_its_second_factor_again():
    a, b = random(5, 5), random(5, 5) + 1
    type = tensor(a)
    tail = f"%y = trt.element_wise sum %0, %b : ({type}, {type}) -> {type}"
    engine = fusemlir.compile(parse(module_of(a, b, "", type, tail)), device="host")
    found = engine(a, b, a)
    np.testing.assert_allclose(found, a.astype(float) @ b + b, rtol=1e-5, atol=1e-5)


def test_a_square():
    a = random(7, 7)
    type = tensor(a)
    text = f"""
    func.func @main(%a: {type}) -> {type} {{
      %y = trt.matrix_multiply %a, %a op1 = transpose : ({type}, {type}) -> {type}
      func.return %y : {type}
    }}"""
    assert plans(text) == [MatrixProductPlan]
    found = fusemlir.compile(parse(text), device="host")(a)
    np.testing.assert_allclose(found, a.astype(float) @ a.T, rtol=1e-5, atol=1e-5)


def test_numbers_that_are_none_stay_where_they_are():
    a, b = random(9, 17), random(17, 35)
    a[3, 5], b[2, 34] = np.nan, np.inf
    type = tensor(a @ b)
    text = module_of(a, b, "", type, f"%y = trt.activation relu %0 : {type} -> {type}")
    with np.errstate(invalid="ignore"):
        wanted = a.astype(np.float64) @ b.astype(np.float64)
    found = fusemlir.compile(parse(text), device="host")(a, b, np.zeros_like(a @ b))
    # np.maximum lets NaN through.
    np.testing.assert_allclose(found, np.maximum(wanted, 0), rtol=1e-4, atol=1e-5)
