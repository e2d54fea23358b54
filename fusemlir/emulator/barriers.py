"""Barriers of whole blocks: who has arrived, and when all have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.program import Barrier
from fusemlir.emulator.types import Array

NUMBERS = 16
"""Barriers that a block has."""

NOT_WAITING = -1


class Barriers:
    """The threads of a batch that wait, by barrier."""

    def __init__(self, batch: Batch):
        self.batch = batch
        geometry = batch.geometry
        self._shape = (geometry.blocks, geometry.lanes_per_block)
        lanes = geometry.lanes
        self._barrier = np.full(lanes, NOT_WAITING, np.int8)
        """By thread, the barrier that it waits at."""
        self._place = np.zeros(lanes, np.int64)
        """The block of instructions that it came from."""
        self._target = np.zeros(lanes, np.int64)
        self._arrived = np.zeros((NUMBERS, geometry.blocks), np.int64)
        self._wanted = np.zeros((NUMBERS, geometry.blocks), np.int64)
        self.anybody_waits = False

    def arrive(self, barrier: Barrier, place: int, lanes: Lanes) -> None:
        """Count a set of threads at a barrier; raises `Fault` if they do not fit."""
        index = lanes.index
        numbers = self._per_member(barrier.number(self.batch, lanes), lanes)
        if (numbers >= NUMBERS).any():
            raise Fault(lanes.first(), f"there are barriers 0 to {NUMBERS - 1} only")
        threads = self.batch.geometry.threads
        wanted = np.full(index.size, threads)
        if barrier.threads is not None:
            wanted = self._per_member(barrier.threads(self.batch, lanes), lanes)
            if (wanted % WARP != 0).any() or (wanted == 0).any():
                raise Fault(lanes.first(), "wanted a number of threads in whole warps")
        blocks = self.batch.geometry.lane_blocks[index]
        before = self._wanted[numbers, blocks]
        if ((before != 0) & (before != wanted)).any():
            raise Fault(lanes.first(), "threads want different numbers at one barrier")
        self._wanted[numbers, blocks] = wanted
        np.add.at(self._arrived, (numbers, blocks), 1)
        if barrier.waits:
            self._barrier[index] = numbers
            self._place[index] = place
            self._target[index] = barrier.target
            self.anybody_waits = True

    @staticmethod
    def _per_member(values: Array, lanes: Lanes) -> Array:
        wide = lanes.spread(values).astype(np.int64)
        return wide[lanes.index]

    def release(self) -> list[tuple[int, Lanes]]:
        """Targets, and the threads whose barrier is complete, which go on there."""
        complete = (self._arrived >= self._wanted) & (self._wanted > 0)
        if not complete.any():
            return []
        blocks = self.batch.geometry.lane_blocks
        waiting = self._barrier != NOT_WAITING
        number = np.where(waiting, self._barrier, 0)
        free = waiting & complete[number, blocks]
        self._check_aligned(free)
        self.batch.shared.order_blocks(np.any(complete, axis=0))
        self.batch.meter.report.barriers += int(np.count_nonzero(complete))
        self._arrived[complete] = 0
        self._wanted[complete] = 0
        self._barrier[free] = NOT_WAITING
        self.anybody_waits = bool((self._barrier != NOT_WAITING).any())
        found: list[tuple[int, Lanes]] = []
        for target in np.unique(self._target[free]):
            lanes = Lanes.of_mask(free & (self._target == target))
            assert lanes is not None
            found.append((int(target), lanes))
        return found

    def place_of(self, lane: int) -> int:
        """The block of instructions that a thread waits in."""
        return int(self._place[lane])

    def _check_aligned(self, free: Array) -> None:
        """The lanes of a warp have to wait at the same instruction."""
        places = np.where(free, self._place, -1).reshape(-1, WARP)
        most = places.max(axis=1, keepdims=True)
        bad = (places != most) & (places >= 0)
        if bad.any():
            raise Fault(int(bad.argmax()), "lanes of one warp wait at two barriers")

    def why_stuck(self, lines: Mapping[int, int]) -> tuple[int, int, str]:
        """A thread that waits for ever, the block of instructions it waits in, and
        what became of another one."""
        waiting = self._barrier != NOT_WAITING
        lane = int(waiting.argmax())
        geometry = self.batch.geometry
        start = lane // geometry.lanes_per_block * geometry.lanes_per_block
        row = slice(start, start + geometry.threads)
        arrived = int(np.count_nonzero(waiting[row]))
        here = int(self._place[lane])
        differs = ~waiting[row] | (self._place[row] != here)
        differs |= self._barrier[row] != self._barrier[lane]
        message = (
            f"barrier divergence: {arrived} of {geometry.threads} threads of the "
            "block wait"
        )
        if differs.any():
            other = start + int(differs.argmax())
            where = "has ended"
            if waiting[other]:
                where = f"waits at line {lines[int(self._place[other])]}"
            message += f", thread {geometry.thread_of(other)} {where}"
        return lane, here, message
