"""Deconvolution from the side of its result: an element gathers what reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DeconvolutionOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.elements.windows import sources
from fusemlir.lowering.gpu.contraction.operands import (
    Operand,
    Place,
    StridedOperand,
    split,
)
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    divide,
    is_below,
    linear,
    multiply,
    remainder,
)


@dataclass(frozen=True)
class GatheredOperand(Operand):
    """What reaches the positions of the result: free runs over images and positions,
    the depth over channels and, faster, the kernel's window.

    What does not reach is 0 in a product: a weight that is not finite makes NaN of it.
    """

    op: DeconvolutionOp

    @property
    def is_depth_inner(self) -> bool:
        return False

    @property
    def neighbours(self) -> int:
        return 1

    @property
    def instructions(self) -> int:
        return 40

    def place(self, batch: Index, free: Index) -> Place:
        """The image's and group's offset, and the position in the result."""
        images, channels, *spatial = shape_of(self.op.input)
        sizes = [images, *shape_of(self.op.output)[2:]]
        image, *at = split(free, sizes)
        size = prod(spatial)
        own = channels // self.op.groups
        first = add(multiply(image, channels * size), multiply(batch, own * size))
        return (first, *at)

    def tile(self, place: Place, start: Index, row: Index) -> Place:
        return (add(start, row), *place)

    def offset(self, tile: Place, depth: int) -> tuple[Index, SSAValue | None]:
        start, first, *at = tile
        channels, _, *window = shape_of(self.op.kernel)
        channel, *offsets = split(add(start, depth), [channels, *window])
        spatial = shape_of(self.op.input)[2:]
        read, reaches = sources(self.op, at, offsets)
        plane = multiply(channel, prod(spatial))
        return add(first, plane, linear(read, spatial)), reaches

    def is_inside(self, tile: Place, depth: int) -> SSAValue:
        return is_below(add(tile[0], depth), self.depth)


@dataclass(frozen=True)
class ScatteredKernelOperand(StridedOperand):
    """The kernel, [channels, features, window]: its depth is over the first and the
    last axis."""

    window: int
    """Elements of it."""

    @property
    def neighbours(self) -> int:
        return 1

    def tile(self, place: Place, start: Index, row: Index) -> Place:
        return (*place, add(start, row))

    def offset(self, tile: Place, depth: int) -> tuple[Index, SSAValue | None]:
        first, start = tile
        number = add(start, depth)
        channel, within = divide(number, self.window), remainder(number, self.window)
        return add(first, multiply(channel, self.step), within), None
