"""Kernels of attention, and of the softmax of a matrix product, on the emulator against
numpy in f64."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from attention_bodies import Attention
from kernel_arrays import random
from kernels_on_host import parse
from reference_support import FLOAT_TYPES
from row_kernels import TARGETS, assert_close, check_machine_code, launch

from fusemlir.codegen.ptx import find_ptxas
from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.gpu.attention.form import attention_form
from fusemlir.lowering.gpu.schedules.attention import (
    AttentionSchedule,
    AttentionSize,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import kernels
from fusemlir.pipeline import lower_to_gpu
from fusemlir.source_network import make_context
from fusemlir.target import Target
from fusemlir.transforms.fuse_attention import FuseAttentionPass

SM_80 = Target("sm_80")

CASES: dict[str, Attention] = {
    "one of all": Attention((1,), 1, 1, 1, 1),
    "one row": Attention((1,), 1, 33, 8, 4),
    "batches and heads": Attention((3, 2), 33, 31, 16, 16),
    "two tiles each way": Attention((1,), 33, 33, 33, 33),
    "whole tiles": Attention((1,), 128, 128, 64, 64),
    "many keys": Attention((2,), 5, 1000, 16, 8),
    "many queries": Attention((1,), 1000, 5, 3, 2),
    "rows of 64": Attention((54,), 66, 40, 20, 32),
    "heads of 128": Attention((1, 2), 9, 40, 128, 128),
    "heads of 256": Attention((1,), 17, 34, 256, 256),
    "more values than a block sums": Attention((2,), 3, 7, 5, 300),
    "queries too deep to stay": Attention((1,), 5, 6, 1100, 4),
    "as the product takes them": Attention((2,), 9, 34, 6, 7, transposed=()),
    "all transposed": Attention((2,), 9, 34, 6, 7, transposed=("q", "k", "v")),
    "one head of keys and values": Attention((3, 2), 9, 34, 8, 8, shared=("k", "v")),
    "one batch of scores": Attention((3, 2), 9, 34, 8, 8, shared=("q", "k")),
    "scaled": Attention((2,), 9, 34, 8, 8, scale=0.5),
    "a mask for all heads": Attention((3, 2), 9, 34, 8, 8, mask=(3, 1, 1, 34)),
    "scaled and masked": Attention((2,), 9, 34, 8, 8, mask=(2, 9, 34), scale=0.25),
    "layers after it": Attention((2,), 9, 34, 8, 6, mask=(1, 9, 1), after=True),
}

WEIGHTS: dict[str, Attention] = {
    "one of all": Attention((1,), 1, 1, 1),
    "one column": Attention((2,), 33, 1, 4),
    "batches and heads": Attention((3, 2), 33, 31, 7),
    "rows that stay": Attention((2,), 17, 130, 20),
    "rows of 64": Attention((60,), 70, 64, 8),
    "rows that are computed twice": Attention((1,), 5, 1000, 12),
    "all transposed": Attention((2,), 9, 34, 6, transposed=("q", "k")),
    "one batch of keys": Attention((3,), 9, 34, 6, shared=("k",)),
    "scaled, masked, changed": Attention(
        (2,), 9, 36, 8, mask=(2, 9, 36), scale=0.5, after=True
    ),
}


def size_of(case: Attention) -> AttentionSize:
    batch = int(np.prod(case.batch))
    return AttentionSize(batch, case.rows, case.depth, case.keys, case.values)


def check(case: Attention) -> None:
    """The result, and that nothing but it is written."""
    result = launch(case.module, *case.inputs.values()).result
    assert_close(result, case.exact, k=8, terms=case.depth)


@pytest.mark.parametrize("name", CASES)
def test_attention_is_one_kernel(name: str):
    check(CASES[name])


@pytest.mark.parametrize("dtype", FLOAT_TYPES[1:])
@pytest.mark.parametrize(
    "name", ["batches and heads", "scaled and masked", "all transposed"]
)
def test_narrow_types_are_rounded_once(name: str, dtype: Any):
    check(replace(CASES[name], dtype=dtype))


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_softmax_of_a_product_is_one_kernel(name: str):
    check(WEIGHTS[name])


@pytest.mark.parametrize("dtype", FLOAT_TYPES[1:])
def test_narrow_weights_are_rounded_once(dtype: Any):
    check(replace(WEIGHTS["scaled, masked, changed"], dtype=dtype))


SELF_ATTENTION = """
func.func @main(%x: tensor<37x37xf32>) -> tensor<37x37xf32> {
  %s = trt.matrix_multiply %x, %x op1 = transpose layers ["s"]
      : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
  %p = trt.softmax %s axis = 1 layers ["p"] : tensor<37x37xf32> -> tensor<37x37xf32>
  %o = trt.matrix_multiply %p, %x layers ["o"]
      : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
  func.return %o : tensor<37x37xf32>
}"""


def test_what_the_rule_makes_of_one_tensor_without_a_batch_is_one_kernel():
    module = parse(SELF_ATTENTION)
    FuseAttentionPass().apply(make_context(), module)
    x = random((37, 37)) / np.float32(4)
    exact = Attention(
        (1,), 37, 37, 37, 37, given={"q": x[None], "k": x[None], "v": x[None]}
    ).exact[0]
    assert_close(launch(module, x).result, exact, k=8, terms=37)


def masked(values: int) -> Attention:
    """Rows that see no key, the first alone, the last alone, none in the first tile."""
    mask = np.zeros((1, 6, 70), np.float32)
    mask[0, 0], mask[0, 1, 1:], mask[0, 2, :-1] = -np.inf, -np.inf, -np.inf
    mask[0, 3, :40], mask[0, 4, 32:] = -np.inf, -1e9
    return Attention((1,), 6, 70, 8, values, mask=mask.shape, given={"m": mask})


@pytest.mark.parametrize("values", [0, 5])
def test_what_is_masked_weighs_nothing_and_a_row_without_keys_is_no_number(values: int):
    case = masked(values)
    assert np.isnan(case.exact[0, 0]).all()
    assert np.isfinite(case.exact[0, 1:]).all()
    check(case)


@pytest.mark.parametrize("values", [0, 5])
def test_what_is_not_finite_goes_through(values: int):
    mask = np.zeros((1, 4, 70), np.float32)
    mask[0, 0, 3], mask[0, 1, 50], mask[0, 2, 69] = np.nan, np.inf, -np.inf
    check(Attention((1,), 4, 70, 8, values, mask=mask.shape, given={"m": mask}))


def test_large_scores_do_not_overflow():
    q = np.full((1, 3, 4), 100, np.float32)
    k = np.arange(50, dtype=np.float32).reshape(1, 50, 1).repeat(4, 2) - 25
    check(Attention((1,), 3, 50, 4, 3, given={"q": q, "k": k}))


def test_scores_stay_in_the_kernel():
    """A launch has the inputs and the result; what is written of the result and of
    nothing else is counted by `launch`."""
    case = CASES["whole tiles"]
    program = lower_to_gpu(case.module, 3, "80")
    (start,) = program.launches
    assert len(start.buffers) == 4
    read = launch(case.module, *case.inputs.values()).read
    tiles = -(-case.rows // AttentionSchedule.choose(size_of(case), SM_80).rows)
    inputs = case.inputs
    assert [r.unique_read_bytes for r in read] == [x.nbytes for x in inputs.values()]
    assert [r.read_bytes for r in read] == [
        inputs["q"].nbytes,
        tiles * inputs["k"].nbytes,
        tiles * inputs["v"].nbytes,
    ]


def test_schedules_differ_where_cases_say_so():
    def chosen(case: Attention) -> AttentionSchedule:
        return AttentionSchedule.choose(size_of(case), SM_80)

    assert chosen(CASES["rows of 64"]).rows == 64
    assert chosen(WEIGHTS["rows of 64"]).rows == 64
    assert chosen(CASES["one row"]).rows == 16
    assert chosen(CASES["more values than a block sums"]).values == 256
    deep = CASES["queries too deep to stay"]
    assert chosen(deep).kept_queries < deep.depth
    assert chosen(CASES["heads of 256"]).kept_queries == 256
    assert chosen(WEIGHTS["rows that stay"]).kept_scores >= 130
    assert chosen(WEIGHTS["rows that are computed twice"]).kept_scores < 1000


@pytest.mark.parametrize("depth", [1, 64, 256, 5000])
@pytest.mark.parametrize("values", [0, 1, 64, 256, 5000])
def test_every_size_has_a_schedule_that_fits(depth: int, values: int):
    for rows in (1, 1000, 100_000):
        for keys in (1, 33, 100_000):
            size = AttentionSize(6, rows, depth, keys, values)
            assert AttentionSchedule.choose(size, SM_80).fits


def test_a_softmax_along_the_columns_is_refused_by_name():
    text = """
    func.func @main(%x: tensor<4x6xf32>, %w: tensor<6x5xf32>) -> tensor<4x5xf32> {
      %y = trt.fused "matmul_softmax"(%x, %w) layers ["s", "p"]
          : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32> {
      ^bb0(%a: tensor<4x6xf32>, %b: tensor<6x5xf32>):
        %s = trt.matrix_multiply %a, %b layers ["s"]
            : (tensor<4x6xf32>, tensor<6x5xf32>) -> tensor<4x5xf32>
        %p = trt.softmax %s axis = 0 layers ["p"] : tensor<4x5xf32> -> tensor<4x5xf32>
        trt.yield %p : tensor<4x5xf32>
      }
      func.return %y : tensor<4x5xf32>
    }"""
    with pytest.raises(DiagnosticError, match="no kernel yet for matmul_softmax"):
        lower_to_gpu(parse(text), 2, "80")


def test_weights_that_leave_the_group_are_refused():
    text = """
    func.func @main(%x: tensor<5x5xf32>) -> (tensor<5x5xf32>, tensor<5x5xf32>) {
      %y, %z = trt.fused "matmul_softmax_matmul"(%x) layers ["s", "p", "o"]
          : (tensor<5x5xf32>) -> (tensor<5x5xf32>, tensor<5x5xf32>) {
      ^bb0(%a: tensor<5x5xf32>):
        %s = trt.matrix_multiply %a, %a layers ["s"]
            : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
        %p = trt.softmax %s axis = 1 layers ["p"] : tensor<5x5xf32> -> tensor<5x5xf32>
        %o = trt.matrix_multiply %p, %a layers ["o"]
            : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
        trt.yield %p, %o : tensor<5x5xf32>, tensor<5x5xf32>
      }
      func.return %y, %z : tensor<5x5xf32>, tensor<5x5xf32>
    }"""
    (kernel,) = kernels(parse(text))
    assert attention_form(KernelBody(kernel.node)) is None


SHAPES: dict[str, Attention] = {
    "heads of 64": Attention((60,), 100, 96, 64, 64, scale=0.5),
    "masked": Attention((60,), 100, 96, 64, 64, mask=(1, 100, 96), scale=0.5),
    "odd": Attention((60,), 101, 101, 61, 61, mask=(60, 1, 101)),
    "heads of 128": Attention((60,), 100, 96, 128, 128, scale=0.5),
    "heads of 256": Attention((60,), 100, 96, 256, 256, scale=0.5),
    "weights": Attention((60,), 100, 1000, 64),
    "short rows": Attention((2,), 50, 100, 33, after=True),
}


@pytest.mark.parametrize("name", SHAPES)
def test_kernels_are_small_and_ptxas_takes_them_without_spills(name: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    # Each target once: of which type it is goes around.
    turn = list(SHAPES).index(name) % len(TARGETS)
    narrow = tuple(sm for sm in TARGETS if sm != TARGETS[turn])
    for dtype, targets in (
        (np.float32, TARGETS[turn : turn + 1]),
        (np.float16, narrow),
    ):
        case = replace(SHAPES[name], dtype=dtype)
        check_machine_code(case.module, *targets, most=1000)
