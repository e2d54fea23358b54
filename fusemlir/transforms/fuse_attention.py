"""Attention: softmax of a product of matrices, times a third matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ElementWiseOp,
    MatrixMultiplyOp,
    ScaleOp,
    SoftMaxOp,
)
from fusemlir.dialects.trt.base import LayerOp, shape_of, show_shape
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    MatrixOperation,
    ScaleMode,
)
from fusemlir.dialects.trt.fused import is_pointwise, short_name
from fusemlir.network import Node, label
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.expression import number_of
from fusemlir.transforms.fusion import Blocked, Constraint, Fusion, FusionMode, Network
from fusemlir.transforms.practice import practice_only

MAX_BETWEEN = 3
"""Layers between the first product and softmax that are looked through, at most."""


@dataclass(frozen=True)
class Attention:
    """Two products with a softmax, and pointwise layers, between them."""

    scores: MatrixMultiplyOp
    between: tuple[LayerOp, ...]
    """From the scores to softmax."""
    softmax: SoftMaxOp
    product: MatrixMultiplyOp
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.scores, *self.between, self.softmax, self.product)

    @property
    def scaled(self) -> tuple[LayerOp, ...]:
        """What stands between, up to a last sum."""
        return self.between[:-1] if self.mask is not None else self.between

    @property
    def mask(self) -> ElementWiseOp | None:
        """The sum right before softmax, if there is one."""
        match self.between:
            case (*_, ElementWiseOp() as last) if last.kind == ElementWiseOperation.SUM:
                return last
            case _:
                return None


def _paths(value: SSAValue, depth: int = MAX_BETWEEN) -> Iterator[tuple[LayerOp, ...]]:
    """A product of matrices and the pointwise layers from it to `value`."""
    layer = value.owner
    if isinstance(layer, MatrixMultiplyOp):
        yield (layer,)
    elif depth and isinstance(layer, LayerOp) and is_pointwise(layer):
        for operand in dict.fromkeys(layer.operands):
            yield from ((*path, layer) for path in _paths(operand, depth - 1))


def _multiplies_by_number(layer: LayerOp) -> bool:
    """Whether each element is multiplied by one constant."""
    match layer:
        case ScaleOp():
            is_factor = layer.kind == ScaleMode.UNIFORM and layer.scale is not None
            return is_factor and layer.shift is None and layer.power is None
        case ElementWiseOp() if layer.kind == ElementWiseOperation.PROD:
            return any(number_of(operand) is not None for operand in layer.operands)
        case ElementWiseOp() if layer.kind == ElementWiseOperation.DIV:
            return number_of(layer.rhs) is not None
        case _:
            return False


def _other_layers(site: Attention) -> Blocked | None:
    others = [layer for layer in site.scaled if not _multiplies_by_number(layer)]
    if not others:
        return None
    return Blocked(f"{short_name(others[0])} before softmax", label(others[0]))


def _grows(site: Attention) -> str | None:
    if site.mask is None:
        return None
    scores, masked = shape_of(site.scores.output), shape_of(site.mask.output)
    if scores == masked:
        return None
    return f"{show_shape(scores)} that become {show_shape(masked)}"


def _other_axis(site: Attention) -> str | None:
    axis, rank = site.softmax.axis.value.data, len(shape_of(site.softmax.input))
    return None if axis == rank - 1 else f"axis {axis} of {rank}"


def _other_operand(site: Attention) -> str | None:
    product, weights = site.product, site.softmax.output
    if product.lhs is not weights:
        return "the right operand"
    if product.rhs is weights:
        return "both operands"
    operation = product.operations[0]
    return None if operation == MatrixOperation.NONE else f"it as a {operation}"


def _vectors(site: Attention) -> str | None:
    operations = (*site.scores.operations, site.product.operations[1])
    return "a vector" if MatrixOperation.VECTOR in operations else None


@dataclass(frozen=True)
class FuseAttention(Fusion[Attention]):
    """matmul(Q, K) [→ prod number] [→ sum mask] → softmax → matmul(·, V)  ⇒  one group.

    K stands transposed, by its own operation or by what made it; a scale of Q or K is
    theirs. The scores of one row of Q are all that one row of the result needs.
    """

    name = "fuse-attention"
    about = (MatrixMultiplyOp, SoftMaxOp)
    constraints = (
        Constraint(
            name="matrices",
            sentence="Queries, keys and values are matrices.",
            required="matrices",
            violation=_vectors,
        ),
        Constraint(
            name="scale-and-mask",
            sentence="The scores are scaled by a number, then a mask is added.",
            required="a number as a factor, then a sum, before softmax",
            violation=_other_layers,
        ),
        Constraint(
            name="mask-shape",
            sentence="A mask is broadcast to the scores, not they to it.",
            required="scores that keep their shape",
            violation=_grows,
        ),
        Constraint(
            name="axis",
            sentence="The weights of one query sum to one.",
            required="softmax along the last axis",
            violation=_other_axis,
        ),
        Constraint(
            name="operand",
            sentence="The weights of one query, a row, multiply the values.",
            required="the weights as the left operand, as they are",
            violation=_other_operand,
        ),
        practice_only(lambda _: "attention written out"),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Attention]:
        if not isinstance(node, MatrixMultiplyOp):
            return
        for operand in dict.fromkeys(node.operands):
            softmax = operand.owner
            if not isinstance(softmax, SoftMaxOp):
                continue
            for scores, *between in _paths(softmax.input):
                if isinstance(scores, MatrixMultiplyOp):
                    path = tuple(between)
                    yield Attention(scores, path, softmax, node, network.mode)


@dataclass(frozen=True)
class FuseAttentionPass(FusionPass):
    """Fuse two products of matrices with the softmax between them."""

    name = "fuse-attention"
    rule = FuseAttention
