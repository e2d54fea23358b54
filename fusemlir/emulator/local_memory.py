"""Memory that each thread has for itself: `.local` variables, and `.param` of calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.tables import (
    ByteTable,
    check_alignment,
    check_window,
    first_fault,
    lane_at,
)
from fusemlir.emulator.types import Array


class LocalMemory:
    """`size` bytes a lane."""

    def __init__(self, lanes: int, size: int):
        self.size = size
        stride = -(-max(size, 1) // 16) * 16
        self._base = np.arange(lanes, dtype=np.int64) * stride
        self._table = ByteTable(np.zeros(lanes * stride, np.uint8))
        self._written = ByteTable(np.zeros(lanes * stride, np.uint8))

    def load(
        self, lanes: Lanes, addresses: Array, dtype: np.dtype[Any], count: int
    ) -> Array:
        """Rows at addresses; raises `Fault` for what was not written."""
        width = dtype.itemsize * count
        offsets = self._offsets(lanes, addresses, width, "reads")
        byte = np.dtype(np.uint8)
        missing = self._written.load(offsets, byte, width) == 0
        if missing.any():
            at = first_fault(missing.reshape(offsets.size, -1).any(axis=1))
            raise Fault(lane_at(lanes, offsets, at), "reads local memory never written")
        return self._table.load(offsets, dtype, count)

    def store(self, lanes: Lanes, addresses: Array, values: Array) -> None:
        count = 1 if values.ndim == 1 else values.shape[1]
        width = values.dtype.itemsize * count
        offsets = self._offsets(lanes, addresses, width, "writes")
        self._table.store(offsets, values)
        ones = np.ones((1, width) if width > 1 else 1, np.uint8)
        shape = (offsets.size, width) if width > 1 else offsets.shape
        self._written.store(offsets, np.broadcast_to(ones, shape))

    def _offsets(self, lanes: Lanes, addresses: Array, width: int, doing: str) -> Array:
        check_alignment(lanes, addresses, width, doing)
        check_window(lanes, addresses, width, self.size, "local memory", doing)
        return lanes.pick(self._base) + addresses
