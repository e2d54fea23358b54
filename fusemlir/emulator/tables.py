"""Bytes as rows of elements, read and written at many addresses at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.types import Array


class ByteTable:
    """An array of bytes, and its views as rows of `count` elements of a type."""

    def __init__(self, data: Array):
        self.bytes = data
        self._rows: dict[tuple[np.dtype[Any], int], Array] = {}

    def rows(self, dtype: np.dtype[Any], count: int) -> Array:
        """Of shape (rows,) for one element, else (rows, count)."""
        key = (dtype, count)
        if key not in self._rows:
            width = dtype.itemsize * count
            whole = self.bytes[: self.bytes.size // width * width].view(dtype)
            self._rows[key] = whole if count == 1 else whole.reshape(-1, count)
        return self._rows[key]

    def load(self, offsets: Array, dtype: np.dtype[Any], count: int) -> Array:
        """Rows at byte offsets, of shape (n,) or (n, count)."""
        width = dtype.itemsize * count
        # Accesses are aligned, so that all are off by as much as the buffer is.
        if int(offsets[0]) & (width - 1):
            return self._load_unaligned(offsets, dtype, count)
        return self.rows(dtype, count)[offsets >> (width.bit_length() - 1)]

    def store(self, offsets: Array, values: Array) -> None:
        """Write rows; of several at one offset the last one stays."""
        count = 1 if values.ndim == 1 else values.shape[1]
        width = values.dtype.itemsize * count
        if int(offsets[0]) & (width - 1):
            columns = np.arange(width)
            flat = np.ascontiguousarray(values).view(np.uint8).reshape(-1, width)
            self.bytes[offsets[:, None] + columns] = flat
            return
        self.rows(values.dtype, count)[offsets >> (width.bit_length() - 1)] = values

    def _load_unaligned(
        self, offsets: Array, dtype: np.dtype[Any], count: int
    ) -> Array:
        """Of a buffer that is itself not aligned to the access."""
        columns = np.arange(dtype.itemsize * count)
        found = self.bytes[offsets[:, None] + columns].view(dtype)
        return found.reshape(-1) if count == 1 else found


def lane_at(lanes: Lanes, values: Array, position: int) -> int:
    """The thread of a value of a set."""
    return lanes.first() if values.shape[0] == 1 else lanes.lane(position)


def first_fault(bad: Array) -> int:
    return int(bad.argmax())


def check_alignment(lanes: Lanes, addresses: Array, width: int, doing: str) -> None:
    """Raises `Fault` where an access is not aligned to its own width."""
    if width == 1:
        return
    if int(np.bitwise_or.reduce(addresses)) & (width - 1):
        at = first_fault((addresses & (width - 1)) != 0)
        raise Fault(
            lane_at(lanes, addresses, at),
            f"misaligned: {doing} {width} bytes at {int(addresses[at]):#x}",
        )


def check_window(
    lanes: Lanes, offsets: Array, width: int, size: int, what: str, doing: str
) -> None:
    """Raises `Fault` where an access leaves `size` bytes."""
    if int(offsets.min()) >= 0 and int(offsets.max()) + width <= size:
        return
    at = first_fault((offsets < 0) | (offsets + width > size))
    raise Fault(
        lane_at(lanes, offsets, at),
        f"out of bounds: {doing} {width} bytes at offset {int(offsets[at])} of "
        f"{what} of {size} bytes",
    )


def granules(offsets: Array, width: int, shift: int) -> Array:
    """The numbers of the granules of accesses, of shape (n, granules of one)."""
    first = offsets >> shift
    count = max(1, width >> shift)
    if count == 1:
        return first[:, None]
    return first[:, None] + np.arange(count)
