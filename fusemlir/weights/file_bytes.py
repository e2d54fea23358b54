"""The bytes of a file by position, read in small pieces."""

from __future__ import annotations

from pathlib import Path
from typing import overload

_WINDOW = 4096


class FileBytes:
    """A file that is indexed and sliced like `bytes`, of which one window is held.

    Unlike a mapping of the file it makes nothing resident: a touched byte of a mapping
    can bring in a page of 2 MiB. Raises `OSError` where the file cannot be read.
    """

    def __init__(self, path: Path):
        self._file = path.open("rb", buffering=0)
        self._size = self._file.seek(0, 2)
        self._start = 0
        self._window = b""

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...
    def __getitem__(self, key: int | slice) -> int | bytes:
        if isinstance(key, int):
            offset = key - self._start
            if not 0 <= offset < len(self._window):
                self._start, self._window = key, self._read(key, _WINDOW)
                offset = 0
            return self._window[offset]
        start, stop, _ = key.indices(self._size)
        offset = start - self._start
        if offset >= 0 and stop - self._start <= len(self._window):
            return self._window[offset : stop - self._start]
        return self._read(start, max(0, stop - start))

    def _read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        parts: list[bytes] = []
        while count and (part := self._file.read(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
