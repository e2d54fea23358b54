"""Where a build says what it does: TensorRT's logger interface, and who listens now."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from contextvars import ContextVar
from enum import IntEnum
from threading import Lock
from time import strftime

CURRENT: ContextVar[ILogger | None] = ContextVar("logger", default=None)
"""Who hears what is logged; None where nobody does."""


class Severity(IntEnum):
    """How bad it is: the lower, the worse."""

    INTERNAL_ERROR = 0
    ERROR = 1
    WARNING = 2
    INFO = 3
    VERBOSE = 4


class ILogger(ABC):
    """What an application implements to hear of a build.

    `log` may be called from several threads at once; what it raises ends the build.
    """

    INTERNAL_ERROR = Severity.INTERNAL_ERROR
    ERROR = Severity.ERROR
    WARNING = Severity.WARNING
    INFO = Severity.INFO
    VERBOSE = Severity.VERBOSE

    @abstractmethod
    def log(self, severity: Severity, msg: str) -> None:
        """Take one line, without its end."""


class Logger(ILogger):
    """Prints to stderr what is at least as bad as `min_severity`, which may be set."""

    def __init__(self, min_severity: Severity = Severity.WARNING) -> None:
        self.min_severity = min_severity
        self._lock = Lock()

    def log(self, severity: Severity, msg: str) -> None:
        """Print `[11/22/2026-17:58:16] [TRT] [I] msg`."""
        if severity > self.min_severity:
            return
        now = strftime("%m/%d/%Y-%H:%M:%S")
        line = f"[{now}] [TRT] [{_LETTERS[severity]}] {msg}\n"
        with self._lock:
            sys.stderr.write(line)
            sys.stderr.flush()


_LETTERS = {
    Severity.INTERNAL_ERROR: "F",
    Severity.ERROR: "E",
    Severity.WARNING: "W",
    Severity.INFO: "I",
    Severity.VERBOSE: "V",
}


def log(severity: Severity, message: str) -> None:
    """Tell whoever listens now."""
    logger = CURRENT.get()
    if logger is not None:
        logger.log(severity, message)
