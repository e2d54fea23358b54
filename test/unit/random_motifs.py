"""What fusions look for, drawn into a random network and slightly changed.

Of single layers alone hardly any two make a site. Each motif here is one that a rule
takes, with the choices that the rule has; `Net.then` puts what may stand in its way
between the layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from random_formulas import (
    attention,
    gelu,
    layer_norm,
    probabilities,
    reduction_of_formula,
)
from random_layers import (
    activation_of,
    joined,
    other_operand,
    product_of,
    reduce_of,
    scale_of,
    smaller,
)
from random_movement import shuffle_of
from random_networks import IMAGES, Grower, Net
from random_quantization import QUANTIZED
from random_windows import contraction, pad, pool
from xdsl.dialects.builtin import f16
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    CastOp,
    ElementWiseOp,
    IdentityOp,
    ReduceOp,
    ShuffleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    ReduceOperation,
    ScaleMode,
    UnaryOperation,
)

SUM, PROD = ElementWiseOperation.SUM, ElementWiseOperation.PROD
RESIDUALS = (SUM, SUM, ElementWiseOperation.MAX, ElementWiseOperation.MIN)


def residual(net: Net, x: SSAValue) -> SSAValue:
    """An operation with another tensor of the shape of `x`, or of its batch of 1."""
    shape = list(shape_of(x))
    shape[0] = 1 if net.chance(4) else shape[0]
    fits = [v for v in net.values if v.type == x.type and v is not x]
    if fits and shape == list(shape_of(x)) and not net.chance(4):
        other = net.pick(fits)
    else:
        other = net.argument(element_type_of(x), shape)
    return net.then(joined(net, net.pick(RESIDUALS), x, other))


def batch_norm(net: Net, x: SSAValue) -> SSAValue:
    """A scale, or the element-wise operations that say the same."""
    if net.chance(2):
        return net.then(scale_of(net, x))
    numbers = net.numbers()
    for kind in (PROD, net.pick((SUM, ElementWiseOperation.SUB))):
        weights = net.constant(element_type_of(x), smaller(net, shape_of(x)), numbers)
        x = net.then(joined(net, kind, x, weights))
    return x


def silu(net: Net, x: SSAValue) -> SSAValue:
    gate = activation_of(net, x, None if net.exact else ActivationType.SIGMOID)
    return net.then(joined(net, PROD, x, net.then(gate)))


def clip_of_bounds(net: Net, x: SSAValue) -> SSAValue:
    """Min and max with numbers, in both orders."""
    kinds = [ElementWiseOperation.MIN, ElementWiseOperation.MAX]
    for kind in kinds if net.chance(2) else reversed(kinds):
        number = net.pick((-1.0, 0.0, 2.0))
        bound = net.constant(element_type_of(x), (1,) * len(shape_of(x)), (number,))
        x = net.then(joined(net, kind, x, bound))
    return x


def some_activation(net: Net, x: SSAValue) -> SSAValue:
    """Relu or clip rather than others, once or twice; or what comes to the same."""
    if net.chance(6):
        return silu(net, x)
    if net.chance(6):
        return clip_of_bounds(net, x)
    if net.chance(8) and not net.exact:
        return net.then(ActivationOp(ActivationType.GELU_ERF, x))
    kind = net.pick((ActivationType.RELU, ActivationType.CLIP, None))
    x = net.then(activation_of(net, x, kind))
    return net.then(activation_of(net, x, kind)) if net.chance(5) else x


Step = Callable[[Net, SSAValue], SSAValue]


def pooled(net: Net, x: SSAValue) -> SSAValue:
    if net.chance(3):
        axes = range(2, len(shape_of(x)))
        average = ReduceOp(ReduceOperation.AVG, x, [*axes], keep_dimensions=True)
        return net.then(average)
    return net.then(pool(net, x))


def convolution_block(net: Net) -> None:
    """Padding, convolution, batch norm, sum, activation, sum, pooling: some of it."""
    x = net.floats(4, 5)
    if net.chance(4):
        x = net.then(pad(net, x))
    x = net.then(contraction(net, x, same_shape=net.chance(2)))
    steps: tuple[tuple[Step, int], ...] = (
        (batch_norm, 3),
        (residual, 3),
        (some_activation, 2),
        (residual, 6),
        (some_activation, 6),
        (pooled, 6),
    )
    for step, one_in in steps:
        if net.chance(one_in):
            x = step(net, x)


def padded_convolution(net: Net) -> None:
    x = net.then(pad(net, net.floats(4, 5)))
    net.then(contraction(net, x))


def pooled_convolution(net: Net) -> None:
    x = net.then(contraction(net, net.floats(4, 5)))
    if net.chance(2):
        x = some_activation(net, x)
    pooled(net, x)


def two_branches(net: Net) -> None:
    """Two convolutions of one value meet; the shortcut may be a bare one."""
    x = net.floats(4, 5)
    first = net.then(contraction(net, x, same_shape=True))
    if net.chance(2):
        first = net.then(activation_of(net, first, ActivationType.RELU))
        first = net.then(contraction(net, first, same_shape=True))
    second = net.then(contraction(net, x, same_shape=True))
    x = net.then(joined(net, net.pick(RESIDUALS), first, second))
    net.then(activation_of(net, x, ActivationType.RELU))


def half_convolution(net: Net) -> None:
    """What Turing has tensor cores for: f16, and a GELU."""
    x = net.value((f16,), (4,))
    x = net.then(contraction(net, x))
    kinds = (ActivationType.GELU_ERF, ActivationType.GELU_TANH)
    net.then(activation_of(net, x, net.pick(kinds)))


def product_block(net: Net) -> None:
    """A matrix product, a bias, an activation, a residual: some of it."""
    x = net.then(product_of(net, net.floats(2, 3)))
    if not shape_of(x):
        return
    if not net.chance(3):
        bias = (*(1,) * (len(shape_of(x)) - 1), shape_of(x)[-1])
        added = net.constant(element_type_of(x), bias, net.numbers())
        x = net.then(joined(net, SUM, x, added))
    if not net.chance(3):
        x = some_activation(net, x)
    if net.chance(3):
        residual(net, x)


def shuffles(net: Net) -> None:
    """Shuffles in a row, inverse ones too, and a reduction after them."""
    x = net.value(ranks=(2, 3, 4, 5))
    if net.chance(2):
        order = net.order(len(shape_of(x)))
        x = net.then(ShuffleOp(x, first_transpose=order))
        inverse = [order.index(axis) for axis in range(len(order))]
        if len(shape_of(x)) == len(inverse) and net.chance(2):
            x = net.then(ShuffleOp(x, first_transpose=inverse))
    else:
        x = net.then(shuffle_of(net, x))
        x = net.then(shuffle_of(net, x))
    if element_type_of(x) == net.element and shape_of(x) and net.chance(2):
        net.then(reduce_of(net, x))


def scales(net: Net) -> None:
    """Scales in a row, some of which change nothing, and an activation."""
    x = net.floats(2, 3, 4)
    for _ in range(net.integer(1, 3)):
        mode = net.pick((ScaleMode.CHANNEL, ScaleMode.CHANNEL, None))
        x = net.then(scale_of(net, x, mode=mode))
    if net.chance(2):
        net.then(activation_of(net, x))


def arithmetic(net: Net) -> None:
    """A chain of pointwise layers with a diamond in it."""
    x = net.floats()
    for _ in range(net.integer(2, 4)):
        match net.integer(0, 3):
            case 0:
                x = silu(net, x)
            case 1:
                kinds = (UnaryOperation.ABS, UnaryOperation.NEG)
                x = net.then(UnaryOp(net.pick(kinds), x))
            case 2:
                x = net.then(joined(net, SUM, x, other_operand(net, x)))
            case _:
                x = net.then(activation_of(net, x))


def activations(net: Net) -> None:
    """Two in a row, one of them a relu."""
    x = net.floats()
    kinds = [ActivationType.RELU, net.pick((ActivationType.RELU, None))]
    for kind in kinds if net.chance(2) else reversed(kinds):
        x = net.then(activation_of(net, x, kind))


def twins(net: Net) -> None:
    """A layer twice, and both used."""
    x = net.floats()
    kind = net.pick((UnaryOperation.ABS, UnaryOperation.NEG))
    first, second = (net.then(UnaryOp(kind, x)) for _ in range(2))
    if shape_of(first) == shape_of(second):
        net.then(ElementWiseOp(SUM, first, second))


def computed_constant(net: Net) -> None:
    """Arithmetic on constants, used as an operand."""
    x = net.floats()
    shape = smaller(net, shape_of(x))
    if math.prod(shape) > 64:
        return
    weight = net.constant(element_type_of(x), shape, net.numbers())
    layers: tuple[Callable[[], LayerOp], ...] = (
        lambda: UnaryOp(UnaryOperation.NEG, weight),
        lambda: ElementWiseOp(SUM, weight, weight),
        lambda: IdentityOp(weight),
        lambda: CastOp(weight, element_type_of(x)),
        lambda: ShuffleOp(weight, first_transpose=[*range(len(shape))][::-1]),
    )
    weight = net.then(net.pick(layers)())
    dims = zip(shape_of(weight), shape_of(x), strict=False)
    if len(shape_of(weight)) == len(shape_of(x)) and all(a in (1, b) for a, b in dims):
        net.then(joined(net, SUM, x, weight))


def image(net: Net) -> None:
    """A new input of the network, for what follows."""
    net.argument(net.element, net.pick(IMAGES))


MOTIFS: tuple[Grower, ...] = (
    convolution_block,
    convolution_block,
    convolution_block,
    two_branches,
    padded_convolution,
    pooled_convolution,
    half_convolution,
    product_block,
    reduction_of_formula,
    reduction_of_formula,
    reduction_of_formula,
    probabilities,
    shuffles,
    scales,
    arithmetic,
    activations,
    twins,
    computed_constant,
    image,
    gelu,
    gelu,
    layer_norm,
    attention,
    *QUANTIZED,
)

SMOOTH: tuple[Grower, ...] = (
    convolution_block,
    convolution_block,
    two_branches,
    product_block,
    scales,
    arithmetic,
    gelu,
    gelu,
    layer_norm,
)
