"""Scale and Activation: the activation is computed on what was just scaled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import ActivationOp, ScaleOp
from fusemlir.dialects.trt.base import element_type_of, is_float
from fusemlir.dialects.trt.enums import ScaleMode
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, FusionMode, Network


@dataclass(frozen=True)
class ScaledActivation:
    """An activation and the scale before it."""

    scale: ScaleOp
    activation: ActivationOp
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.scale, self.activation)


def _quantizes(site: ScaledActivation) -> str | None:
    element = element_type_of(site.scale.input)
    return None if is_float(element) else f"one of {element}"


def _is_pointwise(site: ScaledActivation) -> str | None:
    practice = site.mode == FusionMode.PRACTICE
    if practice and site.scale.kind == ScaleMode.UNIFORM:
        return str(site.scale.kind)
    return None


@dataclass(frozen=True)
class FuseScaleActivation(Fusion[ScaledActivation]):
    """scale → activation  ⇒  fused(scale, activation).

    Any activation, and any weights: the body keeps scale, shift and power as they
    are. What can go into the weights of a convolution should have gone before.
    """

    name = "fuse-scale-activation"
    about = (ScaleOp, ActivationOp)
    constraints = (
        Constraint(
            name="float-scale",
            sentence="A scale of integers rounds and saturates: it is a quantizer.",
            required="a scale of floats",
            violation=_quantizes,
        ),
        Constraint(
            name="not-pointwise",
            sentence="Pointwise fusion takes a Scale that is kUNIFORM, with all its "
            "neighbours.",
            required="a scale of mode channel or elementwise",
            violation=_is_pointwise,
            suggestion="run fuse-pointwise, or --fuse-scale-activation='mode=strict'",
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ScaledActivation]:
        if not isinstance(node, ActivationOp):
            return
        producer = node_of(node.input)
        if isinstance(producer, ScaleOp):
            yield ScaledActivation(producer, node, network.mode)


@dataclass(frozen=True)
class FuseScaleActivationPass(FusionPass):
    """Fuse a scale with the activation that follows it."""

    name = "fuse-scale-activation"
    rule = FuseScaleActivation
