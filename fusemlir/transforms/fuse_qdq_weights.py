"""Quantize of a constant: 8-bit weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, QuantizeOp
from fusemlir.dialects.trt.base import LayerOp, is_static, tensor_type
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Rewrite
from fusemlir.transforms.quantization import ZERO_POINT, axis_of

PER_TENSOR = -1
"""What the recipe takes for an axis where there is one scale."""


@dataclass(frozen=True)
class QuantizedWeights:
    """A quantisation of a constant."""

    quantize: QuantizeOp
    values: ConstantValue
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.quantize,)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        return (self.quantize,)


def _computed_scale(site: QuantizedWeights) -> str | None:
    is_constant = constant_value(site.quantize.scale) is not None
    return None if is_constant else "a scale that is computed"


def _unknown_shape(site: QuantizedWeights) -> str | None:
    type = tensor_type(site.quantize.output)
    return None if is_static(type.get_shape()) else str(type)


@dataclass(frozen=True)
class FuseQdqWeights(Fusion[QuantizedWeights]):
    """q(constant, s)  ⇒  i8 constant, the same to the bit.

    TensorRT's ConstWeightsQuantizeFusion. A Dequantize that follows stays: its integers
    are what a kernel wants.
    """

    name = "fuse-qdq-weights"
    about = (QuantizeOp,)
    constraints = (
        Constraint(
            name="constant-scale",
            sentence="What is not known when the network is built cannot be divided "
            "by then.",
            required="a constant scale",
            violation=_computed_scale,
        ),
        ZERO_POINT,
        Constraint(
            name="known-shape",
            sentence="A constant has a shape.",
            required="a result of known shape",
            violation=_unknown_shape,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[QuantizedWeights]:
        values = constant_value(node.input) if isinstance(node, QuantizeOp) else None
        if isinstance(node, QuantizeOp) and values is not None:
            yield QuantizedWeights(node, values, network)

    def fuse(self, site: QuantizedWeights, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site))


def _build(site: QuantizedWeights) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    layer = site.quantize
    scale, axis = constant_value(layer.scale), axis_of(layer)
    assert scale is not None
    along = PER_TENSOR if axis is None else axis
    weight = WeightAttr.derived(
        "quantize", [site.values, scale, along], tensor_type(layer.output)
    )
    constant = ConstantOp(weight)
    return [constant], [constant.output]


@dataclass(frozen=True)
class FuseQdqWeightsPass(FusionPass):
    """Quantize constant weights when the network is built."""

    name = "fuse-qdq-weights"
    rule = FuseQdqWeights
