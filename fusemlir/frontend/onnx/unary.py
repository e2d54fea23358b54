"""Operators of one operand that are one unary layer; casts."""

from __future__ import annotations

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.dialects.trt.pointwise import CastOp, UnaryOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.model import element_type
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator

_OPERATIONS = {
    "Abs": UnaryOperation.ABS,
    "Acos": UnaryOperation.ACOS,
    "Acosh": UnaryOperation.ACOSH,
    "Asin": UnaryOperation.ASIN,
    "Asinh": UnaryOperation.ASINH,
    "Atan": UnaryOperation.ATAN,
    "Atanh": UnaryOperation.ATANH,
    "Ceil": UnaryOperation.CEIL,
    "Cos": UnaryOperation.COS,
    "Cosh": UnaryOperation.COSH,
    "Erf": UnaryOperation.ERF,
    "Exp": UnaryOperation.EXP,
    "Floor": UnaryOperation.FLOOR,
    "IsNaN": UnaryOperation.ISNAN,
    "Log": UnaryOperation.LOG,
    "Neg": UnaryOperation.NEG,
    "Not": UnaryOperation.NOT,
    "Reciprocal": UnaryOperation.RECIP,
    "Round": UnaryOperation.ROUND,
    "Sign": UnaryOperation.SIGN,
    "Sin": UnaryOperation.SIN,
    "Sinh": UnaryOperation.SINH,
    "Sqrt": UnaryOperation.SQRT,
    "Tan": UnaryOperation.TAN,
}


@operator(*_OPERATIONS)
def unary(node: Node) -> SSAValue:
    return node.main(UnaryOp(_OPERATIONS[node.op_type], node.input(0)))


@operator("IsInf")
def is_inf(node: Node) -> SSAValue:
    for sign in ("detect_negative", "detect_positive"):
        if node.attributes.integer(sign, 1) != 1:
            raise Unsupported(f"{sign} = 0: infinities of both signs are detected")
    return node.main(UnaryOp(UnaryOperation.ISINF, node.input(0)))


@operator("Cast")
def cast(node: Node) -> SSAValue:
    # These say how to round to 8-bit floats, which are not supported.
    node.attributes.ignore("saturate", "round_mode")
    to_type = element_type(node.attributes.integer("to"))
    return node.main(CastOp(node.input(0), to_type))


@operator("CastLike")
def cast_like(node: Node) -> SSAValue:
    node.attributes.ignore("saturate", "round_mode")
    return node.main(CastOp(node.input(0), element_type_of(node.input(1))))
