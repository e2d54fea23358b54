"""Element types of tensors as numpy's, and rounding to them."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import (
    IntegerType,
    Signedness,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

_DTYPES: dict[Attribute, np.dtype[Any]] = {
    f32: np.dtype(np.float32),
    f16: np.dtype(np.float16),
    bf16: BFLOAT16,
    i8: np.dtype(np.int8),
    i32: np.dtype(np.int32),
    i64: np.dtype(np.int64),
    i1: np.dtype(np.bool_),
    IntegerType(8, Signedness.UNSIGNED): np.dtype(np.uint8),
}
_ELEMENTS = {dtype: element for element, dtype in _DTYPES.items()}


def dtype_of(element: Attribute) -> np.dtype[Any]:
    """numpy's type for an element type; `ValueError` where a network has no such."""
    if element not in _DTYPES:
        raise ValueError(f"no array has elements of type {element}")
    return _DTYPES[element]


def element_of(dtype: np.dtype[Any]) -> Attribute | None:
    """The element type for numpy's, None where a network has no such."""
    return _ELEMENTS.get(dtype)


def is_floating(dtype: np.dtype[Any]) -> bool:
    return dtype == BFLOAT16 or dtype.kind == "f"


def largest(dtype: np.dtype[Any]) -> float:
    """The largest finite number of a float type."""
    limits = cast(Any, ml_dtypes).finfo(dtype)
    return float(limits.max)


def smallest_normal(dtype: np.dtype[Any]) -> float:
    """The smallest number of a float type that has all its digits."""
    limits = cast(Any, ml_dtypes).finfo(dtype)
    return float(limits.smallest_normal)


def widen(array: Array) -> Array:
    """The same numbers as f64, or as i64 where they are integers."""
    return array.astype(np.float64 if is_floating(array.dtype) else np.int64)


def round_to(array: Array, dtype: np.dtype[Any]) -> Array:
    """`array` in another type, each element rounded once.

    To floats half to even; to i1 it is `x != 0`; from floats to integers toward zero,
    saturating, NaN to 0; between integers modulo 2^bits.
    """
    if array.dtype == dtype:
        return array
    if dtype == np.bool_:
        return array != 0
    with np.errstate(all="ignore"):
        if is_floating(dtype):
            narrow = array
            if dtype == BFLOAT16 and array.dtype == np.float64:
                narrow = _round_to_odd(array)
            return narrow.astype(dtype)
        return _to_integer(array, dtype)


def _round_to_odd(array: Array) -> Array:
    """f64 to f32 such that rounding that to bf16 rounds the f64 once.

    ml_dtypes converts f64 by way of f32 and would round twice.
    """
    near = array.astype(np.float32)
    back = near.astype(np.float64)
    inexact = (back != array) & ~np.isnan(array)
    away = inexact & (np.abs(back) > np.abs(array))
    bits = near.view(np.uint32) - away.astype(np.uint32)
    return (bits | inexact.astype(np.uint32)).view(np.float32)


def _to_integer(array: Array, dtype: np.dtype[Any]) -> Array:
    if not is_floating(array.dtype):
        return array.astype(dtype)
    wide, limits = array.astype(np.float64), np.iinfo(dtype)
    # The greatest i64 is no f64: what reaches the next one is set apart.
    above = wide >= float(limits.max)
    inside = np.where(np.isnan(wide) | above, 0.0, np.trunc(wide))
    whole = np.maximum(inside, float(limits.min)).astype(dtype)
    return np.where(above, dtype.type(limits.max), whole)
