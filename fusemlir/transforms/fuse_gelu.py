"""GELU from its formula, however that is written down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.ir import Block, Operation, SSAValue

from fusemlir.dialects.trt import ActivationOp, UnaryOp
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.enums import ActivationType, UnaryOperation
from fusemlir.network import Node, Order, label
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.expression import (
    MINUS_ONE,
    F,
    Number,
    Polynomial,
    Powers,
    X,
    number_of,
    polynomial_of,
    step_of,
)
from fusemlir.transforms.fusion import Constraint, Contract, Fusion, Network, Rewrite

MAX_LAYERS = 24
"""Layers that are looked through for one formula, at most; the longest of the known
spellings has 13."""

MAX_INPUTS = 2
"""Values that may stand for x; two are looked at to say that they are two."""


@dataclass(frozen=True)
class Gelu:
    """x/2 (1 + f(slope (x + ...))), f being the function that it is looked up by."""

    activation: ActivationType
    slope: float
    powers: frozenset[Powers]
    """Those of x inside f."""


GELUS: dict[ActivationType | UnaryOperation, Gelu] = {
    UnaryOperation.ERF: Gelu(
        ActivationType.GELU_ERF, math.sqrt(0.5), frozenset({(1, 0)})
    ),
    ActivationType.TANH: Gelu(
        ActivationType.GELU_TANH, math.sqrt(2 / math.pi), frozenset({(1, 0), (3, 0)})
    ),
}

CUBE = 0.044715
"""The coefficient of x^3 beside x, inside tanh."""


@dataclass(frozen=True)
class Formula:
    """Layers that compute a x + b x f(s x + c x^3), f being erf or tanh."""

    nodes: tuple[Node, ...]
    inputs: tuple[SSAValue, ...]
    """What stands for x: one value if it is a GELU."""
    function: ActivationType | UnaryOperation
    outside: tuple[Number, Number]
    slope: Number
    cube: Number | None

    @property
    def gelu(self) -> Gelu:
        return GELUS[self.function]

    def build(self) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
        layer = ActivationOp(self.gelu.activation, self.inputs[0])
        return [layer], [layer.output]


def function_of(layer: Operation) -> ActivationType | UnaryOperation | None:
    """Which of the functions that a GELU contains `layer` is."""
    match layer:
        case ActivationOp() | UnaryOp() if layer.kind in GELUS:
            return layer.kind
        case _:
            return None


@dataclass(frozen=True)
class Cut:
    """All that is computed between a few values and the one at the end."""

    layers: tuple[LayerOp, ...]
    """The last one first."""
    inputs: tuple[SSAValue, ...]
    inner: ActivationOp | UnaryOp
    """The one layer that computes erf or tanh."""


def cuts_above(last: LayerOp, order: Order) -> Iterator[Cut]:
    """Where what leads to `last`, with one erf or tanh in it, hangs on one value or
    two, the cuts nearest to `last` first.

    Looks through arithmetic alone, at the latest layer first: a value on which all the
    others depend is reached when nothing is left beside it.
    """
    layers: list[LayerOp] = []
    inner: ActivationOp | UnaryOp | None = None
    frontier: dict[SSAValue, tuple[SSAValue, ...] | None] = {}
    frontier[last.results[0]] = _operands(last)
    while len(layers) < MAX_LAYERS:
        ready = [value for value, operands in frontier.items() if operands is not None]
        if not ready or len(frontier) - len(ready) > MAX_INPUTS:
            return
        value = max(ready, key=lambda value: order[_layer(value)])
        layer, operands = _layer(value), frontier.pop(value)
        layers.append(layer)
        if function_of(layer) is not None:
            if inner is not None:
                return
            inner = cast("ActivationOp | UnaryOp", layer)
        for operand in operands or ():
            frontier.setdefault(operand, _operands(operand.owner))
        if inner is not None and len(frontier) <= MAX_INPUTS:
            yield Cut(tuple(layers), tuple(frontier), inner)


def _layer(value: SSAValue) -> LayerOp:
    assert isinstance(value.owner, LayerOp)
    return value.owner


def _operands(maker: Operation | Block) -> tuple[SSAValue, ...] | None:
    """What a layer computes from if it may be part of a formula; constants, whose
    place does not matter, are left out."""
    if not isinstance(maker, LayerOp):
        return None
    if function_of(maker) is not None:
        return tuple(maker.operands)
    step = step_of(maker)
    if step is None:
        return None
    return tuple(value for value in step.operands if number_of(value) is None)


def formula_of(cut: Cut, order: Order) -> Formula | None:
    """The formula that a cut is, if it is one of a GELU but for its constants.

    One that lacks the half is none: what follows may halve it.
    """
    function = function_of(cut.inner)
    assert function is not None
    known: dict[SSAValue, Polynomial | None] = dict.fromkeys(cut.inputs, X)
    inside = polynomial_of(cut.inner.input, known)
    known[cut.inner.output] = F
    outside = polynomial_of(cut.layers[0].results[0], known)
    if inside is None or outside is None:
        return None
    if set(outside) != {(1, 0), (1, 1)} or frozenset(inside) != GELUS[function].powers:
        return None
    alone, product, slope = outside[1, 0], outside[1, 1], inside[1, 0]
    cube = inside.get((3, 0))
    if slope.value < 0:
        # Both functions are odd.
        product, slope = product * MINUS_ONE, slope * MINUS_ONE
        cube = None if cube is None else cube * MINUS_ONE
    if product.value == 1:
        return None
    nodes = order.sort(cut.layers)
    return Formula(nodes, cut.inputs, function, (alone, product), slope, cube)


def _name(value: SSAValue) -> str:
    return f"%{value.name_hint}" if value.name_hint else label(value.owner)


def _several_inputs(formula: Formula) -> str | None:
    if len(formula.inputs) == 1:
        return None
    return " and ".join(map(_name, formula.inputs))


def _not_halved(formula: Formula) -> str | None:
    if all(factor.is_near(0.5) for factor in formula.outside):
        return None
    alone, product = (f"{factor.value:.6g}" for factor in formula.outside)
    return alone if alone == product else f"{alone} and {product}"


def _other_slope(formula: Formula) -> str | None:
    slope = formula.slope
    if slope.is_near(formula.gelu.slope):
        return None
    found = f"{slope.value:.6g} x in {formula.function}"
    if formula.function == ActivationType.TANH and slope.is_near(2 / math.pi):
        # The catalog prints it so; what computes that is another function.
        return f"{found}: the constant looks like 2/pi, not sqrt(2/pi)"
    return found


def _other_cube(formula: Formula) -> str | None:
    slope, cube = formula.slope, formula.cube
    if cube is None or cube.is_near(CUBE * formula.gelu.slope):
        return None
    return f"{cube.value / slope.value:.6g} x^3"


def _differs_in_input_alone(formula: Formula) -> bool:
    constants = (_not_halved, _other_slope, _other_cube)
    return len(formula.inputs) > 1 and not any(found(formula) for found in constants)


@dataclass(frozen=True)
class FuseGelu(Fusion[Formula]):
    """x/2 (1 + erf(x/sqrt 2)), x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))  ⇒  gelu.

    Equal over the reals: operands may be in any order, factors and terms at any place,
    powers be written as products. Constants are the ideal ones as their type rounds
    them, to `TRUNCATION`. x may be used elsewhere, no other value inside may.
    """

    name = "fuse-gelu"
    contract = Contract.REAL_ALGEBRA
    constraints = (
        Constraint(
            name="same-input",
            sentence="A group of Unary and ElementWise layers representing the "
            "following equations can be fused into a single GELU: both have one x.",
            required="one value for x",
            violation=_several_inputs,
        ),
        Constraint(
            name="half",
            sentence="0.5 x (1 + ...).",
            required="a factor of 0.5",
            violation=_not_halved,
        ),
        Constraint(
            name="slope",
            sentence="tanh(sqrt(2/pi) (x + ...)), where the catalog prints 2/pi, or "
            "erf(x/sqrt(2)).",
            required="sqrt(2/pi) x in tanh, x/sqrt(2) in erf",
            violation=_other_slope,
        ),
        Constraint(
            name="cube",
            sentence="x + 0.044715 x^3.",
            required="0.044715 x^3 beside x",
            violation=_other_cube,
        ),
    )

    def concerns(self, network: Network) -> bool:
        return any(function_of(op) is not None for op in network.block.ops)

    def sites(self, node: Node, network: Network) -> Iterable[Formula]:
        if not isinstance(node, LayerOp) or step_of(node) is None:
            return
        cuts = cuts_above(node, network.order)
        formulas = [formula_of(cut, network.order) for cut in cuts]
        found = [formula for formula in formulas if formula is not None]
        yield from (formula for formula in found if len(formula.inputs) == 1)
        # Two values that would make a GELU if they were one.
        yield from (formula for formula in found if _differs_in_input_alone(formula))

    def fuse(self, site: Formula, network: Network) -> Rewrite:
        return Rewrite(site.nodes, site.build)


@dataclass(frozen=True)
class FuseGeluPass(FusionPass):
    """Replace layers that compute GELU, by erf or by tanh, by one activation."""

    name = "fuse-gelu"
    rule = FuseGelu
