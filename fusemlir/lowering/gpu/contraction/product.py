"""Convolutions and matrix multiplies as batches of products of two matrices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd, prod
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.gpu.contraction.deconvolution import (
    GatheredOperand,
    ScatteredKernelOperand,
)
from fusemlir.lowering.gpu.contraction.operands import (
    Axes,
    BlockedKernelOperand,
    BlockedWindowOperand,
    ChannelBlocks,
    Operand,
    StridedOperand,
    WindowOperand,
    row_major,
    stride_over,
)
from fusemlir.lowering.gpu.schedules.contraction import ProductSize
from fusemlir.lowering.kernel.index_math import Index, add

Contraction: TypeAlias = "ConvolutionOp | DeconvolutionOp | MatrixMultiplyOp"


@dataclass(frozen=True)
class Product:
    """result[batch, row, column] = sum of first[row, depth] * second[column, depth]."""

    batch: int
    first: Operand
    second: Operand
    batches: Axes
    """Where in the result's tensor a batch begins, in elements."""
    rows: Axes
    columns: Axes

    @property
    def depth(self) -> int:
        return self.first.depth

    @property
    def neighbours(self) -> int:
        """A power of two: as many columns follow each other in the result, from a
        multiple of it on, where the tensor is at a multiple of it too."""
        size, stride = self.columns[-1]
        outer = [
            stride for _, stride in (*self.batches, *self.rows, *self.columns[:-1])
        ]
        return gcd(16, size, *outer) if stride == 1 else 1

    def in_blocks(self, block: int) -> Product:
        """The same product for tiles `block` deep: a convolution's depth in channel
        blocks where they leave little room."""
        seen, kernel = self.second, self.first
        if not isinstance(seen, WindowOperand) or not isinstance(
            kernel, StridedOperand
        ):
            return self
        channels, *window = shape_of(seen.op.kernel)[1:]
        blocks = ChannelBlocks(channels, tuple(window), block)
        if blocks.depth * 4 > self.depth * 5:
            return self
        return replace(
            self,
            first=BlockedKernelOperand(
                kernel.value,
                kernel.free,
                blocks.depth,
                kernel.batches,
                kernel.rows,
                prod(window),
                blocks,
            ),
            second=BlockedWindowOperand(
                seen.value, seen.free, blocks.depth, seen.op, blocks, locate=seen.locate
            ),
        )

    def size(self, pack: int) -> ProductSize:
        """For a schedule, in words of `pack` elements."""
        first, second = self.first, self.second
        return ProductSize(
            self.batch,
            first.free,
            second.free,
            -(-self.depth // pack),
            pack * first.instructions / first.neighbours,
            pack * second.instructions / second.neighbours,
        )

    def offset(self, batch: Index, row: Index, column: Index) -> Index:
        """The number of an element in the result's tensor."""
        return add(
            stride_over(batch, self.batches),
            stride_over(row, self.rows),
            stride_over(column, self.columns),
        )


def product_of(
    op: Contraction, first: SSAValue | None = None, second: SSAValue | None = None
) -> Product:
    """The product that `op` is, of other tensors of the same shapes if given.

    `first` and `second` stand for the layer's operands, in their order.
    """
    if isinstance(op, ConvolutionOp):
        return _convolution(op, first or op.input, second or op.kernel)
    if isinstance(op, DeconvolutionOp):
        return _deconvolution(op, first or op.input, second or op.kernel)
    return _matrices(op, first or op.lhs, second or op.rhs)


def _convolution(op: ConvolutionOp, data: SSAValue, kernel: SSAValue) -> Product:
    """A batch of groups: a row is a feature, a column a position of an image."""
    images, channels, *sizes = shape_of(op.input)
    features, depth = shape_of(op.kernel)[0], prod(shape_of(op.kernel)[1:])
    spatial, positions = prod(sizes), prod(shape_of(op.output)[2:])
    groups = op.groups
    rows, own = features // groups, channels // groups
    columns = images * positions
    weights = StridedOperand(
        kernel, rows, depth, ((groups, rows * depth),), ((rows, depth),), 1
    )
    if _is_pointwise(op):
        seen: Operand = StridedOperand(
            data,
            columns,
            depth,
            ((groups, own * spatial),),
            ((images, channels * spatial), (spatial, 1)),
            spatial,
        )
    elif _sees_all(op):
        size = channels * spatial
        seen = StridedOperand(
            data, columns, depth, ((groups, own * spatial),), ((images, size),), 1
        )
    else:
        seen = WindowOperand(data, columns, depth, op)
    return Product(
        groups,
        weights,
        seen,
        ((groups, rows * positions),),
        ((rows, positions),),
        ((images, features * positions), (positions, 1)),
    )


def _deconvolution(op: DeconvolutionOp, data: SSAValue, kernel: SSAValue) -> Product:
    """As a convolution, of what reaches each position of the result."""
    images = shape_of(op.input)[0]
    channels, rows, *sizes = shape_of(op.kernel)
    positions, window, groups = prod(shape_of(op.output)[2:]), prod(sizes), op.groups
    own, columns = channels // groups, images * positions
    weights = ScatteredKernelOperand(
        kernel,
        rows,
        own * window,
        ((groups, own * rows * window),),
        ((rows, window),),
        rows * window,
        window,
    )
    return Product(
        groups,
        weights,
        GatheredOperand(data, columns, own * window, op),
        ((groups, rows * positions),),
        ((rows, positions),),
        ((images, groups * rows * positions), (positions, 1)),
    )


def _is_pointwise(op: ConvolutionOp) -> bool:
    """Whether an output position sees the input at that position, and nothing else."""
    return set(op.window) == set(op.strides) == {1} and not _is_padded(op)


def _sees_all(op: ConvolutionOp) -> bool:
    """Whether the only output position sees all of an image, as a matrix product."""
    spatial = shape_of(op.input)[2:]
    return op.window == spatial and set(op.dilations) == {1} and not _is_padded(op)


def _is_padded(op: ConvolutionOp) -> bool:
    pre, post = op.padding_of(shape_of(op.input)[2:])
    return any((*pre, *post))


def _matrices(op: MatrixMultiplyOp, lhs: SSAValue, rhs: SSAValue) -> Product:
    op0, op1 = op.operations
    result = shape_of(op.output)
    batch0, (rows, depth) = _matrix(shape_of(op.lhs), op0)
    batch1, (columns, _) = _matrix(shape_of(op.rhs), op1, is_second=True)
    batch = result[: len(batch0)]
    size = rows * columns
    return Product(
        prod(batch),
        _factor(lhs, rows, depth, batch0, batch, op0 == MatrixOperation.TRANSPOSE),
        _factor(rhs, columns, depth, batch1, batch, op1 == MatrixOperation.NONE),
        ((prod(batch), size),),
        ((rows, columns),),
        ((columns, 1),),
    )


def _matrix(
    shape: Shape, operation: MatrixOperation, *, is_second: bool = False
) -> tuple[Shape, tuple[int, int]]:
    """Batch dimensions, and the free and the contracted dimension of a factor."""
    if operation == MatrixOperation.VECTOR:
        return shape[:-1], (1, shape[-1])
    *batch, a, b = shape
    depth_first = is_second != (operation == MatrixOperation.TRANSPOSE)
    return tuple(batch), (b, a) if depth_first else (a, b)


def _factor(
    value: SSAValue,
    free: int,
    depth: int,
    own: Shape,
    batch: Shape,
    depth_is_outer: bool,
) -> Operand:
    axes = row_major((*own, free * depth))[:-1]
    sizes = zip(batch, axes, strict=True)
    batches = tuple((size, stride if mine > 1 else 0) for size, (mine, stride) in sizes)
    if depth_is_outer and free > 1:
        return StridedOperand(value, free, depth, batches, ((free, 1),), free)
    return StridedOperand(value, free, depth, batches, ((free, depth),), 1)
