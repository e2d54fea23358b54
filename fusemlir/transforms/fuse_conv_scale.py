"""Convolution and Scale: the scale goes into the weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ConstantOp,
    DeconvolutionOp,
    DequantizeOp,
    FusedOp,
    ScaleOp,
)
from fusemlir.dialects.trt.base import (
    LayerOp,
    element_type_of,
    tensor_type,
)
from fusemlir.dialects.trt.constant import constant_value, fill, scalar_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import ScaleMode
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.network import Group, Node, label, node_of, outside
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import convolution_group
from fusemlir.transforms.fusion import (
    Blocked,
    Constraint,
    Contract,
    Fusion,
    Network,
    Rewrite,
)
from fusemlir.weights import dtype_of, largest

CHANNEL_AXIS = 1
"""The axis of a convolution's output maps."""


@dataclass(frozen=True)
class ScaledConvolution:
    """A convolution, alone or with an epilogue, and the scale after it."""

    producer: Group
    scale: ScaleOp
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.producer.node, self.scale)

    @property
    def convolution(self) -> ContractionOp:
        assert isinstance(self.producer.anchor, ContractionOp)
        return self.producer.anchor

    @property
    def maps(self) -> int:
        """How many output maps; inferred, as the output may be declared unknown."""
        return self.convolution.infer()[0].get_shape()[1]

    @property
    def kernel(self) -> ConstantValue | None:
        """The new kernel; None where the old one or the scale is no constant."""
        kernel, scale = self.convolution.kernel, self.scale.scale
        old = constant_value(kernel)
        if old is None or scale is None:
            return old
        factor = constant_value(scale)
        if factor is None:
            return None
        options = (
            [self.convolution.groups]
            if isinstance(self.convolution, DeconvolutionOp)
            else []
        )
        recipe = "scale_deconvolution_outputs" if options else "scale_outputs"
        return WeightAttr.derived(recipe, [old, factor, *options], tensor_type(kernel))

    @property
    def bias(self) -> ConstantValue | None:
        """The new bias, bias * scale + shift; None where there is nothing to add."""
        vector = TensorType(element_type_of(self.convolution.output), (self.maps,))
        old, scale, shift = (
            constant_value(weight) if weight is not None else None
            for weight in (self.convolution.bias, self.scale.scale, self.scale.shift)
        )
        if old is None and shift is None:
            return None
        if old is None and shift is not None and shift.type == vector:
            return shift
        return WeightAttr.derived(
            "scale_bias",
            [
                fill(0.0, vector) if old is None else old,
                fill(1.0, vector) if scale is None else scale,
                fill(0.0, vector) if shift is None else shift,
            ],
            vector,
        )


def dequantized_kernel(producer: Group) -> DequantizeOp | None:
    """What dequantises the kernel of a convolution, outside of its group."""
    convolution = producer.anchor
    assert isinstance(convolution, ContractionOp)
    kernel = node_of(outside(convolution.kernel))
    return kernel if isinstance(kernel, DequantizeOp) else None


def _other_mode(site: ScaledConvolution) -> str | None:
    kind = site.scale.kind
    return str(kind) if kind == ScaleMode.ELEMENTWISE else None


def _other_axis(site: ScaledConvolution) -> str | None:
    per_channel = site.scale.kind == ScaleMode.CHANNEL
    if per_channel and site.scale.axis != CHANNEL_AXIS:
        return f"axis {site.scale.axis}"
    return None


def _power(site: ScaledConvolution) -> str | None:
    if site.scale.power is None:
        return None
    value = constant_value(site.scale.power)
    if value is None:
        return "a power that is no constant"
    power = scalar_of(value)
    if power == 1:
        return None
    return f"a power of {'several values' if power is None else power}"


def _already_fused(site: ScaledConvolution) -> Blocked | None:
    if not isinstance(site.producer.node, FusedOp):
        return None
    return Blocked("a group", label(site.producer.node))


def _variable_weights(site: ScaledConvolution) -> str | None:
    operands = {
        "the kernel": site.convolution.kernel,
        "the bias": site.convolution.bias,
        "the scale": site.scale.scale,
        "the shift": site.scale.shift,
    }
    for what, value in operands.items():
        if value is not None and constant_value(value) is None:
            return f"{what} is computed"
    return None


