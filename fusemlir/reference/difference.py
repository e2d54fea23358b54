"""How far an array is from what it should be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusemlir.weights import Array


@dataclass(frozen=True)
class Difference:
    """Between an output and what it should be."""

    output: str
    absolute: float
    """The largest error; infinite where a NaN or an infinity stands on one side only,
    or the shapes differ."""
    relative: float
    """The same over the largest magnitude that it should have."""

    def within(self, tolerance: float) -> bool:
        """Whether the relative error is `tolerance` at most."""
        return self.relative <= tolerance

    def __str__(self) -> str:
        """`y: largest error 1.2e-07 absolute, 3.1e-07 relative`."""
        return (
            f"{self.output}: largest error {self.absolute:.2g} absolute, "
            f"{self.relative:.2g} relative"
        )

    @staticmethod
    def of(output: str, found: Array, wanted: Array) -> Difference:
        """How far `found` is from `wanted`, both named `output`."""
        if found.shape != wanted.shape:
            return Difference(output, np.inf, np.inf)
        a, b = found.astype(np.float64), wanted.astype(np.float64)
        finite = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return Difference(output, np.inf, np.inf)
        absolute = float(np.max(np.abs(a[finite] - b[finite]), initial=0.0))
        scale = float(np.max(np.abs(b[finite]), initial=0.0))
        relative = 0.0 if absolute == 0 else absolute / scale if scale else np.inf
        return Difference(output, absolute, relative)
