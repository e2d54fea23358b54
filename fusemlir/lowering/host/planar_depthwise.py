"""Depthwise convolutions at both edges of a network, where images lie plane by plane.

A channel is copied to memory that stays in a cache, with zeros around it; a tile is
some rows by vectors of neighbouring pixels of it. What is read is read once for all
rows of the tile whose windows it is in.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from math import prod

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.lowering.element_conversion import element_bytes, real
from fusemlir.lowering.host.access import copying, load, load_vector, local, store
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.depthwise import is_by_channel
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    DirectProduct,
    Finish,
    Start,
    Sums,
    Tile,
)
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import Loop, repeat, unraveled
from fusemlir.lowering.host.plan import IMAGE_RANK
from fusemlir.lowering.host.planar_convolution import PlanarConvolutionPlan
from fusemlir.lowering.host.schedules import (
    FMA_LATENCY,
    ROW_PIXELS,
    Choices,
    HostCpuShape,
    TileSchedule,
)
from fusemlir.lowering.host.tile_epilogue import Roles
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, multiply

FEWEST_COLUMNS = 14
"""Of an image: with fewer, vectors are short, and channels longer."""

MOST_TAPS = 25
"""Of a window: all of a tile's products are straight code."""

MOST_PRODUCTS = 128
"""Of a tile."""

PLANE_BYTES = 1 << 16
"""Of a channel, at most: it is on the stack."""


@dataclass
class PlanarDepthwiseKernel(DirectKernel):
    """The product's lines are channels, its columns rows, and its features columns."""

    source: SSAValue
    """The image; `image` is one channel of it, with zeros around."""
    layout: Layout
    """Of the image."""
    around: tuple[tuple[int, int], tuple[int, int]]
    """Zeros before and after rows and columns."""

    def emit(self, start: Start, finish: Finish) -> None:
        rows, columns = self.layout.shape[2:]
        (above, below), (left, right) = self.around
        width = left + columns + right
        size = (above + rows + below) * width
        repeat([Loop(size, (1,))], [0], lambda at: store(real(0), self.image, at[0]))
        sizes = (self.product.images, *self.product.lines)
        begin, end = self.kernel.share(prod(sizes))
        loops = [Loop(rows, (columns, width)), Loop(columns, (1, 1))]
        copy = copying(self.source, self.image)
        with loop(begin, end) as plane:
            first = multiply(plane, rows * columns)
            repeat(loops, [first, above * width + left], copy)
            image, *line = unraveled(plane, sizes)
            self.emit_line(image, None, line, start, finish)

    def _sums(self, place: Tile, start: Sums) -> Sums:
        found, vectors, lanes = self.product, self.schedule.vectors, self.schedule.lanes
        (down, across), (below, right) = found.window, found.window_strides
        row, taps = found.column_stride, prod(found.window)
        read = add(multiply(place.column, row), place.feature)
        (channel,) = place.line
        type = VectorType(f32, [lanes])
        first = multiply(channel, taps)
        factors = [
            vector.BroadcastOp(load(self.weights, add(first, tap)), type).vector
            for tap in range(taps)
        ]
        uses = defaultdict[int, list[tuple[int, int]]](list)
        for pixel, tap in product(range(place.pixels), range(down)):
            uses[pixel * row + tap * below].append((pixel, tap * across))
        totals = list(start)
        for ahead, pairs in sorted(uses.items()):
            for tap, number in product(range(across), range(vectors)):
                at = add(read, ahead + tap * right + number * lanes)
                numbers = load_vector(self.image, at, lanes)
                for pixel, first_tap in pairs:
                    which = pixel * vectors + number
                    totals[which] = self.arithmetic.multiply_add(
                        factors[first_tap + tap], numbers, totals[which]
                    )
        return totals


