"""A process that computes what it is asked for, until its input ends.

    python -m fusemlir.codegen.compiler_process

Its input is pickles of a function and its arguments, its output `None` when it is
ready, then for each of them a pair: a result, or the message of a `RuntimeError`.
Anything else that is raised ends it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import BinaryIO

from fusemlir.codegen.object_code import native_binding


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    native_binding()
    reply: object = None
    while True:
        pickle.dump(reply, replies)
        replies.flush()
        try:
            function, arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            reply = function(*arguments), None
        except RuntimeError as error:
            reply = None, str(error)


def main() -> None:
    # Who started it is interrupted by the same keys, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints is no reply.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as replies:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
