"""Schedules of contractions on tensor cores, and the model that chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, product

from fusemlir.lowering.gpu.schedules.contraction import (
    LANES,
    LATENCY,
    LOAD_INSTRUCTIONS,
    MOST_LOADS,
    REGISTERS,
    RESIDENT_SHARED,
    STORE_INSTRUCTIONS,
    ProductSize,
)
from fusemlir.lowering.gpu.schedules.processors import RESIDENT_THREADS, processors_of
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES, WARP, ceil_divide
from fusemlir.lowering.gpu.schedules.splits import (
    SHARING_BLOCKS,
    merging_clocks,
    splits_of,
)
from fusemlir.target import Target

OLDEST = (8, 0)
"""Compute capability from which on all that the kernels use is there."""

MULTIPLIED_BYTES = 2048
"""Bytes of one factor that a multiprocessor multiplies and adds at a clock, whatever
the type: 1024 products of halves. Newer ones do twice that, and all else as well."""

READ_BYTES = 128
"""That a multiprocessor reads of shared memory at a clock."""

BARRIER = 40
"""Clocks of a turn in which warps wait for each other."""

STAGES = (2, 3, 4)

STAGE_PADDING = 8
"""Elements after each row of staged sums, so that four rows of eight meet no bank
twice."""


@dataclass(frozen=True)
class TensorCoreSchedule:
    """A block computes a tile of `block_m` rows by `block_n` columns of a product,
    `block_bytes` of depth at a time, and a warp `warp_m` by `warp_n` of it."""

    block_m: int
    block_n: int
    block_bytes: int
    warp_m: int
    warp_n: int
    stages: int
    """Pairs of tiles in shared memory: all but one are on their way."""
    splits: int = 1
    """Blocks that share a tile, each a part of the depth."""

    @property
    def threads(self) -> int:
        """Of a block."""
        return self.block_m * self.block_n // (self.warp_m * self.warp_n) * WARP

    @property
    def tile_bytes(self) -> int:
        """Of all stages."""
        return self.stages * (self.block_m + self.block_n) * self.block_bytes

    def tiles(self, rows: int, columns: int) -> int:
        """Of a product of so many rows and columns."""
        return ceil_divide(rows, self.block_m) * ceil_divide(columns, self.block_n)

    def words(self, word_bytes: int) -> int:
        """Of depth at a time."""
        return self.block_bytes // word_bytes

    def clocks(self, size: ProductSize, word_bytes: int, processors: int) -> int:
        """What a product is estimated to take: of turns as `ContractionSchedule`'s, but
        that a load has the time of all stages but one."""
        tiles = size.batch * self.tiles(size.rows, size.columns) * self.splits
        resident = min(self._resident_blocks, ceil_divide(tiles, processors))
        warps = resident * self.threads / WARP
        area = self.warp_m * self.warp_n
        multiplied = area * self.block_bytes / MULTIPLIED_BYTES
        read = (self.warp_m + self.warp_n) * self.block_bytes / READ_BYTES
        stored = self._words_of_thread(word_bytes) * STORE_INSTRUCTIONS
        loaded = self.load_instructions(size, word_bytes) + stored
        turn = warps * (max(multiplied, read) + loaded * WARP / LANES)
        turns = ceil_divide(self.turns(size, word_bytes), self.splits)
        finish = LATENCY + warps * area / WARP * 2
        rounds = ceil_divide(tiles, processors * resident)
        waits = max(turn + BARRIER, LATENCY / (self.stages - 1))
        computed = rounds * (turns * waits + finish)
        return int(computed + merging_clocks(size.elements, self.splits))

    def turns(self, size: ProductSize, word_bytes: int) -> int:
        """Of all blocks that share a tile."""
        return ceil_divide(size.depth, self.words(word_bytes))

    def shared(
        self, size: ProductSize, word_bytes: int, processors: int
    ) -> list[TensorCoreSchedule]:
        """With a block for a tile, and, where these are few, with several."""
        tiles = size.batch * self.tiles(size.rows, size.columns)
        most = SHARING_BLOCKS * processors // tiles
        ways = splits_of(self.turns(size, word_bytes), most)
        return [replace(self, splits=splits) for splits in ways]

    def load_instructions(self, size: ProductSize, word_bytes: int) -> float:
        """Of a thread, to find and load its part of a pair of tiles."""
        loads = self.block_m * size.row_loads + self.block_n * size.column_loads
        return loads * self.words(word_bytes) / self.threads

    def _words_of_thread(self, word_bytes: int) -> float:
        block = (self.block_m + self.block_n) * self.words(word_bytes)
        return block / self.threads

    def gives_work(self, word_bytes: int) -> bool:
        """Whether each thread has a word of both tiles to load."""
        least = min(self.block_m, self.block_n) * self.words(word_bytes)
        return least >= self.threads

    @property
    def _resident_blocks(self) -> int:
        registers = self.warp_m * self.warp_n // WARP + 80
        stage = self.block_m * (self.block_n + STAGE_PADDING) * 4
        return min(
            RESIDENT_THREADS // self.threads,
            REGISTERS // (registers * self.threads),
            RESIDENT_SHARED // max(self.tile_bytes, stage),
        )

    @staticmethod
    def choose(
        size_of: Callable[[int], ProductSize], word_bytes: int, target: Target
    ) -> tuple[TensorCoreSchedule, int]:
        """The quickest for a product of words of so many bytes, and its clocks.

        `size_of` gives its size for tiles of so many words of depth.
        """
        processors = processors_of(target)
        sizes = {
            block: size_of(block // word_bytes)
            for block in {chosen.block_bytes for chosen in schedules()}
        }

        def rank(chosen: TensorCoreSchedule) -> tuple[float, int]:
            size = sizes[chosen.block_bytes]
            loads = max(chosen.load_instructions(size, word_bytes), LOAD_INSTRUCTIONS)
            return loads, chosen.clocks(size, word_bytes, processors)

        choices = (
            chosen.shared(sizes[chosen.block_bytes], word_bytes, processors)
            for chosen in schedules()
            if chosen.gives_work(word_bytes)
        )
        best = min(chain.from_iterable(choices), key=rank)
        return best, rank(best)[1]


@cache
def schedules() -> tuple[TensorCoreSchedule, ...]:
    """All of some warps, of which several blocks fit on a multiprocessor."""
    sizes = product(
        (16, 32, 64, 128), (16, 32, 64, 128), (32, 64, 128), (16, 32, 64), (8, 16, 32)
    )
    every = (TensorCoreSchedule(*size, stages) for size in sizes for stages in STAGES)
    return tuple(chosen for chosen in every if _is_sensible(chosen))


def _is_sensible(chosen: TensorCoreSchedule) -> bool:
    """Whether warps tile the block and what a thread copies is not too much to write
    out, even where it is 16 bytes at once."""
    tile = (chosen.block_m + chosen.block_n) * chosen.block_bytes
    return (
        chosen.warp_m <= chosen.block_m
        and chosen.warp_n <= chosen.block_n
        and WARP <= chosen.threads <= 256
        and tile <= MOST_LOADS * ACCESS_BYTES * chosen.threads
        and 2 * chosen.tile_bytes <= RESIDENT_SHARED
    )
