"""LogSumExp: m + log(sum of exp(x - m)) with m the maximum, finite where exp is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import FusedOp, ReduceOp, UnaryOp
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fuse_log_sum import is_log_sum
from fusemlir.transforms.fusion import Constraint, Fusion, Network


@dataclass(frozen=True)
class UnaryThenLogSum:
    """A unary layer, and the group of the sum of what it gives and its logarithm."""

    unary: UnaryOp
    log_sum: FusedOp

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.unary, self.log_sum)


def _other_unary(site: UnaryThenLogSum) -> str | None:
    kind = site.unary.kind
    return None if kind == UnaryOperation.EXP else str(kind)


@dataclass(frozen=True)
class FuseLogSumExp(Fusion[UnaryThenLogSum]):
    """exp → fused(reduce sum, log)  ⇒  fused(exp, reduce sum, log)."""

    name = "fuse-log-sum-exp"
    about = (ReduceOp,)
    constraints = (
        Constraint(
            name="exp",
            sentence="A Unary kEXP ElementWise operation followed by a LogSum fusion.",
            required="a unary exp",
            violation=_other_unary,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[UnaryThenLogSum]:
        if not isinstance(node, FusedOp) or not is_log_sum(Group(node)):
            return
        unary = node_of(node.inputs[0])
        if isinstance(unary, UnaryOp):
            yield UnaryThenLogSum(unary, node)


@dataclass(frozen=True)
class FuseLogSumExpPass(FusionPass):
    """Fuse exponentials with the logarithm of their sum, as fuse-log-sum makes it."""

    name = "fuse-log-sum-exp"
    rule = FuseLogSumExp
