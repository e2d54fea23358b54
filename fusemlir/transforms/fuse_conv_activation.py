"""Convolution and generic activation: pointwise layers that need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from fusemlir.dialects.trt.base import (
    Shape,
    element_type_of,
    shape_of,
    show_shape,
)
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    Next,
    Step,
    convolution_group,
    is_residual,
    next_of,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network
from fusemlir.transforms.grouping import is_inlined


@dataclass(frozen=True)
class PointwiseStep(Step):
    """A contraction, the pointwise node after it, and what else that reads."""

    result: SSAValue
    """The contraction's, as it enters the node."""
    others: tuple[SSAValue, ...]
    """The other tensors; constants of a single element are none."""


def pointwise_steps(
    node: Node, network: Network, group_of: Callable[[Node], Group | None]
) -> Iterator[PointwiseStep]:
    """`node` as a pointwise layer or group on the result of a contraction, which
    `group_of` finds; where it reads several, the latest comes first."""
    if not Group(node).is_pointwise:
        return
    makers = (node_of(operand) for operand in node.operands)
    producers = {maker for maker in makers if maker is not None}
    for maker in reversed(network.order.sort(producers)):
        group = group_of(maker)
        if group is None:
            continue
        result = next(value for value in node.operands if value.owner is maker)
        others = _other_tensors(node, maker)
        layer = Next.POINTWISE_RESIDUAL if others else next_of(node)
        yield PointwiseStep(group, node, layer, network.mode, result, others)


def _other_tensors(node: Node, maker: Node) -> tuple[SSAValue, ...]:
    found = {
        operand: None
        for operand in node.operands
        if operand.owner is not maker
        and not (isinstance(operand.owner, Operation) and is_inlined(operand.owner))
    }
    return tuple(found)


def _more_inputs(step: PointwiseStep) -> str | None:
    count = len(step.others)
    return f"{count} others" if count > 1 else None


def broadcast_unless(
    fits: Callable[[Shape, Shape], bool],
) -> Callable[[PointwiseStep], str | None]:
    """Which other tensor does not fit to the result; `fits` gets both shapes."""

    def violation(step: PointwiseStep) -> str | None:
        result = shape_of(step.result)
        for other in map(shape_of, step.others):
            if not fits(other, result):
                return f"{show_shape(other)} for {show_shape(result)}"
        return None

    return violation


def _more_outputs(step: PointwiseStep) -> str | None:
    count = len(step.consumer.results)
    return str(count) if count > 1 else None


def _other_type(step: PointwiseStep) -> str | None:
    before = element_type_of(step.result)
    after = element_type_of(step.consumer.results[0])
    return None if before == after else f"{after} from {before}"


ONE_OUTPUT: Constraint[PointwiseStep] = Constraint(
    name="one-output",
    sentence="A pointwise with one input and output can be called a generic "
    "activation layer.",
    required="one output",
    violation=_more_outputs,
)

INPUTS: Constraint[PointwiseStep] = Constraint(
    name="inputs",
    sentence="A pointwise with one input and output can be called a generic "
    "activation layer.",
    required="at most one tensor besides the one that enters",
    violation=_more_inputs,
)

ELEMENT_TYPE: Constraint[PointwiseStep] = Constraint(
    name="element-type",
    sentence="An activation keeps the type.",
    required="an output of the same element type",
    violation=_other_type,
)


@dataclass(frozen=True)
class FuseConvActivation(Fusion[PointwiseStep]):
    """conv → pointwise  ⇒  fused(conv, pointwise); a lone layer or a group.

    In practice the pointwise layers may read a second tensor, a residual. What they
    read has the shape of the convolution's result, so theirs does too.
    """

    name = "fuse-conv-activation"
    about = (ContractionOp,)
    constraints = (
        INPUTS,
        Constraint(
            name="broadcast",
            sentence="No broadcasting unless it is across the batch size.",
            required="a residual of the convolution's shape, its batch equal or 1",
            violation=broadcast_unless(is_residual),
        ),
        ONE_OUTPUT,
        ELEMENT_TYPE,
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[PointwiseStep]:
        return pointwise_steps(node, network, convolution_group)


@dataclass(frozen=True)
class FuseConvActivationPass(FusionPass):
    """Fuse a convolution with the pointwise layers that follow it."""

    name = "fuse-conv-activation"
    rule = FuseConvActivation
