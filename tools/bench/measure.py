"""Medians, and the tables that they are printed in."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

ResultT = TypeVar("ResultT")


def cpu_seconds(work: Callable[[], ResultT]) -> tuple[float, ResultT]:
    """CPU time of this process for `work`, in seconds, and what it returned.

    CPU time and not the clock's: who else uses the machine matters less. What garbage
    there was is collected before.
    """
    gc.collect()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


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
