"""L2 norm: the square root of a sum of squares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ReduceOp, UnaryOp
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.dialects.trt.fused import derive_kind
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fuse_sum_of_squares import is_sum_of_squares
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Pair
from fusemlir.transforms.reductions import reduction_group


def _no_sum_of_squares(pair: Pair) -> str | None:
    group = pair.producer
    return None if is_sum_of_squares(group) else derive_kind(group.layers)


@dataclass(frozen=True)
class FuseL2Norm(Fusion[Pair]):
    """fused(square, reduce sum) → sqrt  ⇒  fused(square, reduce sum, sqrt)."""

    name = "fuse-l2-norm"
    about = (ReduceOp,)
    constraints = (
        Constraint(
            name="sum-of-squares",
            sentence="A sum of squares operation followed by a kSQRT UnaryOperation.",
            required="a fused sum of squares",
            violation=_no_sum_of_squares,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Pair]:
        if not isinstance(node, UnaryOp) or node.kind != UnaryOperation.SQRT:
            return
        reduction = reduction_group(node_of(node.input))
        if reduction is not None:
            yield Pair(reduction, node)


@dataclass(frozen=True)
class FuseL2NormPass(FusionPass):
    """Fuse a sum of squares, as fuse-sum-of-squares makes it, with its square root."""

    name = "fuse-l2-norm"
    rule = FuseL2Norm
