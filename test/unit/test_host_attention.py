"""Attention on the CPU, as one kernel, against numpy in f64."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from attention_bodies import Attention
from kernel_arrays import random
from kernels_on_host import parse
from layers_on_host import run_on_host
from reference_support import FLOAT_TYPES
from row_kernels import assert_close
from xdsl.dialects.builtin import ModuleOp

from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.products.attention import AttentionPlan
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.source_network import make_context
from fusemlir.transforms.fuse_attention import FuseAttentionPass

CASES: dict[str, Attention] = {
    "one of all": Attention((1,), 1, 1, 1, 1),
    "batches and heads": Attention((3, 2), 33, 31, 16, 16, shared=("k", "v")),
    "all transposed": Attention((2,), 9, 34, 6, 7, transposed=("q", "k", "v")),
    "one batch of scores": Attention(
        (3, 2), 9, 35, 8, 33, mask=(1, 1, 1, 35), transposed=(), shared=("q", "k")
    ),
    "parts of one size": Attention((1,), 15, 1024, 8, 8, mask=(1, 15, 1), scale=0.25),
    "parts, the last one less": Attention((2,), 5, 1000, 5, 17, after=True),
    "a key more than a part has": Attention((1,), 1, 513, 3, 40, mask=(1, 1, 513)),
}


def plans(module: ModuleOp) -> list[type]:
    (function,) = functions(module)
    bodies = (KernelBody(node) for node in nodes(function) if is_kernel(node))
    return [type(plan_of(body, {})) for body in bodies]


def check(case: Attention) -> None:
    assert plans(case.module) == [AttentionPlan]
    (result,) = run_on_host(case.module, *case.inputs.values())
    assert_close(result, case.exact, k=8, terms=case.depth)


@pytest.mark.parametrize("name", CASES)
def test_attention_is_one_kernel(name: str):
    check(CASES[name])


@pytest.mark.parametrize("dtype", FLOAT_TYPES[1:])
def test_narrow_types_are_rounded_once(dtype: Any):
    case = Attention((3, 2), 7, 33, 8, 15, mask=(3, 1, 7, 33), after=True)
    check(replace(case, dtype=dtype, transposed=("q", "v")))


def test_one_tensor_may_be_all_three():
    module = parse(
        """
        func.func @main(%x: tensor<37x37xf32>) -> tensor<37x37xf32> {
          %s = trt.matrix_multiply %x, %x op1 = transpose layers ["s"]
              : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
          %p = trt.softmax %s axis = 1 layers ["p"]
              : tensor<37x37xf32> -> tensor<37x37xf32>
          %o = trt.matrix_multiply %p, %x layers ["o"]
              : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
          func.return %o : tensor<37x37xf32>
        }"""
    )
    FuseAttentionPass().apply(make_context(), module)
    assert plans(module) == [AttentionPlan]
    x = random((37, 37)) / np.float32(4)
    given = {"q": x[None], "k": x[None], "v": x[None]}
    exact = Attention((1,), 37, 37, 37, 37, given=given).exact[0]
    (result,) = run_on_host(module, x)
    assert_close(result, exact, k=8, terms=37)


@pytest.mark.parametrize("keys", [70, 600])
def test_what_is_masked_weighs_nothing_and_what_is_not_finite_goes_through(keys: int):
    """No key at all, the first alone, the last alone, none in the first part; all as
    little as may be; a score that is not a number, and one that is infinite."""
    mask = np.zeros((1, 8, keys), np.float32)
    mask[0, 0], mask[0, 1, 1:], mask[0, 2, :-1] = -np.inf, -np.inf, -np.inf
    mask[0, 3, : keys // 2 + 5], mask[0, 4, 32:] = -np.inf, -1e9
    mask[0, 5] = np.finfo(np.float32).min
    mask[0, 6, keys - 3], mask[0, 7, 3] = np.nan, np.inf
    case = Attention((1,), 8, keys, 8, 5, mask=mask.shape, given={"m": mask})
    wrong = np.isnan(case.exact[0]).any(axis=-1)
    assert wrong.tolist() == [row in (0, 6, 7) for row in range(8)]
    check(case)


def test_large_scores_do_not_overflow():
    q = np.full((1, 3, 4), 100, np.float32)
    k = np.arange(600, dtype=np.float32).reshape(1, 600, 1).repeat(4, 2) - 250
    check(Attention((1,), 3, 600, 4, 3, given={"q": q, "k": k}))
