"""What attention keeps of a tile of rows while it goes through the keys."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import local, store
from fusemlir.lowering.host.products.attention_schedule import AttentionSchedule
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, multiply

LINE_ELEMENTS = 16
"""Of f32, in a line of a cache."""


@dataclass(frozen=True)
class AttentionMemory:
    """Scores, that become weights, by row; sums of values, by block of columns and by
    row; the greatest score of each row, and the sum of its weights."""

    schedule: AttentionSchedule
    row: int
    """From the scores of a row to those of the next."""
    margin: int
    """Before those of a part: its last block of columns may begin before it."""
    columns: int
    """Of the values."""
    weights: SSAValue
    sums: SSAValue
    greatest: SSAValue
    totals: SSAValue

    @staticmethod
    def of_schedule(
        schedule: AttentionSchedule, keys: int, columns: int
    ) -> AttentionMemory:
        """Allocated where the builder stands."""
        rows = schedule.rows
        margin = schedule.scores.features if schedule.keys < keys else 0
        # An odd number of lines: the cache has room for each row's beside the others'.
        lines = -(-(margin + schedule.keys) // LINE_ELEMENTS) | 1
        row = lines * LINE_ELEMENTS
        width = schedule.values.features
        blocks = -(-columns // width)
        weights, sums, greatest, totals = (
            local(f32, size) for size in (rows * row, blocks * rows * width, rows, rows)
        )
        return AttentionMemory(
            schedule, row, margin, columns, weights, sums, greatest, totals
        )

    @property
    def is_in_parts(self) -> bool:
        return self.margin > 0

    @property
    def width(self) -> int:
        """Columns of a block of the values."""
        return self.schedule.values.features

    @property
    def blocks(self) -> int:
        return -(-self.columns // self.width)

    def weight_at(self, row: Index, key: Index) -> Index:
        """Of a key of the part."""
        return add(multiply(row, self.row), key, self.margin)

    def sum_at(self, block: Index, row: Index, column: Index) -> Index:
        """Of a column of a block."""
        place = add(multiply(block, self.schedule.rows), row)
        return add(multiply(place, self.width), column)

    def clear(self) -> None:
        """Before the first part."""
        rows = self.schedule.rows
        with loop(0, self.blocks * rows * self.width) as place:
            store(real(0), self.sums, place)
        with loop(0, rows) as row:
            store(real(-inf), self.greatest, row)
            store(real(0), self.totals, row)
