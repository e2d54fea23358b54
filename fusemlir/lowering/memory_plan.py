"""Where intermediate tensors lie in one arena: those that live at one time apart.

Greedy by size: the largest is placed first, each in the tightest gap between those
already placed that live when it does (Pisarchyk and Lee, "Efficient Memory Management
for Deep Neural Net Inference", 2020).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALIGNMENT = 256
"""Of every offset, in bytes: what a CUDA allocation has, and any access wants."""


@dataclass(frozen=True)
class Lifetime:
    """A tensor of `size` bytes that holds data from step `first` to step `last`.

    A step that reads one tensor and writes another is in the lives of both.
    """

    size: int
    first: int
    last: int


@dataclass(frozen=True)
class MemoryPlan:
    """The byte offset of each tensor in an arena of `size` bytes."""

    offsets: tuple[int, ...]
    size: int


def plan_memory(lifetimes: Sequence[Lifetime]) -> MemoryPlan:
    """Places for tensors, such that no two overlap in both memory and time.

    Takes time in proportion to how many tensors live at each step, over all steps of
    each life.
    """
    places: list[range] = [range(0)] * len(lifetimes)
    placed_at: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(range(len(lifetimes)), key=lambda n: -lifetimes[n].size):
        life = lifetimes[number]
        steps = range(life.first, life.last + 1)
        others = {other for step in steps for other in placed_at[step]}
        start = _tightest_gap(life.size, (places[other] for other in others))
        places[number] = range(start, start + life.size)
        for step in steps:
            placed_at[step].append(number)
    size = max((place.stop for place in places), default=0)
    return MemoryPlan(tuple(place.start for place in places), size)


def most_bytes_alive(lifetimes: Sequence[Lifetime]) -> int:
    """The bytes, alignment counted, that live at the step with the most of them.

    No plan is smaller, but for the end of the last tensor, which need not be aligned.
    """
    changes: defaultdict[int, int] = defaultdict(int)
    for life in lifetimes:
        changes[life.first] += _aligned(life.size)
        changes[life.last + 1] -= _aligned(life.size)
    alive = most = 0
    for step in sorted(changes):
        alive += changes[step]
        most = max(most, alive)
    return most


def _tightest_gap(size: int, taken: Iterable[range]) -> int:
    """The aligned start of the smallest gap that `size` bytes fit in; the first of
    several, and the end of all that is taken where there is no gap."""
    gaps: list[tuple[int, int]] = []
    free_from = 0
    for place in sorted(taken, key=lambda place: place.start):
        if place.start - free_from >= size:
            gaps.append((place.start - free_from, free_from))
        free_from = max(free_from, _aligned(place.stop))
    return min(gaps)[1] if gaps else free_from


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
