"""How a command ends: its exit code, and what it says when something is wrong."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import BinaryIO, TextIO, cast

from fusemlir.diagnostics import DiagnosticError
from fusemlir.garbage_collection import rare_collections
from fusemlir.tools.pass_manager import InternalError
from fusemlir.tools.usage import UsageError

STDOUT = 1
"""Its file descriptor."""

EXIT_OK, EXIT_USER_ERROR, EXIT_INTERNAL_ERROR, EXIT_INTERRUPTED = 0, 1, 70, 130


def run_command(name: str, body: Callable[[], int]) -> int:
    """The exit code of the command `name`, whose work `body` does.

    What `body` returns, or 1 where the user has something to mend, 70 where we have;
    only then there is a traceback.
    """
    try:
        _write_utf8()
        with rare_collections():
            return body()
    except UsageError as error:
        return _fail(f"{name}: error: {error}")
    except DiagnosticError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Whoever read our output has seen enough; flushing it at exit would fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)
        return EXIT_USER_ERROR
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{name}: error: {where}{error.strerror or error}")
    except InternalError as error:
        return _break_down(name, error.stage, error.__cause__ or error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _break_down(name, "the driver", error)


def _write_utf8() -> None:
    """MLIR text is UTF-8 whatever the locale says; a test's stdout stays as it is."""
    stream: TextIO = sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        cast("io.TextIOWrapper[BinaryIO]", stream).reconfigure(encoding="utf-8")


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return EXIT_USER_ERROR


def _break_down(name: str, stage: str, error: BaseException) -> int:
    traceback.print_exception(error)
    [*_, last_line] = traceback.format_exception_only(error)
    _fail(f"{name}: internal error in {stage}: {last_line.rstrip()}")
    return EXIT_INTERNAL_ERROR
