"""Contractions of f16 and bf16 on the CPU: summed in f32, rounded once in the end."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import assert_near, tensor
from kernels_on_host import parse
from layers_on_host import run_on_host

from fusemlir.lowering.host.elements import ElementPlan
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.placement import constants_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.reference import Mode, run
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights

HALVES = {"f16": np.float16, "bf16": ml_dtypes.bfloat16}


def random(half: str, *shape: int) -> Any:
    numbers = np.random.default_rng(len(shape)).standard_normal(shape)
    return numbers.astype(HALVES[half])


def constant(name: str, array: Any) -> str:
    numbers = array.astype(np.float64).tolist()
    return f"%{name} = trt.constant dense<{numbers}> : {tensor(array)}\n"


def check(text: str, *inputs: Any, terms: int) -> None:
    """Fused, by a kernel that is no fallback, against the layers on the same numbers
    without their roundings."""
    exact = parse(text.replace("bf16", "f32").replace("f16", "f32"))
    (function,) = functions(exact)
    numbers = [x.astype(np.float32) for x in inputs]
    (wanted,) = run(function, numbers, Weights.of_module(exact), Mode.WIDE)
    module = parse(text)
    TrtFusePass().apply(make_context(), module)
    (function,) = functions(module)
    for node in nodes(function):
        if is_kernel(node):
            body = KernelBody(node)
            assert not isinstance(plan_of(body, constants_of(body)), ElementPlan)
    (found,) = run_on_host(module, *inputs)
    assert found.dtype == inputs[0].dtype
    assert_near(found, wanted, terms)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("groups", [1, 6])
def test_a_convolution_and_what_follows(half: str, groups: int):
    x, w = random(half, 2, 6, 7, 9), random(half, 18, 6 // groups, 3, 3)
    b, r = random(half, 18), random(half, 2, 18, 7, 9)
    type = tensor(r)
    text = f"""
    func.func @main(%x: {tensor(x)}, %r: {type}) -> {type} {{
      {constant("w", w)} {constant("b", b)}
      %0 = trt.convolution %x, %w, %b pre_padding = [1, 1] post_padding = [1, 1]
        num_groups = {groups} : ({tensor(x)}, {tensor(w)}, {tensor(b)}) -> {type}
      %1 = trt.element_wise sum %0, %r : ({type}, {type}) -> {type}
      %y = trt.activation relu %1 : {type} -> {type}
      func.return %y : {type}
    }}"""
    check(text, x, r, terms=54)


@pytest.mark.parametrize("half", HALVES)
def test_a_depthwise_convolution(half: str):
    x, w = random(half, 1, 17, 8, 5), random(half, 17, 1, 3, 3)
    text = f"""
    func.func @main(%x: {tensor(x)}) -> {tensor(x)} {{
      {constant("w", w)}
      %0 = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1]
        num_groups = 17 : ({tensor(x)}, {tensor(w)}) -> {tensor(x)}
      %y = trt.activation relu %0 : {tensor(x)} -> {tensor(x)}
      func.return %y : {tensor(x)}
    }}"""
    check(text, x, terms=9)


@pytest.mark.parametrize("half", HALVES)
def test_a_product_with_a_constant(half: str):
    x, w = random(half, 3, 33), random(half, 33, 17)
    type = tensor(random(half, 3, 17))
    text = f"""
    func.func @main(%x: {tensor(x)}) -> {type} {{
      {constant("w", w)}
      %y = trt.matrix_multiply %x, %w : ({tensor(x)}, {tensor(w)}) -> {type}
      func.return %y : {type}
    }}"""
    check(text, x, terms=33)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("turned", [False, True])
def test_a_product_of_inputs(half: str, turned: bool):
    x = random(half, 2, 3, 33)
    w = random(half, 2, 17, 33) if turned else random(half, 2, 33, 17)
    type = tensor(random(half, 2, 3, 17))
    turn = "op1 = transpose" if turned else ""
    text = f"""
    func.func @main(%x: {tensor(x)}, %w: {tensor(w)}) -> {type} {{
      %y = trt.matrix_multiply %x, %w {turn} : ({tensor(x)}, {tensor(w)}) -> {type}
      func.return %y : {type}
    }}"""
    check(text, x, w, terms=33)
