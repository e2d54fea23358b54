"""Tiles of products of two inputs, in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.host.access import load_vector
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.direct_product import (
    KEPT_BYTES,
    DirectKernel,
    DirectProduct,
    Finish,
    Start,
    Sums,
    Tile,
)
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.products.factors import Arrangement, Factor
from fusemlir.lowering.host.schedules import (
    MAX_PIXELS,
    MAX_VECTORS,
    HostCpuShape,
    TileSchedule,
)
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply


@dataclass(frozen=True)
class SecondFactor(ABC):
    """How a tile's part of the second factor is found, in the order it is read in."""

    factor: Factor

    @property
    @abstractmethod
    def arrangement(self) -> Arrangement | None:
        """None where it is read as it lies."""

    @property
    @abstractmethod
    def step(self) -> int:
        """From one vector that is read together with others to the next."""

    @property
    @abstractmethod
    def strides(self) -> Shape:
        """From one matrix of the batch to the next, by axis; 0 where one is for all."""

    @abstractmethod
    def first(self, place: Tile) -> Index:
        """Where a tile's columns begin in the matrix."""

    @abstractmethod
    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        buffers: tuple[SSAValue, SSAValue],
    ) -> ProductTiles:
        """Of the factors in `buffers`."""


@dataclass(frozen=True)
class ByColumns(SecondFactor):
    """Vectors of neighbouring columns."""

    width: int
    """Columns of a block."""
    is_packed: bool

    @staticmethod
    def of_product(
        factor: Factor, product: DirectProduct, schedule: TileSchedule
    ) -> ByColumns:
        """Packed if that pays, or it cannot be read otherwise."""
        tiles = prod(product.lines) * -(-product.columns // schedule.pixels)
        is_read_once = tiles == factor.matrices
        is_block = factor.depth.stride == schedule.features
        is_near = factor.is_by_columns and (is_read_once or is_block)
        return ByColumns(factor, schedule.features, not is_near)

    @property
    def arrangement(self) -> Arrangement | None:
        return self.factor.in_blocks(self.width) if self.is_packed else None

    @property
    def step(self) -> int:
        return self.width if self.is_packed else self.factor.depth.stride

    @property
    def strides(self) -> Shape:
        if self.is_packed:
            return self.factor.packed_apart(self.width)
        return self.factor.apart

    def first(self, place: Tile) -> Index:
        if self.is_packed:
            return multiply(place.block, self.factor.depth.size * self.width)
        return place.feature

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        buffers: tuple[SSAValue, SSAValue],
    ) -> ProductTiles:
        kind = FloatArithmetic if self.is_packed else LooseArithmetic
        arithmetic = kind(schedule.lanes)
        return ProductTiles(kernel, product, schedule, arithmetic, *buffers, self)


class LooseArithmetic(FloatArithmetic):
    """Of f32 that lies as elements do."""

    def factors(self, weights: SSAValue, at: Index) -> SSAValue:
        return load_vector(weights, at, self.lanes)


@dataclass
class ProductTiles(DirectKernel):
    """A product whose lines are the batch, each of matrices of their own."""

    second: SecondFactor
    first_step: Index = 0
    """Of depth: what is multiplied is a part of the second factor from there on."""

    @property
    def down(self) -> int:
        """Tiles below each other."""
        return -(-self.product.columns // self.schedule.pixels)

    def emit(self, start: Start, finish: Finish) -> None:
        """This thread's tiles, those that read the same part of the greater factor
        one after the other."""
        keeps = self.second.factor.size * element_bytes(f32) <= KEPT_BYTES
        inner = (self.down, self.blocks) if keeps else (self.blocks, self.down)
        sizes = (*self.product.lines, *inner)
        begin, end = self.kernel.share(prod(sizes))
        with loop(begin, end) as piece:
            *line, first, second = unraveled(piece, sizes)
            row, block = (first, second) if keeps else (second, first)
            place = self.tile(line, row, block)
            finish(place, self.sums(place, start(place)))

    def tile(self, line: Sequence[Index], row: Index, block: Index) -> Tile:
        """The last one of a matrix begins earlier where it would not be full, as blocks
        do: what is written twice is the same."""
        rows, pixels = self.product.columns, self.schedule.pixels
        first = multiply(row, pixels)
        if rows % pixels:
            first = arith.MinUIOp(as_value(first), as_value(rows - pixels)).result
        return Tile(0, line, first, pixels, self._feature(block), block)

    def sums(self, place: Tile, start: Sums) -> Sums:
        return self._sums(place, start)

    def placed(self, sums: Sums) -> Iterator[tuple[int, int, SSAValue]]:
        """Each vector of a tile with its row and its first column."""
        width, lanes = self.schedule.vectors, self.schedule.lanes
        for number, total in enumerate(sums):
            yield number // width, number % width * lanes, total

    def first_weight(self, place: Tile) -> Index:
        return add(
            self.second.first(place),
            multiply(self.first_step, self.second.step),
            *map(multiply, place.line, self.second.strides),
        )

    @property
    def _step_weights(self) -> int:
        return self.second.step


def choose_tile(rows: int, columns: int, cpu: HostCpuShape) -> TileSchedule:
    """The quickest of matrices of which all tiles have as many rows; of equals the
    one that computes least twice."""

    def clocks(tile: TileSchedule) -> tuple[float, int]:
        down = -(-rows // tile.pixels)
        across = -(-columns // tile.features)
        area = down * tile.pixels * across * tile.features
        return down * tile.clocks(tile.pixels, columns), area

    return min(tiles_of(rows, columns, cpu), key=clocks)


def tiles_of(rows: int, columns: int, cpu: HostCpuShape) -> Sequence[TileSchedule]:
    """Those that fit the registers and a matrix."""
    cpu = cpu.for_features(columns)
    return [
        TileSchedule(height, width, cpu.lanes)
        for height, width in product(
            range(1, min(rows, MAX_PIXELS) + 1), range(1, MAX_VECTORS + 1)
        )
        if height * width + width + 1 <= cpu.registers
        and (width == 1 or width * cpu.lanes <= columns)
    ]
