"""Convolution and Clip: the bounds are applied where the sum is complete."""

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
    return None if kind == ActivationType.CLIP else str(kind)


@dataclass(frozen=True)
class FuseConvClip(Fusion[ActivationStep]):
    """conv → clip  ⇒  fused(conv, clip); the convolution may carry a residual.

    The bounds are moved, not read: an upper one below the lower stays what it is.
    """

    name = "fuse-conv-clip"
    about = (ContractionOp, ActivationOp)
    constraints = (
        Constraint(
            name="clip",
            sentence="The Activation layer must be Clip type.",
            required="a clip activation",
            violation=_other_activation,
        ),
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[ActivationStep]:
        return activation_steps(node, network)


@dataclass(frozen=True)
class FuseConvClipPass(FusionPass):
    """Fuse a convolution of any type with the clip that follows it."""

    name = "fuse-conv-clip"
    rule = FuseConvClip
