"""Normalisation by mean and variance: f32 in typed mode, f64 in wide."""

from __future__ import annotations

import math

import numpy as np

from fusemlir.dialects.trt.normalization import NormalizationOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array


@rule(NormalizationOp)
def normalization(op: NormalizationOp, operands: Operands, context: Context) -> Array:
    """Rounded to the type of x once, at the end.

    The variance is the mean of squared distances from the mean: the mean of squares
    less the square of the mean would cancel where the mean is large.
    """
    x, scale, bias = (widened(array, context.product_dtype) for array in operands)
    split, axes = x, op.axes
    if op.groups > 1:
        images, channels, *spatial = x.shape
        split = x.reshape(images, op.groups, channels // op.groups, *spatial)
        axes = tuple(range(2, split.ndim))
    count = split.dtype.type(math.prod(split.shape[axis] for axis in axes))
    centred = split - np.sum(split, axes, keepdims=True) / count
    variance = np.sum(centred * centred, axes, keepdims=True) / count
    epsilon = split.dtype.type(op.epsilon.value.data)
    normal = centred / np.sqrt(variance + epsilon)
    return normal.reshape(x.shape) * scale + bias
