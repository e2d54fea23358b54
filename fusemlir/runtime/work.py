"""What a kernel has to do at least: operations and bytes."""

from __future__ import annotations

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of, volume
from fusemlir.network import Group
from fusemlir.weights import dtype_of


def operations(group: Group) -> int:
    """Of convolutions and matrix products, a multiplication and a sum being two; of
    static shapes. Products with padding are counted."""
    return sum(map(_operations, group.layers))


def _operations(layer: LayerOp) -> int:
    match layer:
        case ConvolutionOp() | MatrixMultiplyOp():
            return 2 * layer.depth * volume(shape_of(layer.output))
        case DeconvolutionOp():
            # Each element of the input takes part in so many.
            spread = volume(shape_of(layer.kernel)[1:])
            return 2 * spread * volume(shape_of(layer.input))
        case _:
            return 0


def moved_bytes(group: Group) -> int:
    """Of what it reads and writes, each tensor once; of static shapes."""
    node = group.node
    return sum(map(_bytes, dict.fromkeys((*node.operands, *node.results))))


def _bytes(value: SSAValue) -> int:
    return volume(shape_of(value)) * dtype_of(element_type_of(value)).itemsize
