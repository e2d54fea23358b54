"""Dequantize of a constant that no int8 group took: weights that are only kept in 8
bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import TensorType, f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, DequantizeOp
from fusemlir.dialects.trt.base import LayerOp, is_static, shape_of, tensor_type
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.network import Node
from fusemlir.transforms.constant_recipes import reshaped
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Constraint, Fusion, Network, Rewrite
from fusemlir.transforms.quantization import axis_of


@dataclass(frozen=True)
class KeptInteger:
    """A constant of integers, and the layer that makes floats of it."""

    dequantize: DequantizeOp
    integers: ConstantValue

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.dequantize,)


def _computed_scale(site: KeptInteger) -> str | None:
    _, *others = site.dequantize.operands
    known = all(constant_value(other) is not None for other in others)
    return None if known else "a scale or a zero point that is computed"


@dataclass(frozen=True)
class FoldDequantize(Fusion[KeptInteger]):
    """dq(i8 constant, s)  ⇒  constant, the same to the bit.

    Convolutions and products of floats want to know their weights when the network is
    built: they are packed then.
    """

    name = "fold-dequantize"
    about = (DequantizeOp,)
    constraints = (
        Constraint(
            name="constant-scale",
            sentence="What is not known when the network is built cannot be multiplied "
            "by then.",
            required="a constant scale and zero point",
            violation=_computed_scale,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[KeptInteger]:
        if not isinstance(node, DequantizeOp) or not is_static(shape_of(node.input)):
            return
        integers = constant_value(node.input)
        if integers is not None:
            yield KeptInteger(node, integers)

    def fuse(self, site: KeptInteger, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site))


def _build(site: KeptInteger) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    layer, shape = site.dequantize, site.integers.type.get_shape()
    # Integers of 8 bits, and differences of two of them, are exact in f32.
    exact = TensorType(f32, shape)
    numbers = WeightAttr.derived("cast", [site.integers], exact)
    if layer.zero_point is not None:
        zero = _along(layer, layer.zero_point)
        numbers = WeightAttr.derived("sub", [numbers, zero], exact)
    scale = _along(layer, layer.scale)
    floats = WeightAttr.derived("prod", [numbers, scale], tensor_type(layer.output))
    constant = ConstantOp(floats)
    return [constant], [constant.output]


def _along(layer: DequantizeOp, value: SSAValue) -> ConstantValue:
    """A scale or zero point, shaped to be broadcast."""
    known, axis = constant_value(value), axis_of(layer)
    assert known is not None
    if axis is None:
        return known
    behind = len(shape_of(layer.input)) - 1 - axis
    return reshaped(known, (*known.type.get_shape(), *(1,) * behind))


@dataclass(frozen=True)
class FoldDequantizePass(FusionPass):
    """Make floats of constants that no int8 group took, when the network is built."""

    name = "fold-dequantize"
    rule = FoldDequantize
