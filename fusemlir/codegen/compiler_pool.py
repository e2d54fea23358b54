"""Compilers side by side: LLVM compiles one thing at a time in a process."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Compiler: TypeAlias = Callable[[Callable[..., Any], tuple[Any, ...]], Any]
"""Calls a function with its arguments."""

MODULE = "fusemlir.codegen.compiler_process"

LOST = (EOFError, OSError, pickle.UnpicklingError)
"""What is raised where a process does not answer."""

PATIENCE = 1.0
"""Seconds that a process has to end, once it does not answer."""

LOGGER = logging.getLogger(__name__)


class CompilerPool(Executor):
    """Calls functions in a thread of this process, and in `processes` others.

    These are used once they are ready, and nobody waits for them to start. One that
    does not start is warned of.
    """

    def __init__(self, processes: int = 0):
        self._threads = ThreadPoolExecutor(processes + 1, "fusemlir compiler")
        self._idle = SimpleQueue[Compiler]()
        self._idle.put(_call)
        self._processes = list[CompilerProcess]()
        # Python in another program has no interpreter that could be started.
        if Path(sys.executable).name.startswith("python"):
            for _ in range(processes):
                self._start()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """What `fn(*args)` returns; there are no `kwargs`."""
        assert not kwargs
        return self._threads.submit(self._run, fn, args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; what has no result then is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.end()
        self._threads.shutdown(wait)
        for process in self._processes:
            process.close()

    def _start(self) -> None:
        try:
            process = CompilerProcess()
        except OSError as error:
            LOGGER.warning("cannot start a process that compiles: %s", error)
            return
        self._processes.append(process)
        self._threads.submit(self._welcome, process)

    def _welcome(self, process: CompilerProcess) -> None:
        if process.is_ready():
            self._idle.put(process)
        elif not process.was_ended:
            LOGGER.warning("a process that compiles %s", process.how_it_ended())

    def _run(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        compiler = self._idle.get()
        try:
            return compiler(function, arguments)
        finally:
            self._idle.put(compiler)


class CompilerProcess:
    """One that was started, see `compiler_process`."""

    def __init__(self) -> None:
        """Raises `OSError` where it cannot be started."""
        # It imports what this process would.
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        self.was_ended = False
        """Whether it was told to."""

    def is_ready(self) -> bool:
        """Whether it came to the point of waiting for work; waits for that."""
        try:
            pickle.load(self._replies)
        except LOST:
            return False
        return True

    def __call__(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """Raises `RuntimeError` where the function did, or where the process ended."""
        try:
            pickle.dump((function, arguments), self._requests)
            self._requests.flush()
            result, message = pickle.load(self._replies)
        except LOST as error:
            raise RuntimeError(
                f"a process that compiles {self.how_it_ended()}"
            ) from error
        if message is not None:
            raise RuntimeError(message)
        return result

    def end(self) -> None:
        """End it, whatever it is at."""
        self.was_ended = True
        self._process.kill()

    def close(self) -> None:
        """Of one that was ended, and that nobody talks to."""
        self._process.wait()
        self._replies.close()
        # What it was not told in time.
        with suppress(BrokenPipeError):
            self._requests.close()

    def how_it_ended(self) -> str:
        """Of one that does not answer any more."""
        try:
            status = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return "does not answer"
        if status < 0:
            return f"was ended by {signal.strsignal(-status)} (signal {-status})"
        return f"ended with status {status}"


def _call(function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    return function(*arguments)
