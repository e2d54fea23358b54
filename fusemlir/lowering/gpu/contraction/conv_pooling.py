"""Kernels of convolutions with a pooling on them: what is pooled is never written.

A block computes the convolution under a tile of windows, some of it under the next tile
too, where windows overlap; in shared memory it becomes what is pooled. Of what is too
small for that, or under windows too large, and of deconvolutions, a thread computes all
that is under a window.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32, i8, i32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.elements.conv_pooling import Pooled, conv_pooling_element
from fusemlir.lowering.elements.element import store
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import (
    FragmentWords,
    Words,
    arithmetic_of,
)
from fusemlir.lowering.gpu.contraction.kernel import is_for_tensor_cores
from fusemlir.lowering.gpu.contraction.operands import WindowOperand, split
from fusemlir.lowering.gpu.contraction.product import Product, product_of
from fusemlir.lowering.gpu.contraction.result_tile import ResultTile
from fusemlir.lowering.gpu.contraction.tensor_core import TensorCoreContraction
from fusemlir.lowering.gpu.contraction.tiled import TiledContraction
from fusemlir.lowering.gpu.contraction.window_tiles import WindowTiles, pooled_axes
from fusemlir.lowering.gpu.element_kernel import of_elements
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.schedules.conv_pooling import (
    ConvPoolingSchedule,
    SizedWords,
)
from fusemlir.lowering.gpu.schedules.tensor_core import TensorCoreSchedule
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import if_then, loop
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    is_below,
    linear,
    multiply,
    remainder,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target


def build_conv_pooling(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    tiled = build_tiled_pooling(name, Pooled.of_body(body), immediates)
    return tiled or of_elements(conv_pooling_element)(name, body, immediates)


def build_tiled_pooling(
    name: str, pooled: Pooled, immediates: Immediates
) -> Kernel | None:
    """None where a thread for each window is quicker, or the only way."""
    found, op = pooled.contracted, pooled.op
    anchor, arithmetic = found.anchor, arithmetic_of(found)
    if not isinstance(anchor, ConvolutionOp) or not found.are_in_memory:
        return None
    product = product_of(anchor, *found.factors)
    data = product.second
    seen = WindowOperand(data.value, data.free, data.depth, anchor)
    product = replace(product, second=seen)
    fragments = FragmentWords(product.first.element)
    target = Target.of_module(immediates.module)
    chosen = ConvPoolingSchedule.choose(
        shape_of(op.input)[0],
        pooled_axes(op),
        _sized(product, arithmetic),
        _sized(product, fragments) if is_for_tensor_cores(product, target) else None,
        target,
    )
    if chosen is None:
        return None
    schedule = chosen.contraction
    tiles = WindowTiles(op, chosen.tile, schedule.block_n)
    seen = replace(seen, free=tiles.columns, locate=tiles.locate)
    product = replace(product, second=seen)
    grid = (ResultTile.blocks(product, schedule), 1, 1)
    with BlockKernel(name, pooled.body, grid, schedule.threads) as kernel:
        if isinstance(schedule, TensorCoreSchedule):
            depth = schedule.block_bytes // element_bytes(fragments.element)
            product = product.in_blocks(depth)
            sums = TensorCoreContraction(kernel, product, fragments, schedule)
        else:
            product = product.in_blocks(schedule.block_k * arithmetic.pack)
            sums = TiledContraction(kernel, product, arithmetic, schedule)
        sums.stage_sums()
        image, *tile = tiles.tile_at(sums.origin[2])
        corner, stage = tiles.corner(tile), sums.staged(_word(pooled))
        part = PooledTile(kernel, pooled, sums, tiles, stage, image, tile, corner)
        part.finish_sums(immediates.emit(pooled.body))
        kernel.barrier()
        part.pool()
    return kernel.finished


def _sized(product: Product, words: Words) -> SizedWords:
    pack = words.pack
    return SizedWords(
        lambda block: product.in_blocks(block * pack).size(pack),
        pack * element_bytes(words.element),
    )


@dataclass(frozen=True)
class PooledTile:
    """Writes what follows on a block's sums."""

    kernel: BlockKernel
    pooled: Pooled
    sums: TensorCoreContraction | TiledContraction
    tiles: WindowTiles
    stage: SSAValue
    """The sums in shared memory, as words of what is pooled."""
    image: Index
    tile: Sequence[Index]
    """Of windows, along each axis."""
    corner: Sequence[Index]
    """The first position of the image under it."""

    def finish_sums(self, constants: Mapping[SSAValue, SSAValue]) -> None:
        """Replace the sums under windows by what is pooled."""
        op, seen = self.pooled.op, self.tiles.seen
        shape = shape_of(op.input)
        operands = Operands(self.kernel.buffers, constants)
        rest = Neighbours(self.kernel, self.pooled.layers, constants, shape)
        sums = self.sums.staged(self.sums.arithmetic.total)
        with self._each(seen) as (down, local), self._if_row(down) as feature:
            at = add(multiply(down, self.sums.stage_row), local)
            place = [self.image, feature, *self.tiles.position(self.corner, local)]
            given = self.pooled.contracted.results(
                operands, load_raw(sums, [at]), feature, 0
            )
            (element,) = rest.elements(as_value(linear(place, shape)), 1, given)
            word = _as_word(element.values[op.input])
            store_raw([word], self.stage, [at])

    def pool(self) -> None:
        op, windows = self.pooled.op, self.tiles.tile.windows
        shape = shape_of(op.output)
        first = self.tiles.first_window(self.tile)
        with self._each(prod(windows)) as (down, local), self._if_row(down) as feature:
            pairs = zip(first, split(local, windows), strict=True)
            at = [add(*pair) for pair in pairs]
            sizes = zip(at, shape[2:], windows, strict=True)
            exist = (is_below(w, size) for w, size, tile in sizes if size % tile)
            with if_then_or_always(every(exist)):
                read = partial(self._read, down)
                value = self.pooled.window(read, [self.image, feature, *at])
                number = as_value(linear([self.image, feature, *at], shape))
                store(value, self.kernel.buffers[op.output], number)

    def _read(self, down: Index, place: Sequence[Index]) -> SSAValue:
        """What is pooled at [image, feature, position...]."""
        pairs = zip(place[2:], self.corner, strict=True)
        offsets = [subtract(*pair) for pair in pairs]
        start = multiply(down, self.sums.stage_row)
        at = add(start, linear(offsets, self.tiles.tile.seen))
        (word,) = load_raw(self.stage, [at])
        is_byte = _word(self.pooled) == i32
        return arith.TruncIOp(word, i8).result if is_byte else word

    @contextmanager
    def _each(self, count: int) -> Generator[tuple[Index, Index]]:
        """A row of the tile and one of `count` in it, by all threads in turns."""
        total = self.sums.schedule.block_m * count
        thread = self.kernel.thread_id()
        with loop(thread, total, self.kernel.block_size) as number:
            yield divide(number, count), remainder(number, count)

    @contextmanager
    def _if_row(self, down: Index) -> Generator[Index]:
        """The feature of a row of the tile, where it is one."""
        batch, first, _ = self.sums.origin
        rows = self.sums.product.first.free
        row = add(first, down)
        is_one = is_below(row, rows) if rows % self.sums.schedule.block_m else None
        with if_then_or_always(is_one):
            yield add(multiply(batch, rows), row)


def _word(pooled: Pooled) -> Attribute:
    """What an element of what is pooled is in shared memory."""
    return f32 if is_float(element_type_of(pooled.op.input)) else i32


def _as_word(value: SSAValue) -> SSAValue:
    return arith.ExtSIOp(value, i32).result if value.type == i8 else value


def if_then_or_always(condition: SSAValue | None) -> AbstractContextManager[None]:
    """`if_then`; a condition of None always holds."""
    return nullcontext() if condition is None else if_then(condition)
