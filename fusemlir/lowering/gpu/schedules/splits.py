"""When several blocks share what one would do alone, and what that costs."""

from __future__ import annotations

from fusemlir.lowering.gpu.schedules.sizes import ceil_divide

SECOND_LAUNCH = 2500
"""Clocks from the end of one kernel to the start of what needs it."""

LATENCY = 600
"""Clocks from a load of global memory to what needs it."""

PARTS_AHEAD = 8
"""That are loaded before the first is added."""

CACHE_BYTES = 2048
"""That all multiprocessors together move to and from the last cache in a clock."""

SHARING_BLOCKS = 4
"""For each multiprocessor: with more, there is nothing left to gain."""


def splits_of(turns: int, most: int) -> list[int]:
    """In how many parts, up to about `most`, so many turns may be split: each has some,
    and all but the last as many."""
    powers = (1 << power for power in range(max(most, 1).bit_length()))
    shares = {ceil_divide(turns, splits) for splits in powers}
    return sorted({ceil_divide(turns, share) for share in shares})


def merging_clocks(elements: int, splits: int) -> float:
    """To write so many parts of `elements` sums of four bytes, and to add them."""
    if splits == 1:
        return 0
    waits = LATENCY * ceil_divide(splits, PARTS_AHEAD)
    return SECOND_LAUNCH + waits + 2 * 4 * elements * splits / CACHE_BYTES
