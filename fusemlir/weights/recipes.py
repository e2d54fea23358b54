"""What each weight recipe computes, on arrays.

Recipes that move elements keep them as they are; all others compute in f64 (integers
in i64) and the result is rounded once, to the weight's own type. Only `quantize` does
as the layer does that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects.trt.weight import WeightAttr
from fusemlir.weights.element_types import (
    Array,
    dtype_of,
    is_floating,
    round_to,
    widen,
)

Recipe: TypeAlias = Callable[..., Array]
"""Takes the arrays, then the recipe's numbers and lists."""

PIECE = 1 << 15
"""Elements that are computed at a time."""


def evaluate(weight: WeightAttr, arrays: Sequence[Array]) -> Array:
    """The array of a derived weight, from those of the weights it is over.

    Raises `DiagnosticError` where the recipe and its arguments do not fit.
    """
    try:
        array = _apply(weight, arrays)
    except (IndexError, TypeError, ValueError) as error:
        raise DiagnosticError.at(
            SourceLocation(), f"weight {weight} cannot be evaluated: {error}"
        ) from error
    return array


def _apply(weight: WeightAttr, arrays: Sequence[Array]) -> Array:
    recipe, shape = weight.recipe.data, weight.type.get_shape()
    dtype = dtype_of(weight.type.element_type)
    if recipe == "reshape":
        (array,) = arrays
        return round_to(array.reshape(shape), dtype)
    if recipe == "fill":
        (array,) = arrays
        return np.broadcast_to(round_to(array.reshape(()), dtype), shape)
    if recipe in MOVEMENTS:
        result = MOVEMENTS[recipe](arrays, *weight.options)
    elif recipe in BROADCASTS:
        operands = BROADCASTS[recipe](*arrays, *weight.options)
        result = _by_rows(ARITHMETIC[recipe], operands, dtype)
    else:
        with np.errstate(all="ignore"):
            wide = [widen(array) for array in arrays]
            result = ARITHMETIC[recipe](*wide, *weight.options)
    if result.shape != shape:
        raise ValueError(f"its value has shape {result.shape}")
    # Of arrays of no dimensions numpy makes numbers.
    return np.asarray(round_to(result, dtype))


