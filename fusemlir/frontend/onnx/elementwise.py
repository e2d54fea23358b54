"""Operators of two or more operands that broadcast."""

from __future__ import annotations

from functools import reduce

from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, is_float
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.enums import ElementWiseOperation, UnaryOperation
from fusemlir.dialects.trt.pointwise import CastOp, ElementWiseOp, UnaryOp
from fusemlir.dialects.trt.shape import IdentityOp
from fusemlir.dialects.trt.weight import WeightAttr
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.constant import dense_constant
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator
from fusemlir.weights import dtype_of, round_to
from fusemlir.weights.store import dense_array

_BINARY = {
    "Add": ElementWiseOperation.SUM,
    "And": ElementWiseOperation.AND,
    "Div": ElementWiseOperation.DIV,
    "Greater": ElementWiseOperation.GREATER,
    "Less": ElementWiseOperation.LESS,
    "Mul": ElementWiseOperation.PROD,
    "Or": ElementWiseOperation.OR,
    "Sub": ElementWiseOperation.SUB,
    "Xor": ElementWiseOperation.XOR,
}
_VARIADIC = {
    "Max": ElementWiseOperation.MAX,
    "Mean": ElementWiseOperation.SUM,
    "Min": ElementWiseOperation.MIN,
    "Sum": ElementWiseOperation.SUM,
}
_OR_EQUAL = {
    "GreaterOrEqual": ElementWiseOperation.GREATER,
    "LessOrEqual": ElementWiseOperation.LESS,
}


@operator(*_BINARY)
def binary(node: Node) -> SSAValue:
    a, b = node.align_all([node.input(0), node.input(1)])
    return node.main(ElementWiseOp(_BINARY[node.op_type], a, b))


@operator(*_VARIADIC)
def variadic(node: Node) -> SSAValue:
    """A chain from left to right, whose last layer is the node's; a mean divides."""
    operation, values = _VARIADIC[node.op_type], node.align_all(node.inputs())
    if len(values) == 1:
        return node.main(IdentityOp(values[0]))
    if node.op_type == "Mean":
        total = reduce(lambda a, b: node.add(ElementWiseOp(operation, a, b)), values)
        count = node.number(len(values), total)
        return node.main(ElementWiseOp(ElementWiseOperation.DIV, total, count))
    *first, last = values
    chain = reduce(lambda a, b: node.add(ElementWiseOp(operation, a, b)), first)
    return node.main(ElementWiseOp(operation, chain, last))


@operator("Equal")
def equal(node: Node) -> SSAValue:
    a, b = node.align_all([node.input(0), node.input(1)])
    if element_type_of(a) != i1:
        return node.main(ElementWiseOp(ElementWiseOperation.EQUAL, a, b))
    differs = node.add(ElementWiseOp(ElementWiseOperation.XOR, a, b))
    return node.main(UnaryOp(UnaryOperation.NOT, differs))


@operator(*_OR_EQUAL)
def or_equal(node: Node) -> SSAValue:
    """Two comparisons: `not (a < b)` would be true of a NaN."""
    a, b = node.align_all([node.input(0), node.input(1)])
    beyond = node.add(ElementWiseOp(_OR_EQUAL[node.op_type], a, b))
    same = node.add(ElementWiseOp(ElementWiseOperation.EQUAL, a, b))
    return node.main(ElementWiseOp(ElementWiseOperation.OR, beyond, same))


@operator("Pow")
def power(node: Node) -> SSAValue:
    base, exponent = node.align_all([node.input(0), node.input(1)])
    exponent = _in_type_of(node, exponent, base)
    return node.main(ElementWiseOp(ElementWiseOperation.POW, base, exponent))


@operator("Mod")
def modulo(node: Node) -> SSAValue:
    """a - floor(a / b) * b, on integers: the remainder has the divisor's sign."""
    a, b = node.align_all([node.input(0), node.input(1)])
    if node.attributes.integer("fmod", 0) or is_float(element_type_of(a)):
        raise Unsupported("only integers without fmod have a remainder")
    quotient = node.add(ElementWiseOp(ElementWiseOperation.FLOOR_DIV, a, b))
    whole = node.add(ElementWiseOp(ElementWiseOperation.PROD, quotient, b))
    return node.main(ElementWiseOp(ElementWiseOperation.SUB, a, whole))


@operator("Where")
def where(node: Node) -> SSAValue:
    """Selection by logic (i1) or by products (integers).

    Floats have no such formula: 0 * infinity is no number.
    """
    condition, a, b = node.align_all([node.input(at) for at in range(3)])
    element = element_type_of(a)
    if is_float(element):
        raise Unsupported("there is no layer that selects between floats")
    either = node.add(UnaryOp(UnaryOperation.NOT, condition))
    both, join = ElementWiseOperation.AND, ElementWiseOperation.OR
    if element != i1:
        condition = node.add(CastOp(condition, element))
        either = node.add(CastOp(either, element))
        both, join = ElementWiseOperation.PROD, ElementWiseOperation.SUM
    first = node.add(ElementWiseOp(both, condition, a))
    second = node.add(ElementWiseOp(both, either, b))
    return node.main(ElementWiseOp(join, first, second))


def _in_type_of(node: Node, value: SSAValue, like: SSAValue) -> SSAValue:
    """`value` with the element type of `like`; a constant is converted itself."""
    element = element_type_of(like)
    if element_type_of(value) == element:
        return value
    constant = constant_value(value)
    if constant is None or isinstance(constant, WeightAttr):
        return node.add(CastOp(value, element))
    array = dense_array(constant)
    if not is_float(element_type_of(value)):
        array = array.astype(float)
    return node.constant(dense_constant(round_to(array, dtype_of(element))))
