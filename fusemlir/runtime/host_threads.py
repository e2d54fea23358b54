"""Threads that run native code together, asleep between runs.

    threads = HostThreads(library, 2)
    threads.run(library.address("step"), arguments)

Whoever calls `run` is thread 0. What they call, and how they wait for each other in it,
is in `codegen.thread_team`.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fusemlir.codegen.native import NativeLibrary
from fusemlir.codegen.thread_team import (
    CLOCK,
    RUN,
    SERVE,
    TEAM_BYTES,
    TIME_BYTES,
    initialise,
)
from fusemlir.runtime.host_memory import address_of, empty
from fusemlir.weights import Array

ADDRESS_BYTES = ctypes.sizeof(ctypes.c_void_p)

Run: TypeAlias = Callable[[int, int | None, int | None, int], None]
"""`fusemlir.run` of `codegen.thread_team`."""


class HostThreads:
    """`count` threads, the caller's among them; the others end with the pool."""

    def __init__(self, library: NativeLibrary, count: int):
        """Start them; `library` has the code of a team."""
        self.count = count
        self._run: Run = library.function(RUN, *[ctypes.c_void_p] * 3, ctypes.c_int64)
        self._library = library
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._team = empty(TEAM_BYTES)
        self._team[:] = 0
        self._address = address_of(self._team)
        initialise(self._address)
        for number in range(1, self.count):
            threading.Thread(
                target=_serve,
                args=(self._library, self._team, number, self.count),
                name=f"fusemlir {number}",
                daemon=True,
            ).start()
        # Who serves, or ends them, holds the code and the team, not the pool.
        held = (self._library, self._run, self._team, self.count, self._process)
        weakref.finalize(self, _end, *held)

    def run(self, function: int, arguments: int) -> None:
        """Let every thread call the native function at this address with the address of
        its arguments and its own number; returns when all have.

        The next run must wait for this one.
        """
        self._start_in_a_forked_process()
        self._run(self._address, function, arguments, self.count)

    def run_timed(self, function: int, arguments: int, barriers: int) -> list[float]:
        """Like `run`; what it took to each barrier from the one before, in seconds.

        The function comes to so many.
        """
        self._start_in_a_forked_process()
        # Its start, and that all are back, are noted as well.
        times = np.zeros((barriers + 2, 2), np.int64)
        assert times.strides[0] == TIME_BYTES
        clock = self._team[CLOCK : CLOCK + ADDRESS_BYTES].view(np.uintp)
        clock[0] = times.ctypes.data
        self.run(function, arguments)
        clock[0] = 0
        seconds, nanoseconds = times[:-1].T
        return (np.diff(seconds) + np.diff(nanoseconds) * 1e-9).tolist()

    def _start_in_a_forked_process(self) -> None:
        # It has the memory of its parent, and none of its threads.
        if self._process != os.getpid():
            self._start()


def _serve(library: NativeLibrary, team: Array, number: int, count: int) -> None:
    kinds = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    library.function(SERVE, *kinds)(team.ctypes.data, number, count)


def _end(
    library: NativeLibrary, run: Run, team: Array, count: int, process: int
) -> None:
    if process == os.getpid():
        run(team.ctypes.data, None, None, count)
