"""Products of two inputs on the CPU, against numpy in f64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse

import fusemlir
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.matrix_product import MatrixProductPlan
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
    wanted = np.where(np.isnan(wanted), wanted, np.maximum(wanted, 0))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
