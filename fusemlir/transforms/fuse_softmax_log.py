"""Softmax and logarithm: x - max - log(sum of exp(x - max)), finite where the
logarithm of a vanishing softmax is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import SoftMaxOp, UnaryOp
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.dialects.trt.fused import derive_kind
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Pair


def softmax_group(node: Node | None) -> Group | None:
    """The group of `node` if a softmax opens it."""
    group = Group(node) if node is not None else None
    if group is None or not isinstance(group.anchor, SoftMaxOp) or group.prologue:
        return None
    return group


def is_log(layer: Node) -> bool:
    return isinstance(layer, UnaryOp) and layer.kind == UnaryOperation.LOG


def _already_fused(pair: Pair) -> str | None:
    layers = pair.producer.layers
    return None if len(layers) == 1 else derive_kind(layers)


@dataclass(frozen=True)
class FuseSoftmaxLog(Fusion[Pair]):
    """softmax → log  ⇒  fused(softmax, log)."""

    name = "fuse-softmax-log"
    about = (SoftMaxOp, UnaryOp)
    constraints = (
        Constraint(
            name="bare-softmax",
            sentence="If it has not already been fused with a previous log operation, "
            "it can be fused into a single Softmax layer.",
            required="a softmax that nothing is fused with",
            violation=_already_fused,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Pair]:
        if not isinstance(node, UnaryOp) or not is_log(node):
            return
        softmax = softmax_group(node_of(node.input))
        if softmax is not None:
            yield Pair(softmax, node)


@dataclass(frozen=True)
class FuseSoftmaxLogPass(FusionPass):
    """Fuse a softmax with the logarithm that follows it."""

    name = "fuse-softmax-log"
    rule = FuseSoftmaxLog