def _by_rows(
    function: Callable[..., Array], operands: Sequence[Array], dtype: np.dtype[Any]
) -> Array:
    """What a function does element by element, on arrays that are broadcast, rounded.

    Some rows at a time: what is computed in 64 bits stays in the cache.
    """
    result = np.empty(np.broadcast_shapes(*(each.shape for each in operands)), dtype)
    flat = np.atleast_1d(result)
    step = max(1, len(flat) * PIECE // max(1, flat.size))
    as_wide = _itself if _rounds_once(function, operands, dtype) else widen
    for start in range(0, len(flat), step):
        rows = slice(start, start + step)
        parts = [
            each[rows] if each.ndim == flat.ndim and len(each) > 1 else each
            for each in operands
        ]
        with np.errstate(all="ignore"):
            flat[rows] = round_to(function(*map(as_wide, parts)), dtype)
    return result


def _rounds_once(
    function: Callable[..., Array], operands: Sequence[Array], dtype: np.dtype[Any]
) -> bool:
    """Whether the operands' own type gives the same: a product of two f32 has all its
    digits in f64, and f32 rounds it as that would be."""
    types = {dtype, *(each.dtype for each in operands)}
    return function is np.multiply and types == {np.dtype(np.float32)}


def _itself(array: Array) -> Array:
    return array


def _cast(arrays: Sequence[Array]) -> Array:
    (array,) = arrays
    return array


def _transpose(arrays: Sequence[Array], order: Sequence[int]) -> Array:
    (array,) = arrays
    return array.transpose(order)


def _slice(
    arrays: Sequence[Array],
    start: Sequence[int],
    size: Sequence[int],
    stride: Sequence[int],
) -> Array:
    (array,) = arrays
    for axis, (first, count, step) in enumerate(zip(start, size, stride, strict=True)):
        if step == 1 and 0 <= first <= array.shape[axis] - count:
            array = array[(*[slice(None)] * axis, slice(first, first + count))]
        else:
            array = array.take(first + step * np.arange(count), axis=axis)
    return array


def _concatenation(arrays: Sequence[Array], axis: int) -> Array:
    return np.concatenate(arrays, axis)


def _div(a: Array, b: Array) -> Array:
    if is_floating(a.dtype) or is_floating(b.dtype):
        return np.divide(a, b)
    if not b.all():
        raise ValueError("division by zero")
    quotient = np.abs(a) // np.abs(b)
    return np.where((a < 0) != (b < 0), -quotient, quotient)


def _recip(a: Array) -> Array:
    return np.divide(1.0, a)


def _along(axis: int, vector: Array, rank: int) -> Array:
    """`vector` shaped to broadcast along `axis` of an array of `rank`."""
    if vector.ndim > 1:
        raise ValueError(f"a scale of shape {vector.shape} is not one-dimensional")
    return vector.reshape([-1 if at == axis else 1 for at in range(rank)])


def _scaled_outputs(kernel: Array, scale: Array) -> Sequence[Array]:
    return kernel, _along(0, scale, kernel.ndim)


def _scale_deconvolution_outputs(kernel: Array, scale: Array, groups: int) -> Array:
    """Output map of kernel[c, k] is g * (K/G) + k, where g = c // (C/G)."""
    channels, maps = kernel.shape[:2]
    per_group = np.broadcast_to(scale, (groups * maps,)).reshape(groups, maps)
    per_channel = np.repeat(per_group, channels // groups, axis=0)
    return kernel * per_channel.reshape(channels, maps, *[1] * (kernel.ndim - 2))


def _scale_bias(bias: Array, scale: Array, shift: Array) -> Array:
    return bias * scale + shift


def _batch_norm_scale(gamma: Array, variance: Array, epsilon: float) -> Array:
    return gamma / np.sqrt(variance + epsilon)


def _batch_norm_shift(
    gamma: Array, beta: Array, mean: Array, variance: Array, epsilon: float
) -> Array:
    return beta - mean * gamma / np.sqrt(variance + epsilon)


def _quantized(array: Array, scale: Array, axis: int) -> Sequence[Array]:
    return array, _along(axis, scale, array.ndim) if axis >= 0 else scale


def _quantize(array: Array, scale: Array) -> Array:
    """The quotient is rounded to f32, as ONNX and kernels do, before it is rounded to
    an integer; NaN and what is out of range the rounding to the result's type sees to.
    """
    return np.rint((array / scale).astype(np.float32))


def _rescale(a: Array, b: Array, divisor: Array) -> Array:
    return a * b / divisor


def _nearest_quotient(a: Array, b: Array) -> Array:
    return np.rint(np.divide(a, b))


def _reduce_sum(array: Array, axes: Sequence[int]) -> Array:
    return np.asarray(array.sum(tuple(axes)))


WINOGRAD_FILTER = np.divide(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
    24,
)
"""G of F(4x4, 3x3), see `lowering.host.winograd.transforms`."""


def _winograd_kernel(kernel: Array) -> Array:
    transformed = WINOGRAD_FILTER @ kernel @ WINOGRAD_FILTER.T
    return transformed.reshape(*kernel.shape[:2], -1)


MOVEMENTS: dict[str, Recipe] = {
    "cast": _cast,
    "transpose": _transpose,
    "slice": _slice,
    "concatenation": _concatenation,
}
ARITHMETIC: dict[str, Recipe] = {
    "sum": np.add,
    "prod": np.multiply,
    "sub": np.subtract,
    "div": _div,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "recip": _recip,
    "exp": np.exp,
    "log": np.log,
    "scale_outputs": np.multiply,
    "scale_deconvolution_outputs": _scale_deconvolution_outputs,
    "scale_bias": _scale_bias,
    "batch_norm_scale": _batch_norm_scale,
    "batch_norm_shift": _batch_norm_shift,
    "quantize": _quantize,
    "rescale": _rescale,
    "nearest_quotient": _nearest_quotient,
    "reduce_sum": _reduce_sum,
    "winograd_kernel": _winograd_kernel,
}
BROADCASTS: dict[str, Callable[..., Sequence[Array]]] = {
    "scale_outputs": _scaled_outputs,
    "quantize": _quantized,
}
"""Of what is computed element by element, and may be large: the arrays and options as
arrays to broadcast."""
KNOWN = frozenset({"reshape", "fill", *MOVEMENTS, *ARITHMETIC})
"""All recipes that can be evaluated."""
