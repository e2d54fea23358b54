"""Convolution and GELU, in half precision or with integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.dialects.builtin import f16

from fusemlir.dialects.trt import ActivationOp
from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.network import Node
from fusemlir.target import Target
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    ActivationStep,
    Next,
    activation_steps,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network
from fusemlir.transforms.quantized_contractions import is_dequantized
from fusemlir.transforms.quantized_groups import ends_in_quantize

TURING = (7, 5)
"""The compute capability of the first architecture that the catalog admits."""


@dataclass(frozen=True)
class GeluStep(ActivationStep):
    """An activation after a convolution, for a target."""

    target: Target


def _other_activation(step: GeluStep) -> str | None:
    return None if step.layer is Next.GELU else str(step.consumer.kind)


def _other_type(step: GeluStep) -> str | None:
    element = element_type_of(step.consumer.input)
    if element == f16:
        return None
    if not is_dequantized(step.producer):
        return str(element)
    return None if ends_in_quantize(step.consumer) else f"i8 in, {element} out"


def _older_target(step: GeluStep) -> str | None:
    capability = step.target.capability
    return step.target.name if capability is not None and capability < TURING else None


@dataclass(frozen=True)
class FuseConvGelu(Fusion[GeluStep]):
    """conv → gelu  ⇒  fused(conv, gelu), both formulas, f16 or i8.

    A convolution's result has the type of its input. It is of integers where its
    operands are dequantised, and gives integers where the GELU is only quantised;
    `fuse-qdq-conv` takes the Q/DQ. What this rule declines for type or target,
    `fuse-conv-activation` takes.
    """

    name = "fuse-conv-gelu"
    about = (ContractionOp, ActivationOp)
    constraints = (
        Constraint(
            name="gelu",
            sentence="The Activation layer must be GELU type.",
            required="a gelu activation",
            violation=_other_activation,
        ),
        Constraint(
            name="element-type",
            sentence="The input and output precision should be the same, with both of "
            "them FP16 or INT8.",
            required="f16 in and out, or Dequantizes before and a Quantize after",
            violation=_other_type,
            suggestion="fuse-conv-activation",
        ),
        Constraint(
            name="target",
            sentence="Requires an NVIDIA Turing or later architecture.",
            required="sm_75 or later, or the host",
            violation=_older_target,
            suggestion="fuse-conv-activation",
        ),
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[GeluStep]:
        for step in activation_steps(node, network):
            yield GeluStep(
                step.producer, step.consumer, step.layer, step.mode, network.target
            )


@dataclass(frozen=True)
class FuseConvGeluPass(FusionPass):
    """Fuse a convolution in half precision or int8 with the GELU that follows it."""

    name = "fuse-conv-gelu"
    rule = FuseConvGelu
