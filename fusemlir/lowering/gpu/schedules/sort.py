"""Schedules of kernels that sort."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.lowering.gpu.schedules.rows import MAX_ROW_THREADS, RowSchedule
from fusemlir.lowering.gpu.schedules.sizes import WARP, ceil_divide, power_of_two

SORTED_KEYS = 4096
"""That a block sorts at once where nothing asks for more: they need no more shared
memory than every kernel has."""


@dataclass(frozen=True)
class SortSchedule:
    """A block sorts `keys` keys of eight bytes."""

    threads: int
    """A power of two from 32 on."""
    keys: int
    """A power of two."""

    @staticmethod
    def choose(columns: int, k: int) -> SortSchedule:
        """For the `k` greatest of a row of `columns` elements: for all of the row, or
        for twice as many as are wanted."""
        keys = min(power_of_two(columns), max(SORTED_KEYS, 2 * power_of_two(k)))
        keys = max(keys, 2 * WARP)
        return SortSchedule(min(keys // 2, MAX_ROW_THREADS), keys)

    def row(self, columns: int) -> RowSchedule:
        """How the same threads go through the row one element at a time."""
        turns = ceil_divide(columns, self.threads)
        return RowSchedule(self.threads, 1, 1, turns, False)
