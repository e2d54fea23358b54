"""Layers that compute a normalisation, however they are written down.

(x - mean) / sqrt(variance + epsilon) as exporters of torch write it, a quotient or a
product with the reciprocal, and as TensorFlow's batch_normalization does, multiplied
out: x s + (bias - mean s), s being scale / sqrt(variance + epsilon).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.ir import BlockArgument, Operation, SSAValue

from fusemlir.dialects.trt import (
    ConstantOp,
    ElementWiseOp,
    NormalizationOp,
    ReduceOp,
    ShuffleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import UNKNOWN, LayerOp, Shape, shape_of, volume
from fusemlir.dialects.trt.constant import constant_value, scalar_of
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    ReduceOperation,
    UnaryOperation,
)
from fusemlir.dialects.trt.shuffle import only_reshapes
from fusemlir.network import Node, Order
from fusemlir.transforms.expression import (
    MAX_DEPTH,
    ONE,
    ZERO,
    Number,
    Polynomial,
    X,
    number_of,
    polynomial_of,
    step_of,
)
from fusemlir.transforms.fuse_sum_of_squares import is_square

_PROD, _SUM = ElementWiseOperation.PROD, ElementWiseOperation.SUM
_SUB, _DIV = ElementWiseOperation.SUB, ElementWiseOperation.DIV


@dataclass(frozen=True)
class Mean:
    """A reduction that stands where a mean is wanted."""

    reduction: ReduceOp
    is_reshaped: bool
    """Whether a shuffle brings back the dimensions, or moves them."""

    @property
    def input(self) -> SSAValue:
        return self.reduction.input

    @property
    def keeps_dimensions(self) -> bool:
        return self.reduction.keeps_dimensions and not self.is_reshaped

    @property
    def count(self) -> int:
        """How many elements are reduced to one, or `UNKNOWN`."""
        shape = shape_of(self.input)
        return volume([shape[axis] for axis in self.reduction.axes])


@dataclass(frozen=True)
class Difference:
    """What is less a mean."""

    minuend: SSAValue
    mean: Mean


@dataclass(frozen=True)
class Deviation:
    """sqrt(factor * mean of squared differences + inside) + outside."""

    difference: Difference
    mean: Mean
    factor: Number
    inside: Number
    outside: Number


@dataclass(frozen=True)
class Formula:
    """Layers that look like a normalisation."""

    nodes: tuple[Node, ...]
    inputs: tuple[SSAValue, ...]
    """What stands for x: one value if it is a normalisation."""
    means: tuple[Mean, ...]
    """Of x, then of the squares; none where a normalisation only grows."""
    factor: Number
    """Of the squares' reduction, before epsilon is added."""
    inside: Number
    """What is added under the root, and behind it."""
    outside: Number
    axes: Shape
    scale: SSAValue | None
    bias: SSAValue | None
    parameters: tuple[SSAValue, ...]
    """Of scale and bias those whose shape is not known to fit."""


def formulas(last: LayerOp, order: Order) -> Iterator[Formula]:
    """The normalisations that `last` may end."""
    yield from _quotients(last, order)
    yield from _multiplied_out(last, order)
    yield from _grown(last, order)


def _quotients(last: LayerOp, order: Order) -> Iterator[Formula]:
    """(x - mean) / deviation."""
    for numerator, divisor, is_inverse, scale in _fractions(last):
        difference = _difference_of(numerator)
        deviation = _deviation_of(divisor, is_inverse)
        if difference is not None and deviation is not None:
            yield _formula(last, order, difference, deviation, scale)


def _fractions(
    last: LayerOp,
) -> Iterator[tuple[SSAValue, SSAValue, bool, SSAValue | None]]:
    """Numerator, denominator, whether that is an inverse already, and a factor of it,
    as of (x - mean) * (inverse * scale)."""
    if not isinstance(last, ElementWiseOp):
        return
    if last.kind == _DIV:
        yield last.lhs, last.rhs, False, None
    for numerator, factor in _factors(last.output):
        for scale, inverse in ((None, factor), *_factors(factor)):
            yield numerator, inverse, True, scale


