"""Constants, and the shapes that networks compute with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from onnx import TensorProto
from xdsl.dialects.builtin import BytesAttr, DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import is_static, shape_of
from fusemlir.dialects.trt.constant import ConstantOp, dense, fill
from fusemlir.dialects.trt.weight import DENSE_LIMIT, ConstantValue, Dense, WeightAttr
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.model import element_type
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator
from fusemlir.weights import Array, OnnxFile, element_of

FOLDED = frozenset(
    {
        "Abs",
        "Add",
        "And",
        "Cast",
        "Ceil",
        "Concat",
        "Div",
        "Equal",
        "Expand",
        "Floor",
        "Gather",
        "Greater",
        "GreaterOrEqual",
        "Identity",
        "Less",
        "LessOrEqual",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Range",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "Reshape",
        "Slice",
        "Squeeze",
        "Sub",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
    }
)
"""Operators that are computed at import where all their inputs are known integers or
truth values, or are known and one was computed so.

That is what models compute shapes with; all other folding is left to passes.
"""


_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What ONNX's reference raises for inputs and attributes that do not fit."""


def fold(node: Node, arrays: Sequence[Array]) -> list[Array]:
    """The outputs of a node with known inputs, computed by ONNX's own reference."""
    from onnx.reference import ReferenceEvaluator

    evaluator = cast(Any, ReferenceEvaluator(node.proto, opsets={"": node.opset}))
    names = [name for name in node.proto.input if name]
    feeds = dict(zip(names, arrays, strict=True))
    try:
        results = [np.asarray(result) for result in evaluator.run(None, feeds)]
    except _FAULTS as error:
        raise Unsupported(f"it cannot be computed: {error}") from error
    if any(result.size > DENSE_LIMIT for result in results):
        raise Unsupported(f"a shape computation has more than {DENSE_LIMIT} elements")
    return results


CHANNELS = 1 << 16
"""Elements of the largest arrays that are read for each channel having one."""


def known_array(
    tensor: TensorProto, file: OnnxFile, limit: int = DENSE_LIMIT
) -> Array | None:
    """The array of a tensor of so many elements at most, None of a larger one."""
    if math.prod(tensor.dims) > limit:
        return None
    return file.tensor_array(tensor)


def tensor_constant(tensor: TensorProto, name: str, file: OnnxFile) -> ConstantValue:
    """A constant for a tensor of the file: dense, or, where it is large, by name."""
    element = element_type(tensor.data_type)
    array = known_array(tensor, file)
    if array is None:
        return WeightAttr.named(name, TensorType(element, tuple(tensor.dims)))
    return dense_constant(array)


def dense_constant(array: Array) -> Dense:
    element = element_of(array.dtype)
    if element is None:
        raise Unsupported(f"a constant has elements of type {array.dtype}")
    type = TensorType(element, array.shape)
    if array.dtype == np.bool_:
        return dense(type, array.reshape(-1).tolist())
    return DenseIntOrFPElementsAttr(cast(Any, type), BytesAttr(array.tobytes()))


@operator("Constant")
def _constant(node: Node) -> SSAValue:
    attributes, output = node.attributes, node.proto.output[0]
    tensor = attributes.tensor("value")
    if tensor is not None:
        element = element_type(tensor.data_type)
        if math.prod(tensor.dims) > DENSE_LIMIT:
            type = TensorType(element, tuple(tensor.dims))
            return node.main(ConstantOp(WeightAttr.named(output, type)))
        array = node.network.array(tensor)
    elif "value_float" in attributes:
        array = np.array(attributes.number("value_float"), np.float32)
    elif "value_floats" in attributes:
        array = np.array(attributes.numbers("value_floats"), np.float32)
    elif "value_int" in attributes:
        array = np.array(attributes.integer("value_int"), np.int64)
    elif "value_ints" in attributes:
        array = np.array(attributes.integers("value_ints"), np.int64)
    else:
        raise Unsupported("its value is not a dense tensor of numbers")
    node.network.tell(output, array)
    return node.main(ConstantOp(dense_constant(array)))


@operator("ConstantOfShape")
def _constant_of_shape(node: Node) -> SSAValue:
    shape = node.known_ints(0, "shape")
    tensor = node.attributes.tensor("value")
    one = np.zeros(1, np.float32) if tensor is None else node.network.array(tensor)
    if one.size != 1:
        raise Unsupported(f"value must have one element, found {one.size}")
    element = element_of(one.dtype)
    if element is None:
        raise Unsupported(f"a constant has elements of type {one.dtype}")
    if math.prod(shape) <= DENSE_LIMIT:
        node.network.tell(node.proto.output[0], np.full(shape, one.reshape(())))
    constant = fill(one.reshape(()).item(), TensorType(element, shape))
    return node.main(ConstantOp(constant))


@operator("Shape")
def _shape(node: Node) -> SSAValue:
    value = node.input(0)
    rank = len(shape_of(value))
    start = _clamped(node.attributes.integer("start", 0), rank)
    end = _clamped(node.attributes.integer("end", rank), rank)
    shape = shape_of(value)[start:end]
    if not is_static(shape):
        node.static_shape(value, "the shape")
    return _told(node, np.array(shape, np.int64))


@operator("Size")
def _size(node: Node) -> SSAValue:
    shape = node.static_shape(node.input(0), "the size")
    return _told(node, np.array(math.prod(shape), np.int64))


@operator("Range")
def _range(node: Node) -> SSAValue:
    raise Unsupported("its inputs must be integers that are known at import")


def _clamped(axis: int, rank: int) -> int:
    return min(max(axis + rank if axis < 0 else axis, 0), rank)


def _told(node: Node, array: Array) -> SSAValue:
    """A constant that the shapes of the network imply."""
    node.network.tell(node.proto.output[0], array)
    return node.main(ConstantOp(dense_constant(array)))
