"""What layers compute from constants, as constants: small ones stay data in the IR,
large ones become recipes, so that nothing is read before it is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType

from fusemlir.dialects.trt import (
    CastOp,
    ConcatenationOp,
    ElementWiseOp,
    ShuffleOp,
    SliceOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp, Shape, tensor_type
from fusemlir.dialects.trt.constant import dense, fill, scalar_of, type_of
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    SampleMode,
    UnaryOperation,
)
from fusemlir.dialects.trt.shuffle import permute
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr

ELEMENT_WISE_RECIPES = frozenset(
    {
        ElementWiseOperation.SUM,
        ElementWiseOperation.PROD,
        ElementWiseOperation.SUB,
        ElementWiseOperation.DIV,
        ElementWiseOperation.MAX,
        ElementWiseOperation.MIN,
        ElementWiseOperation.POW,
    }
)
UNARY_RECIPES = frozenset(
    {
        UnaryOperation.NEG,
        UnaryOperation.ABS,
        UnaryOperation.SQRT,
        UnaryOperation.RECIP,
        UnaryOperation.EXP,
        UnaryOperation.LOG,
    }
)


def reshaped(value: ConstantValue, shape: Sequence[int]) -> ConstantValue:
    """The elements of `value` in order, in another shape."""
    type = TensorType(value.type.element_type, shape)
    if type == value.type:
        return value
    number = scalar_of(value)
    if number is not None:
        return fill(number, type)
    if isinstance(value, WeightAttr):
        return WeightAttr.derived("reshape", [value], type)
    return dense(type, list(value.get_values()))


def transposed(value: ConstantValue, order: Shape) -> ConstantValue:
    """The axes of `value` permuted in numpy's sense."""
    if list(order) == list(range(len(order))):
        return value
    shape = permute(value.type.get_shape(), order)
    return WeightAttr.derived(
        "transpose", [value, order], TensorType(value.type.element_type, shape)
    )


def negated(value: ConstantValue) -> ConstantValue:
    type = type_of(value)
    number = scalar_of(value)
    if number is not None:
        return fill(-number, type)
    return WeightAttr.derived("neg", [value], type)


def recipe_of(
    layer: LayerOp, operands: Sequence[ConstantValue]
) -> ConstantValue | None:
    """What `layer` computes from constants, as a recipe; None where there is none."""
    type = tensor_type(layer.results[0])
    match layer:
        case ShuffleOp():
            first = transposed(operands[0], layer.first)
            return transposed(reshaped(first, layer.reshaped), layer.second)
        case CastOp():
            return WeightAttr.derived("cast", operands, type)
        case ElementWiseOp() if layer.kind in ELEMENT_WISE_RECIPES:
            return WeightAttr.derived(str(layer.kind), operands, type)
        case UnaryOp() if layer.kind in UNARY_RECIPES:
            return WeightAttr.derived(str(layer.kind), operands, type)
        case ConcatenationOp():
            axis = layer.axis.value.data
            return WeightAttr.derived("concatenation", [*operands, axis], type)
        case SliceOp() if layer.sampling == SampleMode.STRICT_BOUNDS:
            window = (layer.starts, layer.sizes, layer.strides)
            return WeightAttr.derived("slice", [operands[0], *window], type)
        case _:
            return None
