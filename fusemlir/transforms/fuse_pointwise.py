"""Pointwise layers: neighbours become one kernel that keeps values in registers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import i1
from xdsl.ir import Operation

from fusemlir.dialects.trt import ScaleOp
from fusemlir.dialects.trt.base import element_type_of, shape_of, show_shape
from fusemlir.dialects.trt.enums import ScaleMode
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import Driver, FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Wrap
from fusemlir.transforms.grouping import is_inlined


@dataclass(frozen=True)
class Neighbours:
    """Two pointwise nodes, the second using a result of the first."""

    producer: Group
    consumer: Group
    max_ops: int
    max_inputs: int

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.producer.node, self.consumer.node)

    @property
    def layers(self) -> tuple[Operation, ...]:
        return self.producer.layers + self.consumer.layers


def _not_uniform(site: Neighbours) -> str | None:
    for layer in site.layers:
        if isinstance(layer, ScaleOp) and layer.kind != ScaleMode.UNIFORM:
            return f"a scale of mode {layer.kind}"
    return None


def _other_shape(site: Neighbours) -> str | None:
    shapes = {shape_of(value) for node in site.nodes for value in node.results}
    if len(shapes) == 1:
        return None
    return " and ".join(sorted(map(show_shape, shapes)))


def _mixed_types(site: Neighbours) -> str | None:
    found = {
        element_type_of(value)
        for layer in site.layers
        for values in (layer.operands, layer.results)
        for value in values
    } - {i1}
    return " and ".join(sorted(map(str, found))) if len(found) > 1 else None


def _too_many_layers(site: Neighbours) -> str | None:
    count = len(site.layers)
    return f"{count}, the limit is {site.max_ops}" if count > site.max_ops else None


def _too_many_inputs(site: Neighbours) -> str | None:
    made = {value for node in site.nodes for value in node.results}
    inputs = {
        operand
        for node in site.nodes
        for operand in node.operands
        if operand not in made
        and not (isinstance(operand.owner, Operation) and is_inlined(operand.owner))
    }
    if len(inputs) <= site.max_inputs:
        return None
    return f"{len(inputs)}, the limit is {site.max_inputs}"


@dataclass(frozen=True)
class FusePointwise(Fusion[Neighbours]):
    """pointwise → pointwise  ⇒  one group; groups grow by their neighbours.

    The order of evaluation stays. A value that is used elsewhere as well becomes
    another result of the group.
    """

    max_ops: int = 32
    max_inputs: int = 8

    name = "fuse-pointwise"
    constraints = (
        Constraint(
            name="uniform-scale",
            sentence="Scale: Only support ScaleMode::kUNIFORM.",
            required="scales of mode uniform",
            violation=_not_uniform,
        ),
        Constraint(
            name="shape",
            sentence="A layer on a smaller tensor would be computed again for every "
            "element it is broadcast to.",
            required="results of one shape",
            violation=_other_shape,
        ),
        Constraint(
            name="element-type",
            sentence="A group computes in one type, and in truth values.",
            required="one element type besides i1",
            violation=_mixed_types,
        ),
        Constraint(
            name="max-ops",
            sentence="The size of the fused Pointwise layer is not unlimited.",
            required="no more layers than max-ops",
            violation=_too_many_layers,
            suggestion="--fuse-pointwise='max-ops=...'",
        ),
        Constraint(
            name="max-inputs",
            sentence="The size of the fused Pointwise layer is not unlimited.",
            required="no more tensors read than max-inputs",
            violation=_too_many_inputs,
            suggestion="--fuse-pointwise='max-inputs=...'",
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Neighbours]:
        consumer = Group(node)
        if not consumer.is_pointwise:
            return
        makers = (node_of(operand) for operand in node.operands)
        producers = {maker for maker in makers if maker is not None}
        for maker in reversed(network.order.sort(producers)):
            producer = Group(maker)
            if producer.is_pointwise:
                yield Neighbours(producer, consumer, self.max_ops, self.max_inputs)

    def fuse(self, site: Neighbours, network: Network) -> Wrap:
        return Wrap(site.nodes, several_outputs=True)


@dataclass(frozen=True)
class FusePointwisePass(FusionPass):
    """Fuse adjacent pointwise layers into groups of one kernel each."""

    name = "fuse-pointwise"
    rule = FusePointwise

    max_ops: int = 32
    """Layers in a group at most."""
    max_inputs: int = 8
    """Tensors that a group reads at most."""

    def make_rule(self, driver: Driver) -> Fusion[Any]:
        return FusePointwise(driver, self.max_ops, self.max_inputs)
