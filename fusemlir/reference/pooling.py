"""Pooling and local response normalisation, in f64.

Windows are separable: an axis at a time is reduced, so that a window over a whole image
costs as many steps as it is wide and high.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from fusemlir.dialects.trt.enums import PoolingType
from fusemlir.dialects.trt.pooling import LrnOp, PoolingOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.reference.windows import Axis, padded, slide
from fusemlir.weights import Array, round_to
from fusemlir.weights.element_types import is_floating


@rule(PoolingOp)
def pooling(op: PoolingOp, operands: Operands, _: Context) -> Array:
    """The average of an i8 tensor is rounded half to even.

    A window wholly in padding has maximum -inf (-128) and average NaN (0).
    """
    (x,) = operands
    y = _pool(op, x.astype(np.float64), slide(op, x.shape[2:], op.window))
    return y if is_floating(x.dtype) else round_to(np.rint(y), x.dtype)


def _pool(op: PoolingOp, x: Array, axes: Sequence[Axis]) -> Array:
    match op.kind:
        case PoolingType.MAX:
            return _maximum(x, axes)
        case PoolingType.AVERAGE:
            return _average(x, axes, op.excludes_padding)
        case PoolingType.MAX_AVERAGE_BLEND:
            assert op.blend_factor is not None
            factor = op.blend_factor.value.data
            average = _average(x, axes, op.excludes_padding)
            return (1 - factor) * _maximum(x, axes) + factor * average


def _maximum(x: Array, axes: Sequence[Axis]) -> Array:
    return _over_windows(np.maximum, padded(x, axes, -np.inf), axes)


def _average(x: Array, axes: Sequence[Axis], excludes_padding: bool) -> Array:
    total = _over_windows(np.add, padded(x, axes, 0), axes)
    for at, axis in enumerate(axes, start=2):
        count = _counts(axis, excludes_padding)
        total = total / count.reshape(-1, *(1,) * (x.ndim - 1 - at))
    return total


def _counts(axis: Axis, excludes_padding: bool) -> Array:
    """How many elements of each window along one axis an average divides by."""
    first = np.arange(axis.output) * axis.stride - axis.pre
    low, high = (0, axis.size)
    if not excludes_padding:
        low, high = (-axis.pre, axis.size + axis.post)
    inside = np.minimum(first + axis.window, high) - np.maximum(first, low)
    return np.maximum(inside, 0)


def _over_windows(
    combine: Callable[[Array, Array], Array], x: Array, axes: Sequence[Axis]
) -> Array:
    """Combine the elements of each window of padded `x`, one axis after another."""
    for at, axis in enumerate(axes, start=2):
        taps = (x[(slice(None),) * at + (axis.tap(i),)] for i in range(axis.window))
        x = reduce(combine, taps)
    return x


@rule(LrnOp)
def lrn(op: LrnOp, operands: Operands, _: Context) -> Array:
    x = widened(operands[0])
    window = op.window.value.data
    radius = window // 2
    widths = [(0, 0), (radius, radius)] + [(0, 0)] * (x.ndim - 2)
    squares = np.pad(x * x, widths)
    channels = x.shape[1]
    total = reduce(np.add, (squares[:, i : i + channels] for i in range(window)))
    alpha, beta, k = (a.value.data for a in (op.alpha, op.beta, op.k))
    return x / (k + alpha / window * total) ** beta
