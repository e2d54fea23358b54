"""A block's tile of a contraction's result, whatever multiplies the factors.

In the end the sums go through shared memory, so that what follows is computed on
neighbours in the result's tensor, and moved 16 bytes at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Generic, Protocol, TypeAlias, TypeVar

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import MemRefType, i8
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.gpu import WORKGROUP
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.contraction.arithmetic import Words
from fusemlir.lowering.gpu.contraction.product import Product
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.vector_access import load_raw
from fusemlir.lowering.kernel.control_flow import if_then, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    is_below,
    multiply,
    remainder,
)

Finish: TypeAlias = Callable[[SSAValue, Sequence[SSAValue], Sequence[Index]], None]
"""Computes and stores what follows, given the number of the first element in the
result, the sums of it and its neighbours, and its batch, row and column."""


class TileSchedule(Protocol):
    """How large the tile is and how many threads compute it."""

    @property
    def block_m(self) -> int: ...

    @property
    def block_n(self) -> int: ...

    @property
    def threads(self) -> int: ...


ScheduleT = TypeVar("ScheduleT", bound=TileSchedule)
WordsT = TypeVar("WordsT", bound=Words)


@dataclass
class ResultTile(ABC, Generic[ScheduleT, WordsT]):
    """Writes the kernel of a product, `block_m` rows by `block_n` columns a block."""

    stage_padding: ClassVar[int]
    """Elements after each row of staged sums."""

    kernel: BlockKernel
    product: Product
    arithmetic: WordsT
    schedule: ScheduleT
    splits: int = 1
    """Blocks that share a tile: each sums a part of the depth."""

    @staticmethod
    def blocks(product: Product, schedule: TileSchedule) -> int:
        down = ceil_divide(product.first.free, schedule.block_m)
        across = ceil_divide(product.second.free, schedule.block_n)
        return product.batch * down * across

    def emit(self, finish: Finish, most: int) -> None:
        """Write it; `finish` takes `most` neighbours at once, a power of two."""
        self.stage_sums()
        self._finish(finish, most)

    def stage_sums(self) -> None:
        """Compute the block's sums, to where all of its threads see them."""
        self.kernel.prefer_registers()
        _ = self.split
        self._prepare()
        sums = self._sums()
        self.kernel.barrier()
        self._stage(sums)
        self.kernel.barrier()

    def staged(self, element: Attribute) -> SSAValue:
        """The staged sums, a row after each `stage_row`, or what replaced them."""
        return self._view(element)

    @abstractmethod
    def _prepare(self) -> object:
        """Compute what all of the kernel needs where all of it sees it."""

    @abstractmethod
    def _sums(self) -> Sequence[SSAValue]:
        """This thread's part of the tile."""

    @abstractmethod
    def _stage(self, sums: Sequence[SSAValue]) -> None:
        """Put the block's sums into shared memory."""

    @property
    @abstractmethod
    def tile_bytes(self) -> int:
        """Of the factors' tiles in shared memory."""

    @property
    def stage_row(self) -> int:
        """Elements from one row of staged sums to the next."""
        return self.schedule.block_n + self.stage_padding

    @cached_property
    def shared(self) -> SSAValue:
        """The block's memory: tiles of the factors, and later the sums."""
        stage = self.schedule.block_m * self.stage_row
        size = max(self.tile_bytes, stage * element_bytes(self.arithmetic.total))
        return self.kernel.shared((size,), i8)

    def _view(self, element: Attribute) -> SSAValue:
        """The block's memory as an array."""
        bytes_ = self.shared.type
        assert isinstance(bytes_, MemRefType)
        count = bytes_.get_shape()[0] // element_bytes(element)
        type = MemRefType(element, (count,), memory_space=WORKGROUP)
        return memref.ViewOp(self.shared, as_value(0), [], type).result

    @cached_property
    def origin(self) -> tuple[Index, Index, Index]:
        """The batch, the first row and the first column of the block's tile; blocks
        that follow each other share columns, of which there are more."""
        chosen = self.schedule
        down = ceil_divide(self.product.first.free, chosen.block_m)
        across = ceil_divide(self.product.second.free, chosen.block_n)
        block = self.kernel.block_id()
        rest = divide(block, down)
        batch = divide(rest, across) if self.product.batch > 1 else 0
        return (
            batch if self.splits == 1 else remainder(batch, self.product.batch),
            multiply(remainder(block, down), chosen.block_m),
            multiply(remainder(rest, across), chosen.block_n),
        )

    @cached_property
    def split(self) -> Index:
        """The block's number among those that share its tile."""
        if self.splits == 1:
            return 0
        whole = ResultTile.blocks(self.product, self.schedule)
        return divide(self.kernel.block_id(), whole)

    def turns(self, count: int) -> tuple[Index, Index]:
        """Of so many turns along the depth, the block's first and the one after its
        last; it has some, and blocks that share a tile have turns of their own."""
        if self.splits == 1:
            return 0, count
        share = ceil_divide(count, self.splits)
        assert share * (self.splits - 1) < count, "a block has no turn"
        first = multiply(self.split, share)
        end = add(first, share)
        if count % share == 0:
            return first, end
        return first, arith.MinSIOp(as_value(end), as_value(count)).result

    def _finish(self, finish: Finish, most: int) -> None:
        """Every thread takes chunks of the staged sums, neighbours in the result."""
        chosen, result = self.schedule, self.product
        count = min(result.neighbours, most)
        across = chosen.block_n // count
        stage = self._view(self.arithmetic.total)
        batch, first_row, first_column = self.origin
        thread = self.kernel.thread_id()
        with loop(thread, chosen.block_m * across, self.kernel.block_size) as chunk:
            down, right = (
                divide(chunk, across),
                multiply(remainder(chunk, across), count),
            )
            row, column = add(first_row, down), add(first_column, right)
            conditions = [
                is_below(at, size)
                for at, size, block in (
                    (row, result.first.free, chosen.block_m),
                    (column, result.second.free, chosen.block_n),
                )
                if size % block
            ]

            def compute() -> None:
                at = add(multiply(down, self.stage_row), right)
                width = min(count, 4)
                values = [
                    value
                    for part in range(0, count, width)
                    for value in load_raw(stage, [add(at, part)], width)
                ]
                first = as_value(result.offset(batch, row, column))
                finish(first, values, (batch, row, column))

            condition = every(conditions)
            if condition is None:
                compute()
            else:
                with if_then(condition):
                    compute()
