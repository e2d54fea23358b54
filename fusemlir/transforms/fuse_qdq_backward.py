"""Quantize behind a layer that only moves elements: it goes before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import QuantizeOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import Node, node_of, unique
from fusemlir.remarks import collect, pass_on
from fusemlir.transforms.candidates import last_words
from fusemlir.transforms.driver import FusionPass, run_fusions
from fusemlir.transforms.fuse_qdq_merge import FuseQdqMerge
from fusemlir.transforms.fusion import (
    Constraint,
    Contract,
    Fusion,
    FusionMode,
    Network,
    Rewrite,
)
from fusemlir.transforms.quantization import axis_of
from fusemlir.transforms.quantized_movement import (
    MOVEMENT,
    Movement,
    axis_before,
    inputs_of,
    is_movement,
    moved,
)


@dataclass(frozen=True)
class MovementQuantized:
    """A layer that moves elements, and the quantisation of its result."""

    movement: Movement
    quantize: QuantizeOp
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.movement, self.quantize)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        return (self.quantize,)

    @property
    def axis(self) -> int | None:
        """Where the axis of the scales comes from; None where there is none, or no
        such place."""
        axis = axis_of(self.quantize)
        return None if axis is None else axis_before(self.movement, axis)


def _lost_axis(site: MovementQuantized) -> str | None:
    axis = axis_of(site.quantize)
    if axis is None or site.axis is not None:
        return None
    return f"scales along axis {axis}"


@dataclass(frozen=True)
class FuseQdqBackward(Fusion[MovementQuantized]):
    """q(f(x))  ⇒  f(q(x)), f a shuffle, slice, padding, concatenation or maximum.

    TensorRT's VanillaSwapWithFollowingQ, and for a concatenation, all of whose inputs
    are quantised instead, SplitQAcrossPrecedingFanIn.

    Contract: equal, but where a maximum is taken, for numbers only. Levels rise with
    the floats that they round, which makes the greatest level that of the greatest
    float; a NaN becomes level 0 before it could make its whole window NaN.

    Together with fuse-qdq-forward it comes to an end: each step of either makes one
    float layer of this kind an i8 one, and none ever makes a float one.
    """

    name = "fuse-qdq-backward"
    about = (QuantizeOp,)
    contract = Contract.EXACT_IF_FINITE
    constraints = (
        Constraint(
            name="scale-axis",
            sentence="Scales along an axis come from where that axis does as a whole.",
            required="scales of the whole tensor, or along an axis that keeps its "
            "elements in their order",
            violation=_lost_axis,
        ),
        *MOVEMENT,
    )

    def sites(self, node: Node, network: Network) -> Iterable[MovementQuantized]:
        producer = node_of(node.input) if isinstance(node, QuantizeOp) else None
        if isinstance(node, QuantizeOp) and is_movement(producer):
            yield MovementQuantized(producer, node, network)

    def fuse(self, site: MovementQuantized, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site))


def _build(site: MovementQuantized) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    old = site.quantize
    element = element_type_of(old.output)
    integers: dict[SSAValue, SSAValue] = {}
    layers: list[LayerOp] = []
    for value in dict.fromkeys(inputs_of(site.movement)):
        # The first is the old one; the others are its copies.
        (id,) = old.layer_ids[-1:]
        ids = [unique(id, site.network.ids)] if layers else old.layer_ids
        new = QuantizeOp(
            value,
            old.scale,
            old.zero_point,
            axis=site.axis,
            to_type=element,
            layers=ids,
        )
        new.output.name_hint = old.output.name_hint
        layers.append(new)
        integers[value] = new.output
    movement = moved(site.movement, integers, element)
    return [*layers, movement], [movement.results[0]]


class _Merge(FuseQdqMerge):
    """Equal quantisations that came to stand side by side would hold each other up."""

    name = FuseQdqBackward.name
    explains = False


@dataclass(frozen=True)
class FuseQdqBackwardPass(FusionPass):
    """Move a Quantize before layers that only move elements or take a maximum."""

    name = "fuse-qdq-backward"
    rule = FuseQdqBackward

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rules = (self.make_rule, _Merge)
        with collect() as remarks:
            run_fusions(op, rules, self.name, FusionMode(self.mode))
        pass_on(last_words(remarks))
