"""Dequantize before a layer that only moves elements: it goes behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DequantizeOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import Node, is_used_only_by, label, node_of, unique
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Blocked, Constraint, Fusion, Network, Rewrite
from fusemlir.transforms.quantization import SAME_PARAMETERS, axis_of
from fusemlir.transforms.quantized_movement import (
    MOVEMENT,
    Movement,
    axis_after,
    inputs_of,
    is_movement,
    may_see_padding_only,
    moved,
)


@dataclass(frozen=True)
class DequantizedMovement:
    """A layer that moves elements which were dequantised."""

    dequantizes: tuple[DequantizeOp, ...]
    """Those that make the layer's inputs, each once."""
    movement: Movement
    network: Network

    @cached_property
    def own(self) -> tuple[DequantizeOp, ...]:
        """The dequantisations that nothing else uses; the others stay."""
        user = self.movement
        return tuple(dq for dq in self.dequantizes if is_used_only_by(dq, user))

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (*self.own, self.movement)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        return self.dequantizes

    @property
    def axis(self) -> int | None:
        """Where the axis of the scales goes; None where there is none, or no place."""
        axis = axis_of(self.dequantizes[0])
        return None if axis is None else axis_after(self.movement, axis)


def _other_input(site: DequantizedMovement) -> Blocked | None:
    for value in inputs_of(site.movement):
        if not isinstance(node_of(value), DequantizeOp):
            return Blocked("an input that is a float", label(value.owner))
    return None


def _lost_axis(site: DequantizedMovement) -> str | None:
    axis = axis_of(site.dequantizes[0])
    if axis is None or site.axis is not None:
        return None
    return f"scales along axis {axis}"


def _padding_only(site: DequantizedMovement) -> str | None:
    if not may_see_padding_only(site.movement):
        return None
    return "padding as wide as the window"


@dataclass(frozen=True)
class FuseQdqForward(Fusion[DequantizedMovement]):
    """f(dq(x))  ⇒  dq(f(x)), f a shuffle, slice, padding, concatenation or maximum.

    Exact: f computes nothing, so that it does to integers what it does to the floats
    that they stand for; the greatest of several floats is that of the greatest integer,
    as n * s rises with n where s > 0, rounded too.

    Together with fuse-qdq-backward it comes to an end: each step of either makes one
    float layer of this kind an i8 one, and none ever makes a float one.
    """

    name = "fuse-qdq-forward"
    about = (DequantizeOp,)
    constraints = (
        Constraint(
            name="all-dequantized",
            sentence="A layer has one element type for all its inputs.",
            required="inputs that are all dequantised",
            violation=_other_input,
        ),
        *SAME_PARAMETERS,
        Constraint(
            name="scale-axis",
            sentence="Scales along an axis go where that axis goes as a whole.",
            required="scales of the whole tensor, or along an axis that keeps its "
            "elements in their order",
            violation=_lost_axis,
        ),
        *MOVEMENT,
        Constraint(
            name="window-sees-input",
            sentence="The maximum of padding alone is -inf in floats, but the lowest "
            "level in i8.",
            required="padding narrower than the window",
            violation=_padding_only,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[DequantizedMovement]:
        if not is_movement(node):
            return
        makers = dict.fromkeys(node_of(value) for value in inputs_of(node))
        found = tuple(maker for maker in makers if isinstance(maker, DequantizeOp))
        if found:
            yield DequantizedMovement(found, node, network)

    def fuse(self, site: DequantizedMovement, network: Network) -> Rewrite:
        staying = tuple(dq for dq in site.dequantizes if dq not in site.own)
        return Rewrite(site.nodes, lambda: _build(site), given=staying)


def _build(site: DequantizedMovement) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    first, result = site.dequantizes[0], site.movement.output
    integers: dict[SSAValue, SSAValue] = {
        old.output: old.input for old in site.dequantizes
    }
    movement = moved(site.movement, integers, i8)
    dequantize = DequantizeOp(
        movement.results[0],
        first.scale,
        first.zero_point,
        axis=site.axis,
        to_type=element_type_of(result),
        # Those that stay keep their ids.
        layers=() if site.own else [unique(first.layer_ids[0], site.network.ids)],
    )
    dequantize.output.name_hint = first.output.name_hint
    return [movement, dequantize], [dequantize.output]


@dataclass(frozen=True)
class FuseQdqForwardPass(FusionPass):
    """Move a Dequantize past layers that only move elements or take a maximum."""

    name = "fuse-qdq-forward"
    rule = FuseQdqForward
