"""Matrix products."""

from __future__ import annotations

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.dialects.trt.enums import ElementWiseOperation, MatrixOperation
from fusemlir.dialects.trt.matmul import MatrixMultiplyOp
from fusemlir.dialects.trt.pointwise import ElementWiseOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator


@operator("MatMul")
def matmul(node: Node) -> SSAValue:
    """numpy.matmul: operands of rank 1 are vectors, leading dimensions broadcast."""
    operands = [node.input(0), node.input(1)]
    ranks = [len(shape_of(operand)) for operand in operands]
    if 0 in ranks:
        raise Unsupported("a scalar is no matrix")
    # A vector has one dimension that is contracted, a matrix two.
    inner = [min(rank, 2) for rank in ranks]
    leading = max(rank - own for rank, own in zip(ranks, inner, strict=True))
    lhs, rhs = (
        node.align(operand, leading + own)
        for operand, own in zip(operands, inner, strict=True)
    )
    op0, op1 = (
        MatrixOperation.VECTOR if rank == 1 else MatrixOperation.NONE for rank in ranks
    )
    return node.main(MatrixMultiplyOp(lhs, rhs, op0=op0, op1=op1))


@operator("Gemm")
def gemm(node: Node) -> SSAValue:
    """alpha * A * B + beta * C."""
    a, b, attributes = node.input(0), node.input(1), node.attributes
    alpha, beta = attributes.number("alpha", 1.0), attributes.number("beta", 1.0)
    op0, op1 = (
        MatrixOperation.TRANSPOSE
        if attributes.integer(flag, 0)
        else MatrixOperation.NONE
        for flag in ("transA", "transB")
    )
    product = node.main(MatrixMultiplyOp(a, b, op0=op0, op1=op1))
    if alpha != 1:
        product = _scaled(node, product, alpha)
    addend = node.optional_input(2)
    if addend is None or beta == 0:
        return product
    addend = node.align(addend, 2)
    if beta != 1:
        addend = _scaled(node, addend, beta)
    return node.add(ElementWiseOp(ElementWiseOperation.SUM, product, addend))


def _scaled(node: Node, value: SSAValue, factor: float) -> SSAValue:
    number = node.number(factor, value)
    return node.add(ElementWiseOp(ElementWiseOperation.PROD, value, number))
