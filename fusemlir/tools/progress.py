"""Lines on a terminal while something takes its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Timer
from typing import TypeAlias

Count: TypeAlias = Callable[[int, int], None]
"""Told how many are done, and of how many."""

CLEAR = "\r\033[K"
"""What a terminal forgets its line by."""

PATIENCE = 1.0
"""Seconds after which a step says that it is still running."""


@contextmanager
def step(what: str, *, always: bool = False) -> Generator[None]:
    """Say on stderr that `what` runs if it takes long there, and how long it took.

    Nothing is written where stderr is no terminal, unless `always`.
    """
    if not (always or sys.stderr.isatty()):
        yield
        return
    timer = Timer(0 if always else PATIENCE, _say, [f"{what} ..."])
    timer.daemon = True
    timer.start()
    start = time.perf_counter()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        spent = time.perf_counter() - start
        if always or spent > PATIENCE:
            _say(f"{what} took {spent:.1f} s")


@contextmanager
def counting(what: str) -> Generator[Count | None]:
    """Shows on stderr, in one line that goes at the end, how many of `what` are done:
    who is given calls it. None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return

    def show(done: int, of: int) -> None:
        line = f"{CLEAR}fuse-run: {done} of {of} {what}"
        print(line, end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(CLEAR, end="", file=sys.stderr, flush=True)


def _say(line: str) -> None:
    clear = CLEAR if sys.stderr.isatty() else ""
    print(f"{clear}fuse-run: {line}", file=sys.stderr, flush=True)
