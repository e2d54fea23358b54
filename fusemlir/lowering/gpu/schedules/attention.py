"""Schedules of kernels that follow a matrix product with a softmax."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.gpu.schedules.sizes import WARP, ceil_divide, power_of_two
from fusemlir.target import Target

THREADS = 128
"""Of a block."""

SHARING = 8
"""Neighbouring threads that share rows."""

SCORES = 4
"""Neighbouring scores of a row that a thread computes at once."""

KEYS = SHARING * SCORES
"""Columns of a tile of scores."""

PADDING = 4
"""Elements after each row of a tile, which keep rows aligned to 16 bytes."""

TILE = 1024
"""Elements of the values that are in shared memory at once."""

MAX_DEPTH = 16
"""Of the tiles of queries and keys: a thread has few of their elements at once, each
found by operations of its own."""

MAX_SUMS = 64
"""Of a thread: each is a register for as long as there are keys."""

SHARED_BYTES = 64 * 1024
"""That a block may have on the oldest GPUs."""


@dataclass(frozen=True)
class AttentionSize:
    """A batch of rows of queries, their depth, and columns of keys and values."""

    batch: int
    rows: int
    depth: int
    keys: int
    values: int = 0
    """Columns of what the weights multiply; 0 where they are the result."""


@dataclass(frozen=True)
class AttentionSchedule:
    """A block takes some rows of queries past all keys, `KEYS` at once.

    Sizes are in elements, which are f32.
    """

    thread_rows: int
    """Rows that a thread has scores of: 1, 2 or 4."""
    depth: int
    """Of the tiles of queries and keys, a power of two."""
    values: int
    """Columns of the values that a block sums, a power of two; 0 without values."""
    kept_queries: int
    """How deep the queries are that stay in shared memory: all of them, or a tile."""
    kept_scores: int
    """Columns of scores in shared memory: of all keys, or of a tile."""

    @property
    def rows(self) -> int:
        """Of a block."""
        return THREADS // SHARING * self.thread_rows

    @property
    def sums(self) -> int:
        """Of a row, that a thread has of what the weights multiply."""
        return self.values // SHARING

    @property
    def value_keys(self) -> int:
        """Rows of the values that are in shared memory at once."""
        return min(KEYS, TILE // self.values)

    @property
    def query_row(self) -> int:
        """From one depth of the queries' tile to the next."""
        return self.rows + PADDING

    @property
    def score_row(self) -> int:
        return self.kept_scores + PADDING

    @property
    def value_row(self) -> int:
        return self.values + PADDING

    @property
    def keys_at(self) -> int:
        """Where in the block's memory the tile of keys is, after the queries."""
        return self.kept_queries * self.query_row

    @property
    def scores_at(self) -> int:
        return self.keys_at + self.depth * (KEYS + PADDING)

    @property
    def values_at(self) -> int:
        return self.scores_at + self.rows * self.score_row

    @property
    def shared(self) -> int:
        """Elements of the block's memory: the tiles, or in the end the sums."""
        if not self.values:
            return self.values_at
        tiles = self.values_at + self.value_keys * self.value_row
        return max(tiles, self.rows * self.value_row)

    @property
    def fits(self) -> bool:
        """Whether the oldest GPUs have room for a block, and statistics of its rows."""
        return 4 * (self.shared + 2 * self.rows) <= SHARED_BYTES

    def blocks(self, size: AttentionSize) -> int:
        """That it takes: of more values than fit a block, several have the same rows,
        each with the scores of its own."""
        across = ceil_divide(size.values, self.values) if self.values else 1
        return size.batch * ceil_divide(size.rows, self.rows) * across

    @staticmethod
    def choose(size: AttentionSize, target: Target) -> AttentionSchedule:
        """As many rows a thread as leave no processor without a block; queries, and
        scores that are the result, stay in shared memory where they fit."""
        values = size.values and max(WARP, min(256, power_of_two(size.values)))
        depth = max(8, min(MAX_DEPTH, power_of_two(size.depth)))
        whole = ceil_divide(size.depth, depth) * depth
        all_keys = KEYS if values else ceil_divide(size.keys, KEYS) * KEYS
        most = min(4, MAX_SUMS * SHARING // values) if values else 4
        choices = [
            AttentionSchedule(rows, depth, values, queries, scores)
            for rows in (4, 2, 1)
            for scores in dict.fromkeys((all_keys, KEYS))
            for queries in dict.fromkeys((whole, depth))
            if rows <= most
        ]
        fitting = [choice for choice in choices if choice.fits]
        processors = processors_of(target)
        filling = (c for c in fitting if c.blocks(size) >= processors)
        fewest = next(c for c in fitting if c.thread_rows == 1)
        return next(filling, fewest)
