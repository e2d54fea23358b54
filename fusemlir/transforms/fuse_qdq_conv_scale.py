"""Convolution of 8-bit weights and Scale: it goes into the weights' scale."""

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
    ScaleOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.network import Node, is_used_only_by, node_of, unique
from fusemlir.transforms.constant_recipes import reshaped
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import convolution_group
from fusemlir.transforms.fuse_conv_scale import (
    PER_MAP,
    ScaledConvolution,
    dequantized_kernel,
    reweighted,
)
from fusemlir.transforms.fusion import (
    Constraint,
    Contract,
    Fusion,
    Network,
    Rewrite,
)
from fusemlir.transforms.quantization import ZERO_POINT, axis_of
from fusemlir.weights import dtype_of, largest, smallest_normal


@dataclass(frozen=True)
class ScaledQuantizedConvolution(ScaledConvolution):
    """A convolution whose kernel is dequantised, and the scale after it."""

    dequantize: DequantizeOp

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (*self.going, self.producer.node, self.scale)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        return (self.dequantize,)

    @property
    def going(self) -> tuple[DequantizeOp, ...]:
        """The dequantisation of the kernel, where it does not stay."""
        owned = is_used_only_by(self.dequantize, self.producer.node)
        return (self.dequantize,) if owned and self.factor is not None else ()

    @property
    def factor(self) -> ConstantValue | None:
        """What the output maps are multiplied by; None where that is not known, or
        nothing."""
        scale = self.scale.scale
        return None if scale is None else constant_value(scale)

    @property
    def is_uniform(self) -> bool:
        """Whether one factor is that of all maps."""
        return self.factor is None or self.factor.type.get_shape() == (1,)

    @property
    def maps_axis(self) -> int:
        """The axis of the kernel along which its output maps lie."""
        return 1 if isinstance(self.convolution, DeconvolutionOp) else 0

    @property
    def kernel_axis(self) -> int | None:
        """The axis of the new scales: there is one for each map where maps differ."""
        return axis_of(self.dequantize) if self.is_uniform else self.maps_axis

    @property
    def kernel_scale(self) -> ConstantValue | None:
        """The new scale of the kernel; None where the old one is computed."""
        old, factor = constant_value(self.dequantize.scale), self.factor
        if old is None or factor is None:
            return old
        element = element_type_of(self.dequantize.scale)
        if self.is_uniform:
            factor = reshaped(factor, ())
            shape = shape_of(self.dequantize.scale)
        else:
            shape = (self.maps,)
        return WeightAttr.derived("prod", [old, factor], TensorType(element, shape))


def _computed(site: ScaledQuantizedConvolution) -> str | None:
    operands = {
        "the kernel's scale": site.dequantize.scale,
        "the bias": site.convolution.bias,
        "the scale": site.scale.scale,
        "the shift": site.scale.shift,
    }
    for what, value in operands.items():
        if value is not None and constant_value(value) is None:
            return f"{what} is computed"
    return None


def _other_kernel_axis(site: ScaledQuantizedConvolution) -> str | None:
    axis = axis_of(site.dequantize)
    if site.is_uniform or axis in (None, site.maps_axis):
        return None
    return f"a scale of the kernel along axis {axis}"


def _grouped(site: ScaledQuantizedConvolution) -> str | None:
    groups = site.convolution.groups
    if site.is_uniform or groups == 1 or not site.maps_axis:
        return None
    return f"a deconvolution of {groups} groups"


def _not_positive(site: ScaledQuantizedConvolution) -> str | None:
    if site.factor is None:
        return None
    factors = site.network.weights.array(site.factor)
    bad = factors[~(factors > 0)]
    return f"a scale of {bad.flat[0]}" if bad.size else None


def _not_normal(site: ScaledQuantizedConvolution) -> str | None:
    if site.factor is None or site.kernel_scale is None:
        return None
    scales = site.network.weights.array(site.kernel_scale).astype(np.float64)
    dtype = dtype_of(site.kernel_scale.type.element_type)
    normal = (scales >= smallest_normal(dtype)) & (scales <= largest(dtype))
    bad = scales[~normal]
    return f"a new scale of {bad.flat[0]}" if bad.size else None


