"""Convolution and ReLU: the activation is computed where the sum is complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ActivationOp
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    TAKES_ACTIVATION,
    convolution_group,
    epilogue_of,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Pair, Wrap


def _other_activation(pair: Pair) -> str | None:
    assert isinstance(pair.consumer, ActivationOp)
    kind = pair.consumer.kind
    return None if kind == ActivationType.RELU else str(kind)


def _full_epilogue(pair: Pair) -> str | None:
    state = epilogue_of(pair.producer)
    return None if state in TAKES_ACTIVATION else str(state)


@dataclass(frozen=True)
class FuseConvRelu(Fusion[Pair]):
    """conv → relu  ⇒  fused(conv, relu); the convolution may carry a residual."""

    name = "fuse-conv-relu"
    constraints = (
        Constraint(
            name="relu",
            sentence="The Activation layer must be of the ReLU type.",
            required="a relu activation",
            violation=_other_activation,
        ),
        Constraint(
            name="epilogue",
            sentence="The Convolution layer can be of any type.",
            required="a convolution followed by nothing or an element-wise operation",
            violation=_full_epilogue,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Pair]:
        if not isinstance(node, ActivationOp):
            return
        producer = node_of(node.input)
        group = convolution_group(producer) if producer is not None else None
        if group is not None:
            yield Pair(group, node)

    def fuse(self, site: Pair, network: Network) -> Wrap:
        return Wrap(site.nodes)


@dataclass(frozen=True)
class FuseConvReluPass(FusionPass):
    """Fuse a convolution of any type with the ReLU that follows it."""

    name = "fuse-conv-relu"
    rule = FuseConvRelu
