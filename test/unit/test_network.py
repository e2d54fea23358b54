"""A network as rules and lowerings see it: groups, kernels, names, order, sources."""

from __future__ import annotations

import pytest
from lit_files import parse
from xdsl.dialects.builtin import TensorType, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt import ActivationOp, FusedOp, LedgerEntryAttr, UnaryOp
from fusemlir.dialects.trt.enums import ActivationType, UnaryOperation
from fusemlir.network import (
    Group,
    Order,
    block_of,
    functions,
    is_dead,
    is_output,
    kernels,
    label,
    ledger,
    name_layers,
    node_of,
    nodes,
    record,
    sources,
    users,
)
from fusemlir.transforms.grouping import make_group

POOLED = """
func.func @pooled(
    %x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %g = trt.fused "neg_conv_sum_relu_pool"(%x, %w)
      layers ["n", "c", "s", "r", "p"]
      : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %n = trt.unary neg %x0 layers ["n"] : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
    %c = trt.convolution %n, %w0 layers ["c"]
        : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %k = trt.constant dense<1.0> : tensor<1x1x1x1xf32> layers ["k"]
    %s = trt.element_wise sum %c, %k layers ["s"]
        : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %s layers ["r"]
        : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %p = trt.pooling max %r window = [4, 4] layers ["p"]
        : tensor<1x2x4x4xf32> -> tensor<1x2x1x1xf32>
    trt.yield %p : tensor<1x2x1x1xf32>
  }
  func.return %g : tensor<1x2x1x1xf32>
}
"""

POINTWISE = """
func.func @pointwise(%x: tensor<4xf32>) -> tensor<4xf32> {
  %g = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    %b = trt.unary abs %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %b : tensor<4xf32>
  }
  func.return %g : tensor<4xf32>
}
"""


QUANTIZED = """
func.func @quantized(%x: tensor<4xi8>, %y: tensor<4xi8>) -> tensor<4xi8> {
  %g = trt.fused "dequantize_sum_relu_quantize"(%x, %y)
      layers ["dx", "dy", "s", "r", "q"]
      : (tensor<4xi8>, tensor<4xi8>) -> tensor<4xi8> {
  ^bb0(%x0: tensor<4xi8>, %y0: tensor<4xi8>):
    %k = trt.constant dense<0.5> : tensor<f32>
    %a = trt.dequantize %x0, %k layers ["dx"]
        : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
    %b = trt.dequantize %y0, %k layers ["dy"]
        : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
    %s = trt.element_wise sum %a, %b layers ["s"]
        : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %r = trt.activation relu %s layers ["r"] : tensor<4xf32> -> tensor<4xf32>
    %q = trt.quantize %r, %k layers ["q"]
        : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
    trt.yield %q : tensor<4xi8>
  }
  func.return %g : tensor<4xi8>
}
"""

SEPARABLE = """
func.func @separable(%x: tensor<1x2x1x1xf32>, %k: tensor<f32>,
    %v: tensor<2x1x1x1xi8>, %w: tensor<2x2x1x1xi8>) -> tensor<1x2x1x1xi8> {
  %i = trt.quantize %x, %k layers ["i"]
      : (tensor<1x2x1x1xf32>, tensor<f32>) -> tensor<1x2x1x1xi8>
  %dx = trt.dequantize %i, %k layers ["dx"]
      : (tensor<1x2x1x1xi8>, tensor<f32>) -> tensor<1x2x1x1xf32>
  %dv = trt.dequantize %v, %k layers ["dv"]
      : (tensor<2x1x1x1xi8>, tensor<f32>) -> tensor<2x1x1x1xf32>
  %c = trt.convolution %dx, %dv num_groups = 2 layers ["c"]
      : (tensor<1x2x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x1x1xf32>
  %r = trt.activation relu %c layers ["r"] : tensor<1x2x1x1xf32> -> tensor<1x2x1x1xf32>
  %q = trt.quantize %r, %k layers ["q"]
      : (tensor<1x2x1x1xf32>, tensor<f32>) -> tensor<1x2x1x1xi8>
  %dq = trt.dequantize %q, %k layers ["dq"]
      : (tensor<1x2x1x1xi8>, tensor<f32>) -> tensor<1x2x1x1xf32>
  %dw = trt.dequantize %w, %k layers ["dw"]
      : (tensor<2x2x1x1xi8>, tensor<f32>) -> tensor<2x2x1x1xf32>
  %d = trt.convolution %dq, %dw layers ["d"]
      : (tensor<1x2x1x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  %p = trt.quantize %d, %k layers ["p"]
      : (tensor<1x2x1x1xf32>, tensor<f32>) -> tensor<1x2x1x1xi8>
  func.return %p : tensor<1x2x1x1xi8>
}
"""


def function_of(text: str) -> FuncOp:
    (function,) = functions(parse(text))
    return function


