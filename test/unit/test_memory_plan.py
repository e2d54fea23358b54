"""Memory plans: what lives at one time lies apart, and no plan is smaller than that."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_arrays import emulate, random
from kernels_on_host import lower, parse, run_lowered
from xdsl.dialects import gpu, memref
from xdsl.dialects.builtin import MemRefType

from fusemlir.lowering.gpu import host_program
from fusemlir.lowering.liveness import lifetimes
from fusemlir.lowering.memory_plan import (
    ALIGNMENT,
    Lifetime,
    MemoryPlan,
    most_bytes_alive,
    plan_memory,
)
from fusemlir.network import functions


@st.composite
def lives(draw: st.DrawFn) -> list[Lifetime]:
    """Sizes that fit exactly, or by a byte not, or are nothing."""
    sizes = st.sampled_from([0, 1, 255, 256, 257, 512, 1000, 1024]) | st.integers(
        0, 5000
    )
    steps = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted)
    pairs = draw(st.lists(st.tuples(sizes, steps), max_size=20))
    return [Lifetime(size, first, last) for size, (first, last) in pairs]


def overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether half-open ranges share anything."""
    return max(a[0], b[0]) < min(a[1], b[1])


def assert_apart(tensors: list[Lifetime], plan: MemoryPlan) -> None:
    places = list(zip(tensors, plan.offsets, strict=True))
    for life, offset in places:
        assert offset % ALIGNMENT == 0
        assert 0 <= offset <= offset + life.size <= plan.size
    for (a, at), (b, bt) in combinations(places, 2):
        if overlap((a.first, a.last + 1), (b.first, b.last + 1)):
            assert not overlap((at, at + a.size), (bt, bt + b.size))


@given(lives())
def test_what_lives_at_one_time_lies_apart(tensors: list[Lifetime]):
    assert_apart(tensors, plan_memory(tensors))


@given(lives())
def test_a_plan_is_no_larger_than_all_and_no_smaller_than_needed(
    tensors: list[Lifetime],
):
    plan = plan_memory(tensors)
    rounded = [-(-life.size // ALIGNMENT) * ALIGNMENT for life in tensors]
    steps = range(13)
    needed = max(
        sum(
            size
            for size, life in zip(rounded, tensors, strict=True)
            if life.first <= step <= life.last
        )
        for step in steps
    )
    assert most_bytes_alive(tensors) == needed
    assert needed - ALIGNMENT < plan.size <= sum(rounded) or not needed


def test_a_chain_needs_two_tensors_however_long():
    chain = [Lifetime(1024, step, step + 1) for step in range(100)]
    assert plan_memory(chain).size == 2048


def test_a_tensor_fills_the_tightest_gap():
    gaps = [Lifetime(4096, 0, 0), Lifetime(2048, 0, 2), Lifetime(1024, 0, 0)]
    kept = [Lifetime(1000, 0, 2), Lifetime(900, 2, 2)]
    plan = plan_memory([*gaps, *kept])
    assert_apart([*gaps, *kept], plan)
    assert plan.offsets == (0, 4096, 6144, 7168, 6144)


def test_no_tensors_need_no_memory():
    assert plan_memory([]) == MemoryPlan((), 0)


CHAIN = """
func.func @f(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %a = trt.unary neg %x layers ["a"] : tensor<8xf32> -> tensor<8xf32>
  %v = trt.shuffle %a reshape = [2, 4] : tensor<8xf32> -> tensor<2x4xf32>
  %b = trt.unary exp %a layers ["b"] : tensor<8xf32> -> tensor<8xf32>
  %c = trt.unary neg %v layers ["c"] : tensor<2x4xf32> -> tensor<2x4xf32>
  %w = trt.shuffle %c reshape = [8] : tensor<2x4xf32> -> tensor<8xf32>
  %d = trt.element_wise sum %b, %w layers ["d"]
    : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  func.return %d, %b : tensor<8xf32>, tensor<8xf32>
}
"""


CHAIN_OF_THREE = """
func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
  %a = trt.unary neg %x layers ["a"] : tensor<8xf32> -> tensor<8xf32>
  %b = trt.element_wise prod %a, %x layers ["b"]
    : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %c = trt.element_wise sub %b, %a layers ["c"]
    : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %d = trt.unary neg %c layers ["d"] : tensor<8xf32> -> tensor<8xf32>
  func.return %d : tensor<8xf32>
}
"""


def test_a_view_keeps_what_it_is_a_view_of_alive():
    (function,) = functions(parse(CHAIN))
    found = [
        (life.size, life.first, life.last) for life in lifetimes(function).values()
    ]
    assert found == [(32, 0, 2), (32, 1, 4), (32, 2, 3), (32, 3, 4)]


def test_what_a_kernel_writes_lies_apart_from_what_it_reads():
    """Of outputs the network's own memory is used: `b` and `d` are not in the arena."""
    module = lower(parse(CHAIN))
    (arena,) = (op for op in module.walk() if isinstance(op, gpu.AllocOp))
    views = [op for op in module.walk() if isinstance(op, memref.ViewOp)]
    assert isinstance(arena.result.type, MemRefType)
    assert arena.result.type.get_shape() == (256 + 32,)
    assert len(views) == 2


def test_the_emulator_follows_the_plan(monkeypatch: pytest.MonkeyPatch):
    """It computes what is meant; where all lie at one place, it does not."""
    x = random((8,))
    (result, _) = emulate(parse(CHAIN), x)
    np.testing.assert_allclose(result, np.exp(-x) + x, rtol=1e-6)
    (function,) = functions(parse(CHAIN_OF_THREE))
    assert len(lifetimes(function)) == 4
    (right,) = emulate(parse(CHAIN_OF_THREE), x)
    np.testing.assert_allclose(right, x * x - x, rtol=1e-6)
    monkeypatch.setattr(
        host_program, "plan_memory", lambda lives: MemoryPlan((0,) * len(lives), 32)
    )
    (wrong,) = emulate(parse(CHAIN_OF_THREE), x)
    assert not np.allclose(wrong, x * x - x)


def test_tensors_that_share_memory_do_not_disturb_each_other():
    (a, b) = run_lowered(CHAIN, x := random((8,)))
    np.testing.assert_allclose(b, np.exp(-x), rtol=1e-6)
    np.testing.assert_allclose(a, np.exp(-x) + x, rtol=1e-6)