def _multiplied_out(last: LayerOp, order: Order) -> Iterator[Formula]:
    """x s + (bias - mean s)."""
    for product, shift, bias in _sums(last):
        for x, s in _factors(product):
            for scale, inverse in ((None, s), *_factors(s)):
                deviation = _deviation_of(inverse, is_inverse=True)
                mean = _mean_times(s, shift)
                if deviation is not None and mean is not None:
                    difference = Difference(x, mean)
                    yield _formula(last, order, difference, deviation, scale, bias)


def _sums(
    last: LayerOp,
) -> Iterator[tuple[SSAValue, SSAValue, SSAValue | None]]:
    """x s, mean s and the bias of x s + (bias - mean s), or of x s - mean s."""
    if not isinstance(last, ElementWiseOp):
        return
    if last.kind == _SUB:
        yield last.lhs, last.rhs, None
    if last.kind == _SUM:
        for product, shift in ((last.lhs, last.rhs), (last.rhs, last.lhs)):
            layer = shift.owner
            if isinstance(layer, ElementWiseOp) and layer.kind == _SUB:
                yield product, layer.rhs, layer.lhs


def _mean_times(s: SSAValue, product: SSAValue) -> Mean | None:
    """The mean that `product` is `s` times of."""
    factors = (mean for mean, factor in _factors(product) if factor is s)
    means = (_mean_of(factor) for factor in factors)
    return next((mean for mean in means if mean is not None), None)


def _grown(last: LayerOp, order: Order) -> Iterator[Formula]:
    """A normalisation whose scale and bias do nothing, times a scale, or plus a bias.

    A parameter is a constant or an input; what is computed is another tensor.
    """
    if not isinstance(last, ElementWiseOp) or last.kind not in (_PROD, _SUM):
        return
    for value, other in ((last.lhs, last.rhs), (last.rhs, last.lhs)):
        layer, is_scale = value.owner, last.kind == _PROD
        if not isinstance(layer, NormalizationOp) or layer.groups != 1:
            continue
        if not isinstance(other, BlockArgument) and constant_value(other) is None:
            continue
        if not _is_neutral(layer.bias, 0) or (
            is_scale and not _is_neutral(layer.scale, 1)
        ):
            continue
        yield Formula(
            order.sort((layer, last)),
            (layer.input,),
            (),
            ONE,
            Number(layer.epsilon.value.data),
            ZERO,
            layer.axes,
            other if is_scale else layer.scale,
            layer.bias if is_scale else other,
            (other,),
        )


def _is_neutral(value: SSAValue, number: int) -> bool:
    constant = constant_value(value)
    return constant is not None and scalar_of(constant) == number


def _formula(
    last: LayerOp,
    order: Order,
    difference: Difference,
    deviation: Deviation,
    scale: SSAValue | None = None,
    bias: SSAValue | None = None,
) -> Formula:
    inner, mean = deviation.difference, deviation.mean
    values = (
        difference.minuend,
        difference.mean.input,
        inner.minuend,
        inner.mean.input,
    )
    inputs = tuple(dict.fromkeys(values))
    parameters = tuple(value for value in (scale, bias) if value is not None)
    return Formula(
        order.sort(_layers_between(last, {*inputs, *parameters})),
        inputs,
        (difference.mean, inner.mean, mean),
        deviation.factor,
        deviation.inside,
        deviation.outside,
        mean.reduction.axes,
        scale,
        bias,
        parameters,
    )


def _layers_between(last: LayerOp, ends: set[SSAValue]) -> list[Node]:
    """What computes `last` from `ends`; constants, and what is computed from these
    alone, stay where they are."""
    found: dict[LayerOp, None] = {}
    stack: list[Operation] = [last]
    while stack:
        layer = stack.pop()
        if not isinstance(layer, LayerOp) or isinstance(layer, ConstantOp):
            continue
        found[layer] = None
        stack += [
            value.owner
            for value in layer.operands
            if value not in ends
            and isinstance(value.owner, Operation)
            and value.owner not in found
            and number_of(value) is None
        ]
    return list(found)


def _factors(product: SSAValue) -> Iterator[tuple[SSAValue, SSAValue]]:
    layer = product.owner
    if isinstance(layer, ElementWiseOp) and layer.kind == _PROD:
        yield layer.lhs, layer.rhs
        yield layer.rhs, layer.lhs


