"""Kernels of depthwise convolutions, and of what follows them.

Each channel is convolved alone, so that hardly anything is computed: a block reads a
tile of the input once, windows and all, and its threads compute neighbours of several
rows from shared memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import (
    element_type_of,
    is_float,
    shape_of,
    volume,
)
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.anchored import Operands, beside, is_anchored
from fusemlir.lowering.elements.contracted import Contracted, contracted, is_depthwise
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.contraction.operands import split
from fusemlir.lowering.gpu.depthwise.input_tile import InputTile
from fusemlir.lowering.gpu.depthwise.window_sums import WindowSums
from fusemlir.lowering.gpu.neighbours import Neighbours, most_at_once
from fusemlir.lowering.gpu.schedules.depthwise import (
    Axes,
    DepthwiseSchedule,
    WindowAxis,
)
from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.kernel.control_flow import if_then, loop
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    is_below,
    linear,
    multiply,
    remainder,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target


def is_depthwise_kernel(body: KernelBody) -> bool:
    """Whether it is a convolution of each channel of an input by itself, and pointwise
    layers on its results and on other inputs."""
    return _schedule(body, processors=1) is not None


def build_depthwise(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    target = Target.of_module(immediates.module)
    found, schedule = contracted(body), _schedule(body, processors_of(target))
    assert found is not None
    assert schedule is not None
    op = found.anchor
    assert isinstance(op, ConvolutionOp)
    axes = axes_of(op)
    grid = (schedule.blocks(axes, _planes(op)), 1, 1)
    with BlockKernel(name, body, grid, schedule.threads) as kernel:
        Depthwise(kernel, found, op, axes, schedule, immediates).emit()
    return kernel.finished


def axes_of(op: ConvolutionOp) -> Axes:
    """The spatial axes; of an image depth comes first, of size one."""
    spatial = shape_of(op.input)[2:]
    before, _ = op.padding_of(spatial)
    rows = zip(
        spatial,
        shape_of(op.output)[2:],
        op.window,
        op.strides,
        op.dilations,
        before,
        strict=True,
    )
    axes = [WindowAxis(*row) for row in rows]
    if len(axes) == 2:
        axes.insert(0, WindowAxis(1, 1, 1, 1, 1, 0))
    z, y, x = axes
    return z, y, x


def _planes(op: ConvolutionOp) -> int:
    """Channels of all images."""
    return prod(shape_of(op.input)[:2])


def _schedule(body: KernelBody, processors: int) -> DepthwiseSchedule | None:
    found, op = contracted(body), body.group.anchor
    if found is None or not is_depthwise(op) or not is_anchored(body, ConvolutionOp):
        return None
    assert isinstance(op, ConvolutionOp)
    held = element_type_of(found.factors[0])
    is_multiplied = found.are_in_memory and (is_float(held) or held == i8)
    if not is_multiplied or not volume(shape_of(op.output)):
        return None
    return DepthwiseSchedule.choose(
        _planes(op),
        axes_of(op),
        element_bytes(held),
        most_at_once(body),
        len(body.layers),
        processors,
    )


@dataclass
class Depthwise:
    """Writes the kernel."""

    kernel: BlockKernel
    found: Contracted
    op: ConvolutionOp
    axes: Axes
    schedule: DepthwiseSchedule
    immediates: Immediates

    def emit(self) -> None:
        constants = self.immediates.emit(self.kernel.body)
        operands = Operands(self.kernel.buffers, constants)
        layers = beside(self.kernel.body, *self.found.sources)
        rest = Neighbours(self.kernel, layers, constants)
        held = InputTile(
            self.kernel, self.found.factors[0], self.axes, self.schedule, self._origin
        )
        held.fill()
        self.kernel.barrier()
        is_there = self._is_there
        with if_then(is_there):
            sums = WindowSums(self.found, operands, held, self._item)
            with loop(0, self._features) as which:
                self._compute(operands, sums, rest, which)

    def _compute(
        self,
        operands: Operands,
        window_sums: WindowSums,
        rest: Neighbours,
        which: Index,
    ) -> None:
        """The results of one feature of a channel."""
        channel = remainder(self._plane, shape_of(self.op.input)[1])
        feature = add(multiply(channel, self._features), which)
        sums = window_sums.of(feature)
        results = self.found.results(operands, sums, feature, 0)
        width = self.schedule.width
        z, y, x = self._at
        _, height, _ = self.axes
        plane = add(multiply(self._plane, self._features), which)
        planes = _planes(self.op) * self._features
        for row in range(self.schedule.rows):
            place: list[Index] = [plane, z, add(y, row), x]
            sizes = (planes, *(axis.count for axis in self.axes))
            given = {
                value: lanes[row * width : (row + 1) * width]
                for value, lanes in results.items()
            }
            first = as_value(linear(place, sizes))
            if height.count % self.schedule.rows == 0:
                rest.compute(first, width, given)
                continue
            with if_then(is_below(add(y, row), height.count)):
                rest.compute(first, width, given)

    @property
    def _features(self) -> int:
        """That each channel has."""
        return shape_of(self.op.kernel)[0] // self.op.groups

    @cached_property
    def _origin(self) -> tuple[Index, ...]:
        """The block's first channel, and its tile's first depth, row and column."""
        planes = -(-_planes(self.op) // self.schedule.channels)
        counts = (planes, *self.schedule.tiles(self.axes))
        numbers = split(self.kernel.block_id(), counts)
        sizes = (self.schedule.channels, *self.schedule.tile)
        return tuple(multiply(n, size) for n, size in zip(numbers, sizes, strict=True))

    @cached_property
    def _item(self) -> tuple[Index, ...]:
        """The thread's channel, depth, row and column in the tile, of its first."""
        chosen = self.schedule
        depth, height, columns = chosen.tile
        sizes = (
            chosen.channels,
            depth,
            height // chosen.rows,
            columns // chosen.width,
        )
        channel, z, y, x = split(self.kernel.thread_id(), sizes)
        return channel, z, multiply(y, chosen.rows), multiply(x, chosen.width)

    @cached_property
    def _plane(self) -> Index:
        return add(self._origin[0], self._item[0])

    @cached_property
    def _at(self) -> tuple[Index, ...]:
        """Of the thread's first result."""
        pairs = zip(self._origin[1:], self._item[1:], strict=True)
        return tuple(add(origin, offset) for origin, offset in pairs)

    @property
    def _is_there(self) -> SSAValue:
        """Whether the thread's first result exists."""
        sizes = (_planes(self.op), *(axis.count for axis in self.axes))
        tiles = (self.schedule.channels, *self.schedule.tile)
        places = (self._plane, *self._at)
        conditions = [
            is_below(at, size)
            for at, size, tile in zip(places, sizes, tiles, strict=True)
            if size % tile
        ]
        is_used = is_below(self.kernel.thread_id(), self.schedule.items)
        condition = every([is_used, *conditions])
        assert condition is not None
        return condition
