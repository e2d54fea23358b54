"""Formulas that have names, spelled out in a random network: sums of magnitudes and
squares, softmax and what follows, GELU, layer normalisation, attention."""

from __future__ import annotations

import math

from random_layers import joined, other_operand, reduce_of, top_k_of
from random_networks import Kind, Net
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ElementWiseOp,
    MatrixMultiplyOp,
    ReduceOp,
    ShuffleOp,
    SoftMaxOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    MatrixOperation,
    ReduceOperation,
    UnaryOperation,
)

SUM, PROD = ElementWiseOperation.SUM, ElementWiseOperation.PROD


def number(net: Net, x: SSAValue, value: float) -> SSAValue:
    """A constant of one element beside `x`."""
    return net.constant(element_type_of(x), (1,) * len(shape_of(x)), (value,))


def reduction_of_formula(net: Net) -> None:
    """The sums that have names: of magnitudes, squares, exponentials."""
    x = net.floats(2, 3, 4)
    usual = UnaryOperation.LOG
    match net.pick((0, 1, 1, 1, 2, 3, 3, 4)):
        case 0:
            x = net.then(UnaryOp(UnaryOperation.ABS, x))
        case 1:
            usual = UnaryOperation.SQRT
            if net.chance(3):
                exponent = number(net, x, net.pick((2.0, 2.0, 2.0, 3.0)))
                square = ElementWiseOp(ElementWiseOperation.POW, x, exponent)
            else:
                square = ElementWiseOp(PROD, x, x)
            x = net.then(square)
        case 2:
            x = net.then(ElementWiseOp(PROD, x, other_operand(net, x)))
        case 3:
            x = net.then(UnaryOp(UnaryOperation.EXP, x))
        case _:
            pass
    kind = net.pick((*(ReduceOperation.SUM,) * 7, ReduceOperation.AVG))
    x = net.then(reduce_of(net, x, kind))
    if not net.chance(4):
        last = net.pick((*(usual,) * 4, UnaryOperation.LOG, UnaryOperation.SQRT))
        net.then(UnaryOp(last, x))


def probabilities(net: Net) -> None:
    """Softmax, its logarithm, the largest of it: along one axis or two."""
    x = net.floats(2, 3, 4)
    axis = net.integer(0, len(shape_of(x)) - 1)
    x = net.then(SoftMaxOp(x, axis))
    if net.chance(2):
        x = net.then(UnaryOp(UnaryOperation.LOG, x))
        if net.chance(8):
            x = net.then(UnaryOp(UnaryOperation.LOG, x))
    if len(shape_of(x)) <= axis:
        return
    if net.chance(5):
        axis = net.integer(0, len(shape_of(x)) - 1)
    net.then(top_k_of(net, x, axis))


def gelu(net: Net) -> None:
    """x/2 (1 + erf(x/sqrt 2)), or tanh's formula: factors in some order, x^3 as a power
    or as products. In most of them one constant or one x is another."""
    wrong = net.near_miss("input", "half", "slope", "cube")
    x = net.floats()
    half = number(net, x, 0.75 if wrong == "half" else 0.5)

    def product(a: SSAValue, b: SSAValue) -> SSAValue:
        return net.then(joined(net, PROD, a, b))

    def of_x(thing: str) -> SSAValue:
        other = wrong == thing and net.kind is not Kind.EXACT
        return net.argument(element_type_of(x), shape_of(x)) if other else x

    if wrong != "cube" and net.chance(2):
        root = math.sqrt(2) * (1.25 if wrong == "slope" else 1.0)
        slope = (
            net.then(ElementWiseOp(ElementWiseOperation.DIV, x, number(net, x, root)))
            if net.chance(2)
            else product(x, number(net, x, 1 / root))
        )
        inner = net.then(UnaryOp(UnaryOperation.ERF, slope))
    else:
        if net.chance(2):
            power = ElementWiseOperation.POW
            cube = net.then(ElementWiseOp(power, x, number(net, x, 3.0)))
        else:
            cube = product(product(x, x), x)
        factor = net.pick((0.25, 0.04, 0.05)) if wrong == "cube" else 0.044715
        slope = net.then(joined(net, SUM, x, product(cube, number(net, x, factor))))
        # The catalog prints the wrong one.
        factor = 2 / math.pi if wrong == "slope" else math.sqrt(2 / math.pi)
        slope = product(slope, number(net, x, factor))
        inner = net.then(ActivationOp(ActivationType.TANH, slope))
    inner = net.then(joined(net, SUM, inner, number(net, x, 1.0)))
    x = of_x("input")
    if net.chance(2):
        product(product(x, half), inner)
    else:
        product(product(x, inner), half)