def _difference_of(value: SSAValue) -> Difference | None:
    layer = value.owner
    if not isinstance(layer, ElementWiseOp) or layer.kind != _SUB:
        return None
    mean = _mean_of(layer.rhs)
    return None if mean is None else Difference(layer.lhs, mean)


def _mean_of(value: SSAValue) -> Mean | None:
    layer = value.owner
    is_reshaped = isinstance(layer, ShuffleOp) and only_reshapes(layer)
    if is_reshaped and isinstance(layer, ShuffleOp):
        layer = layer.input.owner
    return Mean(layer, is_reshaped) if isinstance(layer, ReduceOp) else None


def _deviation_of(value: SSAValue, is_inverse: bool) -> Deviation | None:
    radicand, outside = _root_of(value, is_inverse)
    if radicand is None:
        return None
    base, polynomial = _affine(radicand)
    mean = _mean_of(base)
    square = mean.input.owner if mean is not None else None
    if mean is None or not isinstance(square, LayerOp) or not is_square(square):
        return None
    difference = _difference_of(square.operands[0])
    if difference is None:
        return None
    factor, inside = polynomial[1, 0], polynomial.get((0, 0), ZERO)
    return Deviation(difference, mean, factor, inside, outside)


def _root_of(value: SSAValue, is_inverse: bool) -> tuple[SSAValue | None, Number]:
    """What the root is drawn of in `value`, or in its inverse, and what is added to
    the root."""
    if is_inverse:
        radicand = _power_base(value, -0.5)
        if radicand is not None:
            return radicand, ZERO
        inverted = _inverted(value)
        if inverted is None:
            return None, ZERO
        value = inverted
    root, polynomial = _affine(value)
    if not polynomial[1, 0].is_near(1):
        return None, ZERO
    layer = root.owner
    if isinstance(layer, UnaryOp) and layer.kind == UnaryOperation.SQRT:
        return layer.input, polynomial.get((0, 0), ZERO)
    return _power_base(root, 0.5), polynomial.get((0, 0), ZERO)


def _power_base(value: SSAValue, exponent: float) -> SSAValue | None:
    layer = value.owner
    if not isinstance(layer, ElementWiseOp) or layer.kind != ElementWiseOperation.POW:
        return None
    number = number_of(layer.rhs)
    return layer.lhs if number is not None and number.value == exponent else None


def _inverted(value: SSAValue) -> SSAValue | None:
    """What `value` is one over."""
    layer = value.owner
    if isinstance(layer, UnaryOp) and layer.kind == UnaryOperation.RECIP:
        return layer.input
    if not isinstance(layer, ElementWiseOp) or layer.kind != _DIV:
        return None
    number = number_of(layer.lhs)
    return layer.rhs if number is not None and number.value == 1 else None


def _affine(value: SSAValue) -> tuple[SSAValue, Polynomial]:
    """What `value` is a multiple of, plus a number: that, and the polynomial in it."""
    base, polynomial = value, X
    for _ in range(MAX_DEPTH):
        step = step_of(base.owner) if isinstance(base.owner, Operation) else None
        operands = () if step is None else step.operands
        unknown = {operand for operand in operands if number_of(operand) is None}
        if len(unknown) != 1:
            break
        (operand,) = unknown
        found = polynomial_of(value, {operand: X})
        if found is None or not {(1, 0)} <= set(found) <= {(1, 0), (0, 0)}:
            break
        base, polynomial = operand, found
    return base, polynomial


def share_of(mean: Mean, factor: Number) -> float | None:
    """What part of a mean `factor` times its reduction is: 1 where it is the mean,
    N / (N - 1) where the sum was divided by one less."""
    match mean.reduction.kind:
        case ReduceOperation.AVG:
            return factor.value
        case ReduceOperation.SUM if mean.count != UNKNOWN:
            return factor.value * mean.count
        case _:
            return None


def is_share_of_one(mean: Mean, factor: Number) -> bool:
    """Whether `factor` times the reduction may be meant to be the mean."""
    kind, count = mean.reduction.kind, mean.count
    if kind == ReduceOperation.AVG:
        return factor.is_near(1)
    known = kind == ReduceOperation.SUM and count not in (UNKNOWN, 0)
    return known and factor.is_near(1 / count)