def _not_finite(site: ScaledConvolution) -> str | None:
    weights = site.network.weights
    changed = {"kernel": site.kernel, "bias": site.bias}
    if _kernel_fits(site):
        del changed["kernel"]
    for what, value in changed.items():
        if value is not None and not np.isfinite(weights.array(value)).all():
            return f"the new {what} would hold infinity or NaN"
    return None


def _kernel_fits(site: ScaledConvolution) -> bool:
    """Whether no product of any kernel element with any scale can overflow: seen
    without making the new kernel, which may be large."""
    kernel = constant_value(site.convolution.kernel)
    scale = site.scale.scale and constant_value(site.scale.scale)
    if kernel is None or scale is None:
        return False
    weights = site.network.weights
    greatest = weights.magnitude(kernel) * weights.magnitude(scale)
    return greatest < largest(dtype_of(element_type_of(site.convolution.kernel)))


PER_MAP: tuple[Constraint[ScaledConvolution], ...] = (
    Constraint(
        name="mode",
        sentence="A Scale layer that is kUNIFORM or kCHANNEL.",
        required="a scale of mode uniform or channel",
        violation=_other_mode,
    ),
    Constraint(
        name="channel-axis",
        sentence="Only the output maps have weights of their own.",
        required="a scale along axis 1",
        violation=_other_axis,
    ),
    Constraint(
        name="power",
        sentence="Disabled if the scale has a non-constant power parameter; a "
        "power other than 1 does not go into weights either.",
        required="no power, or a power of 1",
        violation=_power,
    ),
    Constraint(
        name="plain-convolution",
        sentence="What stands between the convolution and the scale would be "
        "scaled too.",
        required="a convolution that carries nothing yet",
        violation=_already_fused,
        suggestion="run fuse-conv-scale before other fusions",
    ),
)
"""That a scale is a factor and a summand for each output map of a plain convolution."""


@dataclass(frozen=True)
class FuseConvScale(Fusion[ScaledConvolution]):
    """conv(w, b) → scale(s, t)  ⇒  conv(w * s, b * s + t), per output map.

    Contract: equal over the reals, finite. The weights change as recipes, so that a
    kernel shared with another convolution stays what it is.
    """

    name = "fuse-conv-scale"
    about = (ContractionOp, ScaleOp)
    contract = Contract.REAL_ALGEBRA
    constraints = (
        *PER_MAP,
        Constraint(
            name="constant-weights",
            sentence="Adjusting the convolution weights.",
            required="constant weights",
            violation=_variable_weights,
        ),
        Constraint(
            name="finite",
            sentence="The adjusted weights must fit their type.",
            required="finite weights",
            violation=_not_finite,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ScaledConvolution]:
        if not isinstance(node, ScaleOp):
            return
        producer = node_of(node.input)
        group = convolution_group(producer) if producer is not None else None
        # Weights of 8 bits are fuse-qdq-conv-scale's.
        if group is not None and dequantized_kernel(group) is None:
            yield ScaledConvolution(group, node, network)

    def fuse(self, site: ScaledConvolution, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site))


def _build(site: ScaledConvolution) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    old = site.convolution
    kernel, bias = old.kernel, old.bias
    constants: list[LayerOp] = []
    if site.kernel is not None and site.kernel != constant_value(kernel):
        constants.append(ConstantOp(site.kernel))
        kernel = constants[-1].results[0]
        kernel.name_hint = old.kernel.name_hint
    if site.bias is not None:
        constants.append(ConstantOp(site.bias))
        bias = constants[-1].results[0]
    new = reweighted(old, kernel, bias)
    return [*constants, new], [new.output]


def reweighted(
    old: ContractionOp, kernel: SSAValue, bias: SSAValue | None
) -> ContractionOp:
    """The same convolution with other weights."""
    return type(old)(
        old.input,
        kernel,
        bias,
        stride=old.strides,
        pre_padding=old.explicit_padding[0],
        post_padding=old.explicit_padding[1],
        padding_mode=old.mode,
        dilation=old.dilations,
        num_groups=old.groups,
    )


@dataclass(frozen=True)
class FuseConvScalePass(FusionPass):
    """Fold a scale that follows a convolution into its weights."""

    name = "fuse-conv-scale"
    rule = FuseConvScale
