"""Kernels of convolutions and matrix products, and what follows them.

Products are added in f32 by fused multiply-adds, whatever the tensors' type; the bias
and the pointwise layers that follow see that f32. A block computes a tile of the
result; of what is too small or too odd for that, a thread computes an element.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.gpu.anchored import Operands, build_anchored, is_anchored
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import FloatArithmetic
from fusemlir.lowering.gpu.contraction.deconvolution import deconvolve
from fusemlir.lowering.gpu.contraction.kernel import (
    Results,
    build_tiled_kernel,
    choose_schedule,
)
from fusemlir.lowering.gpu.contraction.product import product_of
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.index_math import Index, add, divide, multiply
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.loops import fold, where
from fusemlir.lowering.gpu.windows import inside, taps
from fusemlir.target import Target


def is_contraction_kernel(body: KernelBody) -> bool:
    """Whether it is a convolution, deconvolution or matrix product of inputs, and
    pointwise layers on its result and on other inputs."""
    if not is_anchored(body, ContractionOp, MatrixMultiplyOp):
        return False
    anchor = body.group.anchor
    assert anchor is not None
    return all(operand in body.inputs for operand in anchor.operands)


def build_contraction(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    anchor = body.group.anchor
    if isinstance(anchor, ConvolutionOp | MatrixMultiplyOp):
        tiled = build_tiled_contraction(name, body, immediates, anchor)
        if tiled is not None:
            return tiled

    def emit(operands: Operands, at: Sequence[SSAValue]) -> SSAValue:
        match anchor:
            case ConvolutionOp():
                return _biased(anchor, operands, at[1], _convolve(anchor, operands, at))
            case DeconvolutionOp():
                return _biased(
                    anchor, operands, at[1], deconvolve(anchor, operands, at)
                )
            case _:
                assert isinstance(anchor, MatrixMultiplyOp)
                return _multiply(anchor, operands, at)

    return build_anchored(name, body, immediates, emit)


def build_tiled_contraction(
    name: str,
    body: KernelBody,
    immediates: Immediates,
    anchor: ConvolutionOp | MatrixMultiplyOp,
) -> Kernel | None:
    """None where one thread for each element is quicker."""
    product, arithmetic = product_of(anchor), FloatArithmetic()
    target = Target.of_module(immediates.module)
    chosen = choose_schedule(product, arithmetic, target)
    if chosen is None:
        return None

    def results(
        operands: Operands, sums: Sequence[SSAValue], at: Sequence[Index]
    ) -> Results:
        if isinstance(anchor, ConvolutionOp):
            batch, row, _ = at
            feature = add(multiply(batch, product.first.free), row)
            sums = [_biased(anchor, operands, feature, total) for total in sums]
        return {anchor.output: sums}

    return build_tiled_kernel(
        name, body, immediates, product, arithmetic, chosen, [anchor], results
    )


def _biased(
    op: ContractionOp, operands: Operands, feature: Index, total: SSAValue
) -> SSAValue:
    if op.bias is None:
        return total
    return arith.AddfOp(total, operands.at(op.bias, [feature])).result


def _convolve(
    op: ConvolutionOp, operands: Operands, at: Sequence[SSAValue]
) -> SSAValue:
    """The output at [n, k, p...] = `at`, without bias: the sum over channels c of the
    group of k and the window of input[n, c, p * stride + w * dilation - pre] *
    kernel[k, c, w]."""
    batch, feature, *spatial = at
    features, channels, *window = shape_of(op.kernel)
    first_channel = multiply(divide(feature, features // op.groups), channels)

    def product(inner: Sequence[Index], total: SSAValue) -> SSAValue:
        channel, *offsets = inner
        read = taps(op, spatial, offsets)
        place = [batch, add(first_channel, channel), *read]
        x = where(
            inside(op, read),
            lambda: operands.at(op.input, place),
            lambda: real(0),
        )
        weight = operands.at(op.kernel, [feature, *inner])
        return math.FmaOp(x, weight, total).result

    return fold((channels, *window), real(0), product)


def _multiply(
    op: MatrixMultiplyOp, operands: Operands, at: Sequence[SSAValue]
) -> SSAValue:
    """The output at [batch..., row, column] = `at`, as far as it has them."""
    op0, op1 = op.operations
    lhs, rhs = shape_of(op.lhs), shape_of(op.rhs)
    batches = len(lhs) - (1 if op0 == MatrixOperation.VECTOR else 2)
    batch, free = at[:batches], list(at[batches:])
    row = [] if op0 == MatrixOperation.VECTOR else [free.pop(0)]
    column = free
    inner = lhs[-2] if op0 == MatrixOperation.TRANSPOSE else lhs[-1]
    lhs_batch = _broadcast(batch, lhs[:batches])
    rhs_batch = _broadcast(batch, rhs[:batches])

    def product(loops: Sequence[Index], total: SSAValue) -> SSAValue:
        left, right = [*row, *loops], [*loops, *column]
        if op0 == MatrixOperation.TRANSPOSE:
            left.reverse()
        if op1 == MatrixOperation.TRANSPOSE:
            right.reverse()
        a = operands.at(op.lhs, [*lhs_batch, *left])
        b = operands.at(op.rhs, [*rhs_batch, *right])
        return math.FmaOp(a, b, total).result

    return fold((inner,), real(0), product)


def _broadcast(at: Sequence[SSAValue], shape: Shape) -> list[Index]:
    pairs = zip(at, shape, strict=True)
    return [0 if size == 1 else coordinate for coordinate, size in pairs]
