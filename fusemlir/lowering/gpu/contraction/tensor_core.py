"""Contractions whose tiles warps multiply on tensor cores.

Pairs of tiles are on their way to shared memory while one is multiplied: by
asynchronous copies, or by way of registers where addresses do not allow these. What
follows the sums is what follows those of a `TiledContraction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.gpu.contraction.arithmetic import FragmentWords
from fusemlir.lowering.gpu.contraction.matrix_tile import (
    BANK_ROWS,
    MatrixLoader,
    MatrixTile,
    exclusive_or,
)
from fusemlir.lowering.gpu.contraction.operands import Operand, zero
from fusemlir.lowering.gpu.contraction.result_tile import ResultTile
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES, WARP, ceil_divide
from fusemlir.lowering.gpu.schedules.tensor_core import (
    STAGE_PADDING,
    TensorCoreSchedule,
)
from fusemlir.lowering.gpu.tensor_core import (
    commit_copies,
    load_matrix,
    multiply_add,
    no_sums,
    wait_for_copies,
)
from fusemlir.lowering.gpu.vector_access import store_vector
from fusemlir.lowering.kernel.control_flow import for_loop, if_else, if_then, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    compare,
    divide,
    multiply,
    remainder,
)

ROWS, COLUMNS, DEPTH_UNITS = 16, 8, 2
"""Of what one instruction multiplies; its depth in units of 16 bytes."""


@dataclass
class Fragments:
    """What a lane reads of one factor's tile: blocks of `wide` in free, 16 or 8, by two
    units of depth, from its warp's `first` in free on.

    Lane 8 t + r reads row r of the t-th matrix of 8 rows by 16 bytes; the matrices of a
    block follow each other along free first.
    """

    layout: MatrixTile
    is_transposed: bool
    first: Index
    wide: int
    lane: Index

    def __post_init__(self) -> None:
        row, matrix = remainder(self.lane, BANK_ROWS), divide(self.lane, BANK_ROWS)
        along = self.wide // BANK_ROWS
        free = remainder(matrix, along)
        deep = remainder(divide(matrix, along), DEPTH_UNITS)
        if self.is_transposed:
            self.row = add(multiply(deep, BANK_ROWS), row)
            unit = add(divide(self.first, self.layout.unit), free)
        else:
            self.row = add(self.first, multiply(free, BANK_ROWS), row)
            unit = deep
        self.unit = exclusive_or(unit, self.layout.turn(row))

    def bases(self, blocks: int, steps: int) -> list[Index]:
        """By what `offset` tells apart along units, where this lane's rows are."""
        layout = self.layout
        turns = blocks if self.is_transposed else steps
        across = self.wide // layout.unit if self.is_transposed else DEPTH_UNITS
        down = multiply(self.row, layout.columns)
        units = [exclusive_or(self.unit, number * across) for number in range(turns)]
        return [add(down, multiply(unit, layout.unit)) for unit in units]

    def place(self, block: int, step: int) -> tuple[int, int]:
        """Of a block `step` blocks deep: which of the bases, and how far from it."""
        if self.is_transposed:
            return block, step * ROWS * self.layout.columns
        return step, block * self.wide * self.layout.columns

    def load(self, tile: SSAValue, at: Index) -> SSAValue:
        matrices = DEPTH_UNITS * self.wide // BANK_ROWS
        return load_matrix(tile, [at], matrices, transpose=self.is_transposed)


