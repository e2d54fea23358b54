"""The driver, and the judge that does not trust it: wrong rules are caught, long
networks take time in proportion, and what is said is said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from lit_files import TRANSFORMS, context, parse
from xdsl.dialects.builtin import FileLineColLoc, FusedLoc, ModuleOp, TensorType, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.dialects.ub import UnreachableOp
from xdsl.ir import Block, Region
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    FusedOp,
    UnaryOp,
)
from fusemlir.dialects.trt.enums import (
    ActivationType,
    UnaryOperation,
)
from fusemlir.network import Node, block_of, functions, nodes
from fusemlir.remarks import RemarkKind, collect
from fusemlir.transforms import PASS_NAMES, driver, guards, load_pass
from fusemlir.transforms.driver import Driver, FusionPass, run_fusions
from fusemlir.transforms.fusion import Fusion, Network, Rewrite, Wrap
from fusemlir.transforms.verify_network import verify_network

VECTOR = TensorType(f32, (4,))
IMAGE = TensorType(f32, (1, 2, 4, 4))
KERNEL = TensorType(f32, (2, 2, 1, 1))

PATH_THROUGH_A_SOFTMAX = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %s = trt.softmax %a axis = 0 : tensor<4xf32> -> tensor<4xf32>
  %b = trt.element_wise sum %a, %s
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
"""

TWO_LAYERS = """
func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary abs %x : tensor<4xf32> -> tensor<4xf32>
  func.return %a, %b : tensor<4xf32>, tensor<4xf32>
}
"""


@dataclass(frozen=True)
class Everything:
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Planted(Fusion[Everything]):
    """Asks for nothing, and is sure of the first node it sees."""

    name = "planted"
    constraints = ()

    def sites(self, node: Node, network: Network) -> Iterable[Everything]:
        found = tuple(nodes(network.function))
        if node is found[-1] and not any(isinstance(n, FusedOp) for n in found):
            yield Everything(found)


class WrapsAcrossASoftmax(Planted):
    def fuse(self, site: Everything, network: Network) -> Wrap:
        first, _, last = site.nodes
        return Wrap((first, last), several_outputs=True)


class ForwardsALaterValue(Planted):
    def sites(self, node: Node, network: Network) -> Iterable[Everything]:
        found = tuple(nodes(network.function))
        if node is found[0] and node.layer_ids == ("a",) and len(found) == 2:
            yield Everything(found)

    def fuse(self, site: Everything, network: Network) -> Rewrite:
        first, second = site.nodes
        user = UnaryOp(UnaryOperation.NEG, second.results[0])
        other = UnaryOp(UnaryOperation.NEG, user.output)
        return Rewrite((first,), lambda: ([user, other], [other.output]))


class ChangesTheType(Planted):
    def sites(self, node: Node, network: Network) -> Iterable[Everything]:
        if isinstance(node, UnaryOp):
            yield Everything((node,))

    def fuse(self, site: Everything, network: Network) -> Rewrite:
        (node,) = site.nodes

        def build() -> tuple[Sequence[Any], Sequence[Any]]:
            relu = ActivationOp(ActivationType.RELU, node.operands[0])
            again = ActivationOp(ActivationType.RELU, relu.output)
            return [relu, again], [again.output]

        return Rewrite((node,), build)


def apply(module: ModuleOp, rule: Callable[[Driver], Fusion[Any]]) -> None:
    run_fusions(module, [rule], "planted")