@dataclass(frozen=True)
class PlanarDepthwisePlan(PlanarConvolutionPlan):
    """A depthwise convolution of what the network is given to what it gives."""

    @property
    def is_taken(self) -> bool:
        op = self.weighted.op
        if not isinstance(op, ConvolutionOp) or not is_by_channel(op):
            return False
        shape = shape_of(op.input)
        return (
            len(shape) == IMAGE_RANK
            and op.strides[-1] == 1
            and min(shape[-1], shape_of(op.output)[-1]) >= FEWEST_COLUMNS
            and prod(op.window) <= MOST_TAPS
            and prod(_padded(op)) * element_bytes(f32) <= PLANE_BYTES
        )

    def feature(self, tile: Tile, row: int) -> Index:
        return tile.line[0]

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        image: SSAValue,
        weights: SSAValue,
    ) -> DirectKernel:
        op = self.weighted.op
        assert isinstance(op, ConvolutionOp)
        plane = local(f32, prod(_padded(op)))
        arithmetic = FloatArithmetic(schedule.lanes)
        layout = kernel.layouts[self.weighted.image]
        return PlanarDepthwiseKernel(
            kernel,
            product,
            schedule,
            arithmetic,
            plane,
            weights,
            image,
            layout,
            _around(op),
        )

    def tiling(
        self, layout: Layout, cpu: HostCpuShape
    ) -> tuple[DirectProduct, Roles, Choices[TileSchedule]]:
        op = self.weighted.op
        assert isinstance(op, ConvolutionOp)
        images, channels, *_ = layout.shape
        *_, rows, columns = shape_of(op.output)
        width = _padded(op)[-1]
        product = DirectProduct(
            images=images,
            places=(channels, rows),
            groups=1,
            features=columns,
            channels=1,
            window=op.window,
            start=0,
            image_stride=0,
            strides=(0, op.strides[0] * width),
            window_strides=(op.dilations[0] * width, op.dilations[1]),
        )
        roles = Roles(image=0, line=(1,), column=2, feature=3)
        cpu = cpu.for_features(min(columns, layout.shape[-1]))
        return product, roles, _choices(product, op, cpu)


def _around(op: ConvolutionOp) -> tuple[tuple[int, int], tuple[int, int]]:
    (above, left), (below, right) = op.padding_of(shape_of(op.input)[2:])
    return (above, below), (left, right)


def _padded(op: ConvolutionOp) -> Shape:
    """Rows and columns of a channel with what is around them."""
    sizes = shape_of(op.input)[2:]
    return tuple(
        size + sum(zeros) for size, zeros in zip(sizes, _around(op), strict=True)
    )


def _choices(
    found: DirectProduct, op: ConvolutionOp, cpu: HostCpuShape
) -> Choices[TileSchedule]:
    """Tiles whose sums leave half the registers to weights and what is read."""
    taps, (down, across) = prod(found.window), found.window
    height = min(found.columns, ROW_PIXELS)
    width = found.features // cpu.lanes

    def clocks(tile: TileSchedule) -> float:
        sums = tile.pixels * tile.vectors
        lines = {
            row * op.strides[0] + tap * op.dilations[0]
            for row, tap in product(range(tile.pixels), range(down))
        }
        loads = len(lines) * across * tile.vectors
        each = max(sums * taps / cpu.per_clock, loads, FMA_LATENCY * taps)
        tiles = found.columns / tile.pixels * -(-found.features // tile.features)
        return tiles * each

    tiles = (
        TileSchedule(*sizes, cpu.lanes, cpu.per_clock)
        for sizes in product(range(1, height + 1), range(1, width + 1))
    )
    allowed = (
        tile
        for tile in tiles
        if (sums := tile.pixels * tile.vectors) == 1
        or (sums * 2 <= cpu.registers and sums * taps <= MOST_PRODUCTS)
    )
    return Choices(
        sorted(allowed, key=clocks),
        f"pixels of 1 to {height} and vectors of 1 to {width}, of which the product is "
        f"at most {min(cpu.registers // 2, MOST_PRODUCTS // taps)}",
    )
