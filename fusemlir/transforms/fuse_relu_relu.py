"""ReLU and ReLU: the second changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ActivationOp, FusedOp
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Rewrite


@dataclass(frozen=True)
class ActivationPair:
    """Two activations in a row, of which the second may go."""

    first: ActivationOp
    second: ActivationOp

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.second,)

    @property
    def kinds(self) -> tuple[ActivationType, ActivationType]:
        return self.first.kind, self.second.kind


def _not_both_relu(pair: ActivationPair) -> str | None:
    if pair.kinds == (ActivationType.RELU, ActivationType.RELU):
        return None
    return " after ".join(reversed(pair.kinds))


def last_activation(node: Node | None, at: int) -> ActivationOp | None:
    """The activation that makes result `at` of a node, alone or inside its group."""
    if isinstance(node, FusedOp):
        maker = node.terminator.outputs[at].owner
        return maker if isinstance(maker, ActivationOp) else None
    return node if isinstance(node, ActivationOp) else None


@dataclass(frozen=True)
class FuseReluRelu(Fusion[ActivationPair]):
    """relu → relu  ⇒  relu.

    Only the second goes, so the first may be shared, be an output, or stand at the
    end of a group.
    """

    name = "fuse-relu-relu"
    about = (ActivationOp,)
    constraints = (
        Constraint(
            name="both-relu",
            sentence="An Activation layer performing ReLU followed by an activation "
            "performing ReLU.",
            required="relu after relu",
            violation=_not_both_relu,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ActivationPair]:
        if not isinstance(node, ActivationOp):
            return
        result = node.input
        first = last_activation(node_of(result), getattr(result, "index", 0))
        if first is not None and ActivationType.RELU in (first.kind, node.kind):
            yield ActivationPair(first, node)

    def fuse(self, site: ActivationPair, network: Network) -> Rewrite:
        given = node_of(site.second.input)
        return Rewrite(
            site.nodes,
            lambda: ([], [site.second.input]),
            given=() if given is None else (given,),
        )


@dataclass(frozen=True)
class FuseReluReluPass(FusionPass):
    """Replace a ReLU followed by a ReLU by a single one."""

    name = "fuse-relu-relu"
    rule = FuseReluRelu
