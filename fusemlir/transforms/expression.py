"""What pointwise layers compute, as a polynomial, whatever the order it is written in.

A polynomial is in two symbols: x, the value that a formula is about, and f, a function
of x that occurs in it once. Two spellings of a formula have one polynomial, up to what
the constants were rounded by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from xdsl.dialects.builtin import bf16, f16, f32
from xdsl.ir import Attribute, Operation, SSAValue

from fusemlir.dialects.trt import ConstantOp, ElementWiseOp, ScaleOp, UnaryOp
from fusemlir.dialects.trt.base import element_type_of, shape_of, volume
from fusemlir.dialects.trt.constant import scalar_of
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    ScaleMode,
    UnaryOperation,
)

TRUNCATION = 1e-6
"""How far a constant may be from the one that was meant, relative to it, beside the
rounding to its type: 0.797885, which six digits are left of, is off by 5e-7."""

SIGNIFICANT_BITS: dict[Attribute, int] = {f32: 24, f16: 11, bf16: 8}

MAX_DEPTH = 4
"""Layers between a constant and the constants that it is computed from, at most."""


@dataclass(frozen=True)
class Number:
    """A number as a network has it, and how far from it what was meant may be."""

    value: float
    slack: float = 0.0

    @staticmethod
    def rounded(value: float, element: Attribute) -> Number:
        """A constant of a float type: what was meant is half a unit in the last place
        away at most. A power of two is meant as it is."""
        mantissa, exponent = math.frexp(value)
        if abs(mantissa) in (0.0, 0.5):
            return Number(value)
        half_unit = math.ldexp(0.5, exponent - SIGNIFICANT_BITS[element])
        return Number(value, half_unit + TRUNCATION * abs(value))

    def is_near(self, ideal: float) -> bool:
        """Whether `ideal`, a number known in f64, may be what was meant."""
        return abs(self.value - ideal) <= self.slack + 1e-12 * abs(ideal)

    def __add__(self, other: Number) -> Number:
        return Number(self.value + other.value, self.slack + other.slack)

    def __mul__(self, other: Number) -> Number:
        slack = self.slack * abs(other.value) + abs(self.value) * other.slack
        return Number(self.value * other.value, slack)

    def power(self, exponent: float) -> Number | None:
        """None where that is no finite number."""
        try:
            value = self.value**exponent
        except (OverflowError, ZeroDivisionError):
            return None
        if isinstance(value, complex) or not math.isfinite(value):
            return None
        relative = self.slack / abs(self.value) if self.value else 0.0
        return Number(value, abs(exponent * value) * relative)


ZERO = Number(0.0)
ONE = Number(1.0)
MINUS_ONE = Number(-1.0)

Powers: TypeAlias = tuple[int, int]
"""Of x and of f."""

Polynomial: TypeAlias = Mapping[Powers, Number]
"""Coefficients by powers; none is zero."""

X: Polynomial = {(1, 0): ONE}
F: Polynomial = {(0, 1): ONE}

MAX_POWER = 3
"""Of x; f occurs to the first."""


def constant(number: Number) -> Polynomial:
    return _without_zeros({(0, 0): number})


def added(a: Polynomial, b: Polynomial) -> Polynomial:
    terms = dict(a)
    for powers, number in b.items():
        terms[powers] = terms.get(powers, ZERO) + number
    return _without_zeros(terms)


def scaled(a: Polynomial, factor: Number) -> Polynomial:
    return _without_zeros({powers: number * factor for powers, number in a.items()})


def negated(a: Polynomial) -> Polynomial:
    return scaled(a, MINUS_ONE)


def subtracted(a: Polynomial, b: Polynomial) -> Polynomial:
    return added(a, negated(b))


def multiplied(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """None where the powers grow beyond those of any formula that is looked for."""
    terms: dict[Powers, Number] = {}
    for (x, f), number in a.items():
        for (other_x, other_f), other in b.items():
            powers = (x + other_x, f + other_f)
            if powers[0] > MAX_POWER or powers[1] > 1:
                return None
            terms[powers] = terms.get(powers, ZERO) + number * other
    return _without_zeros(terms)


def raised(a: Polynomial, exponent: int) -> Polynomial | None:
    result: Polynomial | None = a
    for _ in range(exponent - 1):
        result = None if result is None else multiplied(result, a)
    return result


def _without_zeros(terms: Mapping[Powers, Number]) -> Polynomial:
    return {powers: number for powers, number in terms.items() if number.value != 0}


def number_of(value: SSAValue, depth: int = MAX_DEPTH) -> Number | None:
    """The number that a float tensor of one element holds, if that is known: a
    constant, or what a few layers compute from constants."""
    if volume(shape_of(value)) != 1:
        return None
    layer = value.owner
    if isinstance(layer, ConstantOp):
        number = scalar_of(layer.value)
        element = element_type_of(value)
        if number is None or not math.isfinite(number):
            return None
        in_type = element in SIGNIFICANT_BITS
        return Number.rounded(float(number), element) if in_type else None
    if depth == 0 or not isinstance(layer, ElementWiseOp | UnaryOp):
        return None
    operands = [number_of(operand, depth - 1) for operand in layer.operands]
    known = [operand for operand in operands if operand is not None]
    return _computed(layer, known) if len(known) == len(operands) else None


def _computed(layer: ElementWiseOp | UnaryOp, operands: list[Number]) -> Number | None:
    match layer.kind, operands:
        case ElementWiseOperation.SUM, (a, b):
            return a + b
        case ElementWiseOperation.SUB, (a, b):
            return a + b * MINUS_ONE
        case ElementWiseOperation.PROD, (a, b):
            return a * b
        case ElementWiseOperation.DIV, (a, b):
            inverse = b.power(-1.0)
            return None if inverse is None else a * inverse
        case ElementWiseOperation.POW, (a, b):
            return a.power(b.value)
        case UnaryOperation.SQRT, (a,):
            return a.power(0.5)
        case UnaryOperation.RECIP, (a,):
            return a.power(-1.0)
        case UnaryOperation.NEG, (a,):
            return a * MINUS_ONE
        case _:
            return None


@dataclass(frozen=True)
class Step:
    """A layer as arithmetic on polynomials: of which operands, and which."""

    operands: tuple[SSAValue, ...]
    combine: Callable[..., Polynomial | None]


def step_of(layer: Operation) -> Step | None:
    """None where `layer` is no arithmetic, or not of a value with constants."""
    match layer:
        case ElementWiseOp():
            return _element_wise(layer)
        case UnaryOp() if layer.kind == UnaryOperation.NEG:
            return Step((layer.input,), negated)
        case ScaleOp() if layer.kind == ScaleMode.UNIFORM:
            return _uniform_scale(layer)
        case _:
            return None


def _element_wise(layer: ElementWiseOp) -> Step | None:
    operands = (layer.lhs, layer.rhs)
    match layer.kind:
        case ElementWiseOperation.SUM:
            return Step(operands, added)
        case ElementWiseOperation.SUB:
            return Step(operands, subtracted)
        case ElementWiseOperation.PROD:
            return Step(operands, multiplied)
        case ElementWiseOperation.DIV:
            divisor = number_of(layer.rhs)
            inverse = None if divisor is None else divisor.power(-1.0)
            if inverse is None:
                return None
            return Step((layer.lhs,), partial(scaled, factor=inverse))
        case ElementWiseOperation.POW:
            exponent = _whole(number_of(layer.rhs))
            if exponent is None:
                return None
            return Step((layer.lhs,), partial(raised, exponent=exponent))
        case _:
            return None


def _uniform_scale(layer: ScaleOp) -> Step | None:
    scale, shift, power = (
        default if weight is None else number_of(weight)
        for weight, default in (
            (layer.scale, ONE),
            (layer.shift, ZERO),
            (layer.power, ONE),
        )
    )
    exponent = _whole(power)
    if scale is None or shift is None or exponent is None:
        return None

    def combine(a: Polynomial) -> Polynomial | None:
        return raised(added(scaled(a, scale), constant(shift)), exponent)

    return Step((layer.input,), combine)


def _whole(number: Number | None) -> int | None:
    """An exponent that makes a polynomial of a polynomial."""
    whole = number is not None and number.value in range(1, MAX_POWER + 1)
    return int(number.value) if number is not None and whole else None


def polynomial_of(
    value: SSAValue, known: dict[SSAValue, Polynomial | None]
) -> Polynomial | None:
    """What `value` is in terms of the values of `known`, to which all that is found
    is added; None where it is no polynomial of them."""
    if value in known:
        return known[value]
    number = number_of(value)
    if number is not None:
        return constant(number)
    owner = value.owner
    step = step_of(owner) if isinstance(owner, Operation) else None
    arguments = [] if step is None else [polynomial_of(v, known) for v in step.operands]
    found = None
    if step is not None and None not in arguments:
        found = step.combine(*arguments)
    known[value] = found
    return found
