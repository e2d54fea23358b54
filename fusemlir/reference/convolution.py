"""Convolution and deconvolution: strided views and matrix products.

Typed mode multiplies and adds in f32 whatever the tensors' type, wide mode in f64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

from fusemlir.dialects.trt.convolution import ConvolutionOp, DeconvolutionOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.reference.windows import Axis, padded, slide
from fusemlir.weights import Array

COLUMNS_LIMIT = 1 << 26
"""Bytes of windows that one matrix product reads; at least one row of the output."""


@rule(ConvolutionOp)
def convolution(op: ConvolutionOp, operands: Operands, context: Context) -> Array:
    x, kernel, *bias = (widened(a, context.product_dtype) for a in operands)
    axes = slide(op, x.shape[2:], kernel.shape[2:])
    x = padded(x, axes, 0)
    if kernel.shape[1] == 1:
        return _biased(_convolve_depthwise(x, kernel, axes), bias)
    return _biased(_convolve(x, kernel, axes, op.groups), bias)


def _biased(y: Array, bias: Sequence[Array]) -> Array:
    for values in bias:
        y = y + values.reshape(-1, *(1,) * (y.ndim - 2))
    return y


def _convolve(x: Array, kernel: Array, axes: Sequence[Axis], groups: int) -> Array:
    """One matrix product a group over the windows of padded `x`, in chunks of rows."""
    maps, depth = len(kernel), math.prod(kernel.shape[1:])
    weights = kernel.reshape(groups, maps // groups, depth)
    spatial = tuple(axis.output for axis in axes)
    y = np.empty((len(x), groups, maps // groups, *spatial), x.dtype)
    row = groups * depth * math.prod(spatial[1:]) * x.itemsize
    rows = max(1, COLUMNS_LIMIT // max(1, row))
    every = (slice(None),) * len(axes)
    for image, result in zip(_windows(x, axes), y, strict=True):
        for first in range(0, spatial[0], rows):
            some = slice(first, first + rows)
            part = result[:, :, some]
            columns = image[:, *every, some].reshape(groups, depth, -1)
            part[...] = (weights @ columns).reshape(part.shape)
    return y.reshape(len(x), maps, *spatial)


def _windows(x: Array, axes: Sequence[Axis]) -> Array:
    """A view [N, C, window, output] of padded `x` [N, C, spatial]."""
    steps = x.strides[2:]
    return as_strided(
        x,
        (*x.shape[:2], *(a.window for a in axes), *(a.output for a in axes)),
        (
            *x.strides[:2],
            *(a.dilation * step for a, step in zip(axes, steps, strict=True)),
            *(a.stride * step for a, step in zip(axes, steps, strict=True)),
        ),
        writeable=False,
    )


def _convolve_depthwise(x: Array, kernel: Array, axes: Sequence[Axis]) -> Array:
    """One channel a group: a sum over the window of products with shifted inputs."""
    batch, channels = x.shape[:2]
    spatial = tuple(axis.output for axis in axes)
    multiplier = len(kernel) // channels
    ones = (1,) * len(axes)
    y = np.zeros((batch, channels, multiplier, *spatial), x.dtype)
    for at in product(*(range(axis.window) for axis in axes)):
        taps = tuple(axis.tap(i) for axis, i in zip(axes, at, strict=True))
        weights = kernel[:, 0, *at].reshape(channels, multiplier, *ones)
        y += x[:, :, None, *taps] * weights
    return y.reshape(batch, len(kernel), *spatial)


@rule(DeconvolutionOp)
def deconvolution(op: DeconvolutionOp, operands: Operands, context: Context) -> Array:
    """Every input element adds its multiple of the kernel; padding trims the sum."""
    x, kernel, *bias = (widened(a, context.product_dtype) for a in operands)
    batch, channels, *spatial = x.shape
    per_group = kernel.shape[1]
    inputs = x.reshape(batch, op.groups, channels // op.groups, math.prod(spatial))
    weights = kernel.reshape(
        op.groups, channels // op.groups, per_group, *kernel.shape[2:]
    )
    axes = _scattered(op, tuple(spatial), kernel.shape[2:])
    full = tuple(axis.reach for axis in axes)
    y = np.zeros((batch, op.groups, per_group, *full), x.dtype)
    for at in product(*(range(axis.window) for axis in axes)):
        taps = tuple(axis.tap(i) for axis, i in zip(axes, at, strict=True))
        share = weights[..., *at].swapaxes(1, 2) @ inputs
        y[:, :, :, *taps] += share.reshape(batch, op.groups, per_group, *spatial)
    kept = tuple(slice(axis.pre, axis.reach - axis.post) for axis in axes)
    y = y[:, :, :, *kept]
    return _biased(y.reshape(batch, op.groups * per_group, *y.shape[3:]), bias)


def _scattered(
    op: DeconvolutionOp, spatial: tuple[int, ...], window: tuple[int, ...]
) -> tuple[Axis, ...]:
    """The windows that the elements of the input are spread over."""
    pre, post = op.padding_of(spatial)
    axes = zip(window, op.strides, op.dilations, pre, post, spatial, strict=True)
    return tuple(Axis(0, *axis) for axis in axes)
