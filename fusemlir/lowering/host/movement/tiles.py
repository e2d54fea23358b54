"""Tiles that are transposed in registers: read along one axis, written along another.

A square of n x n elements takes log(n) rounds, in each of which halves of blocks change
places (Eklundh, "A Fast Computer Method for Matrix Transposing", 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import DenseArrayBase, VectorType, i64
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.memref import PrefetchOp
from fusemlir.lowering.host.access import load_vector, store_vector
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.nests import Loop, unraveled
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    multiply,
)

TILE = 16
"""Elements along an axis of a tile, at most: as many registers as rows."""

READ_RUN, WRITTEN_RUN = TILE, 256
"""Elements of a block along both axes: what is written from one tile to the next
stays near until the lines of a pixel are whole."""

AHEAD = 2 * TILE
"""Elements of a row, from a square to what is fetched meanwhile."""

FAR_ELEMENTS = 512
"""From a row to the next: a processor foresees no short runs that are farther apart."""


@dataclass(frozen=True)
class Tiling:
    """Squares of `step` elements along two loops, of which those of `reads` lie side by
    side in the source and those of `writes` in the target.

    The last squares reach back over those before them where they would not fit: what
    is written twice is the same.
    """

    reads: Loop
    writes: Loop
    step: int

    def emit(
        self,
        kernel: HostKernel,
        source: SSAValue,
        target: SSAValue,
        outer: Sequence[Loop],
        start: Sequence[Index],
    ) -> None:
        """This thread's share of all blocks of all turns of the loops around."""
        runs = -(-self.reads.size // READ_RUN), -(-self.writes.size // WRITTEN_RUN)
        sizes = [*(turns.size for turns in outer), *runs]
        begin, end = kernel.share(prod(sizes))
        with loop(begin, end) as number:
            *turns, read_run, written_run = unraveled(number, sizes)
            at = list(start)
            for around, turn in zip(outer, turns, strict=True):
                at = around.from_places(at, turn)
            column = multiply(written_run, WRITTEN_RUN)
            row = multiply(read_run, READ_RUN)
            with (
                loop(column, _end(column, WRITTEN_RUN, self.writes), self.step) as w,
                loop(row, _end(row, READ_RUN, self.reads), self.step) as r,
            ):
                first = self.writes.from_places(at, self._begin(w, self.writes))
                first = self.reads.from_places(first, self._begin(r, self.reads))
                self._turn(source, target, *first)

    def _begin(self, at: SSAValue, turns: Loop) -> Index:
        if turns.size % self.step == 0:
            return at
        return arith.MinSIOp(at, as_value(turns.size - self.step)).result

    def _turn(
        self, source: SSAValue, target: SSAValue, read: Index, written: Index
    ) -> None:
        """Move the square that begins there."""
        rows = [
            load_vector(source, add(read, number * self.writes.steps[0]), self.step)
            for number in range(self.step)
        ]
        self._fetch(source, read)
        for number, column in enumerate(transposed(rows)):
            place = add(written, number * self.reads.steps[1])
            store_vector(column, target, place)

    def _fetch(self, source: SSAValue, read: Index) -> None:
        """Have the rows of a later square in a cache by then."""
        if self.writes.steps[0] < FAR_ELEMENTS:
            return
        for number in range(self.step):
            ahead = add(read, number * self.writes.steps[0] + AHEAD)
            PrefetchOp(source, [as_value(ahead)])


def _end(begin: Index, run: int, turns: Loop) -> Index:
    """Where a run ends, or all turns do."""
    if turns.size <= run:
        return turns.size
    end = add(begin, run)
    return arith.MinSIOp(as_value(end), as_value(turns.size)).result


def transposed(rows: Sequence[SSAValue]) -> list[SSAValue]:
    """The columns of a square of so many rows, a power of two."""
    found, apart = list(rows), len(rows) // 2
    while apart:
        for number in (n for n in range(len(rows)) if not n & apart):
            a, b = found[number], found[number + apart]
            found[number] = _chosen(a, b, apart, 0)
            found[number + apart] = _chosen(a, b, apart, apart)
        apart //= 2
    return found


def _chosen(a: SSAValue, b: SSAValue, apart: int, offset: int) -> SSAValue:
    """Every other block of `apart` lanes, from `offset` on, of `a` and then of `b`."""
    assert isa(a.type, VectorType)
    (lanes,) = a.type.get_shape()
    mask = [
        (lane - apart + lanes if lane & apart else lane) + offset
        for lane in range(lanes)
    ]
    places = DenseArrayBase.from_list(i64, mask)
    return vector.ShuffleOp(a, b, places, result_type=a.type).result


def run_of(lanes: SSAValue, begin: int, count: int) -> SSAValue:
    """`count` lanes of a vector, from one on."""
    assert isa(lanes.type, VectorType)
    places = DenseArrayBase.from_list(i64, range(begin, begin + count))
    type = VectorType(lanes.type.element_type, [count])
    return vector.ShuffleOp(lanes, lanes, places, result_type=type).result
