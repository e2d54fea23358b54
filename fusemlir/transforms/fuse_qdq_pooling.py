"""Dequantize, pooling, Quantize: integers are read and written."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.dialects.trt import PoolingOp
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.quantization import PER_TENSOR, SCALE, ZERO_POINT
from fusemlir.transforms.quantized_groups import QUANTIZED, UnweightedFusion


@dataclass(frozen=True)
class FuseQdqPooling(UnweightedFusion):
    """DQ → pooling → Q  ⇒  fused(DQ, pooling, Q), of any kind.

    An average of integers is none; a maximum is, and where the scales are equal
    nothing is left of its Q/DQ before this rule is asked.
    """

    name = "fuse-qdq-pooling"
    constraints = (QUANTIZED, ZERO_POINT, SCALE, PER_TENSOR)

    def takes(self, node: Node) -> bool:
        return isinstance(node, PoolingOp)


@dataclass(frozen=True)
class FuseQdqPoolingPass(FusionPass):
    """Fuse a pooling with the Q/DQ around it."""

    name = "fuse-qdq-pooling"
    rule = FuseQdqPooling