def ids(layers: object) -> list[str]:
    assert isinstance(layers, tuple)
    return [id for layer in layers for id in layer.layer_ids]


def chain(count: int) -> FuncOp:
    """`count` unary layers, one after the other."""
    block = Block(arg_types=[TensorType(f32, (4,))])
    value = block.args[0]
    for _ in range(count):
        layer = UnaryOp(UnaryOperation.NEG, value)
        block.add_op(layer)
        value = layer.output
    block.add_op(ReturnOp(value))
    return FuncOp("chain", (block.arg_types, [value.type]), Region(block))


def test_a_group_has_a_prologue_an_anchor_an_epilogue_and_a_tail():
    (node,) = nodes(function_of(POOLED))
    group = Group(node)
    assert ids(group.layers) == ["n", "c", "s", "r", "p"]
    assert group.anchor is not None
    assert group.anchor.layer_ids == ("c",)
    assert ids(group.prologue) == ["n"]
    assert ids(group.epilogue) == ["s", "r"]
    assert ids(group.tail) == ["p"]
    assert not group.is_pointwise
    assert group.name == "n + c + s + r + p"


def test_a_pointwise_group_is_all_epilogue():
    (node,) = nodes(function_of(POINTWISE))
    group = Group(node)
    assert group.is_pointwise
    assert group.anchor is None
    assert (ids(group.prologue), ids(group.epilogue)) == ([], ["a", "b"])
    assert group.tail == ()
    assert group.name == "fusedPointwiseNode(a, b)"


def test_dequantizes_are_the_prologue_and_the_quantize_is_the_tail():
    (node,) = nodes(function_of(QUANTIZED))
    group = Group(node)
    assert not group.is_pointwise
    assert group.anchor is None
    assert ids(group.prologue) == ["dx", "dy"]
    assert ids(group.epilogue) == ["s", "r"]
    assert ids(group.tail) == ["q"]


def test_dequantizes_of_inputs_come_first_and_all_of_a_second_anchor_is_tail():
    layers = list(nodes(function_of(SEPARABLE)))
    fused, _ = make_group(layers[1:])
    group = Group(fused)
    assert fused.kind.data == ("dequantize_conv_relu_quantize_dequantize_conv_quantize")
    assert group.anchor is group.layers[3]
    assert ids(group.prologue) == ["dx", "dv", "dw"]
    assert ids(group.epilogue) == ["r"]
    assert ids(group.tail) == ["q", "dq", "d", "p"]


def test_a_lone_layer_is_a_group_of_one():
    function = chain(1)
    (node,) = nodes(function)
    assert Group(node).layers == (node,)
    assert Group(node).epilogue == (node,)
    assert Group(node).name == "trt.unary"
    name_layers(function)
    assert Group(node).name == "(Unnamed Layer* 0) [Unary]"


def test_kernels_leave_out_constants_and_views():
    module = parse("""
func.func @f(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<6xf32>, tensor<6xf32>) {
  %k = trt.constant dense<1.0> : tensor<1x1xf32>
  %s = trt.element_wise sum %x, %k layers ["s"]
      : (tensor<2x3xf32>, tensor<1x1xf32>) -> tensor<2x3xf32>
  %v = trt.shuffle %s reshape = [6] layers ["v"] : tensor<2x3xf32> -> tensor<6xf32>
  %i = trt.identity %v layers ["i"] : tensor<6xf32> -> tensor<6xf32>
  %t = trt.shuffle %s first_transpose = [1, 0] layers ["t"]
      : tensor<2x3xf32> -> tensor<3x2xf32>
  func.return %t, %v, %i : tensor<3x2xf32>, tensor<6xf32>, tensor<6xf32>
}
func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x layers ["a"] : tensor<4xf32> -> tensor<4xf32>
  func.return %a : tensor<4xf32>
}
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>
""")
    assert [group.name for group in kernels(module)] == ["s", "t", "a"]


def test_a_group_is_one_kernel():
    assert [group.name for group in kernels(parse(POOLED))] == ["n + c + s + r + p"]


def test_layers_are_named_after_their_values_and_else_as_tensorrt_does():
    function = function_of("""
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %k = trt.constant dense<1.0> : tensor<1xf32>
  %0 = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %conv = trt.unary exp %0 : tensor<4xf32> -> tensor<4xf32>
  %given = trt.unary exp %conv layers ["conv"] : tensor<4xf32> -> tensor<4xf32>
  %1 = trt.element_wise sum %given, %k : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %1 : tensor<4xf32>
}""")
    name_layers(function)
    assert [ids((node,)) for node in nodes(function)] == [
        [],
        ["(Unnamed Layer* 1) [Activation]"],
        ["conv#2"],
        ["conv"],
        ["(Unnamed Layer* 4) [ElementWise]"],
    ]


