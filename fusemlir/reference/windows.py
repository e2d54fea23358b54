"""Geometry of sliding windows, shared by convolution, deconvolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from fusemlir.dialects.trt.base import Shape
from fusemlir.dialects.trt.convolution import (
    WindowedOp,
    same_padding,
    window_output,
)
from fusemlir.weights import Array


@dataclass(frozen=True)
class Axis:
    """A window sliding along one spatial axis of `size` elements."""

    size: int
    window: int
    stride: int
    dilation: int
    pre: int
    post: int
    output: int

    @property
    def reach(self) -> int:
        """How many elements the windows span, from the padding before the input."""
        return (self.output - 1) * self.stride + 1 + self.dilation * (self.window - 1)

    def tap(self, at: int) -> slice:
        """Where element `at` of every window lies in the padded input."""
        first = at * self.dilation
        return slice(first, first + (self.output - 1) * self.stride + 1, self.stride)


def slide(op: WindowedOp, spatial: Shape, window: Shape) -> tuple[Axis, ...]:
    """The windows of `op` over an input of static size `spatial`.

    `window` is the static size before dilation, which the kernel's type may not know.
    """
    pre, post = op.explicit_padding
    axes = zip(spatial, window, op.strides, op.dilations, pre, post, strict=True)
    return tuple(_axis(op, *axis) for axis in axes)


def _axis(
    op: WindowedOp,
    size: int,
    window: int,
    stride: int,
    dilation: int,
    pre: int,
    post: int,
) -> Axis:
    extent = 1 + dilation * (window - 1)
    if op.is_same_padded:
        pre, post = same_padding(size, extent, stride, op.mode)
    output = window_output(size, extent, stride, pre, post, op.mode)
    return Axis(size, window, stride, dilation, pre, post, output)


def padded(x: Array, axes: Sequence[Axis], fill: float) -> Array:
    """`x` [N, C, spatial] with `fill` around it, at least as far as windows reach."""
    widths = [
        (axis.pre, max(0, axis.post, axis.reach - axis.pre - axis.size))
        for axis in axes
    ]
    if not any(chain.from_iterable(widths)):
        return x
    return np.pad(x, [(0, 0), (0, 0), *widths], constant_values=fill)
