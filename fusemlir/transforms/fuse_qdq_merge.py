"""Equal Quantize or Dequantize layers of one value become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Rewrite
from fusemlir.transforms.quantization import SAME_PARAMETERS


@dataclass(frozen=True)
class Siblings:
    """Two layers that quantise, or dequantise, the same value."""

    first: QuantizationOp
    second: QuantizationOp
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.second,)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        return (self.first, self.second)


def _other_type(site: Siblings) -> str | None:
    one, two = site.first.output.type, site.second.output.type
    return None if one == two else f"{one} and {two}"


@dataclass(frozen=True)
class FuseQdqMerge(Fusion[Siblings]):
    """q(x), q(x)  ⇒  q(x), once; likewise dq.

    TensorRT's HorizontalMergeQNodes. It stands early: a layer whose result two others
    quantise makes two values, and neither rule nor kernel could have both end it.
    """

    name = "fuse-qdq-merge"
    about = (QuantizationOp,)
    constraints = (
        *SAME_PARAMETERS,
        Constraint(
            name="same-type",
            sentence="The element type of a tensor is its precision.",
            required="results of the same type",
            violation=_other_type,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Siblings]:
        if not isinstance(node, QuantizationOp):
            return
        order = network.order
        for use in node.input.uses:
            other = use.operation
            if (
                type(other) is type(node)
                and other.input is node.input
                and order[other] < order[node]
            ):
                yield Siblings(other, node, network)

    def fuse(self, site: Siblings, network: Network) -> Rewrite:
        return Rewrite(
            site.nodes, lambda: ([], [site.first.output]), given=(site.first,)
        )


@dataclass(frozen=True)
class FuseQdqMergePass(FusionPass):
    """Let one Quantize, or Dequantize, stand for all equal ones of the same value."""

    name = "fuse-qdq-merge"
    rule = FuseQdqMerge
