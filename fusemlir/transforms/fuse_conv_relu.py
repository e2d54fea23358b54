"""Convolution and ReLU: the activation is computed where the sum is complete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ActivationOp
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    ActivationStep,
    activation_steps,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network


def _other_activation(step: ActivationStep) -> str | None:
    kind = step.consumer.kind
    return None if kind == ActivationType.RELU else str(kind)


@dataclass(frozen=True)
class FuseConvRelu(Fusion[ActivationStep]):
    """conv → relu  ⇒  fused(conv, relu); the convolution may carry a residual.

    In practice it may carry any other epilogue too.
    """

    name = "fuse-conv-relu"
    about = (ContractionOp, ActivationOp)
    constraints = (
        Constraint(
            name="relu",
            sentence="The Activation layer must be of the ReLU type.",
            required="a relu activation",
            violation=_other_activation,
        ),
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[ActivationStep]:
        return activation_steps(node, network)


@dataclass(frozen=True)
class FuseConvReluPass(FusionPass):
    """Fuse a convolution of any type with the ReLU that follows it."""

    name = "fuse-conv-relu"
    rule = FuseConvRelu
