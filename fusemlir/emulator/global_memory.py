"""Global memory: buffers at addresses far from each other, with what was touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.tables import (
    ByteTable,
    check_alignment,
    first_fault,
    granules,
    lane_at,
)
from fusemlir.emulator.types import Array

REGION_BITS = 36
"""Each buffer has a region of addresses of its own: who leaves one finds nothing."""

SHARED_REGION, LOCAL_REGION = 1 << 20, (1 << 20) + 1
"""Where generic addresses find the memory of the block and of the thread."""

ALIGNMENT = 256
"""Of what a driver allocates."""

NOBODY, SEVERAL = -1, -2


def buffer_address(number: int) -> int:
    """Of a buffer by number: amid its region, what stands before it is nobody's."""
    return (number + 1 << REGION_BITS) + (1 << REGION_BITS - 1)


class Buffer:
    """A numpy array as memory of the device; kernels change it in place.

    Of what is not `initialised`, an element must be written before it is read, in this
    launch or in one before. The last `tail` bytes of the array are not of the buffer,
    but may be read along with what stands before them: compilers widen loads where the
    alignment allows it.
    """

    def __init__(
        self, array: Array, name: str = "", initialised: bool = True, tail: int = 0
    ):
        """Raises `ValueError` for an array that is not contiguous."""
        if not array.flags.c_contiguous:
            raise ValueError(f"buffer '{name}' is not contiguous")
        self.array = array
        self.name = name
        self.bytes = array.reshape(-1).view(np.uint8)
        self.table = ByteTable(self.bytes)
        self.initialised: ByteTable | None = None
        if not initialised:
            known = np.zeros(self.bytes.size, np.uint8)
            known[known.size - tail :] = 1
            self.initialised = ByteTable(known)
        self.tail = tail

    @property
    def offset(self) -> int:
        """How far it stands from the start of the allocation that it is a view of."""
        root = self.array
        while isinstance(root.base, np.ndarray):
            root = root.base
        start: int = root.__array_interface__["data"][0]
        return (self.array.__array_interface__["data"][0] - start) % ALIGNMENT


@dataclass
class Placed:
    """A buffer in the memory of one launch."""

    buffer: Buffer
    name: str
    region: int
    address: int
    read_only: bool
    readers: Array
    """By granule, the block that read it."""
    writers: Array | None = None
    """By granule, the block that wrote it; none before the first does."""
    read_as_constant: bool = False

    @property
    def size(self) -> int:
        return self.buffer.bytes.size - self.buffer.tail

    def holds(self, low: int, high: int, reads: bool) -> bool:
        """Whether accesses that begin at `low` and later, and end before `high`, are
        inside; the last one begins inside where `high` is in the tail."""
        end = self.address + self.size
        return low >= self.address and high <= end + (self.buffer.tail if reads else 0)


@dataclass(frozen=True)
class Part:
    """The accesses of an instruction that one buffer gets; all where no `positions`."""

    placed: Placed
    offsets: Array
    positions: Array | None


