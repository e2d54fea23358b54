"""One early value that feeds every later layer: what is looked at for each of them
does not grow with the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lit_files import context
from xdsl.dialects.builtin import ModuleOp, TensorType, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from fusemlir.dialects.trt import ElementWiseOp, SoftMaxOp, UnaryOp
from fusemlir.dialects.trt.enums import ElementWiseOperation, UnaryOperation
from fusemlir.network import Order, block_of, functions, is_output, nodes
from fusemlir.remarks import Remark, RemarkKind, collect
from fusemlir.transforms import guards, load_pass

VECTOR = TensorType(f32, (4,))


def network_of(block: Block, outputs: list[SSAValue]) -> ModuleOp:
    block.add_op(ReturnOp(*outputs))
    types = (block.arg_types, [value.type for value in outputs])
    return ModuleOp([FuncOp("network", types, Region(block))])


def early_value(count: int, *, first: bool) -> ModuleOp:
    """A chain of softmax, to each of which the value before all is added; as the first
    operand or the second."""
    block = Block(arg_types=[VECTOR])
    early = UnaryOp(UnaryOperation.EXP, block.args[0])
    block.add_op(early)
    value: SSAValue = early.output
    outputs: list[SSAValue] = []
    for _ in range(count):
        softmax = SoftMaxOp(value, 0)
        value = softmax.output
        pair = (early.output, value) if first else (value, early.output)
        joined = ElementWiseOp(ElementWiseOperation.SUM, *pair)
        block.add_ops([softmax, joined])
        outputs.append(joined.output)
    return network_of(block, outputs)


def fuse_pointwise(module: ModuleOp) -> list[Remark]:
    with collect() as remarks:
        load_pass("fuse-pointwise")().apply(context(), module)
    return remarks


@pytest.mark.parametrize("first", [True, False])
def test_the_search_for_a_cycle_does_not_grow(
    first: bool, monkeypatch: pytest.MonkeyPatch
):
    calls: list[Operation] = []
    original: Callable[[Operation], Iterator[Any]] = getattr(guards, "_producers")  # noqa: B009

    def counted(op: Operation) -> Iterator[Any]:
        calls.append(op)
        return original(op)

    monkeypatch.setattr(guards, "_producers", counted)
    fuse_pointwise(early_value(100, first=first))
    short = len(calls)
    calls.clear()
    fuse_pointwise(early_value(500, first=first))
    assert short > 100
    assert len(calls) <= 5.1 * short


def test_every_sum_is_told_what_stands_between():
    remarks = fuse_pointwise(early_value(100, first=True))
    missed = [remark for remark in remarks if remark.kind is RemarkKind.MISSED]
    # The first softmax alone is used by the first sum and by the second softmax.
    assert len(missed) == 100
    assert {remark.constraint for remark in missed} == {"convex"}
    wanted = [f"'(Unnamed Layer* {2 * at + 1}) [SoftMax]'" for at in range(100)]
    assert [remark.blocker for remark in missed] == wanted


def test_where_nothing_comes_back_a_value_used_often_is_fused():
    """More users than are looked at one by one, all of them after the group."""
    block = Block(arg_types=[VECTOR])
    early = UnaryOp(UnaryOperation.EXP, block.args[0])
    fused = UnaryOp(UnaryOperation.ABS, early.output)
    softmaxes = [SoftMaxOp(early.output, 0) for _ in range(guards.MANY_USES + 1)]
    block.add_ops([early, fused, *softmaxes])
    module = network_of(block, [fused.output, *(op.output for op in softmaxes)])
    fuse_pointwise(module)
    (function,) = functions(module)
    assert next(nodes(function)).layer_ids == (
        "(Unnamed Layer* 0) [Unary]",
        "(Unnamed Layer* 1) [Unary]",
    )


def test_users_are_counted_up_to_many():
    count = guards.MANY_USES + 10
    block = Block(arg_types=[VECTOR])
    early = SoftMaxOp(block.args[0], 0)
    logs = [UnaryOp(UnaryOperation.LOG, early.output) for _ in range(count)]
    block.add_ops([early, *logs])
    module = network_of(block, [log.output for log in logs])
    with collect() as remarks:
        load_pass("fuse-softmax-log")().apply(context(), module)
    assert len(remarks) == count
    assert all("is used by 64 or more layers" in r.observed for r in remarks)


@pytest.mark.parametrize("outputs", [1, 50])
@pytest.mark.parametrize("uses", [0, 50])
def test_an_output_is_one_however_often_it_is_used(outputs: int, uses: int):
    block = Block(arg_types=[VECTOR])
    layers = [UnaryOp(UnaryOperation.EXP, block.args[0]) for _ in range(outputs)]
    inner = UnaryOp(UnaryOperation.LOG, layers[-1].output)
    block.add_ops([*layers, inner])
    network_of(block, [layer.output for layer in layers])
    # Later uses come first in the list of uses.
    users = [UnaryOp(UnaryOperation.ABS, layers[-1].output) for _ in range(uses)]
    block.insert_ops_after(users, inner)
    assert all(is_output(layer.output) for layer in layers)
    assert not any(is_output(op.results[0]) for op in (inner, *users))


def test_ops_inserted_at_one_place_stay_apart():
    block = Block(arg_types=[VECTOR])
    first, last = (UnaryOp(UnaryOperation.EXP, block.args[0]) for _ in range(2))
    block.add_ops([first, last])
    (function,) = functions(network_of(block, [last.output]))
    order = Order(block_of(function))
    for _ in range(200):
        new = UnaryOp(UnaryOperation.ABS, block.args[0])
        block.insert_op_before(new, last)
        order.insert([new])
    numbers = [order[op] for op in block.ops]
    assert numbers == sorted(set(numbers))
