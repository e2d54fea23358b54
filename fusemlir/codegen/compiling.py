"""How machine code for the CPU is made: where, and who hears of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from concurrent.futures import Executor

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many kernels are compiled, and of how many."""

WORTH_A_PROCESS = 4000
"""Operations for which another process is started: less than a second of work."""

MOST_PROCESSES = 7


@dataclass(frozen=True)
class Compiling:
    """The executor that LLVM runs on, and who hears how far it is."""

    executor: Executor | None = None
    """None for a thread, and processes that are started for what takes long."""
    progress: Progress | None = None

    @contextmanager
    def place(self, operations: int) -> Generator[Executor]:
        """Where so many operations are compiled."""
        if self.executor is not None:
            yield self.executor
            return
        from fusemlir.codegen.compiler_pool import CompilerPool

        wanted = min(operations // WORTH_A_PROCESS, MOST_PROCESSES)
        with CompilerPool(min(wanted, processors() - 1)) as pool:
            yield pool

    def report(self, done: int, of: int) -> None:
        if self.progress is not None:
            self.progress(done, of)


HERE = Compiling()


def processors() -> int:
    """Those that this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
