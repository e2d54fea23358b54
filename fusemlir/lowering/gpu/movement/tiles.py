"""Shuffles that turn rows into columns, by way of shared memory.

A block has a tile along the axis whose neighbours lie side by side in the input, and
the one whose neighbours do in the result: it loads along the former and stores along
the latter, so that both sides are moved in whole sectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import element_type_of
from fusemlir.lowering.element_conversion import element_bytes, storage_type
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.rows.view import strides
from fusemlir.lowering.gpu.schedules.sizes import WARP, ceil_divide
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import if_then
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    is_below,
    multiply,
    remainder,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import coordinates
from fusemlir.lowering.movement.transposition import Axis, axes_of_result

TILE = WARP
"""Elements along both axes of a tile."""

WARPS = 8
"""Of a block: each moves every so many-th row of the tile, and then column."""


@dataclass(frozen=True)
class TiledShuffle:
    """A shuffle of which the innermost axes of input and result are two, and long."""

    op: ShuffleOp
    axes: tuple[Axis, ...]
    """Of the result, as they lie in the input."""

    @staticmethod
    def of_layer(op: ShuffleOp) -> TiledShuffle | None:
        """Where tiles pay: shorter axes are in one or two sectors as they are."""
        axes = axes_of_result(op)
        if not axes or axes[-1].stride == 1:
            return None
        (inner,) = (axis for axis in axes if axis.stride == 1)
        if min(inner.size, axes[-1].size) < TILE:
            return None
        return TiledShuffle(op, tuple(axes))

    @property
    def inner(self) -> int:
        """Which axis of the result is the input's innermost."""
        (inner,) = (at for at, axis in enumerate(self.axes) if axis.stride == 1)
        return inner

    @property
    def strides(self) -> tuple[int, ...]:
        """Of the axes in the result."""
        return strides(tuple(axis.size for axis in self.axes))

    @property
    def steps(self) -> tuple[int, ...]:
        """How much of each axis is in a tile."""
        tiled = (self.inner, len(self.axes) - 1)
        return tuple(TILE if axis in tiled else 1 for axis in range(len(self.axes)))

    @property
    def tiles(self) -> tuple[int, ...]:
        """Along each axis."""
        pairs = zip(self.axes, self.steps, strict=True)
        return tuple(ceil_divide(axis.size, step) for axis, step in pairs)


def build_tiled_shuffle(name: str, body: KernelBody, shuffle: TiledShuffle) -> Kernel:
    (output,) = body.outputs
    element = storage_type(element_type_of(output))
    grid = (prod(shuffle.tiles), 1, 1)
    with BlockKernel(name, body, grid, WARPS * WARP) as kernel:
        padding = max(1, 4 // element_bytes(element_type_of(output)))
        tile = kernel.shared((TILE, TILE + padding), element)
        place = _Place(kernel, shuffle)
        source = flat(kernel.buffers[shuffle.op.input])
        rows = [add(place.warp, first) for first in range(0, TILE, WARPS)]
        loaded = [load_raw(source, [place.read(row)]) for row in rows]
        for row, values in zip(rows, loaded, strict=True):
            store_raw(values, tile, [row, place.lane])
        kernel.barrier()
        result = flat(kernel.buffers[output])
        for row in rows:
            number, is_there = place.write(row)
            _store(tile, [place.lane, row], result, number, is_there)
    return kernel.finished


def _store(
    tile: SSAValue,
    at: Sequence[Index],
    result: SSAValue,
    number: Index,
    is_there: SSAValue | None,
) -> None:
    if is_there is None:
        store_raw(load_raw(tile, at), result, [number])
        return
    with if_then(is_there):
        store_raw(load_raw(tile, at), result, [number])


class _Place:
    """A thread's place in its tile, and where that is in the input and the result."""

    def __init__(self, kernel: BlockKernel, shuffle: TiledShuffle):
        self.shuffle = shuffle
        thread = kernel.thread_id()
        self.lane = remainder(thread, WARP)
        self.warp = divide(thread, WARP)
        pairs = zip(
            coordinates(as_value(kernel.block_id()), shuffle.tiles),
            shuffle.steps,
            strict=True,
        )
        self.first = [multiply(at, step) for at, step in pairs]
        """The tile's first element, along each axis."""

    def _at(self, inner: Index, last: Index) -> list[Index]:
        at = list(self.first)
        at[self.shuffle.inner] = add(at[self.shuffle.inner], inner)
        at[-1] = add(at[-1], last)
        return at

    def read(self, row: Index) -> Index:
        """The number in the input of the lane's element of a row of the tile; past the
        end of an axis that of its last."""
        axes = self.shuffle.axes
        terms = zip(self._at(self.lane, row), axes, self.shuffle.steps, strict=True)
        return add(
            *(
                multiply(_bounded(at, axis.size, step), axis.stride)
                for at, axis, step in terms
            )
        )

    def write(self, column: Index) -> tuple[Index, SSAValue | None]:
        """The number in the result of the lane's element of a column of the tile, and
        whether it is one."""
        axes, steps = self.shuffle.axes, self.shuffle.steps
        at = self._at(column, self.lane)
        apart = zip(at, self.shuffle.strides, strict=True)
        number = add(*(multiply(coordinate, stride) for coordinate, stride in apart))
        bounds = zip(at, axes, steps, strict=True)
        inside = [is_below(c, axis.size) for c, axis, s in bounds if axis.size % s]
        return number, every(inside)


def _bounded(at: Index, size: int, step: int) -> Index:
    if size % step == 0:
        return at
    return arith.MinUIOp(as_value(at), as_value(size - 1)).result
