"""Threads that run native code together, asleep between runs.

    with HostThreads(2) as threads:
        threads.run(lambda thread: entry(thread, 2, barrier))

Whoever calls `run` is thread 0. Inside one run native code waits for its fellows at
barriers of its own, see `codegen.barrier`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np

from fusemlir.codegen.barrier import BARRIER_BYTES

Work: TypeAlias = Callable[[int], object]
"""What a thread does, given its number."""


class HostThreads:
    """`count` threads, the caller's among them; the others end with the pool."""

    def __init__(self, count: int):
        self.count = count
        self._works = [SimpleQueue[Work | None]() for _ in range(1, count)]
        self._done = SimpleQueue[BaseException | None]()
        self._lock = threading.Lock()
        for number, works in enumerate(self._works, start=1):
            threading.Thread(
                target=_serve,
                args=(number, works, self._done),
                name=f"fusemlir {number}",
                daemon=True,
            ).start()
        self._finalizer = weakref.finalize(self, _end, self._works)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the threads end; there is nothing to run any more."""
        self._finalizer()

    def run(self, work: Work) -> None:
        """Let every thread do `work`, each given its number; returns when all have.

        Runs come one after the other. Raises what a thread raised.
        """
        with self._lock:
            for works in self._works:
                works.put(work)
            failures = [_failure(work, 0), *(self._done.get() for _ in self._works)]
        for failure in failures:
            if failure is not None:
                raise failure


def new_barrier() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The state of a barrier on cache lines of its own; it must outlive its use."""
    memory = np.zeros(BARRIER_BYTES + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + BARRIER_BYTES]


def _serve(
    number: int,
    works: SimpleQueue[Work | None],
    done: SimpleQueue[BaseException | None],
) -> None:
    while (work := works.get()) is not None:
        failure = _failure(work, number)
        # A thread that waits must not keep alive what it worked for.
        del work
        done.put(failure)
        del failure


def _failure(work: Work, number: int) -> BaseException | None:
    """What it raised: a thread that ends would leave the others waiting."""
    try:
        work(number)
    except BaseException as error:  # handed to the caller of `run`
        return error
    return None


def _end(queues: list[SimpleQueue[Work | None]]) -> None:
    for works in queues:
        works.put(None)
