"""Shared memory of the blocks of a batch, with who touched what since the barrier.

A granule is as large as the least access of the kernel; all accesses are aligned, so
that knowing about granules is knowing about bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.tables import (
    ByteTable,
    check_alignment,
    check_window,
    first_fault,
    granules,
    lane_at,
)
from fusemlir.emulator.types import Array

# Who wrote a granule last: a thread of the block by its number, or one of these.
BEFORE, NEVER, IN_FLIGHT = -1, -2, -3
"""Written before the barrier; never; the target of a copy that is not waited for."""

NOBODY = -1

IN_ORDER = 1024
"""Plus a warp: some of its threads, of which all that come are in order with them."""

SAME_WARP = IN_ORDER + WARP
"""Plus a warp: several of its threads."""

MOST_PENDING = 1 << 22

ANYBODY = SAME_WARP + WARP
ATOMIC = ANYBODY + 1

_WARP_OF = np.full(ATOMIC + 4, -1, np.int16)
_WARP_OF[:IN_ORDER] = np.arange(IN_ORDER) // WARP
_WARP_OF[IN_ORDER:SAME_WARP] = np.arange(WARP)
_WARP_OF[SAME_WARP:ANYBODY] = np.arange(WARP)
"""By code; the negative ones are none's."""


@dataclass(frozen=True)
class Reads:
    """The reads of one instruction: where, and by which threads of their blocks."""

    offsets: Array
    width: int
    base: Array
    threads: Array

    @cached_property
    def span(self) -> tuple[int, int]:
        """The bytes of a block, from and to, that all of them are in."""
        return span_of(self.offsets - self.base, self.width)


def span_of(offsets: Array, width: int) -> tuple[int, int]:
    return int(offsets.min()), int(offsets.max()) + width


