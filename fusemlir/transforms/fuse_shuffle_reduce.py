"""Shuffle and Reduce: the reduction reads its input permuted, or along other axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import FusedOp, ReduceOp, ShuffleOp
from fusemlir.dialects.trt.base import LayerOp, Shape, show_shape
from fusemlir.dialects.trt.fused import derive_kind, is_pointwise
from fusemlir.dialects.trt.shuffle import permute
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fuse_shuffle_shuffle import reshapes
from fusemlir.transforms.fusion import (
    Constraint,
    Fusion,
    FusionMode,
    Network,
    Rewrite,
    Wrap,
)
from fusemlir.transforms.practice import practice_only


@dataclass(frozen=True)
class ShuffledReduction:
    """A reduction, or a norm that one is in, and the shuffle before it."""

    shuffle: ShuffleOp
    consumer: Node
    reduction: ReduceOp
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.shuffle, self.consumer)

    @property
    def order(self) -> Shape:
        """Both transposes as one; there is no reshape between them."""
        return permute(self.shuffle.first, self.shuffle.second)

    @property
    def axes(self) -> Shape:
        """The axes of the shuffle's input that are reduced."""
        return permute(self.order, self.reduction.axes)

    @property
    def needs_no_shuffle(self) -> bool:
        """Whether the axes that are kept stay where they are: then the reduction is
        one of the shuffle's input, along other axes."""
        if self.consumer is not self.reduction or reshapes(self.shuffle):
            return False
        axes = self.reduction.axes
        kept = [(at, axis) for at, axis in enumerate(self.order) if at not in axes]
        if self.reduction.keeps_dimensions:
            return all(at == axis for at, axis in kept)
        return kept == sorted(kept, key=lambda places: places[1])

    def build(self) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
        layer = ReduceOp(
            self.reduction.kind,
            self.shuffle.input,
            self.axes,
            keep_dimensions=self.reduction.keeps_dimensions,
        )
        return [layer], [layer.output]


def _permuted_reduction(node: Node) -> tuple[SSAValue, ReduceOp] | None:
    """What `node` reads and the reduction of it, where it is one, or a norm: a group of
    one reduction and pointwise layers that reads one tensor."""
    if isinstance(node, ReduceOp):
        return node.input, node
    group = Group(node)
    anchor = group.anchor
    others = (layer for layer in group.layers if layer is not anchor)
    if not isinstance(node, FusedOp) or not isinstance(anchor, ReduceOp):
        return None
    if len(node.inputs) != 1 or not all(map(is_pointwise, others)):
        return None
    return node.inputs[0], anchor


def _reshapes(site: ShuffledReduction) -> str | None:
    before, after = site.shuffle.transposed, site.shuffle.reshaped
    if not reshapes(site.shuffle):
        return None
    return f"a reshape of {show_shape(before)} to {show_shape(after)}"


def _drops_dimensions(site: ShuffledReduction) -> str | None:
    if site.reduction.keeps_dimensions:
        return None
    if site.mode == FusionMode.STRICT or not site.needs_no_shuffle:
        return "one that drops them"
    return None


def _norm(site: ShuffledReduction) -> str | None:
    layers = Group(site.consumer).layers
    return f"the norm {derive_kind(layers)}" if len(layers) > 1 else None


@dataclass(frozen=True)
class FuseShuffleReduce(Fusion[ShuffledReduction]):
    """shuffle → reduce  ⇒  fused(shuffle, reduce); its result is permuted too.

    In practice the reduction may be one of a norm (L1, L2, log-sum-exp, ...), and where
    the kept axes stay in place nothing is left of the shuffle: the reduction, which may
    drop dimensions then, is along other axes of its input.
    """

    name = "fuse-shuffle-reduce"
    about = (ShuffleOp, ReduceOp)
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
        practice_only(_norm),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ShuffledReduction]:
        found = _permuted_reduction(node)
        if found is None:
            return
        value, reduction = found
        producer = node_of(value)
        if isinstance(producer, ShuffleOp):
            yield ShuffledReduction(producer, node, reduction, network.mode)

    def fuse(self, site: ShuffledReduction, network: Network) -> Wrap | Rewrite:
        if network.mode == FusionMode.STRICT or not site.needs_no_shuffle:
            return Wrap(site.nodes)
        return Rewrite(site.nodes, site.build, keeps_producer=True)


@dataclass(frozen=True)
class FuseShuffleReducePass(FusionPass):
    """Fuse a shuffle that only permutes with the reduction, in practice with the norm,
    that follows it."""

    name = "fuse-shuffle-reduce"
    rule = FuseShuffleReduce
