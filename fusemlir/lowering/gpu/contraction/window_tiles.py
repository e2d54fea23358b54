"""Columns of a convolution in the order of the pooling windows over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.gpu.contraction.operands import split
from fusemlir.lowering.gpu.schedules.conv_pooling import PooledAxis, PoolingTile
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    multiply,
    remainder,
)


@dataclass(frozen=True)
class WindowTiles:
    """For each tile of windows of each image `block` columns, of which the first are
    what is under the tile, row-major, and the others are computed in vain.

    What lies under two tiles has a column for each.
    """

    op: PoolingOp
    tile: PoolingTile
    block: int

    @property
    def columns(self) -> int:
        return shape_of(self.op.input)[0] * prod(self.tile.counts) * self.block

    @property
    def seen(self) -> int:
        """Columns of a tile that are under its windows."""
        return prod(self.tile.seen)

    def locate(self, column: Index) -> Sequence[Index]:
        """The image and the position that a column is."""
        image, *tile = self.tile_at(column)
        local = remainder(column, self.block)
        if self.seen < self.block:
            last = as_value(self.seen - 1)
            local = arith.MinUIOp(as_value(local), last).result
        return [image, *self.position(self.corner(tile), local)]

    def tile_at(self, column: Index) -> list[Index]:
        """The image and the tile, along each axis, that a column belongs to."""
        images = shape_of(self.op.input)[0]
        return split(divide(column, self.block), [images, *self.tile.counts])

    def corner(self, tile: Sequence[Index]) -> list[Index]:
        """The first position under a tile."""
        pre, _ = self.op.padding_of(shape_of(self.op.input)[2:])
        axes = zip(
            tile, self.tile.axes, self.tile.windows, self.tile.seen, pre, strict=True
        )
        return [
            _begin(multiply(at, windows * axis.stride), axis, seen, before)
            for at, axis, windows, seen, before in axes
        ]

    def position(self, corner: Sequence[Index], local: Index) -> list[Index]:
        """That of the `local`-th column of a tile."""
        offsets = split(local, self.tile.seen)
        return [add(*pair) for pair in zip(corner, offsets, strict=True)]

    def first_window(self, tile: Sequence[Index]) -> list[Index]:
        pairs = zip(tile, self.tile.windows, strict=True)
        return [multiply(at, windows) for at, windows in pairs]


def pooled_axes(op: PoolingOp) -> tuple[PooledAxis, ...]:
    sizes, counts = shape_of(op.input)[2:], shape_of(op.output)[2:]
    numbers = zip(sizes, counts, op.window, op.strides, strict=True)
    return tuple(PooledAxis(*each) for each in numbers)


def _begin(first: Index, axis: PooledAxis, seen: int, before: int) -> Index:
    """Where `seen` neighbours begin that hold all under a tile: windows begin at
    `first`, in the padded input; what is past an end is moved inside."""
    if seen == axis.size:
        return 0
    begin = add(first, -before)
    if before:
        begin = arith.MaxSIOp(as_value(begin), as_value(0)).result
    return arith.MinSIOp(as_value(begin), as_value(axis.size - seen)).result
