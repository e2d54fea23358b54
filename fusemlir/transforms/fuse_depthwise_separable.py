"""Depthwise-separable convolution: two int8 convolutions become one kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    DequantizeOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of, show_shape
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.network import Group, Node, label, node_of, outside
from fusemlir.target import Target
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Blocked, Constraint, Fusion, Network
from fusemlir.transforms.quantized_groups import dequantize_of

XAVIER = (7, 2)
"""The least compute capability that the catalog admits."""


@dataclass(frozen=True)
class Separable:
    """A grouped convolution and the convolution that reads its result."""

    depthwise: Group
    pointwise: Group
    target: Target

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.depthwise.node, self.pointwise.node)

    @property
    def groups(self) -> tuple[Group, ...]:
        return (self.depthwise, self.pointwise)

    @property
    def first(self) -> ConvolutionOp:
        return _anchor(self.depthwise)

    @property
    def kernel(self) -> Shape:
        """Of the first: maps, channels in a group, window."""
        return shape_of(self.first.kernel)


def _anchor(group: Group) -> ConvolutionOp:
    assert isinstance(group.anchor, ConvolutionOp)
    return group.anchor


def _convolution(node: Node | None) -> Group | None:
    """The group of `node` if it is of one convolution."""
    group = Group(node) if node is not None else None
    if group is None:
        return None
    anchors = [layer for layer in group.layers if isinstance(layer, ConvolutionOp)]
    return group if anchors == [group.anchor] else None


def _read_by(group: Group) -> SSAValue:
    """What a convolution reads from outside its group, before it is dequantised."""
    value = _anchor(group).input
    dequantize = dequantize_of(value)
    if dequantize is None or dequantize not in group.prologue:
        return outside(value)
    return outside(dequantize.input)


def _is_int8(group: Group) -> bool:
    """Whether a group reads integers and writes them, as fuse-qdq-conv makes it."""
    kinds = [type(layer) for layer in (*group.prologue, *group.tail)]
    return QuantizeOp in kinds and kinds == [
        *(DequantizeOp for _ in group.prologue),
        QuantizeOp,
    ]


def _channels_in_group(site: Separable) -> str | None:
    channels = site.kernel[1]
    if channels == 1:
        return None
    return f"{site.first.groups} groups of {show_shape((channels,))} channels"


def _multiplied(site: Separable) -> str | None:
    maps, groups = site.kernel[0], site.first.groups
    return (
        None if maps == groups else f"{show_shape((maps,))} maps of {groups} channels"
    )


def _computed_kernel(site: Separable) -> Blocked | None:
    dequantize = dequantize_of(site.first.kernel)
    kernel = outside(site.first.kernel if dequantize is None else dequantize.input)
    if constant_value(kernel) is not None:
        return None
    return Blocked("a kernel that is computed", label(kernel.owner))


def _float_group(site: Separable) -> Blocked | None:
    for group in site.groups:
        if not _is_int8(group):
            element = element_type_of(_anchor(group).output)
            return Blocked(f"{element} in {label(group.node)}", label(group.node))
    return None


def _without_activation(site: Separable) -> Blocked | None:
    for group in site.groups:
        if not any(isinstance(layer, ActivationOp) for layer in group.epilogue):
            return Blocked(f"none in {label(group.node)}", label(group.node))
    return None


def _older_target(site: Separable) -> str | None:
    capability = site.target.capability
    return site.target.name if capability is not None and capability < XAVIER else None


@dataclass(frozen=True)
class FuseDepthwiseSeparable(Fusion[Separable]):
    """int8 depthwise conv + activation → int8 conv + activation  ⇒  one group.

    The Quantize and the Dequantize between them stay in the body: what goes from one
    to the other is rounded to i8 as before.
    """

    name = "fuse-depthwise-separable"
    about = (ConvolutionOp,)
    constraints = (
        Constraint(
            name="depthwise",
            sentence="A depthwise convolution with activation followed by a "
            "convolution with activation can be fused.",
            required="groups of one channel in the first convolution",
            violation=_channels_in_group,
        ),
        Constraint(
            name="channel-multiplier",
            sentence="A depthwise convolution makes one map of each channel.",
            required="as many maps as channels",
            violation=_multiplied,
        ),
        Constraint(
            name="int8",
            sentence="The precision of both convolutions must be INT8.",
            required="convolutions that fuse-qdq-conv put between Dequantize and "
            "Quantize",
            violation=_float_group,
            suggestion="put a Quantize and a Dequantize before and after each",
        ),
        Constraint(
            name="constant-kernel",
            sentence="The weights of a depthwise convolution are constant.",
            required="a constant kernel in the first convolution",
            violation=_computed_kernel,
        ),
        Constraint(
            name="activation",
            sentence="A depthwise convolution with activation followed by a "
            "convolution with activation can be fused.",
            required="an activation after both convolutions",
            violation=_without_activation,
        ),
        Constraint(
            name="target",
            sentence="The device's computation capability must be 7.2 or later.",
            required="sm_72 or later, or the host",
            violation=_older_target,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Separable]:
        second = _convolution(node)
        if second is None:
            return
        first = _convolution(node_of(_read_by(second)))
        if first is not None and _anchor(first).groups > 1:
            yield Separable(first, second, network.target)


@dataclass(frozen=True)
class FuseDepthwiseSeparablePass(FusionPass):
    """Fuse two int8 convolutions, the first one depthwise, into one kernel."""

    name = "fuse-depthwise-separable"
    rule = FuseDepthwiseSeparable
