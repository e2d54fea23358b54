"""Numbers of the reference: widening, and extremes that propagate NaN."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fusemlir.weights import Array
from fusemlir.weights.element_types import is_floating


def widened(array: Array, dtype: npt.DTypeLike = np.float64) -> Array:
    """Floats of any type as `dtype`; integers and truth values unchanged."""
    return array.astype(dtype, copy=False) if is_floating(array.dtype) else array


def maximum(a: Array | float, b: Array | float) -> Array:
    """The greater of each pair (IEEE 754-2019): NaN propagates, +0 is above -0."""
    # np.maximum leaves the sign of a zero open.
    zeros = np.equal(a, 0) & np.equal(b, 0)
    return np.where(zeros, np.add(a, b), np.maximum(a, b))


def minimum(a: Array | float, b: Array | float) -> Array:
    """The lesser of each pair (IEEE 754-2019): NaN propagates, -0 is below +0."""
    zeros = np.equal(a, 0) & np.equal(b, 0)
    negated = np.subtract(np.negative(a), b)
    return np.where(zeros, np.negative(negated), np.minimum(a, b))
