"""How many multiprocessors there are to fill."""

from __future__ import annotations

from fusemlir.target import Target

MULTIPROCESSORS = {75: 40, 80: 108, 86: 84, 87: 16, 89: 128, 90: 132, 100: 148}
"""Of the largest GPU of a compute capability, or of the one most used."""

RESIDENT_THREADS = 2048
"""That a multiprocessor has room for, at most."""


def processors_of(target: Target) -> int:
    """Of the GPU that code is made for; of one of compute capability 8.0 if unknown."""
    major, minor = target.capability or (8, 0)
    known = [n for n in MULTIPROCESSORS if n <= 10 * major + minor]
    return MULTIPROCESSORS[max(known, default=75)]
