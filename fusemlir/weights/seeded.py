"""Made-up data for weights whose network has no source: the same in every process."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.random import Generator

from fusemlir.dialects.trt.base import Tensor, show_shape
from fusemlir.weights.element_types import Array, dtype_of, is_floating


class SeededSource:
    """Random data from a weight's name, shape and type.

    Floats of rank 2 and more are normal with variance 2/fan_in, fan_in being all
    dimensions but the first (He et al. 2015, eq. 10), so that activations neither grow
    nor vanish with depth. Floats of lower rank are uniform in [0.5, 1.5): good for
    biases, scales and variances alike. Integers are in [-8, 8), unsigned in [0, 8).
    """

    def array(self, name: str, type: Tensor) -> Array:
        shape, dtype = type.get_shape(), dtype_of(type.element_type)
        rng = _generator(f"{name}:{show_shape(shape)}:{dtype}")
        if is_floating(dtype):
            return _floats(rng, shape).astype(dtype)
        if dtype == np.bool_:
            return rng.integers(0, 2, shape).astype(dtype)
        return rng.integers(0 if dtype.kind == "u" else -8, 8, shape, dtype)

    def release(self) -> None:
        """Nothing is kept."""


def _generator(key: str) -> Generator:
    digest = hashlib.sha256(key.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def _floats(rng: Generator, shape: tuple[int, ...]) -> Array:
    if len(shape) < 2:
        return np.asarray(rng.random(shape, np.float32) + np.float32(0.5))
    deviation = math.sqrt(2 / max(1, math.prod(shape[1:])))
    return rng.standard_normal(shape, np.float32) * np.float32(deviation)
