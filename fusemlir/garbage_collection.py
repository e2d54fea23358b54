"""How often Python looks for garbage while a network is compiled.

Unasked it does so every 700 objects that are made and not freed, and now and then looks
at all there are. What a compiler makes lives until it is done: nothing is found, at a
fifth of the time that ResNet-50 takes.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

RARE = 200_000, 50, 50
"""Objects between two collections, and how many of these between those of all."""


@dataclass
class _Compilations:
    """Those that run, in all threads: Python has one setting for all of them."""

    count: int = 0
    before: tuple[int, int, int] = field(default_factory=gc.get_threshold)
    """What to go back to after the last."""
    lock: Lock = field(default_factory=Lock)


_RUNNING = _Compilations()


@contextmanager
def rare_collections() -> Generator[None]:
    """`with rare_collections():` Python seldom looks for garbage, in any thread.

    After the last of several, whether nested or side by side, it does as before.
    """
    with _RUNNING.lock:
        if not _RUNNING.count:
            _RUNNING.before = gc.get_threshold()
            gc.set_threshold(*RARE)
        _RUNNING.count += 1
    try:
        yield
    finally:
        with _RUNNING.lock:
            _RUNNING.count -= 1
            if not _RUNNING.count:
                gc.set_threshold(*_RUNNING.before)
