"""Reductions, softmax and top-k: floats in f64, integers in their own type."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.enums import ReduceOperation, TopKOperation
from fusemlir.dialects.trt.reduce import ReduceOp, SoftMaxOp, TopKOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array, dtype_of
from fusemlir.weights.element_types import is_floating


@rule(ReduceOp)
def reduce(op: ReduceOp, operands: Operands, _: Context) -> Array:
    """Integer sums and products wrap around, integer means truncate toward zero.

    An empty reduction gives 0, 1, the least, the greatest value and, as the mean, NaN
    (0 for i32 and i64, -128 for i8).
    """
    x = widened(operands[0])
    axes, keep = op.axes, op.keeps_dimensions
    match op.kind:
        case ReduceOperation.SUM:
            return np.sum(x, axes, keepdims=keep)
        case ReduceOperation.PROD:
            return np.prod(x, axes, keepdims=keep)
        case ReduceOperation.MAX:
            return np.max(x, axes, keepdims=keep, initial=_limits(x.dtype)[0])
        case ReduceOperation.MIN:
            return np.min(x, axes, keepdims=keep, initial=_limits(x.dtype)[1])
        case ReduceOperation.AVG:
            return _mean(x, axes, keep)


def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """The least and the greatest value of `dtype`."""
    if is_floating(dtype):
        return -math.inf, math.inf
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def _mean(x: Array, axes: tuple[int, ...], keep: bool) -> Array:
    count = math.prod(x.shape[axis] for axis in axes)
    if is_floating(x.dtype):
        return np.sum(x, axes, keepdims=keep) / np.float64(count)
    total = np.sum(x, axes, keepdims=keep)
    if count == 0:
        return np.full_like(total, -128 if x.dtype == np.int8 else 0)
    # Dividing what the remainder leaves truncates where // alone would floor.
    return (total - np.fmod(total, count)) // count


@rule(SoftMaxOp)
def softmax(op: SoftMaxOp, operands: Operands, _: Context) -> Array:
    """A row of nothing but -inf, or with a NaN or +inf in it, gives NaN."""
    x, axis = widened(operands[0]), op.axis.value.data
    powers = np.exp(x - np.max(x, axis, keepdims=True, initial=-np.inf))
    return powers / np.sum(powers, axis, keepdims=True)


@rule(TopKOp)
def top_k(op: TopKOp, operands: Operands, _: Context) -> tuple[Array, Array]:
    """NaN counts as greater than every number; of equals the lower index is first."""
    (x,) = operands
    axis = op.axis.value.data
    # A stable ascending sort from the back, read from the back, is a stable descent.
    if op.kind == TopKOperation.MAX:
        reverse = np.flip(widened(x), axis)
        order = np.flip(np.argsort(reverse, axis, kind="stable"), axis)
        order = x.shape[axis] - 1 - order
    else:
        order = np.argsort(widened(x), axis, kind="stable")
    indices = np.take(order, range(op.k.value.data), axis)
    values = np.take_along_axis(x, indices, axis)
    return values, indices.astype(dtype_of(element_type_of(op.indices)))
