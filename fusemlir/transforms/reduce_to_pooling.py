"""Reduce that averages all of each channel: a pooling of one window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PoolingOp, ReduceOp
from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    element_type_of,
    is_float,
    shape_of,
    show_shape,
)
from fusemlir.dialects.trt.enums import PoolingType, ReduceOperation
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import (
    Constraint,
    Contract,
    Fusion,
    FusionMode,
    Network,
    Rewrite,
)

FIRST_SPATIAL_AXIS = 2
"""Of batched images and volumes, NCHW and NCDHW."""


@dataclass(frozen=True)
class ImageReduction:
    """A reduction of an image or a volume along spatial axes, maybe others too."""

    reduction: ReduceOp
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.reduction,)

    @property
    def shape(self) -> Shape:
        return shape_of(self.reduction.input)

    @property
    def window(self) -> Shape:
        return self.shape[FIRST_SPATIAL_AXIS:]


def _other_operation(site: ImageReduction) -> str | None:
    kind = site.reduction.kind
    return None if kind == ReduceOperation.AVG else str(kind)


def _drops_dimensions(site: ImageReduction) -> str | None:
    return None if site.reduction.keeps_dimensions else "one that drops them"


def _other_axes(site: ImageReduction) -> str | None:
    axes = site.reduction.axes
    if axes == tuple(range(FIRST_SPATIAL_AXIS, len(site.shape))):
        return None
    return f"axes {list(axes)} of {show_shape(site.shape)}"


def _volume(site: ImageReduction) -> str | None:
    strict = site.mode == FusionMode.STRICT
    return "three" if strict and len(site.window) > 2 else None


def _no_float(site: ImageReduction) -> str | None:
    element = element_type_of(site.reduction.input)
    return None if is_float(element) else str(element)


def _unknown(site: ImageReduction) -> str | None:
    return show_shape(site.window) if UNKNOWN in site.window else None


def _empty(site: ImageReduction) -> str | None:
    return show_shape(site.window) if 0 in site.window else None


@dataclass(frozen=True)
class ReduceToPooling(Fusion[ImageReduction]):
    """reduce avg over H, W  ⇒  pooling average, window H x W."""

    name = "reduce-to-pooling"
    about = (ReduceOp,)
    contract = Contract.REAL_ALGEBRA
    constraints = (
        Constraint(
            name="average",
            sentence="It performs average pooling, using the kAVG operation.",
            required="an avg reduction",
            violation=_other_operation,
        ),
        Constraint(
            name="keep-dimensions",
            sentence="The Reduce layer must have a keepDimensions set.",
            required="a reduction that keeps dimensions",
            violation=_drops_dimensions,
        ),
        Constraint(
            name="spatial-axes",
            sentence="Reduced across H and W dimensions from the CHW input format "
            "before batching.",
            required="a reduction along all spatial axes and no other",
            violation=_other_axes,
        ),
        Constraint(
            name="image",
            sentence="Across H and W; pooling over D, H and W is practice.",
            required="two spatial axes",
            violation=_volume,
            suggestion="--reduce-to-pooling='mode=practice'",
        ),
        Constraint(
            name="floats",
            sentence="An average of integers truncates, a pooling computes in floats.",
            required="floats",
            violation=_no_float,
        ),
        Constraint(
            name="known-window",
            sentence="The window of a Pooling layer is known when it is built.",
            required="a known window",
            violation=_unknown,
        ),
        Constraint(
            name="window",
            sentence="An empty average is NaN, an empty window is not valid.",
            required="a window of at least one element",
            violation=_empty,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ImageReduction]:
        if not isinstance(node, ReduceOp) or len(shape_of(node.input)) not in (4, 5):
            return
        if max(node.axes) >= FIRST_SPATIAL_AXIS:
            yield ImageReduction(node, network.mode)

    def fuse(self, site: ImageReduction, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site))


def _build(site: ImageReduction) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    pooling = PoolingOp(PoolingType.AVERAGE, site.reduction.input, site.window)
    return [pooling], [pooling.output]


@dataclass(frozen=True)
class ReduceToPoolingPass(FusionPass):
    """Replace an average over all of each channel by an average pooling."""

    name = "reduce-to-pooling"
    rule = ReduceToPooling
