"""Schedules of pointwise kernels."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES

MAX_OPERATIONS = 256
"""Operations of one thread that are unrolled: what compiling them costs bounds it."""


@dataclass(frozen=True)
class PointwiseSchedule:
    """One thread computes `elements` neighbours of every output."""

    threads: int
    """Of a block."""
    elements: int
    """A power of two."""

    @staticmethod
    def choose(total: int, widest: int, layers: int) -> PointwiseSchedule:
        """For `total` elements of at most `widest` bytes and as many layers."""
        elements = ACCESS_BYTES // widest
        while elements > 1 and (elements * layers > MAX_OPERATIONS or elements > total):
            elements //= 2
        return PointwiseSchedule(256, elements)
