"""Convolution and element-wise operation: a residual joins the convolution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ElementWiseOp
from fusemlir.dialects.trt.base import UNKNOWN, shape_of, show_shape
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    RESIDUAL_OPERATIONS,
    TAKES_RESIDUAL,
    convolution_group,
    epilogue_of,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Wrap


@dataclass(frozen=True)
class Residual:
    """A convolution, the operation after it, and the operation's other operand."""

    producer: Group
    consumer: ElementWiseOp
    result: SSAValue
    """The convolution's, as it enters the operation."""
    other: SSAValue

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.producer.node, self.consumer)


def _other_operation(site: Residual) -> str | None:
    kind = site.consumer.kind
    return None if kind in RESIDUAL_OPERATIONS else str(kind)


def _full_epilogue(site: Residual) -> str | None:
    state = epilogue_of(site.producer)
    return None if state in TAKES_RESIDUAL else str(state)


def _same_operand(site: Residual) -> str | None:
    return "the same value twice" if site.result is site.other else None


def _broadcast(site: Residual) -> str | None:
    result, other = shape_of(site.result), shape_of(site.other)
    # An unknown dimension of one tensor is not known to equal that of another.
    same = result[1:] == other[1:] and UNKNOWN not in result[1:]
    batch = other[0] == 1 or (other[0] == result[0] != UNKNOWN)
    if same and batch:
        return None
    return f"{show_shape(other)} for {show_shape(result)}"


@dataclass(frozen=True)
class FuseConvElementwise(Fusion[Residual]):
    """conv → (sum | max | min) with a residual  ⇒  fused(conv, operation).

    The group stands where the operation stood: all operands are ready there. Where
    both operands are convolutions the later one takes the operation.
    """

    name = "fuse-conv-elementwise"
    constraints = (
        Constraint(
            name="operation",
            sentence="A simple sum, min, or max in an ElementWise layer.",
            required="sum, max or min",
            violation=_other_operation,
        ),
        Constraint(
            name="epilogue",
            sentence="A Convolution layer followed by an ElementWise layer.",
            required="a convolution followed by nothing",
            violation=_full_epilogue,
        ),
        Constraint(
            name="two-operands",
            sentence="The other operand is another tensor.",
            required="two different operands",
            violation=_same_operand,
        ),
        Constraint(
            name="broadcast",
            sentence="No broadcasting unless it is across the batch size.",
            required="a residual of the convolution's shape, its batch equal or 1",
            violation=_broadcast,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Residual]:
        if not isinstance(node, ElementWiseOp):
            return
        found: list[Residual] = []
        for result, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            producer = node_of(result)
            group = convolution_group(producer) if producer is not None else None
            if group is not None:
                found.append(Residual(group, node, result, other))
        yield from sorted(
            found, key=lambda site: network.order[site.producer.node], reverse=True
        )

    def fuse(self, site: Residual, network: Network) -> Wrap:
        return Wrap(site.nodes)


@dataclass(frozen=True)
class FuseConvElementwisePass(FusionPass):
    """Fuse a convolution with the sum, maximum or minimum that follows it."""

    name = "fuse-conv-elementwise"
    rule = FuseConvElementwise
