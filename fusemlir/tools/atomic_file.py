"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def write_atomically(path: str, content: str | bytes) -> None:
    """Put `content`, a text as UTF-8, where `path` is; a file there lends its mode.

    It goes to a new file beside it first, which then takes its place; a symbolic
    link is followed, and a device or pipe is written to as it is. Raises `OSError`.
    """
    data = content.encode() if isinstance(content, str) else content
    target = Path(path).resolve()
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        target.write_bytes(data)
        return
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".fuse-")
    except OSError as error:
        # The name that could not be made means nothing to the reader.
        raise OSError(error.errno, error.strerror, path) from error
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, _new_file_mode() if mode is None else stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _new_file_mode() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
