"""Canonical forms of arithmetic per channel: one Scale for several layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, ElementWiseOp, ScaleOp
from fusemlir.dialects.trt.base import (
    LayerOp,
    element_type_of,
    is_float,
    shape_of,
    volume,
)
from fusemlir.dialects.trt.constant import constant_value, fill, type_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import ElementWiseOperation, ScaleMode
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.network import Node, node_of
from fusemlir.transforms.constant_recipes import negated, reshaped
from fusemlir.transforms.fusion import Contract, Fusion, Network, Rewrite


@dataclass(frozen=True)
class Affine:
    """x * scale + shift with constant weights, and the layers that said so."""

    nodes: tuple[Node, ...]
    input: SSAValue
    mode: ScaleMode
    axis: int | None
    scale: ConstantValue | None
    shift: ConstantValue | None

    def build(self) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
        weights = [
            None if weight is None else ConstantOp(weight)
            for weight in (self.scale, self.shift)
        ]
        scale, shift = (None if op is None else op.output for op in weights)
        layer = ScaleOp(
            self.mode, self.input, scale=scale, shift=shift, channel_axis=self.axis
        )
        constants = [op for op in weights if op is not None]
        return [*constants, layer], [layer.output]


def affine_of(layer: ElementWiseOp) -> Affine | None:
    """A sum, product or difference with a constant, as scale and shift; exact.

    The constant has one element, or one for each channel of the other operand.
    """
    for value, other in ((layer.lhs, layer.rhs), (layer.rhs, layer.lhs)):
        constant = constant_value(other)
        if constant is None or constant_value(value) is not None:
            continue
        channels = _channels(constant.type.get_shape(), shape_of(value))
        if channels is None or not is_float(element_type_of(value)):
            return None
        mode, axis = channels
        weight = reshaped(constant, (volume(constant.type.get_shape()),))
        one = TensorType(weight.type.element_type, (1,))
        scale: ConstantValue | None = None
        shift: ConstantValue | None = None
        match layer.kind:
            case ElementWiseOperation.PROD:
                scale = weight
            case ElementWiseOperation.SUM:
                shift = weight
            case ElementWiseOperation.SUB if value is layer.lhs:
                shift = negated(weight)
            case ElementWiseOperation.SUB:
                size = one if mode == ScaleMode.UNIFORM else type_of(weight)
                scale, shift = fill(-1.0, size), weight
            case _:
                return None
        return Affine((layer,), value, mode, axis, scale, shift)
    return None


def _channels(
    constant: Sequence[int], value: Sequence[int]
) -> tuple[ScaleMode, int | None] | None:
    """How a constant of one shape scales a value of another, without broadcasting
    the value; None where it has more than one axis."""
    long = [axis for axis, dim in enumerate(constant) if dim != 1]
    if not long:
        return ScaleMode.UNIFORM, None
    if len(long) > 1 or constant[long[0]] != value[long[0]]:
        return None
    return ScaleMode.CHANNEL, long[0]


@dataclass(frozen=True)
class ElementWiseToScale(Fusion[Affine]):
    """(sum | prod | sub) with a constant after a convolution or scale  ⇒  scale.

    Elsewhere it stays what it is: as an element-wise layer it can join a pointwise
    group, with weights per channel a scale cannot.
    """

    name = "trt-canonicalize"
    about = (ElementWiseOp, ScaleOp | ContractionOp)
    constraints = ()
    explains = False

    def sites(self, node: Node, network: Network) -> Iterable[Affine]:
        if not isinstance(node, ElementWiseOp):
            return
        affine = affine_of(node)
        producer = node_of(affine.input) if affine is not None else None
        # Not one in a group: that takes no scale any more.
        if affine is not None and isinstance(producer, ScaleOp | ContractionOp):
            yield affine

    def fuse(self, site: Affine, network: Network) -> Rewrite:
        return Rewrite(site.nodes, site.build)


def _constants(layer: ScaleOp) -> tuple[ConstantValue | None, ...] | None:
    """Scale and shift of a layer; None where one is computed or there is a power."""
    if layer.power is not None:
        return None
    values = [
        None if weight is None else constant_value(weight)
        for weight in (layer.scale, layer.shift)
    ]
    given = (layer.scale, layer.shift)
    if any(w is not None and v is None for w, v in zip(given, values, strict=True)):
        return None
    return tuple(values)


def compose(first: ScaleOp, second: ScaleOp) -> Affine | None:
    """(x * s1 + t1) * s2 + t2 = x * (s1 s2) + (t1 s2 + t2), over the reals."""
    inner, outer = _constants(first), _constants(second)
    layers = (first, second)
    if inner is None or outer is None:
        return None
    if any(layer.kind == ScaleMode.ELEMENTWISE for layer in layers):
        return None
    # An i8 scale saturates, and its weights are of another type.
    if not is_float(element_type_of(first.input)):
        return None
    channels = {
        (layer.axis, volume(weight.type.get_shape()))
        for layer, weights in zip(layers, (inner, outer), strict=True)
        for weight in weights
        if layer.kind == ScaleMode.CHANNEL and weight is not None
    }
    if len(channels) > 1:
        return None
    axis, count = next(iter(channels), (None, 1))
    mode = ScaleMode.UNIFORM if axis is None else ScaleMode.CHANNEL
    vector = TensorType(element_type_of(first.input), (count,))
    (scale1, shift1), (scale2, shift2) = inner, outer
    scale = scale1 if scale2 is None else scale2
    if scale1 is not None and scale2 is not None:
        scale = WeightAttr.derived("prod", [scale1, scale2], vector)
    shift = shift2
    if shift1 is not None:
        terms = (
            shift1,
            fill(1.0, vector) if scale2 is None else scale2,
            fill(0.0, vector) if shift2 is None else shift2,
        )
        shift = WeightAttr.derived("scale_bias", terms, vector)
    return Affine(
        layers,
        first.input,
        mode,
        axis,
        _spread(scale, vector),
        _spread(shift, vector),
    )


def _spread(weight: ConstantValue | None, vector: TensorType) -> ConstantValue | None:
    """A weight of one element for each channel."""
    if weight is None or weight.type == vector:
        return weight
    return WeightAttr.derived("prod", [weight, fill(1.0, vector)], vector)


@dataclass(frozen=True)
class ScaleOfScale(Fusion[Affine]):
    """scale → scale  ⇒  scale, where the weights stay finite."""

    name = "trt-canonicalize"
    about = (ScaleOp,)
    contract = Contract.REAL_ALGEBRA
    constraints = ()
    explains = False

    def sites(self, node: Node, network: Network) -> Iterable[Affine]:
        if not isinstance(node, ScaleOp):
            return
        first = node_of(node.input)
        affine = compose(first, node) if isinstance(first, ScaleOp) else None
        if affine is not None and _is_finite(affine, network):
            yield affine

    def fuse(self, site: Affine, network: Network) -> Rewrite:
        return Rewrite(site.nodes, site.build)


def _is_finite(affine: Affine, network: Network) -> bool:
    weights = [weight for weight in (affine.scale, affine.shift) if weight is not None]
    return all(np.isfinite(network.weights.array(weight)).all() for weight in weights)
