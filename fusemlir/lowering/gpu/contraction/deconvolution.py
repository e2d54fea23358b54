"""Deconvolution from the side of its result: an element gathers what reaches it."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DeconvolutionOp
from fusemlir.dialects.trt.base import shape_of
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
from fusemlir.lowering.gpu.windows import every


def sources(
    op: DeconvolutionOp, at: Sequence[Index], offsets: Sequence[Index]
) -> tuple[list[Index], SSAValue | None]:
    """The position q of the input that reaches `at` through the kernel's element at
    `offsets`, and whether there is one: q * stride + offset * dilation - pre = at."""
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