class GlobalMemory:
    """The buffers of one launch; `shift` is the logarithm of the least access."""

    def __init__(self, shift: int, checks: bool, metrics: bool):
        self.shift = shift
        self.checks = checks
        self.metrics = metrics
        self.buffers: list[Placed] = []

    def place(self, buffer: Buffer, name: str, read_only: bool = False) -> int:
        """The address of a buffer, which two arguments may share."""
        for placed in self.buffers:
            if placed.buffer is buffer:
                return placed.address
        region = buffer_address(len(self.buffers))
        granule_count = (buffer.offset + buffer.bytes.size >> self.shift) + 1
        readers = np.full(granule_count, NOBODY, np.int32)
        fixed = read_only or not buffer.bytes.flags.writeable
        address = region + buffer.offset
        self.buffers.append(Placed(buffer, name, region, address, fixed, readers))
        return address

    def parts(
        self, lanes: Lanes, addresses: Array, width: int, doing: str
    ) -> Iterator[Part]:
        """The accesses by buffer; raises `Fault` for those that hit none."""
        check_alignment(lanes, addresses, width, doing)
        low, high = int(addresses.min()), int(addresses.max())
        region = low >> REGION_BITS
        if region == high >> REGION_BITS:
            placed = self._placed(lanes, addresses, region, doing, width)
            if self._fits(placed, low, high, width, doing):
                yield Part(placed, addresses - placed.address, None)
                return
            yield Part(
                placed, self._inside(lanes, addresses, placed, width, doing), None
            )
            return
        regions = addresses >> REGION_BITS
        for region in np.unique(regions):
            positions = np.flatnonzero(regions == region)
            some = _subset(lanes, positions)
            chosen = addresses[positions]
            placed = self._placed(some, chosen, int(region), doing, width)
            offsets = self._inside(some, chosen, placed, width, doing)
            yield Part(placed, offsets, positions)

    def _placed(
        self, lanes: Lanes, addresses: Array, region: int, doing: str, width: int
    ) -> Placed:
        if 1 <= region <= len(self.buffers):
            return self.buffers[region - 1]
        raise Fault(
            lane_at(lanes, addresses, 0),
            f"out of bounds: {doing} {width} bytes at {int(addresses[0]):#x}, "
            "where there is no buffer",
        )

    @staticmethod
    def _fits(placed: Placed, low: int, high: int, width: int, doing: str) -> bool:
        begins_inside = high < placed.address + max(placed.size, 1)
        return begins_inside and placed.holds(low, high + width, doing == "reads")

    def _inside(
        self, lanes: Lanes, addresses: Array, placed: Placed, width: int, doing: str
    ) -> Array:
        offsets = addresses - placed.address
        low, high = int(addresses.min()), int(addresses.max())
        if self._fits(placed, low, high, width, doing):
            return offsets
        at = first_fault((offsets < 0) | (offsets + width > placed.size))
        raise Fault(
            lane_at(lanes, addresses, at),
            f"out of bounds: {doing} {width} bytes at offset {int(offsets[at])} of "
            f"buffer '{placed.name}' of {placed.size} bytes",
        )

    def load(
        self,
        lanes: Lanes,
        part: Part,
        dtype: np.dtype[Any],
        count: int,
        blocks: Array,
        constant: bool,
    ) -> Array:
        """Rows of one buffer for threads of `blocks`; `constant` by way of `.nc`."""
        placed, width = part.placed, dtype.itemsize * count
        if self.checks and not (placed.read_only and placed.buffer.initialised is None):
            self._check_read(lanes, part, width, blocks, constant)
        if self.metrics and placed.read_only:
            placed.readers[self._granules(part, width)] = SEVERAL
        return placed.buffer.table.load(part.offsets, dtype, count)

    def _granules(self, part: Part, width: int) -> Array:
        start = part.placed.address - part.placed.region
        return granules(part.offsets + start, width, self.shift)

    def _check_read(
        self, lanes: Lanes, part: Part, width: int, blocks: Array, constant: bool
    ) -> None:
        placed = part.placed
        some = _subset(lanes, part.positions)
        numbers = self._granules(part, width)
        owners = blocks if blocks.size == 1 else _taken(blocks, part.positions)
        if placed.writers is not None:
            writers = placed.writers[numbers]
            bad = writers != NOBODY
            if not constant:
                bad &= writers != owners[:, None]
            if bad.any():
                self._report_read(some, part, bad, writers, constant)
        placed.read_as_constant |= constant
        if placed.buffer.initialised is not None:
            self._check_initialised(some, part, width)
        if not placed.read_only:
            mark(placed.readers, numbers, owners)

    def _report_read(
        self, lanes: Lanes, part: Part, bad: Array, writers: Array, constant: bool
    ) -> None:
        at = first_fault(np.any(bad, axis=1))
        writer = int(writers[at][first_fault(bad[at])])
        who = "several blocks" if writer == SEVERAL else f"block number {writer}"
        how = "reads through .nc" if constant else "reads without order (race)"
        where = f"offset {int(part.offsets[at])} of buffer '{part.placed.name}'"
        raise Fault(
            lane_at(lanes, part.offsets, at),
            f"{how} what {who} writes in this launch, at {where}",
        )

    def _check_initialised(self, lanes: Lanes, part: Part, width: int) -> None:
        table = part.placed.buffer.initialised
        assert table is not None
        byte = np.dtype(np.uint8)
        missing = table.load(part.offsets, byte, width) == 0
        if missing.any():
            at = first_fault(missing.reshape(part.offsets.size, -1).any(axis=1))
            raise Fault(
                lane_at(lanes, part.offsets, at),
                f"reads offset {int(part.offsets[at])} of buffer "
                f"'{part.placed.name}', which nothing has written",
            )

    def store(self, lanes: Lanes, part: Part, values: Array, blocks: Array) -> None:
        """Write rows, one for each member of the set."""
        placed, table = part.placed, part.placed.buffer.table
        count = 1 if values.ndim == 1 else values.shape[1]
        width = values.dtype.itemsize * count
        some = _subset(lanes, part.positions)
        self.check_write(some, part, values, width, _taken(blocks, part.positions))
        table.store(part.offsets, values)
        if self.checks:
            self._check_one_value(some, part, values, count)
        if placed.buffer.initialised is not None:
            ones = np.ones((part.offsets.size, width), np.uint8)
            flat = ones.reshape(-1) if width == 1 else ones
            placed.buffer.initialised.store(part.offsets, flat)

    def check_write(
        self,
        lanes: Lanes,
        part: Part,
        values: Array | None,
        width: int,
        blocks: Array,
    ) -> None:
        """Without `values` for atomic operations, which any block may mix."""
        placed = part.placed
        if placed.read_only or placed.read_as_constant:
            why = "is read-only" if placed.read_only else "is read through .nc as well"
            raise Fault(
                lane_at(lanes, part.offsets, 0),
                f"writes to buffer '{placed.name}', which {why}",
            )
        if not self.checks:
            return
        if placed.writers is None:
            placed.writers = np.full(placed.readers.size, NOBODY, np.int32)
        numbers = self._granules(part, width)
        if values is not None:
            self._check_owners(lanes, part, values, numbers, blocks)
        mark(placed.writers, numbers, blocks)

    def _check_owners(
        self, lanes: Lanes, part: Part, values: Array, numbers: Array, blocks: Array
    ) -> None:
        placed = part.placed
        assert placed.writers is not None
        owners = blocks[:, None]
        readers, writers = placed.readers[numbers], placed.writers[numbers]
        read = (readers != NOBODY) & (readers != owners)
        if read.any():
            self._report_write(lanes, part, first_fault(np.any(read, axis=1)), "read")
        written = (writers != NOBODY) & (writers != owners)
        if not written.any():
            return
        count = 1 if values.ndim == 1 else values.shape[1]
        old = placed.buffer.table.load(part.offsets, values.dtype, count)
        changed = (old != values).reshape(values.shape[0], -1).any(axis=1)
        bad = written.any(axis=1) & changed
        if bad.any():
            self._report_write(lanes, part, first_fault(bad), "wrote another value to")

    def _report_write(self, lanes: Lanes, part: Part, at: int, did: str) -> None:
        raise Fault(
            lane_at(lanes, part.offsets, at),
            f"writes without order (race) what another block {did}, at offset "
            f"{int(part.offsets[at])} of buffer '{part.placed.name}'",
        )

    def _check_one_value(
        self, lanes: Lanes, part: Part, values: Array, count: int
    ) -> None:
        stored = part.placed.buffer.table.load(part.offsets, values.dtype, count)
        bad = (stored != values).reshape(values.shape[0], -1).any(axis=1)
        if bad.any():
            at = first_fault(bad)
            raise Fault(
                lane_at(lanes, part.offsets, at),
                "two threads write different values (race) at offset "
                f"{int(part.offsets[at])} of buffer '{part.placed.name}'",
            )


def mark(table: Array, numbers: Array, owners: Array) -> None:
    """Note `owners` (n,) at granules (n, k); several where there was another."""
    wide = np.broadcast_to(owners[:, None], numbers.shape)
    old = table[numbers]
    new = (old != wide) & (old != SEVERAL)
    if not new.any():
        return
    at, owner, before = numbers[new], wide[new], old[new]
    values = np.where(before == NOBODY, owner, SEVERAL).astype(table.dtype)
    table[at] = values
    lost = table[at] != values
    if lost.any():
        table[at[lost]] = SEVERAL


def _subset(lanes: Lanes, positions: Array | None) -> Lanes:
    if positions is None:
        return lanes
    mask = np.zeros(lanes.size, bool)
    index = lanes.index[positions]
    mask[index] = True
    return Lanes(lanes.size, mask, index, index.size)


def _taken(values: Array, positions: Array | None) -> Array:
    return values if positions is None or values.size == 1 else values[positions]
