"""Operators along axes: reductions, softmax, the largest and smallest."""

from __future__ import annotations

import math

from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    ReduceOperation,
    TopKOperation,
    UnaryOperation,
)
from fusemlir.dialects.trt.pointwise import ElementWiseOp, UnaryOp
from fusemlir.dialects.trt.reduce import ReduceOp, SoftMaxOp, TopKOp
from fusemlir.dialects.trt.shape import IdentityOp, SliceOp
from fusemlir.dialects.trt.shuffle import ShuffleOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.layout import flatten_op
from fusemlir.frontend.onnx.node import Node, normal_axis
from fusemlir.frontend.onnx.registry import operator

_PLAIN = {
    "ReduceMax": ReduceOperation.MAX,
    "ReduceMean": ReduceOperation.AVG,
    "ReduceMin": ReduceOperation.MIN,
    "ReduceProd": ReduceOperation.PROD,
    "ReduceSum": ReduceOperation.SUM,
}


@operator(*_PLAIN)
def plain(node: Node) -> SSAValue:
    value = node.input(0)
    axes = _axes(node, value)
    if not axes:
        return node.main(IdentityOp(value))
    return _reduced(node, _PLAIN[node.op_type], value, axes)


@operator("ReduceL1")
def l1(node: Node) -> SSAValue:
    magnitude = node.add(UnaryOp(UnaryOperation.ABS, node.input(0)))
    return _sum(node, magnitude)


@operator("ReduceSumSquare")
def sum_of_squares(node: Node) -> SSAValue:
    return _sum(node, _square(node))


@operator("ReduceL2")
def l2(node: Node) -> SSAValue:
    return node.add(UnaryOp(UnaryOperation.SQRT, _sum(node, _square(node))))


@operator("ReduceLogSum")
def log_sum(node: Node) -> SSAValue:
    return node.add(UnaryOp(UnaryOperation.LOG, _sum(node, node.input(0))))


@operator("ReduceLogSumExp")
def log_sum_exp(node: Node) -> SSAValue:
    power = node.add(UnaryOp(UnaryOperation.EXP, node.input(0)))
    return node.add(UnaryOp(UnaryOperation.LOG, _sum(node, power)))


def _square(node: Node) -> SSAValue:
    x = node.input(0)
    return node.add(ElementWiseOp(ElementWiseOperation.PROD, x, x))


def _sum(node: Node, value: SSAValue) -> SSAValue:
    axes = _axes(node, value)
    if not axes:
        raise Unsupported("it reduces over no axes")
    return _reduced(node, ReduceOperation.SUM, value, axes)


def _reduced(
    node: Node, operation: ReduceOperation, value: SSAValue, axes: list[int]
) -> SSAValue:
    keep = node.attributes.integer("keepdims", 1) != 0
    return node.main(ReduceOp(operation, value, axes, keep_dimensions=keep))


def _axes(node: Node, value: SSAValue) -> list[int]:
    """The axes to reduce over; they are an input since opset 13 for the sum, 18 for
    the others."""
    rank = len(shape_of(value))
    since = 13 if node.op_type == "ReduceSum" else 18
    axes = node.axes(1 if node.opset >= since else None)
    does_nothing = node.attributes.integer("noop_with_empty_axes", 0)
    if not axes:
        # Read here because no layer follows that would.
        node.attributes.integer("keepdims", 1)
        return [] if does_nothing else list(range(rank))
    return sorted({normal_axis(axis, rank) for axis in axes})


@operator("Softmax")
def softmax(node: Node) -> SSAValue:
    value, axis, shape = _softmax_input(node)
    output = node.main(SoftMaxOp(value, axis))
    return _restored(node, output, shape)


@operator("LogSoftmax")
def log_softmax(node: Node) -> SSAValue:
    value, axis, shape = _softmax_input(node)
    weights = node.main(SoftMaxOp(value, axis))
    # Right after the softmax, so that the two are seen together.
    output = node.add(UnaryOp(UnaryOperation.LOG, weights))
    return _restored(node, output, shape)


def _softmax_input(node: Node) -> tuple[SSAValue, int, tuple[int, ...] | None]:
    """The input, the axis, and the shape to restore afterwards.

    Before opset 13 a softmax is over all dimensions from the axis on; that is over one
    axis where the others are one.
    """
    value = node.input(0)
    shape = shape_of(value)
    default = -1 if node.opset >= 13 else 1
    axis = normal_axis(node.attributes.integer("axis", default), len(shape))
    if node.opset >= 13 or math.prod(shape[axis + 1 :]) == 1:
        return value, axis, None
    node.static_shape(value, "softmax over several axes")
    return node.add(flatten_op(value, axis)), 1, shape


def _restored(node: Node, value: SSAValue, shape: tuple[int, ...] | None) -> SSAValue:
    if shape is None:
        return value
    restored = ShuffleOp(value, reshape_dims=shape, zero_is_placeholder=False)
    return node.add(restored)


@operator("TopK")
def top_k(node: Node) -> list[SSAValue]:
    value, attributes = node.input(0), node.attributes
    # Unsorted results may have any order, so also this one.
    attributes.ignore("sorted")
    axis = normal_axis(attributes.integer("axis", -1), len(shape_of(value)))
    largest = attributes.integer("largest", 1) != 0
    (k,) = node.known_ints(1, "k") if node.opset >= 10 else [attributes.integer("k")]
    operation = TopKOperation.MAX if largest else TopKOperation.MIN
    op = TopKOp(operation, value, k, axis, indices_type=i64)
    node.main(op)
    return [op.values, op.indices]


@operator("ArgMax", "ArgMin")
def arg_extreme(node: Node) -> SSAValue:
    value, attributes = node.input(0), node.attributes
    shape = shape_of(value)
    axis = normal_axis(attributes.integer("axis", 0), len(shape))
    if shape[axis] == 0:
        raise Unsupported("there is nothing to choose from")
    last = attributes.integer("select_last_index", 0) != 0
    if last:
        value = _reversed(node, value, axis)
    largest = node.op_type == "ArgMax"
    operation = TopKOperation.MAX if largest else TopKOperation.MIN
    op = TopKOp(operation, value, 1, axis, indices_type=i64)
    node.main(op)
    indices = op.indices
    if last:
        end = node.number(shape[axis] - 1, indices)
        indices = node.add(ElementWiseOp(ElementWiseOperation.SUB, end, indices))
    if attributes.integer("keepdims", 1):
        return indices
    return node.reshape(indices, [at for at in range(len(shape)) if at != axis])


def _reversed(node: Node, value: SSAValue, axis: int) -> SSAValue:
    """Back to front along one axis: of equal values the first is then the last."""
    shape = node.static_shape(value, "select_last_index")
    start, stride = [0] * len(shape), [1] * len(shape)
    start[axis], stride[axis] = shape[axis] - 1, -1
    return node.add(SliceOp(value, start, shape, stride))
