"""Softmax and top-k: select among the inputs of the softmax, normalise what is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import SoftMaxOp, TopKOp
from fusemlir.dialects.trt.fused import derive_kind
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fuse_softmax_log import is_log, softmax_group
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Pair


def _more_than_log(pair: Pair) -> str | None:
    layers = pair.producer.layers
    followers = layers[1:]
    if not followers or (len(followers) == 1 and is_log(followers[0])):
        return None
    return derive_kind(layers)


def _other_axis(pair: Pair) -> str | None:
    softmax, selection = pair.producer.anchor, pair.consumer
    assert isinstance(softmax, SoftMaxOp)
    assert isinstance(selection, TopKOp)
    if softmax.axis == selection.axis:
        return None
    return (
        f"a softmax along axis {softmax.axis.value.data}, "
        f"a top-k along axis {selection.axis.value.data}"
    )


@dataclass(frozen=True)
class FuseSoftmaxTopk(Fusion[Pair]):
    """softmax → top-k, with a logarithm between them or not  ⇒  one group.

    The results of the top-k are those of the group; one that nothing uses is left out.
    """

    name = "fuse-softmax-topk"
    about = (SoftMaxOp, TopKOp)
    constraints = (
        Constraint(
            name="bare-softmax",
            sentence="The Softmax can optionally include a Log operation.",
            required="a softmax, or a softmax and its log",
            violation=_more_than_log,
        ),
        Constraint(
            name="same-axis",
            sentence="Softmax keeps the order of elements along its own axis only.",
            required="one axis for both",
            violation=_other_axis,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Pair]:
        if not isinstance(node, TopKOp):
            return
        softmax = softmax_group(node_of(node.input))
        if softmax is not None:
            yield Pair(softmax, node)


@dataclass(frozen=True)
class FuseSoftmaxTopkPass(FusionPass):
    """Fuse a softmax, with its logarithm if it has one, and the top-k that follows."""

    name = "fuse-softmax-topk"
    rule = FuseSoftmaxTopk