def layer_norm(net: Net) -> None:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, as exporters write it; in
    most of them one reduction, epsilon, the scale's shape, or one x is another."""
    wrong = net.near_miss(
        *("input", "mean", "dimensions") * 2,
        *("variance", "axes", "epsilon", "parameters"),
    )
    # Of a square, what is moved fits as well.
    square = net.argument(net.element, (3, 3)) if wrong == "dimensions" else None
    x = net.floats(2, 3, 4) if square is None else square
    last = len(shape_of(x)) - 1
    axes = [last] if net.chance(2) or last < 2 else [last - 1, last]

    def mean(value: SSAValue, thing: str, along: list[int]) -> SSAValue:
        kind = ReduceOperation.SUM if wrong == thing else ReduceOperation.AVG
        if wrong != "dimensions":
            return net.then(ReduceOp(kind, value, along, keep_dimensions=True))
        dropped = net.then(ReduceOp(kind, value, along, keep_dimensions=False))
        return net.then(ShuffleOp(dropped, reshape_dims=(1, 3)))

    minuend = x
    if wrong == "input":
        minuend = net.argument(element_type_of(x), shape_of(x))
    others = [*range(last)] if wrong == "axes" else axes
    centred = ElementWiseOp(ElementWiseOperation.SUB, minuend, mean(x, "mean", others))
    difference = net.then(centred)
    if net.chance(2):
        power: LayerOp = ElementWiseOp(PROD, difference, difference)
    else:
        two = number(net, x, 2.0)
        power = ElementWiseOp(ElementWiseOperation.POW, difference, two)
    variance = mean(net.then(power), "variance", axes)
    epsilon = number(net, x, 0.25)
    if wrong != "epsilon":
        variance = net.then(joined(net, SUM, variance, epsilon))
    root = net.then(UnaryOp(UnaryOperation.SQRT, variance))
    if wrong == "epsilon":
        root = net.then(joined(net, SUM, root, epsilon))
    if net.chance(2):
        quotient = ElementWiseOp(ElementWiseOperation.DIV, difference, root)
        normal = net.then(quotient)
    else:
        inverse = net.then(UnaryOp(UnaryOperation.RECIP, root))
        normal = net.then(joined(net, PROD, difference, inverse))
    kept = wrong != "parameters"
    shape = [dim if (at in axes) == kept else 1 for at, dim in enumerate(shape_of(x))]
    for kind in (PROD, SUM):
        if net.chance(2):
            weights = net.constant(element_type_of(x), shape, net.numbers())
            normal = net.then(joined(net, kind, normal, weights))


def attention(net: Net) -> None:
    """softmax(q k^T / c + mask) v, some of it left out."""
    element, heads = net.element, net.pick(((), (2,), (1, 2)))
    queries, keys, values = (
        net.argument(element, (*heads, rows, columns))
        for rows, columns in ((3, 4), (5, 4), (5, 2))
    )
    transposed = MatrixOperation.TRANSPOSE
    x = net.then(MatrixMultiplyOp(queries, keys, op1=transposed))
    if net.chance(2):
        x = net.then(joined(net, PROD, x, number(net, x, 0.5)))
    if net.chance(2):
        mask = net.argument(element, shape_of(x))
        x = net.then(joined(net, SUM, x, mask))
    x = net.then(SoftMaxOp(x, len(shape_of(x)) - (2 if net.chance(12) else 1)))
    net.then(MatrixMultiplyOp(x, values))