class SharedMemory:
    """`size` bytes for each of `blocks` blocks of so many lanes."""

    def __init__(
        self,
        blocks: int,
        lanes_per_block: int,
        size: int,
        dynamic_size: int,
        shift: int,
        checks: bool,
        orders_warps: bool,
    ):
        """`orders_warps` where the kernel has barriers of warps."""
        self.size = size
        self.dynamic_size = dynamic_size
        self.shift = shift
        self.checks = checks
        self.blocks = blocks
        stride = -(-max(size, 1) // 128) * 128
        lanes = np.arange(blocks * lanes_per_block, dtype=np.int64)
        self.base = lanes // lanes_per_block * stride
        self.threads = (lanes % lanes_per_block).astype(np.int16)
        self.table = ByteTable(np.zeros(blocks * stride, np.uint8))
        granule_count = blocks * stride >> shift
        self.writers = np.full(granule_count, NEVER, np.int16)
        self.readers = np.full(granule_count, NOBODY, np.int16)
        self._codes = ByteTable(self.writers.view(np.uint8))
        self.orders_warps = orders_warps
        self._reads: list[Reads] = []
        """What `readers` does not know yet: mostly there is a barrier before a write
        that would have to know, or it writes to another buffer."""
        self._pending = 0

    def offsets(self, lanes: Lanes, addresses: Array, width: int, doing: str) -> Array:
        """Where in the bytes of all blocks; raises `Fault` outside the block's own."""
        check_alignment(lanes, addresses, width, doing)
        check_window(lanes, addresses, width, self.size, "shared memory", doing)
        return lanes.pick(self.base) + addresses

    def load(
        self, lanes: Lanes, addresses: Array, dtype: np.dtype[Any], count: int
    ) -> Array:
        """Rows for each member of the set."""
        width = dtype.itemsize * count
        offsets = self.offsets(lanes, addresses, width, "reads")
        if self.checks:
            self.check_read(lanes, offsets, width)
        return self.table.load(offsets, dtype, count)

    def store(self, lanes: Lanes, addresses: Array, values: Array) -> None:
        count = 1 if values.ndim == 1 else values.shape[1]
        width = values.dtype.itemsize * count
        offsets = self.offsets(lanes, addresses, width, "writes")
        if self.checks:
            self.check_write(lanes, offsets, width, values)
        self.table.store(offsets, values)
        if self.checks:
            self._check_one_value(lanes, offsets, values, count)

    def check_read(self, lanes: Lanes, offsets: Array, width: int) -> None:
        if not self._all_before(offsets, width):
            self._check_writers(lanes, offsets, width)
        base, threads = lanes.pick(self.base), lanes.pick(self.threads)
        self._reads.append(Reads(offsets, width, base, threads))
        self._pending += offsets.size * max(1, width >> self.shift)
        if self._pending > MOST_PENDING:
            self._note_reads()

    def _all_before(self, offsets: Array, width: int) -> bool:
        """Whether a barrier is behind all writes, by several granules at once."""
        count = max(1, width >> self.shift)
        dtype, rows = np.dtype(f"i{2 * min(count, 4)}"), max(1, count // 4)
        codes = self._codes.load(offsets >> self.shift << 1, dtype, rows)
        return bool((codes == BEFORE).all())

    def _check_writers(self, lanes: Lanes, offsets: Array, width: int) -> None:
        writers = self.writers[granules(offsets, width, self.shift)]
        threads = lanes.pick(self.threads)[:, None]
        fine = writers == BEFORE
        fine |= (writers == threads) | (writers == threads // WARP + IN_ORDER)
        if not fine.all():
            self._report_read(lanes, offsets, ~fine, writers)

    def _note_reads(self) -> None:
        note = self._mark_by_warp if self.orders_warps else self._mark
        for reads in self._reads:
            numbers = granules(reads.offsets, reads.width, self.shift)
            note(numbers, reads.threads[:, None])
        self._forget_reads()

    def _note_reads_of(self, lanes: Lanes, offsets: Array, width: int) -> None:
        """Note the reads if one of them may touch what is written at `offsets`."""
        if not self._reads:
            return
        low, high = span_of(offsets - lanes.pick(self.base), width)
        if any(r.span[0] < high and low < r.span[1] for r in self._reads):
            self._note_reads()

    def _forget_reads(self) -> None:
        self._reads.clear()
        self._pending = 0

    def _mark(self, numbers: Array, threads: Array) -> None:
        old = self.readers[numbers]
        alone = (old == NOBODY) | (old == threads)
        new = np.where(alone, threads, np.int16(ANYBODY))
        self.readers[numbers] = new
        lost = self.readers[numbers] != new
        if lost.any():
            self.readers[numbers[lost]] = ANYBODY

    def _mark_by_warp(self, numbers: Array, threads: Array) -> None:
        at, who = numbers, np.broadcast_to(threads, numbers.shape)
        while True:
            old = self.readers[at]
            new = (old != who) & (old != ANYBODY)
            if not new.any():
                return
            at, who, old = at[new], who[new], old[new]
            warp = who // WARP
            same = _WARP_OF[old] == warp
            joined = np.where(same, SAME_WARP + warp, ANYBODY)
            joined = np.where(same & (old == IN_ORDER + warp), who, joined)
            joined = np.where(old == NOBODY, who, joined).astype(np.int16)
            changed = joined != old
            if not changed.any():
                return
            at, who = at[changed], who[changed]
            # Of threads that meet at one granule one is kept; the others come again.
            self.readers[at] = joined[changed]

    def check_write(
        self, lanes: Lanes, offsets: Array, width: int, values: Array | None
    ) -> None:
        """Without `values` where they are not known yet."""
        self._note_reads_of(lanes, offsets, width)
        numbers = granules(offsets, width, self.shift)
        threads = lanes.pick(self.threads)[:, None]
        ordered = threads // WARP + IN_ORDER
        readers = self.readers[numbers]
        bad = (readers != NOBODY) & (readers != threads) & (readers != ordered)
        if bad.any():
            self._report(lanes, offsets, bad, "writes what", readers, "read")
        writers = self.writers[numbers]
        bad = (writers >= 0) & (writers != threads) & (writers != ordered)
        flying = writers == IN_FLIGHT
        if flying.any():
            self._report_flying(lanes, offsets, flying, "writes")
        if bad.any():
            if values is not None:
                bad &= self._changes(offsets, values)[:, None]
            if bad.any():
                self._report(lanes, offsets, bad, "overwrites what", writers, "wrote")
        self.writers[numbers] = np.broadcast_to(threads, numbers.shape)

    def check_atomic(self, lanes: Lanes, offsets: Array, width: int) -> None:
        self._note_reads()
        numbers = granules(offsets, width, self.shift)
        threads = lanes.pick(self.threads)[:, None]
        ordered = threads // WARP + IN_ORDER
        readers, writers = self.readers[numbers], self.writers[numbers]
        bad = (readers != NOBODY) & (readers != threads) & (readers != ordered)
        if bad.any():
            self._report(lanes, offsets, bad, "changes what", readers, "read")
        fine = (writers == BEFORE) | (writers == threads) | (writers == ordered)
        fine |= writers == ATOMIC
        if not fine.all():
            self._report_read(lanes, offsets, ~fine, writers)
        self.writers[numbers] = ATOMIC

    def set_flying(self, offsets: Array, width: int) -> None:
        """Note the targets of copies that have begun."""
        self.writers[granules(offsets, width, self.shift)] = IN_FLIGHT

    def land(self, offsets: Array, threads: Array, values: Array) -> None:
        """The end of copies: their threads have written."""
        self.table.store(offsets, values)
        width = values.dtype.itemsize * (1 if values.ndim == 1 else values.shape[1])
        numbers = granules(offsets, width, self.shift)
        self.writers[numbers] = np.broadcast_to(threads[:, None], numbers.shape)

    def order_blocks(self, which: Array) -> None:
        """A barrier of the blocks of a boolean array: all before it is in order."""
        writers = self.writers.reshape(self.blocks, -1)
        readers = self.readers.reshape(self.blocks, -1)
        if which.all():
            self._forget_reads()
            np.minimum(writers, BEFORE, out=writers)
            readers.fill(NOBODY)
            return
        self._note_reads()
        writers[which] = np.minimum(writers[which], BEFORE)
        readers[which] = NOBODY

    def order_warps(self, which: Array) -> None:
        """A barrier of the warps of a boolean array (blocks, warps)."""
        self._note_reads()
        rows = np.arange(self.blocks)[:, None]
        for table in (self.writers, self.readers):
            codes = table.reshape(self.blocks, -1)
            warps = _WARP_OF[codes]
            some = (codes >= 0) & (warps >= 0)
            inside = some & which[rows, np.where(some, warps, 0)]
            codes[inside] = (warps[inside] + IN_ORDER).astype(np.int16)

    def _changes(self, offsets: Array, values: Array) -> Array:
        count = 1 if values.ndim == 1 else values.shape[1]
        old = self.table.load(offsets, values.dtype, count)
        return (old != values).reshape(values.shape[0], -1).any(axis=1)

    def _check_one_value(
        self, lanes: Lanes, offsets: Array, values: Array, count: int
    ) -> None:
        stored = self.table.load(offsets, values.dtype, count)
        bad = (stored != values).reshape(values.shape[0], -1).any(axis=1)
        if bad.any():
            at = first_fault(bad)
            raise Fault(
                lane_at(lanes, offsets, at),
                "two threads write different values (race) to "
                f"{self._place(lanes, offsets, at)}",
            )

    def _place(self, lanes: Lanes, offsets: Array, at: int) -> str:
        base = lanes.pick(self.base)
        own = int(base[at] if base.size > 1 else base[0])
        return f"offset {int(offsets[at]) - own} of shared memory"

    def _report_read(
        self, lanes: Lanes, offsets: Array, bad: Array, writers: Array
    ) -> None:
        never = bad & (writers == NEVER)
        if never.any():
            at = first_fault(np.any(never, axis=1))
            raise Fault(
                lane_at(lanes, offsets, at),
                f"reads {self._place(lanes, offsets, at)}, which is never written",
            )
        flying = bad & (writers == IN_FLIGHT)
        if flying.any():
            self._report_flying(lanes, offsets, flying, "reads")
        self._report(lanes, offsets, bad, "reads what", writers, "wrote")

    def _report_flying(
        self, lanes: Lanes, offsets: Array, flying: Array, doing: str
    ) -> None:
        at = first_fault(np.any(flying, axis=1))
        raise Fault(
            lane_at(lanes, offsets, at),
            f"{doing} {self._place(lanes, offsets, at)}, where an asynchronous copy is "
            "in flight: there was no wait for it",
        )

    def _report(
        self,
        lanes: Lanes,
        offsets: Array,
        bad: Array,
        doing: str,
        codes: Array,
        did: str,
    ) -> None:
        at = first_fault(np.any(bad, axis=1))
        code = int(codes[at][first_fault(bad[at])])
        if code < IN_ORDER:
            who = f"thread number {code}"
        elif code < ANYBODY:
            who = f"another thread of warp {int(_WARP_OF[code])}"
        else:
            who = "another thread"
        raise Fault(
            lane_at(lanes, offsets, at),
            f"{doing} {who} {did}, with no barrier between (race), at "
            f"{self._place(lanes, offsets, at)}",
        )
