"""Kernels of convolutions and matrix products: one thread sums up one element.

Products are added in f32 by fused multiply-adds, whatever the tensors' type; the bias
and the pointwise layers that follow see that f32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, math, memref, scf
from xdsl.dialects.builtin import FloatAttr, IndexType, f32
from xdsl.ir import Block, Region, SSAValue

from fusemlir.dialects.trt import ConvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.element_conversion import widen
from fusemlir.lowering.gpu.element_kernel import (
    Element,
    Kernel,
    build_element_kernel,
)
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.position import Position, index
from fusemlir.lowering.scalar import has_scalar_form

Buffers = Mapping[SSAValue, SSAValue]


def is_contraction_kernel(body: KernelBody) -> bool:
    """Whether it is a convolution or matrix product of inputs, and pointwise layers on
    its result and on other inputs."""
    anchor = body.group.anchor
    if not isinstance(anchor, ConvolutionOp | MatrixMultiplyOp):
        return False
    reads = all(operand in body.inputs for operand in anchor.operands)
    others = (layer for layer in body.layers if layer is not anchor)
    pointwise = all(map(has_scalar_form, others))
    return reads and pointwise and body.output_shapes == {shape_of(anchor.output)}


def build_contraction(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    anchor = body.group.anchor
    assert isinstance(anchor, ConvolutionOp | MatrixMultiplyOp)

    def emit(linear: SSAValue, buffers: Buffers) -> None:
        position = Position(shape_of(anchor.output), linear)
        values = immediates.emit(body)
        if isinstance(anchor, ConvolutionOp):
            values[anchor.output] = _convolve(anchor, position.at, buffers)
        else:
            values[anchor.output] = _multiply(anchor, position.at, buffers)
        element = Element(position, buffers, values)
        for layer in body.layers:
            if layer is not anchor:
                element.compute(layer)
        for output in body.outputs:
            element.store(output)

    return build_element_kernel(name, body, emit)


def _convolve(op: ConvolutionOp, at: Sequence[SSAValue], buffers: Buffers) -> SSAValue:
    """The output at [n, k, p...] = `at`: the sum over channels c of the group of k and
    the window of input[n, c, p * stride + w * dilation - pre] * kernel[k, c, w]."""
    batch, feature, *spatial = at
    features, channels, *window = shape_of(op.kernel)
    group = arith.DivUIOp(feature, index(features // op.groups)).result
    first_channel = arith.MuliOp(group, index(channels)).result

    def product(inner: Sequence[SSAValue], total: SSAValue) -> SSAValue:
        channel, *offsets = inner
        channel_read = arith.AddiOp(first_channel, channel).result
        taps = _taps(op, spatial, offsets)
        inside = _inside(op, taps)
        x = _load_or_zero(buffers[op.input], [batch, channel_read, *taps], inside)
        weight = _load(buffers[op.kernel], [feature, *inner])
        return math.FmaOp(x, weight, total).result

    total = _sum_over((channels, *window), product)
    if op.bias is None:
        return total
    return arith.AddfOp(total, _load(buffers[op.bias], [feature])).result


def _taps(
    op: ConvolutionOp, at: Sequence[SSAValue], offsets: Sequence[SSAValue]
) -> list[SSAValue]:
    """Where along each spatial axis the input is read, which may be in the padding."""
    pre, _ = op.padding_of(shape_of(op.input)[2:])
    axes = zip(at, offsets, op.strides, op.dilations, pre, strict=True)
    taps: list[SSAValue] = []
    for position, offset, stride, dilation, before in axes:
        start = _times(position, stride)
        tap = arith.AddiOp(start, _times(offset, dilation)).result
        taps.append(arith.SubiOp(tap, index(before)).result if before else tap)
    return taps


def _times(value: SSAValue, factor: int) -> SSAValue:
    return value if factor == 1 else arith.MuliOp(value, index(factor)).result


def _inside(op: ConvolutionOp, taps: Sequence[SSAValue]) -> SSAValue | None:
    """Whether the taps are all inside the input; None where they cannot be outside."""
    inside: SSAValue | None = None
    spatial = shape_of(op.input)[2:]
    pre, _ = op.padding_of(spatial)
    axes = zip(
        taps,
        spatial,
        shape_of(op.output)[2:],
        op.strides,
        op.extents,
        pre,
        strict=True,
    )
    for tap, size, outputs, stride, extent, before in axes:
        last = (outputs - 1) * stride + extent - 1 - before
        if before == 0 and last < size:
            continue
        # Unsigned, what is below zero is greater than any size.
        fits = arith.CmpiOp(tap, index(size), "ult").result
        inside = fits if inside is None else arith.AndIOp(inside, fits).result
    return inside


def _multiply(
    op: MatrixMultiplyOp, at: Sequence[SSAValue], buffers: Buffers
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

    def product(loops: Sequence[SSAValue], total: SSAValue) -> SSAValue:
        left, right = [*row, *loops], [*loops, *column]
        if op0 == MatrixOperation.TRANSPOSE:
            left.reverse()
        if op1 == MatrixOperation.TRANSPOSE:
            right.reverse()
        a = _load(buffers[op.lhs], [*lhs_batch, *left])
        b = _load(buffers[op.rhs], [*rhs_batch, *right])
        return math.FmaOp(a, b, total).result

    return _sum_over((inner,), product)


def _broadcast(at: Sequence[SSAValue], shape: Shape) -> list[SSAValue]:
    pairs = zip(at, shape, strict=True)
    return [index(0) if size == 1 else coordinate for coordinate, size in pairs]


def _load(buffer: SSAValue, at: Sequence[SSAValue]) -> SSAValue:
    return widen(memref.LoadOp.get(buffer, at).res)


def _load_or_zero(
    buffer: SSAValue, at: Sequence[SSAValue], inside: SSAValue | None
) -> SSAValue:
    if inside is None:
        return _load(buffer, at)
    with ImplicitBuilder(then := Block()):
        scf.YieldOp(_load(buffer, at))
    with ImplicitBuilder(otherwise := Block()):
        scf.YieldOp(_zero())
    return scf.IfOp(inside, [f32], Region(then), Region(otherwise)).results[0]


def _zero() -> SSAValue:
    return arith.ConstantOp(FloatAttr(0.0, f32)).result


Term = Callable[[Sequence[SSAValue], SSAValue], SSAValue]
"""From the indices of all loops and the sum so far to the sum."""


def _sum_over(sizes: Sequence[int], term: Term) -> SSAValue:
    """An f32 summed up in nested loops of `sizes`, the last one innermost."""
    return _nest(sizes, (), _zero(), term)


def _nest(
    sizes: Sequence[int], outer: tuple[SSAValue, ...], total: SSAValue, term: Term
) -> SSAValue:
    if not sizes:
        return term(outer, total)
    size, *inner_sizes = sizes
    if size == 1:
        return _nest(inner_sizes, (*outer, index(0)), total, term)
    with ImplicitBuilder(body := Block(arg_types=[IndexType(), f32])):
        at, carried = body.args
        scf.YieldOp(_nest(inner_sizes, (*outer, at), carried, term))
    loop = scf.ForOp(index(0), index(size), index(1), [total], body)
    return loop.results[0]
