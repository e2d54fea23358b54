"""Activation functions, as one activation layer or from a few pointwise ones."""

from __future__ import annotations

import math
from typing import Any, cast

from ml_dtypes import finfo
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, is_float
from fusemlir.dialects.trt.enums import ActivationType, ElementWiseOperation
from fusemlir.dialects.trt.pointwise import ActivationOp, ElementWiseOp
from fusemlir.dialects.trt.shape import IdentityOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node, number_of
from fusemlir.frontend.onnx.registry import operator
from fusemlir.weights import dtype_of

_PLAIN = {
    "Relu": ActivationType.RELU,
    "Sigmoid": ActivationType.SIGMOID,
    "Softsign": ActivationType.SOFTSIGN,
    "Tanh": ActivationType.TANH,
}
_WITH_ALPHA = {
    "Elu": (ActivationType.ELU, 1.0),
    "LeakyRelu": (ActivationType.LEAKY_RELU, 0.01),
    "ThresholdedRelu": (ActivationType.THRESHOLDED_RELU, 1.0),
}


@operator(*_PLAIN)
def plain(node: Node) -> SSAValue:
    return node.main(ActivationOp(_PLAIN[node.op_type], node.input(0)))


@operator(*_WITH_ALPHA)
def with_alpha(node: Node) -> SSAValue:
    kind, default = _WITH_ALPHA[node.op_type]
    alpha = node.attributes.number("alpha", default)
    return node.main(ActivationOp(kind, node.input(0), alpha))


@operator("Selu")
def selu(node: Node) -> SSAValue:
    # The defaults of onnx's Selu-6.
    alpha = node.attributes.number("alpha", 1.67326319217681884765625)
    gamma = node.attributes.number("gamma", 1.05070102214813232421875)
    return node.main(ActivationOp(ActivationType.SELU, node.input(0), alpha, gamma))


@operator("Softplus")
def softplus(node: Node) -> SSAValue:
    return node.main(ActivationOp(ActivationType.SOFTPLUS, node.input(0), 1.0, 1.0))


@operator("HardSigmoid")
def hard_sigmoid(node: Node) -> SSAValue:
    alpha = node.attributes.number("alpha", 0.2)
    beta = node.attributes.number("beta", 0.5)
    kind = ActivationType.HARD_SIGMOID
    return node.main(ActivationOp(kind, node.input(0), alpha, beta))


@operator("Gelu")
def gelu(node: Node) -> SSAValue:
    match node.attributes.text("approximate", "none"):
        case "none":
            kind = ActivationType.GELU_ERF
        case "tanh":
            kind = ActivationType.GELU_TANH
        case other:
            raise Unsupported(f"approximate is '{other}', wanted 'none' or 'tanh'")
    return node.main(ActivationOp(kind, node.input(0)))


@operator("HardSwish")
def hard_swish(node: Node) -> SSAValue:
    x = node.input(0)
    gate = node.add(ActivationOp(ActivationType.HARD_SIGMOID, x, 1 / 6, 0.5))
    return node.main(ElementWiseOp(ElementWiseOperation.PROD, x, gate))


@operator("Mish")
def mish(node: Node) -> SSAValue:
    x = node.input(0)
    soft = node.add(ActivationOp(ActivationType.SOFTPLUS, x, 1.0, 1.0))
    gate = node.add(ActivationOp(ActivationType.TANH, soft))
    return node.main(ElementWiseOp(ElementWiseOperation.PROD, x, gate))


@operator("Swish")
def swish(node: Node) -> SSAValue:
    x = node.input(0)
    alpha = node.attributes.number("alpha", 1.0)
    scaled = x
    if alpha != 1:
        factor = node.number(alpha, x)
        scaled = node.add(ElementWiseOp(ElementWiseOperation.PROD, x, factor))
    gate = node.add(ActivationOp(ActivationType.SIGMOID, scaled))
    return node.main(ElementWiseOp(ElementWiseOperation.PROD, x, gate))


@operator("Celu")
def celu(node: Node) -> SSAValue:
    """alpha * elu(x / alpha), which is x >= 0 ? x : alpha * (e^(x/alpha) - 1)."""
    x = node.input(0)
    alpha = node.attributes.number("alpha", 1.0)
    if alpha == 1:
        return node.main(ActivationOp(ActivationType.ELU, x, 1.0))
    factor = node.number(alpha, x)
    ratio = node.add(ElementWiseOp(ElementWiseOperation.DIV, x, factor))
    unit = node.main(ActivationOp(ActivationType.ELU, ratio, 1.0))
    return node.add(ElementWiseOp(ElementWiseOperation.PROD, unit, factor))


@operator("PRelu")
def prelu(node: Node) -> SSAValue:
    """x < 0 ? slope * x : x, as one layer where the slope is one number.

    Else max(x, 0) + slope * min(x, 0): one term is zero, so the sum is exact, and a
    NaN in x stays one. It differs for x >= 0 where the slope is infinite or NaN.
    """
    x, slope = node.align_all([node.input(0), node.input(1)])
    alpha = number_of(slope)
    if alpha is not None and math.isfinite(alpha) and is_float(element_type_of(x)):
        return node.main(ActivationOp(ActivationType.LEAKY_RELU, x, alpha))
    zero = node.number(0, x)
    positive = node.add(ElementWiseOp(ElementWiseOperation.MAX, x, zero))
    negative = node.add(ElementWiseOp(ElementWiseOperation.MIN, x, zero))
    scaled = node.add(ElementWiseOp(ElementWiseOperation.PROD, slope, negative))
    return node.main(ElementWiseOp(ElementWiseOperation.SUM, positive, scaled))


@operator("Clip")
def clip(node: Node) -> SSAValue:
    """min(max(x, lower), upper): a clip activation where the bounds are known floats,
    else one element-wise layer a bound.

    A float bound that is absent is the type's lowest or highest finite number, as
    ONNX says, so that infinities become finite; next to a computed bound it is none.
    """
    x = node.input(0)
    lower, upper = _bounds(node, x)
    limits = _known_limits(x, lower, upper)
    if limits is not None:
        return node.main(ActivationOp(ActivationType.CLIP, x, *limits))
    bounds = [
        (operation, bound)
        for operation, bound in (
            (ElementWiseOperation.MAX, lower),
            (ElementWiseOperation.MIN, upper),
        )
        if bound is not None
    ]
    for operation, bound in bounds[:-1]:
        x = node.add(ElementWiseOp(operation, *node.align_all([x, bound])))
    for operation, bound in bounds[-1:]:
        return node.main(ElementWiseOp(operation, *node.align_all([x, bound])))
    return node.main(IdentityOp(x))


def _bounds(node: Node, x: SSAValue) -> tuple[SSAValue | None, SSAValue | None]:
    if node.opset >= 11:
        return node.optional_input(1), node.optional_input(2)
    lower, upper = (
        node.number(node.attributes.number(name), x)
        if name in node.attributes
        else None
        for name in ("min", "max")
    )
    return lower, upper


def _known_limits(
    x: SSAValue, lower: SSAValue | None, upper: SSAValue | None
) -> tuple[float, float] | None:
    """The bounds of a clip activation, None where they are not finite known floats."""
    element = element_type_of(x)
    if not is_float(element):
        return None
    highest = float(cast(Any, finfo)(dtype_of(element)).max)
    low = -highest if lower is None else number_of(lower)
    high = highest if upper is None else number_of(upper)
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    # ONNX gives the upper bound where they cross, the layer the lower one.
    return min(low, high), high