def test_names_that_the_ledger_holds_are_taken():
    function = function_of("""
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {
    trt.ledger = [#trt.ledger_entry<["a", "a#2"] by "fold-constants" heir []>]} {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  func.return %a : tensor<4xf32>
}""")
    name_layers(function)
    (node,) = nodes(function)
    assert node.layer_ids == ("a#3",)


def test_layers_in_groups_are_named_too():
    function = function_of(
        POINTWISE.replace('layers ["a", "b"]', "")
        .replace('layers ["a"]', "")
        .replace('layers ["b"]', "")
    )
    name_layers(function)
    (node,) = nodes(function)
    assert isinstance(node, FusedOp)
    assert node.layer_ids == ("a", "b")
    node.verify()


def test_naming_twice_changes_nothing():
    function = chain(3)
    name_layers(function)
    before = [node.layer_ids for node in nodes(function)]
    name_layers(function)
    assert [node.layer_ids for node in nodes(function)] == before


def test_order_rises_along_the_block():
    function = chain(4)
    order = Order(block_of(function))
    numbers = [order[op] for op in block_of(function).ops]
    assert numbers == sorted(set(numbers))


def test_sort_orders_and_drops_repetitions():
    function = chain(3)
    a, b, c = nodes(function)
    assert Order(block_of(function)).sort([c, a, c, b]) == (a, b, c)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_inserted_ops_are_numbered_between_their_neighbours(place: str):
    function = chain(2)
    block = block_of(function)
    order = Order(block)
    first, second = nodes(function)
    new = [ActivationOp(ActivationType.RELU, block.args[0]) for _ in range(3)]
    if place == "last":
        block.insert_ops_after(new, block.ops.last)
    else:
        block.insert_ops_before(new, first if place == "first" else second)
    order.insert(new)
    numbers = [order[op] for op in block.ops]
    assert numbers == sorted(set(numbers))


def test_many_insertions_at_one_place_stay_apart():
    """As when a rule rewrites the same node again and again."""
    function = chain(2)
    block = block_of(function)
    order = Order(block)
    for _ in range(1000):
        _, second = nodes(function)
        new = UnaryOp(UnaryOperation.NEG, second.operands[0])
        block.insert_op_before(new, second)
        second.results[0].replace_all_uses_with(new.output)
        second.detach()
        second.erase()
        order.remove(second)
        order.insert([new])
    numbers = [order[op] for op in block.ops]
    assert numbers == sorted(set(numbers))


def test_removed_ops_have_no_number():
    function = chain(1)
    order = Order(block_of(function))
    (node,) = nodes(function)
    order.remove(node)
    with pytest.raises(KeyError):
        order[node]


def test_sources_say_where_each_layer_is():
    function = function_of(POOLED)
    record(function, [LedgerEntryAttr.of(["old"], "fuse-relu-relu", ["r"])])
    name = "n + c + s + r + p"
    assert sources(function) == {
        **{id: [name] for id in ("n", "c", "s", "r", "p")},
        "old": ["ledger: fuse-relu-relu"],
    }


def test_sources_count_a_layer_twice_that_a_group_computes_twice():
    function = function_of(
        POINTWISE.replace('["a", "b"]', '["a"]').replace('["b"]', '["a"]')
    )
    name = "fusedPointwiseNode(a)"
    assert sources(function) == {"a": [name, name]}


def test_the_ledger_grows():
    function = chain(1)
    record(function, [LedgerEntryAttr.of(["a"], "fuse-relu-relu", ["b"])])
    record(function, [])
    record(function, [LedgerEntryAttr.of(["c"], "erase-dead-layers", [])])
    assert [entry.rule.data for entry in ledger(function)] == [
        "fuse-relu-relu",
        "erase-dead-layers",
    ]


def test_what_uses_a_value():
    function = chain(2)
    first, second = nodes(function)
    block = block_of(function)
    assert users(first) == [second]
    assert node_of(first.results[0]) is first
    assert node_of(block.args[0]) is None
    assert is_output(second.results[0])
    assert not is_output(first.results[0])
    assert not is_dead(first)
    dead = UnaryOp(UnaryOperation.NEG, first.results[0])
    block.insert_op_after(dead, first)
    assert is_dead(dead)
    assert set(users(first)) == {second, dead}


def test_labels_are_for_people():
    function = function_of(POINTWISE)
    (node,) = nodes(function)
    block = block_of(function)
    assert block.last_op is not None
    assert label(node) == "'fusedPointwiseNode(a, b)'"
    assert label(block.last_op) == "the network's output"
    assert label(block) == "an input of the network"


def test_a_network_has_one_block():
    function = FuncOp("f", ([], []), Region([Block(), Block()]))
    with pytest.raises(VerifyException, match="one block, 'f' has 2"):
        block_of(function)
