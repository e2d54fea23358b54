"""What the fusions of reductions ask of the layers before them."""

from __future__ import annotations

from fusemlir.dialects.trt import ReduceOp
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.enums import ReduceOperation
from fusemlir.network import Group, Node


def is_sum(layer: LayerOp) -> bool:
    return isinstance(layer, ReduceOp) and layer.kind == ReduceOperation.SUM


def reduction_group(node: Node | None) -> Group | None:
    """The group of `node` if a reduction ends it."""
    group = Group(node) if node is not None else None
    if group is None or not isinstance(group.anchor, ReduceOp):
        return None
    return group if group.layers[-1] is group.anchor else None
