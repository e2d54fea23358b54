"""Sum of squares: the product of a value with itself, added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ElementWiseOp, ReduceOp
from fusemlir.dialects.trt.base import LayerOp, shape_of, volume
from fusemlir.dialects.trt.constant import constant_value, scalar_of
from fusemlir.dialects.trt.enums import ElementWiseOperation
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, FusionMode, Network
from fusemlir.transforms.reductions import is_sum


@dataclass(frozen=True)
class Square:
    """A product or a power, and the reduction of it."""

    product: ElementWiseOp
    reduction: ReduceOp
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.product, self.reduction)


def is_square(layer: LayerOp) -> bool:
    """Whether it is prod(x, x), of one value, or pow(x, 2)."""
    if not isinstance(layer, ElementWiseOp):
        return False
    if layer.kind == ElementWiseOperation.PROD:
        return layer.lhs is layer.rhs
    exponent = constant_value(layer.rhs)
    return (
        layer.kind == ElementWiseOperation.POW
        and exponent is not None
        and volume(shape_of(layer.rhs)) == 1
        and scalar_of(exponent) == 2
    )


def is_sum_of_squares(group: Group) -> bool:
    """Whether a group is what `fuse-sum-of-squares` makes."""
    match group.layers:
        case (square, total):
            return (
                is_square(square)
                and is_sum(total)
                and total.operands[0] is square.results[0]
            )
        case _:
            return False


def _other_reduction(site: Square) -> str | None:
    return None if is_sum(site.reduction) else str(site.reduction.kind)


def _other_spelling(site: Square) -> str | None:
    is_product = site.product.kind == ElementWiseOperation.PROD
    if is_product or site.mode == FusionMode.PRACTICE:
        return None
    return f"{site.product.kind} in strict mode"


def _no_square(site: Square) -> str | None:
    if is_square(site.product):
        return None
    if site.product.kind == ElementWiseOperation.PROD:
        return "a product of two values"
    return "a power that is not the number 2"


@dataclass(frozen=True)
class FuseSumOfSquares(Fusion[Square]):
    """prod(x, x) → reduce sum  ⇒  fused(prod, reduce sum); in practice pow(x, 2) too.

    Both operands are the same value; equal values are for merge-duplicate-layers.
    """

    name = "fuse-sum-of-squares"
    about = (ReduceOp,)
    constraints = (
        Constraint(
            name="sum",
            sentence="A square operation followed by a kSUM reduction.",
            required="a reduction by sum",
            violation=_other_reduction,
        ),
        Constraint(
            name="product",
            sentence="A product ElementWise layer.",
            required="a product",
            violation=_other_spelling,
            suggestion="--fuse-sum-of-squares='mode=practice'",
        ),
        Constraint(
            name="same-input",
            sentence="A product ElementWise layer with the same input (square "
            "operation).",
            required="a value times itself",
            violation=_no_square,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Square]:
        if not isinstance(node, ReduceOp):
            return
        product = node_of(node.input)
        if isinstance(product, ElementWiseOp) and product.kind in (
            ElementWiseOperation.PROD,
            ElementWiseOperation.POW,
        ):
            yield Square(product, node, network.mode)


@dataclass(frozen=True)
class FuseSumOfSquaresPass(FusionPass):
    """Fuse a square with its sum."""

    name = "fuse-sum-of-squares"
    rule = FuseSumOfSquares