def without_guard(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    kept = tuple(guard for guard in driver.GUARDS if guard.name != name)
    assert len(kept) == len(driver.GUARDS) - 1
    monkeypatch.setattr(driver, "GUARDS", kept)


def test_the_guard_refuses_a_group_that_waits_for_itself():
    module = parse(PATH_THROUGH_A_SOFTMAX)
    with collect() as remarks:
        apply(module, WrapsAcrossASoftmax)
    assert [remark.constraint for remark in remarks] == ["convex"]


def test_the_judge_finds_it_where_the_guard_is_off(monkeypatch: pytest.MonkeyPatch):
    without_guard(monkeypatch, "convex")
    with pytest.raises(VerifyException, match="uses a value before it is made"):
        apply(parse(PATH_THROUGH_A_SOFTMAX), WrapsAcrossASoftmax)


def test_the_judge_names_network_and_pass(monkeypatch: pytest.MonkeyPatch):
    without_guard(monkeypatch, "convex")
    with pytest.raises(VerifyException, match="network 'f' is broken after planted: "):
        apply(parse(PATH_THROUGH_A_SOFTMAX), WrapsAcrossASoftmax)


def test_the_judge_finds_a_value_that_is_not_made_yet():
    with pytest.raises(VerifyException, match="uses a value before it is made"):
        apply(parse(TWO_LAYERS), ForwardsALaterValue)


@pytest.mark.parametrize("pass_name", ["fuse-pointwise", "fuse-conv-relu"])
def test_the_judge_finds_a_layer_that_is_lost(
    pass_name: str, monkeypatch: pytest.MonkeyPatch
):
    """As when the driver forgot to hand ids on."""
    make_group = driver.make_group

    def forgetful(chosen: Sequence[Node], *, empties: bool) -> Any:
        group, replaced = make_group(chosen, empties=empties)
        layer = next(op for op in group.layer_ops if op.layers is not None)
        layer.layers = None
        group.refresh()
        return group, replaced

    monkeypatch.setattr(driver, "make_group", forgetful)
    module = alternating(1) if pass_name == "fuse-conv-relu" else pointwise_chain(2)
    with pytest.raises(VerifyException, match="is lost"):
        load_pass(pass_name)().apply(context(), module)


def test_the_judge_finds_expected_layers_missing():
    (function,) = functions(parse(TWO_LAYERS.replace("exp %x", 'exp %x layers ["a"]')))
    verify_network(function, ["a"])
    with pytest.raises(VerifyException, match="layer 'z' is lost"):
        verify_network(function, ["a", "z"])


def test_the_judge_finds_layers_out_of_order():
    (function,) = functions(parse(PATH_THROUGH_A_SOFTMAX))
    first, second, _ = nodes(function)
    first.detach()
    block_of(function).insert_op_after(first, second)
    with pytest.raises(VerifyException, match="uses a value before it is made"):
        verify_network(function)


def test_the_judge_looks_into_groups():
    module = pointwise_chain(2)
    load_pass("fuse-pointwise")().apply(context(), module)
    (function,) = functions(module)
    (group,) = nodes(function)
    assert isinstance(group, FusedOp)
    first, second = group.layer_ops
    first.detach()
    group.block.insert_op_after(first, second)
    group.refresh()
    with pytest.raises(VerifyException, match="uses a value before it is made"):
        verify_network(function)


def test_the_judge_wants_a_return():
    block = Block([UnreachableOp()], arg_types=[VECTOR])
    function = FuncOp("f", ([VECTOR], []), Region(block))
    with pytest.raises(VerifyException, match=r"ends in func\.return"):
        verify_network(function)


def pointwise_chain(count: int) -> ModuleOp:
    block = Block(arg_types=[VECTOR])
    value = block.args[0]
    for _ in range(count):
        layer = UnaryOp(UnaryOperation.NEG, value)
        block.add_op(layer)
        value = layer.output
    return finish(block, value)


def alternating(count: int) -> ModuleOp:
    """`count` times convolution and relu."""
    block = Block(arg_types=[IMAGE, KERNEL])
    value, kernel = block.args
    for _ in range(count):
        conv = ConvolutionOp(value, kernel)
        relu = ActivationOp(ActivationType.RELU, conv.output)
        block.add_ops([conv, relu])
        value = relu.output
    return finish(block, value)


def finish(block: Block, value: Any) -> ModuleOp:
    block.add_op(ReturnOp(value))
    types = (block.arg_types, [value.type])
    return ModuleOp([FuncOp("network", types, Region(block))])


STEPS = (
    (Driver, "visit"),
    (guards, "_producers"),
    (driver, "make_group"),
    (driver, "first_missed"),
)
"""What the driver does again and again."""


def count_steps(
    module: ModuleOp, pass_name: str, monkeypatch: pytest.MonkeyPatch
) -> Counter[str]:
    calls: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            calls[name] += 1
            return function(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, counted(name, getattr(owner, name)))
        load_pass(pass_name)().apply(context(), module)
    return calls


@pytest.mark.parametrize(
    ("pass_name", "make"),
    [("fuse-conv-relu", alternating), ("fuse-pointwise", pointwise_chain)],
)
def test_steps_are_proportional_to_the_length_of_the_network(
    pass_name: str,
    make: Callable[[int], ModuleOp],
    monkeypatch: pytest.MonkeyPatch,
):
    short = count_steps(make(500), pass_name, monkeypatch)
    long = count_steps(make(2500), pass_name, monkeypatch)
    assert short["make_group"] > 400
    for name, count in long.items():
        assert count <= 5.1 * short[name], name


@cache
def lit_modules() -> list[ModuleOp]:
    return [
        parse(part)
        for path in sorted(TRANSFORMS.glob("fuse_*.mlir"))
        for part in path.read_text().split("// -----")
        if "func.func" in part
    ]


@pytest.mark.parametrize(
    "fusion",
    [p for p in map(load_pass, PASS_NAMES) if issubclass(p, FusionPass)],
    ids=lambda fusion: fusion.name,
)
def test_a_rule_has_no_site_in_a_network_that_does_not_concern_it(
    fusion: type[FusionPass],
):
    concerned = 0
    for module in lit_modules():
        for function in functions(module):
            network = Network(module, function)
            rule = fusion().make_rule(Driver(network))
            if rule.concerns(network):
                concerned += 1
            else:
                assert not any(any(rule.sites(n, network)) for n in nodes(function))
    assert concerned


def test_a_network_that_concerns_no_rule_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    looked: list[Any] = []
    monkeypatch.setattr(driver, "verify_network", lambda *_, **__: looked.append(1))
    monkeypatch.setattr(Driver, "visit", lambda *_: looked.append(1))
    load_pass("fuse-qdq-conv")().apply(context(), pointwise_chain(3))
    assert not looked


def test_a_rule_is_asked_about_what_a_rule_before_it_made():
    module = parse("""
    func.func @f(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>)
        -> tensor<1x2x4x4xf32> {
      %two = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
      %c = trt.convolution %x, %w
          : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
      %a = trt.element_wise prod %c, %two
          : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
      %b = trt.element_wise sum %a, %two
          : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
      func.return %b : tensor<1x2x4x4xf32>
    }
    """)
    load_pass("trt-canonicalize")().apply(context(), module)
    (function,) = functions(module)
    assert [n.name for n in nodes(function) if n.operands][-2:] == [
        "trt.convolution",
        "trt.scale",
    ]


def test_bodies_of_groups_are_not_visited(monkeypatch: pytest.MonkeyPatch):
    module = alternating(3)
    load_pass("fuse-conv-relu")().apply(context(), module)
    visited: list[Any] = []
    rule = load_pass("fuse-relu-relu").rule  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setattr(rule, "sites", lambda self, node, _: visited.append(node) or ())
    load_pass("fuse-relu-relu")().apply(context(), module)
    (function,) = functions(module)
    assert visited == list(nodes(function))
    assert all(isinstance(node, FusedOp) for node in visited)


def test_a_group_has_the_locations_of_its_layers():
    module = parse(PATH_THROUGH_A_SOFTMAX.replace("%a, %s", "%a, %a"))
    load_pass("fuse-pointwise")().apply(context(), module)
    (function,) = functions(module)
    group = next(node for node in nodes(function) if isinstance(node, FusedOp))
    assert isinstance(group.location, FusedLoc)
    lines = [
        place.line.data
        for place in group.location.locations
        if isinstance(place, FileLineColLoc)
    ]
    assert lines == [3, 5]


def test_a_miss_is_reported_once_and_only_where_it_stays_one():
    """The sigmoid is asked about in every sweep; the relu fused in the first one."""
    module = alternating(2)
    (function,) = functions(module)
    last = list(nodes(function))[-1]
    assert isinstance(last, ActivationOp)
    other = ActivationOp(ActivationType.SIGMOID, last.input)
    block_of(function).insert_op_before(other, last)
    last.output.replace_all_uses_with(other.output)
    last.detach()
    last.erase()
    with collect() as remarks:
        load_pass("fuse-conv-relu")().apply(context(), module)
    assert [remark.kind for remark in remarks] == [
        RemarkKind.PASSED,
        RemarkKind.MISSED,
    ]
    assert remarks[-1].constraint == "relu"


def test_what_a_refused_rewrite_built_uses_nothing():
    """Else a value would have one use more for ever, and no rule would take it."""
    module = parse("""
func.func @f(%x: tensor<?xf32>) -> tensor<4xf32> {
  %r = trt.activation tanh %x : tensor<?xf32> -> tensor<?xf32>
  %n = trt.unary neg %r : tensor<?xf32> -> tensor<4xf32>
  func.return %n : tensor<4xf32>
}""")
    (function,) = functions(module)
    first, _ = nodes(function)
    with collect() as remarks:
        apply(module, ChangesTheType)
    assert [remark.constraint for remark in remarks] == ["types"]
    assert first.results[0].has_one_use()
