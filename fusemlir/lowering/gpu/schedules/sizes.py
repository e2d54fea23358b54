"""What all schedules count with."""

from __future__ import annotations

ACCESS_BYTES = 16
"""What a thread moves at once."""

WARP = 32
"""Threads of a warp."""


def ceil_divide(size: int, unit: int) -> int:
    """How many units hold `size`."""
    return -(-size // unit)


def power_of_two(size: int) -> int:
    """The least that is no less than `size`, which is at least one."""
    return 1 << max(size - 1, 0).bit_length()
