"""Lines on a terminal while something takes its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from threading import Timer

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


def _say(line: str) -> None:
    print(f"fuse-run: {line}", file=sys.stderr, flush=True)
