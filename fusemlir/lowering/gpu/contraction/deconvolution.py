"""Deconvolution from the side of its result: an element gathers what reaches it."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DeconvolutionOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.gpu.anchored import Operands
from fusemlir.lowering.gpu.index_math import (
    Index,
    add,
    compare,
    divide,
    is_below,
    multiply,
    remainder,
    subtract,
)
from fusemlir.lowering.gpu.loops import fold, where
from fusemlir.lowering.gpu.windows import every


def deconvolve(
    op: DeconvolutionOp, operands: Operands, at: Sequence[SSAValue]
) -> SSAValue:
    """The result at [n, k, p...] = `at`, without bias: the sum over the window w of
    the sum over channels c of the group of k of input[n, c, q] * kernel[c, k, w], where
    there is a q with q * stride + w * dilation - pre = p."""
    batch, feature, *spatial = at
    channels, features, *window = shape_of(op.kernel)
    first_channel = multiply(divide(feature, features), channels // op.groups)
    feature_read = remainder(feature, features)

    def tap(offsets: Sequence[Index], total: SSAValue) -> SSAValue:
        read, reaches = _sources(op, spatial, offsets)

        def product(inner: Sequence[Index], total: SSAValue) -> SSAValue:
            channel = add(first_channel, inner[0])
            x = operands.at(op.input, [batch, channel, *read])
            weight = operands.at(op.kernel, [channel, feature_read, *offsets])
            return math.FmaOp(x, weight, total).result

        return where(
            reaches,
            lambda: fold((channels // op.groups,), total, product),
            lambda: total,
        )

    return fold(window, real(0), tap)


def _sources(
    op: DeconvolutionOp, at: Sequence[Index], offsets: Sequence[Index]
) -> tuple[list[Index], SSAValue | None]:
    """The position q of the input that reaches `at` through the kernel's element at
    `offsets`, and whether there is one."""
    spatial = shape_of(op.input)[2:]
    pre, _ = op.padding_of(spatial)
    axes = zip(at, offsets, spatial, op.strides, op.dilations, pre, strict=True)
    read, reaches = list[Index](), list[SSAValue]()
    for position, offset, size, stride, dilation, before in axes:
        distance = subtract(add(position, before), multiply(offset, dilation))
        # Both are unsigned: what a distance below zero gives is far above the size.
        source = divide(distance, stride)
        if stride > 1:
            reaches.append(compare("eq", remainder(distance, stride), 0))
        read.append(source)
        reaches.append(is_below(source, size))
    return read, every(reaches)