class TensorCoreContraction(ResultTile[TensorCoreSchedule, FragmentWords]):
    """Warps that multiply blocks of both factors."""

    stage_padding = STAGE_PADDING

    def _prepare(self) -> tuple[object, ...]:
        runs = [loader.runs for loader in self.loaders]
        return self.tiles, runs, self.corner, self.bases

    @property
    def tile_bytes(self) -> int:
        return self.schedule.tile_bytes

    @cached_property
    def block_k(self) -> int:
        """Words of depth of a tile."""
        size = element_bytes(self.arithmetic.element) * self.arithmetic.pack
        return self.schedule.words(size)

    @cached_property
    def loaders(self) -> tuple[MatrixLoader, MatrixLoader]:
        chosen, result = self.schedule, self.product
        _, row, column = self.origin
        return (
            self._loader(result.first, chosen.block_m, row),
            self._loader(result.second, chosen.block_n, column),
        )

    def _loader(self, operand: Operand, block: int, first: Index) -> MatrixLoader:
        batch = self.origin[0]
        depth = self.block_k
        return MatrixLoader(
            self.kernel, operand, self.arithmetic, block, depth, batch, first
        )

    @cached_property
    def tiles(self) -> SSAValue:
        return self._view(self.arithmetic.element)

    @cached_property
    def lane(self) -> Index:
        return remainder(self.kernel.thread_id(), WARP)

    @cached_property
    def corner(self) -> tuple[Index, Index]:
        """The first row and column of this warp's part, in the tile."""
        chosen = self.schedule
        warp = divide(self.kernel.thread_id(), WARP)
        across = chosen.block_n // chosen.warp_n
        return (
            multiply(divide(warp, across), chosen.warp_m),
            multiply(remainder(warp, across), chosen.warp_n),
        )

    @cached_property
    def fragments(self) -> tuple[Fragments, Fragments]:
        (a, b), (row, column) = self.loaders, self.corner
        return (
            Fragments(a.layout, a.is_transposed, row, ROWS, self.lane),
            Fragments(b.layout, b.is_transposed, column, COLUMNS, self.lane),
        )

    @property
    def parts(self) -> tuple[int, int]:
        """Of a warp, along rows and columns."""
        return self.schedule.warp_m // ROWS, self.schedule.warp_n // COLUMNS

    @property
    def steps(self) -> int:
        """Of depth, in a tile."""
        return self.schedule.block_bytes // (DEPTH_UNITS * ACCESS_BYTES)

    @cached_property
    def bases(self) -> tuple[list[Index], list[Index]]:
        (a, b), (down, across) = self.fragments, self.parts
        return a.bases(down, self.steps), b.bases(across, self.steps)

    @cached_property
    def _parts(self) -> list[tuple[MatrixLoader, int]]:
        """The factors, and where in a stage their tiles are."""
        a, b = self.loaders
        return [(a, 0), (b, a.layout.size)]

    @cached_property
    def copied(self) -> list[tuple[MatrixLoader, int]]:
        return [part for part in self._parts if part[0].is_copied]

    @cached_property
    def loaded(self) -> list[tuple[MatrixLoader, int]]:
        return [part for part in self._parts if not part[0].is_copied]

    def _stage_start(self, turn: Index) -> Index:
        """Where the tiles of a turn are."""
        size = sum(loader.layout.size for loader in self.loaders)
        return multiply(remainder(turn, self.schedule.stages), size)

    def _copy(self, turn: Index) -> None:
        """Start what can be copied of a turn's tiles."""
        start = self._stage_start(turn)
        for loader, first in self.copied:
            deep = multiply(turn, self.block_k)
            loader.copy(deep, self.tiles, add(start, first))

    def _load(self, turn: Index) -> list[SSAValue]:
        """The elements of the other tiles."""
        deep = multiply(turn, self.block_k)
        return [value for loader, _ in self.loaded for value in loader.load(deep)]

    def _store(self, values: Sequence[SSAValue], turn: Index) -> None:
        given, start = list(values), self._stage_start(turn)
        for loader, first in self.loaded:
            own, given = given[: loader.values], given[loader.values :]
            loader.store(own, self.tiles, add(start, first))

    def _nothing(self) -> list[SSAValue]:
        count = sum(loader.values for loader, _ in self.loaded)
        return [zero(self.arithmetic.element)] * count

    def _sums(self) -> Sequence[SSAValue]:
        down, across = self.parts
        depth = self.block_k * self.arithmetic.pack
        first, end = self.turns(ceil_divide(self.product.depth, depth))
        self._begin(first, end)
        start = [no_sums(self.arithmetic.element)] * (down * across)

        def multiply_one(
            turn: SSAValue, sums: tuple[SSAValue, ...]
        ) -> Sequence[SSAValue]:
            return self._turn(turn, end, sums)

        return for_loop(first, end, 1, start, multiply_one)

    def _begin(self, first: Index, end: Index) -> None:
        """Fetch the tiles of the first turns, and wait for those of the first."""
        ahead = self.schedule.stages - 1
        if ahead == 1:
            self._fetch(first)
            return
        with loop(0, ahead) as number:
            turn = add(first, number)
            if isinstance(end, int) and isinstance(first, int) and end - first >= ahead:
                self._fetch(turn)
            else:
                self._fetch(turn, compare("slt", turn, end))

    def _fetch(self, turn: Index, condition: SSAValue | None = None) -> None:
        """The tiles of a turn, if any; and wait for those of the next to multiply."""
        with if_then(condition) if condition is not None else nullcontext():
            self._copy(turn)
            self._store(self._load(turn), turn)
        self._wait(self._close_group())

    def _close_group(self) -> SSAValue | None:
        """Of the copies since the last one."""
        return commit_copies() if self.copied else None

    def _wait(self, token: SSAValue | None) -> None:
        """Until only so many groups are on their way as stages are ahead of the next
        turn."""
        if token is not None:
            wait_for_copies(token, self.schedule.stages - 2)

    def _turn(
        self, turn: SSAValue, end: Index, sums: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        """Multiply a pair of tiles, while a later one is fetched to where the last was
        that all threads have multiplied."""
        self.kernel.barrier()
        following = add(turn, self.schedule.stages - 1)
        has_more = compare("slt", following, end)
        if self.copied:
            with if_then(has_more):
                self._copy(following)
        values: Sequence[SSAValue] = []
        if self.loaded:
            values = if_else(has_more, lambda: self._load(following), self._nothing)
        # A group is closed in each turn, if an empty one, so that their count is known.
        token = self._close_group()
        sums = self._multiply(turn, sums)
        if self.loaded:
            with if_then(has_more):
                self._store(values, following)
        self._wait(token)
        return sums

    def _multiply(self, turn: Index, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """Add the product of a turn's pair of tiles."""
        down, across = self.parts
        start = self._stage_start(turn)
        shape = (ROWS, COLUMNS, DEPTH_UNITS * self.fragments[0].layout.unit)
        for step in range(self.steps):
            left = [self._fragment(0, i, step, start) for i in range(down)]
            right = [self._fragment(1, j, step, start) for j in range(across)]
            sums = [
                multiply_add(a, b, total, shape)
                for (a, b), total in zip(product(left, right), sums, strict=True)
            ]
        return sums

    def _fragment(self, factor: int, block: int, step: int, start: Index) -> SSAValue:
        fragments, (_, first) = self.fragments[factor], self._parts[factor]
        base, offset = fragments.place(block, step)
        at = add(start, self.bases[factor][base], first + offset)
        return fragments.load(self.tiles, at)

    def _stage(self, sums: Sequence[SSAValue]) -> None:
        """Lane `l` has of a block of 16 rows by 8 columns two neighbours in row `l / 4`
        and two in the eighth from it."""
        down, across = self.parts
        stage, (row, column) = self._view(self.arithmetic.total), self.corner
        row = add(row, divide(self.lane, 4))
        column = add(column, multiply(remainder(self.lane, 4), 2))
        first = add(multiply(row, self.stage_row), column)
        pair_type = VectorType(self.arithmetic.total, [2])
        for (i, j), total in zip(
            product(range(down), range(across)), sums, strict=True
        ):
            for half in range(2):
                pair = vector.ExtractOp(total, [half], pair_type).result
                offset = (ROWS * i + BANK_ROWS * half) * self.stage_row + COLUMNS * j
                store_vector(pair, stage, [add(first, offset)])
