"""Schedules of tiled contractions, and the model that chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, product

from fusemlir.lowering.gpu.schedules.processors import RESIDENT_THREADS, processors_of
from fusemlir.lowering.gpu.schedules.sizes import WARP, ceil_divide
from fusemlir.lowering.gpu.schedules.splits import (
    LATENCY,
    SHARING_BLOCKS,
    merging_clocks,
    splits_of,
)
from fusemlir.target import Target

LANES = 128
"""Multiply-adds of f32 that a multiprocessor starts at a clock."""

REGISTERS = 65536
RESIDENT_SHARED = 96 * 1024
"""What blocks share on a multiprocessor; of shared memory the least of all GPUs with
room for the cache."""

MAX_PRODUCTS = 128
"""Multiply-adds of a thread in straight code: with more, what they read fills the
registers."""

MOST_LOADS = 16
"""Words that a thread loads of a pair of tiles: they are in registers for a while, and
each is found by operations of its own."""


def _is_tile(
    block_m: int, block_n: int, block_k: int, thread_m: int, thread_n: int
) -> bool:
    """Whether a block is of some warps of which each thread loads at least a word of
    both tiles, and the sums fit into memory that need not be asked for. The largest
    tiles are for the threads that read the least shared memory for a product."""
    threads = block_m * block_n // (thread_m * thread_n)
    return (
        32 <= threads <= 256
        and block_k * min(block_m, block_n) >= threads
        and block_k * (block_m + block_n) <= MOST_LOADS * threads
        and block_m * block_n <= (64 * 128 if thread_m * thread_n == 64 else 64 * 64)
    )


TILES = tuple(
    tile
    for tile in product(
        (16, 32, 64, 128), (16, 32, 64, 128), (8, 16), (2, 4, 8), (2, 4, 8)
    )
    if tile[3] * tile[4] >= 8 and _is_tile(*tile)
)
"""block_m, block_n, block_k, thread_m and thread_n of all schedules."""


@dataclass(frozen=True)
class ProductSize:
    """What is known of a batch of matrix products before it is cut into tiles."""

    batch: int
    rows: int
    columns: int
    depth: int
    """In words: an f32, or four bytes."""
    row_loads: float
    """Instructions to find and load a word of the factor with the rows."""
    column_loads: float

    @property
    def elements(self) -> int:
        return self.batch * self.rows * self.columns


@dataclass(frozen=True)
class ContractionSchedule:
    """A block computes a tile of `block_m` rows by `block_n` columns of a product,
    `block_k` words of depth at a time, and a thread `thread_m` by `thread_n` of it."""

    block_m: int
    block_n: int
    block_k: int
    thread_m: int
    thread_n: int
    splits: int = 1
    """Blocks that share a tile, each a part of the depth."""

    @property
    def threads(self) -> int:
        """Of a block."""
        return self.block_m * self.block_n // (self.thread_m * self.thread_n)

    @property
    def unroll(self) -> int:
        """Words of depth that are multiplied in straight code."""
        fitting = MAX_PRODUCTS // (self.thread_m * self.thread_n)
        return min(self.block_k, fitting)

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Where a thread's rows are from its first on, and how many side by side."""
        return _spread(self.block_m, self.thread_m)

    @property
    def columns(self) -> list[tuple[int, int]]:
        return _spread(self.block_n, self.thread_n)

    def tiles(self, rows: int, columns: int) -> int:
        """Of a product of so many rows and columns."""
        return ceil_divide(rows, self.block_m) * ceil_divide(columns, self.block_n)

    def clocks(self, size: ProductSize, processors: int) -> int:
        """What a product is estimated to take.

        A turn, of `block_k` words, is as long as the blocks of a multiprocessor need to
        multiply or to read their tiles, whichever is longer, and to load the next ones;
        but not shorter than such a load takes.
        """
        tiles = size.batch * self.tiles(size.rows, size.columns) * self.splits
        resident = min(self._resident_blocks, ceil_divide(tiles, processors))
        warps = resident * self.threads / WARP
        multiplied = self.thread_m * self.thread_n * WARP / LANES
        read = self.thread_m + self.thread_n
        words = (self.block_m + self.block_n) * self.block_k / self.threads
        loaded = self.load_instructions(size) + words * STORE_INSTRUCTIONS
        computed = self.block_k * max(multiplied, read)
        turn = warps * (computed + loaded * WARP / LANES)
        turns = ceil_divide(self.turns(size), self.splits)
        finish = LATENCY + warps * self.thread_m * self.thread_n * 2
        rounds = ceil_divide(tiles, processors * resident)
        computed = rounds * (turns * max(turn, LATENCY) + finish)
        return int(computed + merging_clocks(size.elements, self.splits))

    def turns(self, size: ProductSize) -> int:
        """Along the whole depth."""
        return ceil_divide(size.depth, self.block_k)

    def shared(self, size: ProductSize, processors: int) -> list[ContractionSchedule]:
        """With a block for a tile, and, where these are few, with several."""
        tiles = size.batch * self.tiles(size.rows, size.columns)
        most = SHARING_BLOCKS * processors // tiles
        return [
            replace(self, splits=splits) for splits in splits_of(self.turns(size), most)
        ]

    def load_instructions(self, size: ProductSize) -> float:
        """Of a thread, to find and load its part of a pair of tiles."""
        loads = self.block_m * size.row_loads + self.block_n * size.column_loads
        return loads * self.block_k / self.threads

    @property
    def _resident_blocks(self) -> int:
        sums = self.thread_m * self.thread_n
        registers = sums + 2 * (self.thread_m + self.thread_n) + 48
        tile = 2 * self.block_k * (self.block_m + self.block_n + 8) * 4
        shared = max(tile, self.block_m * (self.block_n + 4) * 4)
        return min(
            RESIDENT_THREADS // self.threads,
            REGISTERS // (registers * self.threads),
            RESIDENT_SHARED // shared,
        )

    @staticmethod
    def choose(
        size_of: Callable[[int], ProductSize], target: Target
    ) -> ContractionSchedule | None:
        """The quickest for a product, whose size for a `block_k` `size_of` gives.

        None where a thread for each element is estimated to be quicker.
        """
        sizes = {block_k: size_of(block_k) for _, _, block_k, _, _ in TILES}
        size = next(iter(sizes.values()))
        if not size.elements * size.depth:
            return None
        processors = processors_of(target)

        def rank(chosen: ContractionSchedule) -> tuple[float, int]:
            size = sizes[chosen.block_k]
            loads = max(chosen.load_instructions(size), LOAD_INSTRUCTIONS)
            return loads, chosen.clocks(size, processors)

        whole = [ContractionSchedule(*tile) for tile in TILES]
        choices = [x.shared(sizes[x.block_k], processors) for x in whole]
        best = min(chain.from_iterable(choices), key=rank)
        alone = clocks_of_single_elements(size, processors)
        return best if rank(best)[1] <= alone else None


LOAD_INSTRUCTIONS = 120
"""To load a pair of tiles, a thread should not need more: all stand in its code."""

STORE_INSTRUCTIONS = 2
"""To put a loaded word into a tile."""


def clocks_of_single_elements(size: ProductSize, processors: int) -> int:
    """What a thread for each takes, with two loads and a dozen operations a term."""
    warps = ceil_divide(size.elements, WARP * processors)
    resident = min(warps, RESIDENT_THREADS // WARP)
    return ceil_divide(warps, resident) * size.depth * max(resident * 4, 40) + LATENCY


def _spread(block: int, count: int) -> list[tuple[int, int]]:
    width = min(count, 4)
    groups = count // width
    return [(group * block // groups, width) for group in range(groups)]
