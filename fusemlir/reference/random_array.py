"""Made-up data to run a network on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fusemlir.weights import Array
from fusemlir.weights.element_types import is_floating

SMALL = 8
"""Random integers are below this, and not below its negative."""

SPECIAL = (np.nan, np.inf, -np.inf, -0.0)


def random_array(
    shape: Sequence[int], dtype: np.dtype[Any], rng: np.random.Generator
) -> Array:
    """Standard normal floats, small integers, truth values."""
    if is_floating(dtype):
        return rng.standard_normal(shape, np.float32).astype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(np.bool_)
    return rng.integers(0 if dtype.kind == "u" else -SMALL, SMALL, shape, dtype)


def with_special_values(array: Array, rng: np.random.Generator) -> Array:
    """A copy, two of its elements no ordinary numbers; integers have none of these."""
    changed = array.copy()
    if is_floating(array.dtype) and array.size > 2:
        places = rng.choice(array.size, 2, replace=False)
        changed.flat[places] = rng.choice(SPECIAL, 2).astype(array.dtype)
    return changed
