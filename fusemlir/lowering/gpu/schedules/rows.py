"""Schedules of kernels whose threads share rows."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.lowering.gpu.schedules.processors import RESIDENT_THREADS
from fusemlir.lowering.gpu.schedules.sizes import (
    ACCESS_BYTES,
    WARP,
    ceil_divide,
    power_of_two,
)

HELD_ELEMENTS = 32
"""Of a row, that a thread keeps in registers from one pass over them to the next."""

BLOCK = 128
"""Threads of a block that a row does not fill."""

MAX_ROW_THREADS = 512
"""That share a row: more would have too few registers for what they hold."""

ELEMENTS_AHEAD = 16
"""Of a row, that a thread loads before it needs the first; by four loads at most."""

STREAMED_ROWS = 2
"""Neighbouring ones that a thread takes where it cannot hold them: all are computed
twice, in straight code."""

LONG_ROW = 8
"""Times that threads load ahead in a row, from which on another launch is nothing
beside what a few blocks would need for it."""

MAX_MERGING_THREADS = 256
"""That merge what blocks have reduced a row to."""

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
    def of_parts(parts: int) -> RowSchedule:
        """For rows of so many parts, which blocks have reduced rows to."""
        threads = min(power_of_two(parts), MAX_MERGING_THREADS)
        groups = 4 * WARP // threads if threads <= WARP else 1
        return RowSchedule(threads, groups, 1, ceil_divide(parts, threads), False)

    def blocks_of_row(self, blocks: int, columns: int, processors: int) -> int:
        """How many blocks should share what one of `blocks` does alone, which are rows
        of `columns` elements: one, but where there are fewer than would keep half of
        the processors at work, and rows are long."""
        turn = self.ahead * self.threads * (1 if self.is_across else self.elements)
        if 2 * blocks > processors or columns < LONG_ROW * turn:
            return 1
        fitting = processors * (RESIDENT_THREADS // self.block) // blocks
        return min(fitting, columns // turn)

    @staticmethod
    def choose(
        rows: int,
        columns: int,
        run: int,
        widest: int,
        *,
        is_across: bool,
        holds: bool = False,
    ) -> RowSchedule:
        """For rows of `columns` elements of at most `widest` bytes.

        `run` is how many elements lie side by side, of one row or across rows. A thread
        moves 16 bytes, or what divides the run. Along a row, so many threads share it
        that each loads about four times. Across rows, up to a warp stands side by side
        before threads share a row. A thread that `holds` what it has of its rows takes
        fewer of them where it could not otherwise. Of short rows a block has as many
        as make `BLOCK` threads.
        """
        elements = ACCESS_BYTES // widest
        while run % elements:
            elements //= 2
        if not is_across:
            return _along(rows, columns, elements)
        choices = [_across(rows, columns, fewer, WARP) for fewer in _halves(elements)]
        choices.append(_across(rows, columns, 1, WARP // 2))
        if not holds:
            return choices[0]
        streamed = next(x for x in choices if x.elements <= STREAMED_ROWS)
        return next((x for x in choices if x.is_held), streamed)


def _along(rows: int, columns: int, elements: int) -> RowSchedule:
    wanted = power_of_two(ceil_divide(columns, elements * _loads_ahead(elements)))
    # All lanes of a warp have a row, if there are so few that they share one more.
    wanted = max(wanted, WARP // power_of_two(rows))
    threads = min(wanted, MAX_ROW_THREADS)
    groups = min(BLOCK // threads, power_of_two(rows)) if threads <= WARP else 1
    turns = ceil_divide(columns, threads * elements)
    return RowSchedule(threads, groups, elements, turns, False)


def _across(rows: int, columns: int, elements: int, most: int) -> RowSchedule:
    wanted = power_of_two(ceil_divide(columns, _loads_ahead(elements)))
    beside = min(ceil_divide(rows, elements), max(most, BLOCK // wanted))
    fitting = _floor_power_of_two(MAX_ROW_THREADS // beside)
    threads = min(wanted, fitting, SHARING_THREADS)
    threads = max(threads, power_of_two(ceil_divide(WARP, beside)))
    return RowSchedule(threads, beside, elements, ceil_divide(columns, threads), True)


def _loads_ahead(elements: int) -> int:
    return max(1, min(4, ELEMENTS_AHEAD // elements))


def _halves(size: int) -> list[int]:
    """`size`, half of it, and so on down to one."""
    return [size >> shift for shift in range(size.bit_length())]


def _floor_power_of_two(size: int) -> int:
    return 1 << size.bit_length() - 1
