"""Between floats and 8-bit integers."""

from __future__ import annotations

from xdsl.dialects.builtin import i8, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.dialects.trt.enums import ElementWiseOperation
from fusemlir.dialects.trt.pointwise import CastOp, ElementWiseOp
from fusemlir.dialects.trt.quantize import DequantizeOp, QuantizeOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.model import element_type
from fusemlir.frontend.onnx.node import Node, normal_axis
from fusemlir.frontend.onnx.registry import operator


@operator("QuantizeLinear")
def quantize(node: Node) -> SSAValue:
    # How to round to 8-bit floats, which are not supported.
    node.attributes.ignore("saturate")
    _refuse_blocks(node)
    precision = node.attributes.integer("precision", 0)
    x = node.input(0)
    if precision and element_type(precision) != element_type_of(x):
        raise Unsupported("precision must be the type of the input")
    to_type = node.attributes.integer("output_dtype", 0)
    if not node.has(2) and (not to_type or element_type(to_type) != i8):
        raise Unsupported("without an i8 zero point the result is unsigned; wanted i8")
    scale, zero_point, axis = _parameters(node, x)
    return node.main(QuantizeOp(x, scale, zero_point, axis=axis, to_type=i8))


@operator("DequantizeLinear")
def dequantize(node: Node) -> SSAValue:
    _refuse_blocks(node)
    q = node.input(0)
    scale, zero_point, axis = _parameters(node, q)
    real = element_type_of(scale)
    to_type = node.attributes.integer("output_dtype", 0)
    if to_type and element_type(to_type) != real:
        raise Unsupported("output_dtype must be the type of the scale")
    if element_type_of(q) != i32:
        return node.main(DequantizeOp(q, scale, zero_point, axis=axis, to_type=real))
    if zero_point is not None:
        raise Unsupported("32-bit integers have no zero point")
    # Biases of quantised convolutions, which are plain products.
    number = node.add(CastOp(q, real))
    kept = [0 if at == axis else None for at in range(len(shape_of(q)))]
    along = node.reshape(scale, kept)
    return node.main(ElementWiseOp(ElementWiseOperation.PROD, number, along))


def _refuse_blocks(node: Node) -> None:
    if node.attributes.integer("block_size", 0):
        raise Unsupported("block_size: scales are per tensor or per channel")


def _parameters(
    node: Node, value: SSAValue
) -> tuple[SSAValue, SSAValue | None, int | None]:
    """Scale, zero point unless it is zero, and axis unless there is one scale."""
    scale, zero_point = node.input(1), node.optional_input(2)
    axis = node.attributes.integer("axis", 1)
    if shape_of(scale) in ((), (1,)):
        scale, axis = node.reshape(scale, []), None
    else:
        axis = normal_axis(axis, len(shape_of(value)))
    if zero_point is None:
        return scale, None, axis
    if element_type_of(zero_point) not in (i8, i32):
        raise Unsupported(
            f"zero point is {zero_point.type}, wanted i8: quantise activations as "
            "signed integers around zero (onnxruntime: activation_type=QInt8, "
            "ActivationSymmetric)"
        )
    if node.is_zero(2):
        return scale, None, axis
    if axis is None:
        zero_point = node.reshape(zero_point, [])
    return scale, zero_point, axis
