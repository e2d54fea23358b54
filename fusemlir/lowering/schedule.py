"""How much of its machine a kernel uses: threads, elements a thread, tiles.

A schedule is chosen before a kernel is written and says every size in it. It holds
numbers only, so that it can be printed, compared, and chosen by a cost model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from fusemlir.target import Target

ACCESS_BYTES = 16
"""What a thread moves at once."""

WARP = 32
"""Threads of a warp."""

MAX_OPERATIONS = 256
"""Operations of one thread that are unrolled: what compiling them costs bounds it."""


@dataclass(frozen=True)
class PointwiseSchedule:
    """One thread computes `elements` neighbours of every output."""

    threads: int
    """Of a block."""
    elements: int
    """A power of two."""

    @staticmethod
    def choose(total: int, widest: int, layers: int) -> PointwiseSchedule:
        """For `total` elements of at most `widest` bytes and as many layers."""
        elements = ACCESS_BYTES // widest
        while elements > 1 and (elements * layers > MAX_OPERATIONS or elements > total):
            elements //= 2
        return PointwiseSchedule(256, elements)


HELD_ELEMENTS = 32
"""Of a row, that a thread keeps in registers from one pass over them to the next."""

MAX_ROW_THREADS = 512
"""That share a row: more would have too few registers for what they hold."""

ELEMENTS_AHEAD = 16
"""Of a row, that a thread loads before it needs the first; by four loads at most."""

STREAMED_ROWS = 2
"""Neighbouring ones that a thread takes where it cannot hold them: all are computed
twice, in straight code."""

SHARING_THREADS = 64
"""That share neighbouring rows, at most: each reads what all of them have found."""


@dataclass(frozen=True)
class RowSchedule:
    """Threads for rows that are reduced, softmaxed or normalised.

    `threads` share a row, or `elements` neighbouring rows where it is across rows that
    elements are contiguous; a block has `groups` times as many. Each thread moves
    `elements` at once, `turns` times until the row is done.
    """

    threads: int
    """A power of two."""
    groups: int
    """A power of two along rows."""
    elements: int
    """A power of two."""
    turns: int
    is_across: bool
    """Whether neighbouring elements are of neighbouring rows."""

    @property
    def block(self) -> int:
        """Threads of a block."""
        return self.threads * self.groups

    @property
    def rows(self) -> int:
        """That a block works on."""
        return self.groups * (self.elements if self.is_across else 1)

    @property
    def ahead(self) -> int:
        """Turns that are loaded before the first is needed."""
        return _loads_ahead(self.elements)

    @property
    def is_held(self) -> bool:
        """Whether a thread can keep all that it has of its row or rows."""
        return self.turns * self.elements <= HELD_ELEMENTS

    @staticmethod
    def choose(
        columns: int, run: int, widest: int, *, is_across: bool, holds: bool = False
    ) -> RowSchedule:
        """For rows of `columns` elements of at most `widest` bytes.

        `run` is how many elements lie side by side, of one row or across rows. A thread
        moves 16 bytes, or what divides the run. Along a row, so many threads share it
        that each loads about four times. Across rows, up to a warp stands side by side
        before threads share a row. A thread that `holds` what it has of its rows takes
        fewer of them where it could not otherwise.
        """
        elements = ACCESS_BYTES // widest
        while run % elements:
            elements //= 2
        if not is_across:
            return _along(columns, elements)
        choices = [_across(columns, run, fewer, WARP) for fewer in _halves(elements)]
        choices.append(_across(columns, run, 1, WARP // 2))
        if not holds:
            return choices[0]
        streamed = next(x for x in choices if x.elements <= STREAMED_ROWS)
        return next((x for x in choices if x.is_held), streamed)


def _along(columns: int, elements: int) -> RowSchedule:
    wanted = _power_of_two(_ceil(columns, elements * _loads_ahead(elements)))
    threads = min(wanted, MAX_ROW_THREADS)
    groups = 4 * WARP // threads if threads <= WARP else 1
    turns = _ceil(columns, threads * elements)
    return RowSchedule(threads, groups, elements, turns, False)


def _across(columns: int, run: int, elements: int, most: int) -> RowSchedule:
    beside = _ceil(run, elements)
    beside = _ceil(beside, _ceil(beside, most))
    wanted = _power_of_two(_ceil(columns, _loads_ahead(elements)))
    fitting = _floor_power_of_two(MAX_ROW_THREADS // beside)
    threads = min(wanted, fitting, SHARING_THREADS)
    threads = max(threads, _power_of_two(_ceil(WARP, beside)))
    return RowSchedule(threads, beside, elements, _ceil(columns, threads), True)


def _loads_ahead(elements: int) -> int:
    return max(1, min(4, ELEMENTS_AHEAD // elements))


def _halves(size: int) -> list[int]:
    """`size`, half of it, and so on down to one."""
    return [size >> shift for shift in range(size.bit_length())]


def _floor_power_of_two(size: int) -> int:
    return 1 << size.bit_length() - 1


def _power_of_two(size: int) -> int:
    """The least that is no less than `size`, which is at least one."""
    return 1 << max(size - 1, 0).bit_length()


SORTED_KEYS = 4096
"""That a block sorts at once where nothing asks for more: they need no more shared
memory than every kernel has."""


@dataclass(frozen=True)
class SortSchedule:
    """A block sorts `keys` keys of eight bytes."""

    threads: int
    """A power of two from 32 on."""
    keys: int
    """A power of two."""

    @staticmethod
    def choose(columns: int, k: int) -> SortSchedule:
        """For the `k` greatest of a row of `columns` elements: for all of the row, or
        for twice as many as are wanted."""
        keys = min(_power_of_two(columns), max(SORTED_KEYS, 2 * _power_of_two(k)))
        keys = max(keys, 2 * WARP)
        return SortSchedule(min(keys // 2, MAX_ROW_THREADS), keys)

    def row(self, columns: int) -> RowSchedule:
        """How the same threads go through the row one element at a time."""
        turns = _ceil(columns, self.threads)
        return RowSchedule(self.threads, 1, 1, turns, False)


MULTIPROCESSORS = {75: 40, 80: 108, 86: 84, 87: 16, 89: 128, 90: 132, 100: 148}
"""Of the largest GPU of a compute capability, or of the one most used."""

LANES = 128
"""Multiply-adds of f32 that a multiprocessor starts at a clock."""

LATENCY = 600
"""Clocks from a load of global memory to what needs it, and a barrier."""

RESIDENT_THREADS = 2048
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
        return _ceil(rows, self.block_m) * _ceil(columns, self.block_n)

    def clocks(self, size: ProductSize, processors: int) -> int:
        """What a product is estimated to take.

        A turn, of `block_k` words, is as long as the blocks of a multiprocessor need to
        multiply or to read their tiles, whichever is longer, and to load the next ones;
        but not shorter than such a load takes.
        """
        tiles = size.batch * self.tiles(size.rows, size.columns)
        resident = min(self._resident_blocks, _ceil(tiles, processors))
        warps = resident * self.threads / WARP
        multiplied = self.thread_m * self.thread_n * WARP / LANES
        read = self.thread_m + self.thread_n
        words = (self.block_m + self.block_n) * self.block_k / self.threads
        loaded = self.load_instructions(size) + words * STORE_INSTRUCTIONS
        computed = self.block_k * max(multiplied, read)
        turn = warps * (computed + loaded * WARP / LANES)
        turns = _ceil(size.depth, self.block_k)
        finish = LATENCY + warps * self.thread_m * self.thread_n * 2
        rounds = _ceil(tiles, processors * resident)
        return int(rounds * (turns * max(turn, LATENCY) + finish))

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
        processors = _processors(target)

        def rank(chosen: ContractionSchedule) -> tuple[float, int]:
            size = sizes[chosen.block_k]
            loads = max(chosen.load_instructions(size), LOAD_INSTRUCTIONS)
            return loads, chosen.clocks(size, processors)

        best = min((ContractionSchedule(*tile) for tile in TILES), key=rank)
        alone = _clocks_of_single_elements(size, processors)
        return best if rank(best)[1] <= alone else None


LOAD_INSTRUCTIONS = 120
"""To load a pair of tiles, a thread should not need more: all stand in its code."""

STORE_INSTRUCTIONS = 2
"""To put a loaded word into a tile."""


def _processors(target: Target) -> int:
    major, minor = target.capability or (8, 0)
    known = [n for n in MULTIPROCESSORS if n <= 10 * major + minor]
    return MULTIPROCESSORS[max(known, default=75)]


def _clocks_of_single_elements(size: ProductSize, processors: int) -> int:
    """What a thread for each takes, with two loads and a dozen operations a term."""
    warps = _ceil(size.elements, WARP * processors)
    resident = min(warps, RESIDENT_THREADS // WARP)
    return _ceil(warps, resident) * size.depth * max(resident * 4, 40) + LATENCY


def _spread(block: int, count: int) -> list[tuple[int, int]]:
    width = min(count, 4)
    groups = count // width
    return [(group * block // groups, width) for group in range(groups)]


def _ceil(size: int, unit: int) -> int:
    return -(-size // unit)
