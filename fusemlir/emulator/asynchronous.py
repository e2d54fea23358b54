"""Copies by `cp.async` that have begun, by thread, until they are waited for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.shared_memory import SharedMemory
from fusemlir.emulator.types import Array


@dataclass(frozen=True)
class Flight:
    """Copies of one instruction: by thread its group, the target and the data."""

    lanes: Array
    groups: Array
    offsets: Array
    data: Array


class AsyncCopies:
    """The copies in flight of all threads, and how many groups each has closed."""

    def __init__(self, lanes: int):
        self._closed = np.zeros(lanes, np.int64)
        self._flights: list[Flight] = []

    def begin(
        self, lanes: Lanes, offsets: Array, data: Array, shared: SharedMemory
    ) -> None:
        """Copies of rows of `data` to offsets in shared memory, one for each thread."""
        index = lanes.index
        self._flights.append(Flight(index, self._closed[index], offsets, data))
        width = data.dtype.itemsize * (1 if data.ndim == 1 else data.shape[1])
        shared.set_flying(offsets, width)

    def close_group(self, lanes: Lanes) -> None:
        self._closed[lanes.index] += 1

    def wait(self, lanes: Lanes, pending: int | None, shared: SharedMemory) -> None:
        """Finish all but the last `pending` groups; without it, all there is."""
        limit = np.full(self._closed.size, -1, np.int64)
        if pending is None:
            limit[lanes.index] = np.iinfo(np.int64).max
        else:
            limit[lanes.index] = self._closed[lanes.index] - pending
        left: list[Flight] = []
        for flight in self._flights:
            done = flight.groups < limit[flight.lanes]
            if done.any():
                threads = shared.threads[flight.lanes[done]]
                shared.land(flight.offsets[done], threads, flight.data[done])
            if not done.all():
                kept = ~done
                left.append(
                    Flight(
                        flight.lanes[kept],
                        flight.groups[kept],
                        flight.offsets[kept],
                        flight.data[kept],
                    )
                )
        self._flights = left