def _infinite_bias(site: ScaledQuantizedConvolution) -> str | None:
    if site.bias is None or np.isfinite(site.network.weights.array(site.bias)).all():
        return None
    return "the new bias would hold infinity or NaN"


@dataclass(frozen=True)
class FuseQdqConvScale(Fusion[ScaledQuantizedConvolution]):
    """conv(dq(w, s_w), b) → scale(s, t)  ⇒  conv(dq(w, s_w * s), b * s + t).

    TensorRT's QConvScaleFusion. The integers stay; where s differs from map to map, so
    does the new scale of the kernel.

    Contract: equal over the reals, finite.
    """

    name = "fuse-qdq-conv-scale"
    about = (ContractionOp, DequantizeOp, ScaleOp)
    contract = Contract.REAL_ALGEBRA
    constraints = (
        *PER_MAP,
        Constraint(
            name="constant-weights",
            sentence="Adjusting the scale of the weights.",
            required="a constant bias and constant scales",
            violation=_computed,
        ),
        ZERO_POINT,
        Constraint(
            name="kernel-axis",
            sentence="A kernel has scales along one axis only.",
            required="a kernel with one scale, or one for each output map",
            violation=_other_kernel_axis,
        ),
        Constraint(
            name="groups",
            sentence="The kernel of a grouped deconvolution has no axis of all its "
            "output maps.",
            required="a deconvolution of one group",
            violation=_grouped,
        ),
        Constraint(
            name="positive-scale",
            sentence="Scales of quantisation are positive.",
            required="a scale above zero",
            violation=_not_positive,
        ),
        Constraint(
            name="normal-scale",
            sentence="The adjusted scales must fit their type, with all their digits.",
            required="finite, normal scales",
            violation=_not_normal,
        ),
        Constraint(
            name="finite-bias",
            sentence="The adjusted bias must fit its type.",
            required="a finite bias",
            violation=_infinite_bias,
        ),
    )

    def sites(
        self, node: Node, network: Network
    ) -> Iterable[ScaledQuantizedConvolution]:
        producer = node_of(node.input) if isinstance(node, ScaleOp) else None
        group = convolution_group(producer) if producer is not None else None
        if group is None or not isinstance(node, ScaleOp):
            return
        kernel = dequantized_kernel(group)
        if kernel is not None:
            yield ScaledQuantizedConvolution(group, node, network, kernel)

    def fuse(self, site: ScaledQuantizedConvolution, network: Network) -> Rewrite:
        given = () if site.going else (site.dequantize,)
        return Rewrite(site.nodes, lambda: _build(site), given=given)


def _build(
    site: ScaledQuantizedConvolution,
) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    old = site.convolution
    kernel, bias = old.kernel, old.bias
    layers: list[LayerOp] = []
    if site.factor is not None:
        scaled = _scaled_kernel(site)
        layers += scaled
        (kernel,) = scaled[-1].results
    if site.bias is not None:
        layers.append(ConstantOp(site.bias))
        (bias,) = layers[-1].results
    convolution = reweighted(old, kernel, bias)
    return [*layers, convolution], [convolution.output]


def _scaled_kernel(site: ScaledQuantizedConvolution) -> tuple[LayerOp, ...]:
    old = site.dequantize
    assert site.kernel_scale is not None
    scale = ConstantOp(site.kernel_scale)
    # One that stays for others keeps its id.
    copy = [] if site.going else [unique(old.layer_ids[0], site.network.ids)]
    kernel = DequantizeOp(
        old.input,
        scale.output,
        axis=site.kernel_axis,
        to_type=element_type_of(old.output),
        layers=copy or old.layer_ids,
    )
    kernel.output.name_hint = old.output.name_hint
    return scale, kernel


@dataclass(frozen=True)
class FuseQdqConvScalePass(FusionPass):
    """Fold a scale after a convolution of 8-bit weights into their scale."""

    name = "fuse-qdq-conv-scale"
    rule = FuseQdqConvScale
