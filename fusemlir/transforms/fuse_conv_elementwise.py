"""Convolution and element-wise operation: a residual joins the convolution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ElementWiseOp
from fusemlir.dialects.trt.base import shape_of, show_shape
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    RESIDUAL_OPERATIONS,
    Next,
    Step,
    convolution_group,
    is_residual,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network


@dataclass(frozen=True)
class OperandStep(Step):
    """A contraction, the operation after it, and the operation's other operand."""

    consumer: ElementWiseOp
    result: SSAValue
    """The contraction's, as it enters the operation."""
    other: SSAValue


def operand_steps(
    node: Node,
    network: Network,
    group_of: Callable[[Node], Group | None],
    layer_of: Callable[[SSAValue, SSAValue], Next],
) -> Iterator[OperandStep]:
    """`node` as an operation on the result of a contraction, which `group_of` finds;
    where both operands are one, the later comes first. `layer_of` says what the other
    operand is to the result."""
    if not isinstance(node, ElementWiseOp):
        return
    found: list[OperandStep] = []
    for result, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
        producer = node_of(result)
        group = group_of(producer) if producer is not None else None
        if group is not None:
            layer = layer_of(result, other)
            found.append(OperandStep(group, node, layer, network.mode, result, other))
    yield from sorted(
        found, key=lambda step: network.order[step.producer.node], reverse=True
    )


def _residual(result: SSAValue, other: SSAValue) -> Next:
    return Next.RESIDUAL


def _other_operation(step: OperandStep) -> str | None:
    kind = step.consumer.kind
    return None if kind in RESIDUAL_OPERATIONS else str(kind)


def _same_operand(step: OperandStep) -> str | None:
    return "the same value twice" if step.result is step.other else None


def _broadcast(step: OperandStep) -> str | None:
    result, other = shape_of(step.result), shape_of(step.other)
    if is_residual(other, result):
        return None
    return f"{show_shape(other)} for {show_shape(result)}"


TWO_OPERANDS: Constraint[OperandStep] = Constraint(
    name="two-operands",
    sentence="The other operand is another tensor.",
    required="two different operands",
    violation=_same_operand,
)


@dataclass(frozen=True)
class FuseConvElementwise(Fusion[OperandStep]):
    """conv → (sum | max | min) with a residual  ⇒  fused(conv, operation).

    The group stands where the operation stood: all operands are ready there. Where
    both operands are convolutions the later one takes the operation. In practice an
    activation or a first residual may come before.
    """

    name = "fuse-conv-elementwise"
    about = (ContractionOp, ElementWiseOp)
    constraints = (
        Constraint(
            name="operation",
            sentence="A simple sum, min, or max in an ElementWise layer.",
            required="sum, max or min",
            violation=_other_operation,
        ),
        TWO_OPERANDS,
        Constraint(
            name="broadcast",
            sentence="No broadcasting unless it is across the batch size.",
            required="a residual of the convolution's shape, its batch equal or 1",
            violation=_broadcast,
        ),
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[OperandStep]:
        return operand_steps(node, network, convolution_group, _residual)


@dataclass(frozen=True)
class FuseConvElementwisePass(FusionPass):
    """Fuse a convolution with the sum, maximum or minimum that follows it."""

    name = "fuse-conv-elementwise"
    rule = FuseConvElementwise
