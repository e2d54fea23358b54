"""Shuffle and Reduce: the reduction reads its input permuted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ReduceOp, ShuffleOp
from fusemlir.dialects.trt.base import show_shape
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network


@dataclass(frozen=True)
class ShuffledReduction:
    """A reduction and the shuffle before it."""

    shuffle: ShuffleOp
    reduction: ReduceOp

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.shuffle, self.reduction)


def _reshapes(site: ShuffledReduction) -> str | None:
    before, after = site.shuffle.transposed, site.shuffle.reshaped
    if before == after:
        return None
    return f"a reshape of {show_shape(before)} to {show_shape(after)}"


def _drops_dimensions(site: ShuffledReduction) -> str | None:
    return None if site.reduction.keeps_dimensions else "one that drops them"


@dataclass(frozen=True)
class FuseShuffleReduce(Fusion[ShuffledReduction]):
    """shuffle → reduce  ⇒  fused(shuffle, reduce); its result is permuted too."""

    name = "fuse-shuffle-reduce"
    constraints = (
        Constraint(
            name="no-reshape",
            sentence="The Shuffle layer can perform permutations but cannot perform "
            "any reshape operation.",
            required="a shuffle that only permutes",
            violation=_reshapes,
        ),
        Constraint(
            name="keep-dimensions",
            sentence="The Reduce layer must have a keepDimensions set of dimensions.",
            required="a reduction that keeps dimensions",
            violation=_drops_dimensions,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ShuffledReduction]:
        if not isinstance(node, ReduceOp):
            return
        producer = node_of(node.input)
        if isinstance(producer, ShuffleOp):
            yield ShuffledReduction(producer, node)


@dataclass(frozen=True)
class FuseShuffleReducePass(FusionPass):
    """Fuse a shuffle that only permutes with the reduction that follows it."""

    name = "fuse-shuffle-reduce"
    rule = FuseShuffleReduce
