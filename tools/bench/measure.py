"""Medians, and the tables that they are printed in."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TypeVar

ResultT = TypeVar("ResultT")

LONG = 5e-3
"""Seconds of a run that is not repeated in its turn, or of the runs of a turn."""
ENOUGH = 10.0
"""Seconds that one run after the other may take together."""


def cpu_seconds(work: Callable[[], ResultT]) -> tuple[float, ResultT]:
    """CPU time of this process for `work`, in seconds, and what it returned.

    CPU time and not the clock's: who else uses the machine matters less. What garbage
    there was is collected before.
    """
    gc.collect()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def in_turns(
    works: Mapping[str, Callable[[], object]],
    turns: int,
    pause: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """By name, seconds on `clock` of one run: the median of its turns.

    All have one turn, then all the next: what the machine does otherwise meets all of
    them alike. A turn is one run if that is long, else runs for some milliseconds
    after one that warms the caches up, and counts as their median. `pause` is slept
    before a turn, so that threads of who came before can fall asleep. Whose turns have
    taken `ENOUGH` together has no more of them.
    """
    samples = {name: list[float]() for name in works}
    gc.collect()
    gc.disable()
    try:
        for _ in range(turns):
            for name, work in works.items():
                if sum(samples[name]) > ENOUGH:
                    continue
                time.sleep(pause)
                samples[name].append(_turn(work, clock))
    finally:
        gc.enable()
    return {name: median(of_turns) for name, of_turns in samples.items()}


def _turn(work: Callable[[], object], clock: Callable[[], float]) -> float:
    first = _seconds(work, clock)
    if first > LONG:
        return first
    end = clock() + LONG
    runs = [_seconds(work, clock)]
    while clock() < end:
        runs.append(_seconds(work, clock))
    return median(runs)


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start


def medians(samples: Sequence[dict[str, float]]) -> dict[str, float]:
    """By name, the median of what the samples say; all have the same names."""
    return {name: median(sample[name] for sample in samples) for name in samples[0]}


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of one width each, the first left-aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (header, *rows)
    )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column left-aligned, the others right."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *rows))
