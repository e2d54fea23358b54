"""Normalisations: batch normalisation as one scale, the others as one layer each."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType, f32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    element_type_of,
    shape_of,
    show_shape,
)
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    ReduceOperation,
    ScaleMode,
    UnaryOperation,
)
from fusemlir.dialects.trt.normalization import DEFAULT_EPSILON, NormalizationOp
from fusemlir.dialects.trt.pointwise import CastOp, ElementWiseOp, ScaleOp, UnaryOp
from fusemlir.dialects.trt.reduce import ReduceOp
from fusemlir.dialects.trt.shape import IdentityOp
from fusemlir.dialects.trt.shuffle import ShuffleOp
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node, normal_axis
from fusemlir.frontend.onnx.registry import operator

_SUM, _SUB = ElementWiseOperation.SUM, ElementWiseOperation.SUB
_PROD, _DIV = ElementWiseOperation.PROD, ElementWiseOperation.DIV


@operator("BatchNormalization")
def batch_normalization(node: Node) -> SSAValue:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, axis 1 being the channels:
    one scale layer where all four are constants, else a chain."""
    attributes = node.attributes
    attributes.ignore("momentum")
    if attributes.integer("training_mode", 0):
        raise Unsupported("training_mode: only inference is compiled")
    if attributes.integer("spatial", 1) != 1:
        raise Unsupported("spatial = 0: only one mean and variance a channel")
    x, *parameters = node.inputs()
    epsilon = attributes.number("epsilon", 1e-5)
    if len(parameters) != 4:
        raise Unsupported(f"it takes 5 inputs, found {node.input_count}")
    constants = [constant_value(parameter) for parameter in parameters]
    weights = [constant for constant in constants if constant is not None]
    if len(weights) == 4:
        return _scale(node, x, weights, epsilon)
    return _chain(node, x, parameters, epsilon)


def _scale(
    node: Node, x: SSAValue, weights: Sequence[ConstantValue], epsilon: float
) -> SSAValue:
    gamma, beta, mean, variance = weights
    type = TensorType(element_type_of(x), gamma.type.get_shape())
    scale = WeightAttr.derived("batch_norm_scale", [gamma, variance, epsilon], type)
    shift = WeightAttr.derived(
        "batch_norm_shift", [gamma, beta, mean, variance, epsilon], type
    )
    return node.main(
        ScaleOp(
            ScaleMode.CHANNEL,
            x,
            scale=node.constant(scale),
            shift=node.constant(shift),
            channel_axis=1,
        )
    )


def _chain(
    node: Node, x: SSAValue, parameters: Sequence[SSAValue], epsilon: float
) -> SSAValue:
    spatial = len(shape_of(x)) - 2
    gamma, beta, mean, variance = (
        node.reshape(parameter, [None, 0, *[None] * spatial])
        for parameter in parameters
    )
    deviation = _deviation(node, variance, epsilon)
    centred = node.add(ElementWiseOp(_SUB, x, mean))
    normal = node.main(ElementWiseOp(_DIV, centred, deviation))
    scaled = node.add(ElementWiseOp(_PROD, normal, gamma))
    return node.add(ElementWiseOp(_SUM, scaled, beta))


@operator("LayerNormalization")
def layer_normalization(node: Node) -> list[SSAValue]:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over the axes from `axis`,
    in f32, as `stash_type` asks; a chain of layers where the mean and the inverse
    deviation are wanted too."""
    if any(node.proto.output[1:]):
        return _layer_normalization_chain(node)
    x, axes = _trailing(node)
    rank = len(shape_of(x))
    scale = node.align(node.input(1), rank)
    bias = node.align(node.input(2), rank) if node.has(2) else node.number(0.0, x)
    epsilon = node.attributes.number("epsilon", DEFAULT_EPSILON)
    return [node.main(NormalizationOp(x, scale, bias, axes, epsilon=epsilon))]


def _layer_normalization_chain(node: Node) -> list[SSAValue]:
    x, axes, element = *_trailing(node), element_type_of(node.input(0))
    epsilon = node.attributes.number("epsilon", DEFAULT_EPSILON)
    wide = _in_f32(node, x)
    mean = node.add(ReduceOp(ReduceOperation.AVG, wide, axes, keep_dimensions=True))
    centred = node.add(ElementWiseOp(_SUB, wide, mean))
    deviation = _deviation(node, _mean_square(node, centred, axes), epsilon)
    normal = node.main(ElementWiseOp(_DIV, centred, deviation))
    output = _scaled(node, _cast_to(node, normal, element))
    bias = node.optional_input(2)
    if bias is not None:
        addends = node.align_all([output, bias])
        output = node.add(ElementWiseOp(_SUM, *addends))
    inverse = node.add(UnaryOp(UnaryOperation.RECIP, deviation))
    return [output, mean, inverse]


@operator("RMSNormalization")
def rms_normalization(node: Node) -> SSAValue:
    """x / sqrt(mean of x^2 + epsilon) * scale over the axes from `axis`, in f32."""
    x, axes, element = *_trailing(node), element_type_of(node.input(0))
    epsilon = node.attributes.number("epsilon", 1e-5)
    wide = _in_f32(node, x)
    deviation = _deviation(node, _mean_square(node, wide, axes), epsilon)
    normal = node.main(ElementWiseOp(_DIV, wide, deviation))
    return _scaled(node, _cast_to(node, normal, element))


@operator("InstanceNormalization")
def instance_normalization(node: Node) -> SSAValue:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, of each image's channel."""
    x = node.input(0)
    rank = _image_rank(x)
    scale, bias = (_per_channel(node, node.input(at), rank) for at in (1, 2))
    epsilon = node.attributes.number("epsilon", DEFAULT_EPSILON)
    axes = range(2, rank)
    return node.main(NormalizationOp(x, scale, bias, axes, epsilon=epsilon))


