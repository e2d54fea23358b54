"""Where a window reads its input: of convolution, pooling and deconvolution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, PoolingOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    compare,
    divide,
    is_below,
    multiply,
    remainder,
    subtract,
)

Sliding: TypeAlias = ConvolutionOp | PoolingOp


def taps(op: Sliding, at: Sequence[Index], offsets: Sequence[Index]) -> list[Index]:
    """Where along each spatial axis the input is read, which may be in the padding.

    `at` is a position of the output, `offsets` one in the window.
    """
    pre, _ = op.padding_of(shape_of(op.input)[2:])
    axes = zip(at, offsets, op.strides, op.dilations, pre, strict=True)
    return [
        add(multiply(position, stride), multiply(offset, dilation), -before)
        for position, offset, stride, dilation, before in axes
    ]


def inside(op: Sliding, taps: Sequence[Index]) -> SSAValue | None:
    """Whether the taps are all inside the input; None where they cannot be outside."""
    spatial = shape_of(op.input)[2:]
    pre, _ = op.padding_of(spatial)
    outputs = shape_of(op.output)[2:]
    axes = zip(taps, spatial, outputs, op.strides, op.extents, pre, strict=True)
    return every(
        is_below(tap, size)
        for tap, size, count, stride, extent, before in axes
        if before or (count - 1) * stride + extent > size
    )


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


def every(conditions: Iterable[SSAValue]) -> SSAValue | None:
    """Their conjunction; None, which always holds, of none."""
    given = list(conditions)
    return reduce(_both, given) if given else None


def _both(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.AndIOp(a, b).result
