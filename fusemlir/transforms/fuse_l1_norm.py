"""L1 norm: the sum of absolute values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ReduceOp, UnaryOp
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Pair
from fusemlir.transforms.reductions import is_sum


def _other_reduction(pair: Pair) -> str | None:
    assert isinstance(pair.consumer, ReduceOp)
    return None if is_sum(pair.consumer) else str(pair.consumer.kind)


@dataclass(frozen=True)
class FuseL1Norm(Fusion[Pair]):
    """abs → reduce sum  ⇒  fused(abs, reduce sum)."""

    name = "fuse-l1-norm"
    about = (ReduceOp,)
    constraints = (
        Constraint(
            name="sum",
            sentence="A Unary layer kABS operation followed by a Reduce layer kSUM "
            "operation.",
            required="a reduction by sum",
            violation=_other_reduction,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Pair]:
        if not isinstance(node, ReduceOp):
            return
        producer = node_of(node.input)
        if isinstance(producer, UnaryOp) and producer.kind == UnaryOperation.ABS:
            yield Pair(Group(producer), node)


@dataclass(frozen=True)
class FuseL1NormPass(FusionPass):
    """Fuse absolute values with their sum."""

    name = "fuse-l1-norm"
    rule = FuseL1Norm
