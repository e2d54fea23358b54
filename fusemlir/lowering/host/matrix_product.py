"""Products of two matrices that are inputs, batched and broadcast, and what follows.

The second one is brought into the order in which it is read by a kernel of its own;
from there on it is multiplied as constant weights are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Self

from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType, UnknownLoc, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue

from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import (
    Shape,
    element_type_of,
    is_float,
    shape_of,
    volume,
)
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.element_conversion import widen
from fusemlir.lowering.elements.anchored import is_anchored
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.convolution import start_of_sums
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    DirectProduct,
    Sums,
    Tile,
)
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel, Preparation
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.reformat import build_reformat, widened
from fusemlir.lowering.host.schedules import HostCpuShape, TileSchedule
from fusemlir.lowering.host.tile_epilogue import Roles, TileEpilogue
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody

MATRICES = (MatrixOperation.NONE, MatrixOperation.TRANSPOSE)


@dataclass(frozen=True)
class MatrixProductPlan(Plan):
    """A product of two inputs, summed in f32, with pointwise layers on its result."""

    multiplied: Weighted

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        if not is_anchored(body, MatrixMultiplyOp):
            return None
        found = Weighted(body)
        op = found.op
        assert isinstance(op, MatrixMultiplyOp)
        others = [layer for layer in body.layers if layer is not op]
        takes = (
            all(operation in MATRICES for operation in op.operations)
            and all(value in body.inputs for value in op.operands)
            and op.lhs is not op.rhs
            and is_float(element_type_of(op.lhs))
            and not (is_turned(op) and element_type_of(op.lhs) != f32)
            and volume(shape_of(op.output)) > 0
            # It lies in another order than its layout says.
            and op.rhs not in body.outputs
            and not any(op.rhs in layer.operands for layer in others)
        )
        return cls(body, found) if takes else None

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    @property
    def op(self) -> MatrixMultiplyOp:
        op = self.multiplied.op
        assert isinstance(op, MatrixMultiplyOp)
        return op

    def build(self, name: str, site: Site) -> HostFunction:
        op, found = self.op, self.multiplied
        product, roles = self._product()
        cpu = site.cpu.for_features(product.features)
        schedule = TileSchedule.choose(product.columns, product.features, cpu)
        packed = PackedMatrix.of_product(op, schedule.features)
        layouts = dict(site.layouts)
        layouts[op.rhs] = Layout.row_major((packed.count,))
        left, right = map(self.body.inputs.index, op.operands)
        prepared = {right: packed.preparation}
        if element_type_of(op.lhs) != f32:
            prepared[left] = widened(op.lhs, layouts[op.lhs])
        if is_turned(op):
            lying = layouts[op.lhs]
            *batch, rows, columns = lying.order
            layouts[op.lhs] = turned = replace(lying, order=(*batch, columns, rows))
            prepared[left] = _reordered(op.lhs, lying, turned, site.cpu)
        with self.kernel(name, layouts, held=found.held) as kernel:
            numbers = site.immediates.emit(self.body)
            epilogue = TileEpilogue.of_body(
                kernel, found, roles, schedule, product, numbers
            )
            arithmetic = FloatArithmetic(schedule.lanes)
            image, weights = (kernel.buffers[value] for value in op.operands)
            tiles = BatchedKernel(
                kernel, product, schedule, arithmetic, image, weights, packed.strides
            )

            def start(tile: Tile) -> Sums:
                epilogue.fetch(tile)
                return start_of_sums(tile, schedule, None)

            tiles.emit(start, epilogue.finish)
            epilogue.code.erase()
        return HostFunction(kernel.function, prepared=prepared)

    def _product(self) -> tuple[DirectProduct, Roles]:
        """Rows are the columns of an image whose lines are the batch."""
        op = self.op
        *batch, rows, features = shape_of(op.output)
        depth = shape_of(op.lhs)[-1]
        if is_turned(op):
            depth = shape_of(op.lhs)[-2]
        apart = batch_strides(shape_of(op.lhs)[:-2], rows * depth)
        product = DirectProduct(
            1, (*batch, rows), 1, features, depth, (1,), 0, 0, (*apart, depth), (0,)
        )
        rank = len(batch) + 2
        roles = Roles(
            image=None, line=range(rank - 2), column=rank - 2, feature=rank - 1
        )
        return product, roles


def is_turned(op: MatrixMultiplyOp) -> bool:
    """Whether the first factor is transposed."""
    return op.operations[0] == MatrixOperation.TRANSPOSE


def batch_strides(batch: Shape, size: int) -> Shape:
    """How far matrices of `size` elements are apart; 0 where one is broadcast."""
    strides = Layout.row_major((*batch, size)).strides[:-1]
    return tuple(
        0 if count == 1 else stride
        for count, stride in zip(batch, strides, strict=True)
    )


@dataclass
class BatchedKernel(DirectKernel):
    """Each line has packed weights of its own."""

    weight_strides: Shape

    def first_weight(self, place: Tile) -> Index:
        return add(
            super().first_weight(place),
            *map(multiply, place.line, self.weight_strides),
        )


@dataclass(frozen=True)
class PackedMatrix:
    """[batch, blocks of features, depth, features of a block] of a matrix; the last
    block begins earlier where it would not be full, as that of weights does."""

    type: TensorType
    depth: int
    features: int
    is_transposed: bool
    width: int

    @staticmethod
    def of_product(op: MatrixMultiplyOp, width: int) -> PackedMatrix:
        *_, depth, features = shape_of(op.rhs)
        is_transposed = op.operations[1] == MatrixOperation.TRANSPOSE
        if is_transposed:
            depth, features = features, depth
        type = TensorType(element_type_of(op.rhs), shape_of(op.rhs))
        return PackedMatrix(type, depth, features, is_transposed, width)

    @property
    def batch(self) -> Shape:
        return self.type.get_shape()[:-2]

    @property
    def blocks(self) -> int:
        return -(-self.features // self.width)

    @property
    def count(self) -> int:
        return prod(self.batch) * self._matrix

    @property
    def strides(self) -> Shape:
        return batch_strides(self.batch, self._matrix)

    @property
    def _matrix(self) -> int:
        return self.blocks * self.depth * self.width

    @property
    def preparation(self) -> Preparation:
        return Preparation(("pack", self), "pack", self._build, f32, self.count)

    def _build(self, name: str) -> FuncOp:
        packed_type = TensorType(f32, [self.count])
        source, target = Block(arg_types=[self.type, packed_type]).args
        layouts: dict[SSAValue, Layout] = {
            source: Layout.row_major(self.type.get_shape()),
            target: Layout.row_major((self.count,)),
        }
        sizes = (prod(self.batch), self.blocks, self.depth)
        down, across = (1, self.depth) if self.is_transposed else (self.features, 1)
        with HostKernel(name, (source, target), layouts, UnknownLoc()) as kernel:
            begin, end = kernel.share(prod(sizes))
            with loop(begin, end) as piece:
                batch, block, step = unraveled(piece, sizes)
                read = add(
                    multiply(batch, self.depth * self.features),
                    multiply(step, down),
                    multiply(self._first(block), across),
                )
                with loop(0, self.width) as feature:
                    place = add(read, multiply(feature, across))
                    element = widen(load(kernel.buffers[source], place))
                    written = add(multiply(piece, self.width), feature)
                    store(element, kernel.buffers[target], written)
        return kernel.function

    def _first(self, block: Index) -> Index:
        first = multiply(block, self.width)
        if self.features % self.width == 0:
            return first
        last = as_value(self.features - self.width)
        return arith.MinUIOp(as_value(first), last).result


def _reordered(
    value: SSAValue, source: Layout, target: Layout, cpu: HostCpuShape
) -> Preparation:
    def build(name: str) -> FuncOp:
        return build_reformat(name, value.type, source, target, cpu)

    key = ("reformat", value.type, source, target)
    return Preparation(key, "reformat", build, f32, target.volume)
