"""Dequantize, pointwise layers, Quantize: integers are read and written."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.network import Group, Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.quantization import PER_TENSOR, SCALE, ZERO_POINT
from fusemlir.transforms.quantized_groups import INPUTS, QUANTIZED, UnweightedFusion


@dataclass(frozen=True)
class FuseQdqPointwise(UnweightedFusion):
    """[DQ …] → pointwise → Q  ⇒  fused(DQ …, pointwise, Q); a lone layer or a group.

    It computes in floats; what is saved is memory traffic.
    """

    name = "fuse-qdq-pointwise"
    constraints = (INPUTS, QUANTIZED, ZERO_POINT, SCALE, PER_TENSOR)

    def takes(self, node: Node) -> bool:
        return Group(node).is_pointwise


@dataclass(frozen=True)
class FuseQdqPointwisePass(FusionPass):
    """Fuse pointwise layers with the Q/DQ around them."""

    name = "fuse-qdq-pointwise"
    rule = FuseQdqPointwise
