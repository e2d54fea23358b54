"""Networks around Quantize and Dequantize, as training for int8 leaves them."""

from __future__ import annotations

from random_layers import activation_of, joined, product_of, scale_constants
from random_networks import Grower, Net
from random_windows import contraction, pool
from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ConcatenationOp,
    DequantizeOp,
    QuantizeOp,
    ScaleOp,
    ShuffleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    ScaleMode,
    UnaryOperation,
)


def quantized(net: Net, x: SSAValue) -> SSAValue:
    """A value as i8 and back, by one scale; seldom by two."""
    real = element_type_of(x)
    scale, zero = scale_constants(net, x, real)
    x = net.then(QuantizeOp(x, scale, zero, to_type=i8))
    if element_type_of(x) != i8:
        return x
    if net.chance(10):
        scale, zero = scale_constants(net, x, real)
    return net.then(DequantizeOp(x, scale, zero, to_type=real))


def quantized_weights(net: Net, layer: LayerOp, *, axis: int) -> None:
    """Put a Q/DQ pair before the constant that is operand 1 of a layer, or integers
    and DQ in its place; one scale or one a channel."""
    weights = layer.operands[1]
    per_axis = axis if net.chance(2) else None
    real = element_type_of(weights)
    scale, _ = scale_constants(net, weights, real, axis=per_axis)
    if net.chance(2):
        shape = shape_of(weights)
        integers = net.constant(i8, shape, (-2, -1, 0, 1, 2))
    else:
        to_integers = QuantizeOp(weights, scale, axis=per_axis, to_type=i8)
        integers = net.insert(to_integers)
    restored = DequantizeOp(integers, scale, axis=per_axis, to_type=real)
    layer.operands[1] = net.insert(restored)


def epilogue(net: Net, x: SSAValue) -> SSAValue:
    """Batch norm, a residual, an activation: some of it."""
    if net.chance(4):
        count = shape_of(x)[1]
        scale = net.constant(element_type_of(x), (count,), (0.5, 1.0, 2.0))
        layer = ScaleOp(ScaleMode.CHANNEL, x, scale=scale, channel_axis=1)
        x = net.then(layer)
    if net.chance(3):
        other = net.argument(element_type_of(x), shape_of(x))
        if net.chance(2):
            other = quantized(net, other)
        x = net.then(joined(net, ElementWiseOperation.SUM, x, other))
    if net.chance(2):
        kinds = (ActivationType.RELU, ActivationType.RELU, ActivationType.CLIP)
        x = net.then(activation_of(net, x, net.pick(kinds)))
    return x


def quantized_convolution(
    net: Net, x: SSAValue, *, depthwise: bool | None = None
) -> SSAValue:
    layer = contraction(net, x, same_shape=net.chance(2), depthwise=depthwise)
    quantized_weights(net, layer, axis=0)
    return epilogue(net, net.then(layer))


def convolution_int8(net: Net) -> None:
    x = quantized_convolution(net, quantized(net, net.floats(4)))
    if not net.chance(4):
        quantized(net, x)


def separable_int8(net: Net) -> None:
    """A depthwise convolution, an activation, and another convolution."""
    x = quantized(net, net.floats(4))
    for depthwise in (True, False):
        layer = contraction(net, x, same_shape=True, depthwise=depthwise)
        quantized_weights(net, layer, axis=0)
        x = net.then(layer)
        x = net.then(activation_of(net, x, ActivationType.RELU))
        x = quantized(net, x)


def product_int8(net: Net) -> None:
    x = quantized(net, net.floats(2, 3))
    layer = product_of(net, x)
    quantized_weights(net, layer, axis=len(shape_of(layer.operands[1])) - 1)
    x = net.then(layer)
    if net.chance(2):
        x = net.then(activation_of(net, x, ActivationType.RELU))
    if shape_of(x) and not net.chance(4):
        quantized(net, x)


def between_pairs(net: Net) -> None:
    """A layer that moves values, or selects among them, between DQ and Q."""
    x = quantized(net, net.floats(4))
    match net.integer(0, 4):
        case 0:
            order = net.order(len(shape_of(x)))
            x = net.then(ShuffleOp(x, first_transpose=order))
        case 1:
            other = quantized(net, net.argument(element_type_of(x), shape_of(x)))
            x = net.then(ConcatenationOp([x, other], 1))
        case 2:
            x = net.then(pool(net, x))
        case 3:
            x = net.then(UnaryOp(UnaryOperation.NEG, x))
        case _:
            other = quantized(net, net.argument(element_type_of(x), shape_of(x)))
            kinds = (ElementWiseOperation.SUM, ElementWiseOperation.MAX)
            x = net.then(joined(net, net.pick(kinds), x, other))
    if net.chance(2):
        x = net.then(activation_of(net, x, ActivationType.RELU))
    if not net.chance(4):
        quantized(net, x)


def same_pairs(net: Net) -> None:
    """Two users of one value, each with its own Q by the same scale."""
    x = net.floats(4)
    scale, zero = scale_constants(net, x, element_type_of(x))
    for _ in range(2):
        integers = net.then(QuantizeOp(x, scale, zero, to_type=i8))
        if element_type_of(integers) == i8:
            real = element_type_of(x)
            net.then(DequantizeOp(integers, scale, zero, to_type=real))


QUANTIZED: tuple[Grower, ...] = (
    convolution_int8,
    convolution_int8,
    separable_int8,
    product_int8,
    between_pairs,
    between_pairs,
    same_pairs,
)