@operator("GroupNormalization")
def group_normalization(node: Node) -> SSAValue:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, of each image's groups of
    channels; scale and bias are one a group before opset 21, one a channel since."""
    attributes = node.attributes
    x, groups = node.input(0), attributes.integer("num_groups", 0)
    _require_f32_stash(node)
    rank, channels = _image_rank(x), shape_of(x)[1]
    if groups < 1 or channels == UNKNOWN or channels % groups:
        raise Unsupported(f"num_groups = {groups} for {show_shape(shape_of(x))}")
    parameters = [node.input(at) for at in (1, 2)]
    if node.opset < 21:
        parameters = [_repeated(node, value, channels) for value in parameters]
    scale, bias = (_per_channel(node, value, rank) for value in parameters)
    # One group is all channels: nothing that the groups of a layer could say.
    axes = range(2 if groups > 1 else 1, rank)
    epsilon = attributes.number("epsilon", DEFAULT_EPSILON)
    return node.main(
        NormalizationOp(x, scale, bias, axes, epsilon=epsilon, num_groups=groups)
    )


def _image_rank(x: SSAValue) -> int:
    rank = len(shape_of(x))
    if rank < 3:
        raise Unsupported(f"its input has rank {rank}, needs at least 3")
    return rank


def _per_channel(node: Node, value: SSAValue, rank: int) -> SSAValue:
    return node.reshape(value, [None, 0, *[None] * (rank - 2)])


def _repeated(node: Node, value: SSAValue, channels: int) -> SSAValue:
    """One value a group as one a channel."""
    (groups,) = shape_of(value)
    ones = TensorType(element_type_of(value), (1, channels // groups))
    column = node.reshape(value, [0, None])
    spread = node.add(ElementWiseOp(_PROD, column, node.filled(1.0, ones)))
    return node.add(ShuffleOp(spread, reshape_dims=[channels]))


def _trailing(node: Node) -> tuple[SSAValue, range]:
    """The input and the axes to normalise over: those from `axis` on."""
    x, rank = node.input(0), len(shape_of(node.input(0)))
    _require_f32_stash(node)
    return x, range(normal_axis(node.attributes.integer("axis", -1), rank), rank)


def _require_f32_stash(node: Node) -> None:
    if node.attributes.integer("stash_type", 1) != 1:
        raise Unsupported("stash_type: only f32 is computed in")


def _in_f32(node: Node, value: SSAValue) -> SSAValue:
    return _cast_to(node, value, f32)


def _cast_to(node: Node, value: SSAValue, element: Attribute) -> SSAValue:
    if element_type_of(value) == element:
        return value
    return node.add(CastOp(value, element))


def _scaled(node: Node, normal: SSAValue) -> SSAValue:
    factors = node.align_all([normal, node.input(1)])
    return node.add(ElementWiseOp(_PROD, *factors))


def _mean_square(node: Node, value: SSAValue, axes: Sequence[int]) -> SSAValue:
    squares = node.add(ElementWiseOp(_PROD, value, value))
    return node.add(ReduceOp(ReduceOperation.AVG, squares, axes, keep_dimensions=True))


def _deviation(node: Node, variance: SSAValue, epsilon: float) -> SSAValue:
    raised = ElementWiseOp(_SUM, variance, node.number(epsilon, variance))
    return node.add(UnaryOp(UnaryOperation.SQRT, node.add(raised)))


@operator("Dropout")
def dropout(node: Node) -> SSAValue:
    node.attributes.ignore("ratio", "seed")
    if node.has(2) and node.known(2, "training_mode").any():
        raise Unsupported("training_mode: only inference is compiled")
    return node.main(IdentityOp(node.input(0)))
