"""The blocks that run side by side, and all that their threads see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fusemlir.emulator.asynchronous import AsyncCopies
from fusemlir.emulator.global_memory import GlobalMemory
from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.local_memory import LocalMemory
from fusemlir.emulator.meter import Meter
from fusemlir.emulator.registers import Registers
from fusemlir.emulator.shared_memory import SharedMemory
from fusemlir.emulator.types import Array

Extent = tuple[int, int, int]


@dataclass(frozen=True)
class Geometry:
    """Which blocks of a grid: `blocks` of them from number `first` on.

    Threads of a block are filled up to whole warps; a lane is a thread's number among
    those of all blocks.
    """

    grid: Extent
    block: Extent
    first: int
    blocks: int

    @cached_property
    def threads(self) -> int:
        """Of one block."""
        x, y, z = self.block
        return x * y * z

    @cached_property
    def lanes_per_block(self) -> int:
        return -(-self.threads // WARP) * WARP

    @cached_property
    def lanes(self) -> int:
        return self.blocks * self.lanes_per_block

    @cached_property
    def lane_threads(self) -> Array:
        """The number within its block of each thread."""
        numbers = np.arange(self.lanes_per_block, dtype=np.int64)
        return np.tile(numbers, self.blocks)

    @cached_property
    def lane_blocks(self) -> Array:
        """The number within the batch of each thread's block."""
        return np.repeat(np.arange(self.blocks), self.lanes_per_block)

    @cached_property
    def grid_blocks(self) -> Array:
        """The number within the grid of each thread's block."""
        return (self.lane_blocks + self.first).astype(np.int32)

    def block_of(self, lane: int) -> Extent:
        return _coordinates(self.first + lane // self.lanes_per_block, self.grid)

    def thread_of(self, lane: int) -> Extent:
        return _coordinates(lane % self.lanes_per_block, self.block)

    @cached_property
    def live(self) -> Lanes:
        """All threads that there are."""
        if self.threads == self.lanes_per_block:
            return Lanes.full(self.lanes)
        found = Lanes.of_mask(self.lane_threads < self.threads)
        assert found is not None
        return found


def _coordinates(number: int, extent: Extent) -> Extent:
    x, y, _ = extent
    return number % x, number // x % y, number // (x * y)


class Batch:
    """The state of the blocks of a `Geometry`."""

    def __init__(
        self,
        geometry: Geometry,
        registers: Registers,
        memory: GlobalMemory,
        shared: SharedMemory,
        local: LocalMemory,
        meter: Meter,
    ):
        self.geometry = geometry
        self.registers = registers
        self.memory = memory
        self.shared = shared
        self.local = local
        self.meter = meter
        self.copies = AsyncCopies(geometry.lanes)
        self.live: Lanes | None = geometry.live
        """Those that have not ended."""
        self.clock = 0
        """Basic blocks that were run."""
        self._special: dict[str, Array] = {}

    def special(self, name: str) -> Array:
        """A special register: one value, or one for each lane."""
        if name in ("%clock", "%clock64", "%globaltimer"):
            return np.array([self.clock], np.uint64)
        if name not in self._special:
            self._special[name] = SPECIAL_REGISTERS[name](self)
        return self._special[name]


def _one(value: int) -> Array:
    return np.array([value], np.uint32)


def _axis(name: str, axis: int) -> Callable[[Batch], Array]:
    def read(batch: Batch) -> Array:
        geometry = batch.geometry
        if name == "ntid":
            return _one(geometry.block[axis])
        if name == "nctaid":
            return _one(geometry.grid[axis])
        extent = geometry.block if name == "tid" else geometry.grid
        if extent[axis] == 1:
            return _one(0)
        numbers = (
            geometry.lane_threads if name == "tid" else geometry.grid_blocks
        ).astype(np.int64)
        return np.asarray(_coordinates_of(numbers, extent)[axis]).astype(np.uint32)

    return read


def _coordinates_of(numbers: Array, extent: Extent) -> tuple[Array, Array, Array]:
    x, y, _ = extent
    return numbers % x, numbers // x % y, numbers // (x * y)


def _lane(batch: Batch) -> Array:
    return (batch.geometry.lane_threads % WARP).astype(np.uint32)


def _lane_mask(compare: Callable[[Array, Array], Array]) -> Callable[[Batch], Array]:
    def read(batch: Batch) -> Array:
        lane, bits = _lane(batch), np.arange(WARP, dtype=np.uint32)
        chosen = compare(bits[None, :], lane[:, None])
        return (chosen.astype(np.uint32) << bits).sum(axis=1).astype(np.uint32)

    return read


SPECIAL_REGISTERS: dict[str, Callable[[Batch], Array]] = {
    "%laneid": _lane,
    "%warpid": lambda batch: (batch.geometry.lane_threads // WARP).astype(np.uint32),
    "%nwarpid": lambda batch: _one(batch.geometry.lanes_per_block // WARP),
    "%lanemask_eq": _lane_mask(np.equal),
    "%lanemask_le": _lane_mask(np.less_equal),
    "%lanemask_lt": _lane_mask(np.less),
    "%lanemask_ge": _lane_mask(np.greater_equal),
    "%lanemask_gt": _lane_mask(np.greater),
    "%smid": lambda batch: _one(0),
    "%nsmid": lambda batch: _one(1),
    "%gridid": lambda batch: _one(0),
    "%dynamic_smem_size": lambda batch: _one(batch.shared.dynamic_size),
    "%total_smem_size": lambda batch: _one(batch.shared.size),
}
for _name in ("tid", "ctaid", "ntid", "nctaid"):
    for _number, _letter in enumerate("xyz"):
        SPECIAL_REGISTERS[f"%{_name}.{_letter}"] = _axis(_name, _number)

KNOWN_SPECIALS = (*SPECIAL_REGISTERS, "%clock", "%clock64", "%globaltimer")
