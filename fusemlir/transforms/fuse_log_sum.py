"""LogSum: the logarithm of a sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ReduceOp, UnaryOp
from fusemlir.dialects.trt.fused import derive_kind
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fuse_softmax_log import is_log
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Pair
from fusemlir.transforms.reductions import is_sum, reduction_group


def is_log_sum(group: Group) -> bool:
    """Whether a group is what `fuse-log-sum` makes."""
    match group.layers:
        case (total, log):
            return is_sum(total) and is_log(log) and log.operands[0] is total.results[0]
        case _:
            return False


def _already_fused(pair: Pair) -> str | None:
    layers = pair.producer.layers
    return None if len(layers) == 1 else derive_kind(layers)


def _other_reduction(pair: Pair) -> str | None:
    layers = pair.producer.layers
    return None if is_sum(layers[-1]) else derive_kind(layers)


@dataclass(frozen=True)
class FuseLogSum(Fusion[Pair]):
    """reduce sum → log  ⇒  fused(reduce sum, log)."""

    name = "fuse-log-sum"
    about = (ReduceOp,)
    constraints = (
        Constraint(
            name="sum",
            sentence="A Reduce layer kSUM followed by a kLOG UnaryOperation.",
            required="a reduction by sum",
            violation=_other_reduction,
        ),
        Constraint(
            name="bare-reduction",
            sentence="A Reduce layer, no reduction that has been fused before.",
            required="a reduction that nothing is fused with",
            violation=_already_fused,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Pair]:
        if not isinstance(node, UnaryOp) or not is_log(node):
            return
        reduction = reduction_group(node_of(node.input))
        if reduction is not None:
            yield Pair(reduction, node)


@dataclass(frozen=True)
class FuseLogSumPass(FusionPass):
    """Fuse a sum with the logarithm that follows it."""

    name = "fuse-log-sum"
    rule = FuseLogSum
