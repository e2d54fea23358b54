"""What a launch did, counted: instructions, bytes, sectors and bank conflicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.types import Array

SECTOR = 32
"""Bytes that global memory is read and written in."""

BANKS, BANK_BYTES = 32, 4


@dataclass
class BufferTraffic:
    """Bytes that threads asked for, those they touched, and the sectors it took.

    A request is one instruction of one warp; `sectors` counts the sectors of 32 bytes
    that each touches, however often in all.
    """

    read_bytes: int = 0
    written_bytes: int = 0
    unique_read_bytes: int = 0
    unique_written_bytes: int = 0
    read_requests: int = 0
    write_requests: int = 0
    read_sectors: int = 0
    write_sectors: int = 0


@dataclass
class Report:
    """What one launch did; the same for the same launch."""

    kernel: str
    threads: int = 0
    thread_instructions: Counter[str] = field(default_factory=Counter[str])
    """By full opcode, once for each thread that executed it."""
    warp_instructions: Counter[str] = field(default_factory=Counter[str])
    """By full opcode, once for each warp with such a thread."""
    buffers: dict[str, BufferTraffic] = field(default_factory=dict[str, BufferTraffic])
    shared_requests: int = 0
    shared_wavefronts: int = 0
    """Passes that shared memory takes: one a request where no banks conflict; the
    quarters of a warp that reads 16 bytes each are requests of their own."""
    barriers: int = 0

    @property
    def bank_conflicts(self) -> int:
        """Passes that would not be needed."""
        return self.shared_wavefronts - self.shared_requests


class Meter:
    """Counts for a `Report`; what costs much only where `detailed`."""

    def __init__(self, report: Report, detailed: bool):
        self.report = report
        self.detailed = detailed
        self._known: dict[tuple[str, bytes], int] = {}
        self._blocks: Counter[int] = Counter()
        self._block_warps: Counter[int] = Counter()

    def count_block(self, number: int, lanes: Lanes) -> None:
        """A basic block that a set of threads has run."""
        self._blocks[number] += lanes.count
        self._block_warps[number] += lanes.warps

    def count_guarded(self, mnemonic: str, lanes: Lanes) -> None:
        """An instruction that a set of threads has run behind its predicate."""
        self.report.thread_instructions[mnemonic] += lanes.count
        self.report.warp_instructions[mnemonic] += lanes.warps

    def sum_up(self, blocks: Sequence[Sequence[str]]) -> None:
        """Count the unguarded instructions, named by block, into the report."""
        for number, names in enumerate(blocks):
            for name in names:
                self.report.thread_instructions[name] += self._blocks[number]
                self.report.warp_instructions[name] += self._block_warps[number]

    def traffic(
        self, name: str, lanes: Lanes, addresses: Array, width: int, writes: bool
    ) -> None:
        """An access to a buffer by all members of a set."""
        traffic = self.report.buffers.setdefault(name, BufferTraffic())
        bytes_ = lanes.count * width
        sectors = requests = 0
        if self.detailed:
            requests = lanes.warps
            first = self._by_warp(lanes, addresses) // SECTOR
            last = self._by_warp(lanes, addresses + (width - 1)) // SECTOR
            sectors = self._distinct(first, last)
        if writes:
            traffic.written_bytes += bytes_
            traffic.write_requests += requests
            traffic.write_sectors += sectors
        else:
            traffic.read_bytes += bytes_
            traffic.read_requests += requests
            traffic.read_sectors += sectors

    def _by_warp(self, lanes: Lanes, addresses: Array) -> Array:
        """Addresses (warps, 32); those that are not there repeat one that is."""
        if addresses.size == 1:
            return np.broadcast_to(addresses, (lanes.warps, WARP))
        if lanes.has_whole_warps:
            return addresses.reshape(-1, WARP)
        wide = np.full(lanes.size, np.iinfo(np.int64).max)
        wide[lanes.index] = addresses
        table = wide.reshape(-1, WARP)[lanes.warp_index]
        least = table.min(axis=1, keepdims=True)
        return np.where(table == np.iinfo(np.int64).max, least, table)

    @staticmethod
    def _distinct(first: Array, last: Array) -> int:
        """Different numbers in each row, in all; `last` are those after `first`."""
        both = np.concatenate([first, last], axis=1) if (last != first).any() else first
        steps = np.diff(both, axis=1)
        if (steps < 0).any():
            steps = np.diff(np.sort(both, axis=1), axis=1)
        return int(both.shape[0] + np.count_nonzero(steps))

    def shared_access(self, lanes: Lanes, addresses: Array, width: int) -> None:
        """Count the passes of an access by whole and by partial warps."""
        if not self.detailed:
            return
        if addresses.size == 1:
            self.report.shared_requests += lanes.warps
            self.report.shared_wavefronts += lanes.warps
            return
        table = self._by_warp(lanes, addresses)
        groups = max(1, width * WARP // 128)
        words = table.reshape(-1, WARP // groups) // BANK_BYTES
        relative = words - words[:, :1]
        patterns, counts = self._patterns(relative)
        passes = 0
        for pattern, count in zip(patterns, counts, strict=True):
            passes += self._passes(pattern, width) * int(count)
        self.report.shared_requests += words.shape[0]
        self.report.shared_wavefronts += passes

    @staticmethod
    def _patterns(rows: Array) -> tuple[Array, Array]:
        if (rows == rows[:1]).all():
            return rows[:1], np.array([rows.shape[0]])
        return np.unique(rows, axis=0, return_counts=True)

    def _passes(self, words: Array, width: int) -> int:
        """The most different words that one bank is asked for."""
        key = (str(width), words.tobytes())
        if key not in self._known:
            each = max(1, width // BANK_BYTES)
            wanted = np.unique(words[:, None] + np.arange(each))
            self._known[key] = int(np.bincount(wanted % BANKS).max())
        return self._known[key]
