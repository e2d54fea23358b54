"""Products of two matrices that are inputs, batched and broadcast, and what follows.

Factors that do not lie as they are read are brought into order by kernels of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of, volume
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.elements.anchored import is_anchored
from fusemlir.lowering.host.convolution import start_of_sums
from fusemlir.lowering.host.direct_product import DirectProduct, Sums, Tile
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.products.dots import AlongDepth, choose_dots, is_of_dots
from fusemlir.lowering.host.products.factors import ArrangedInputs, Factor
from fusemlir.lowering.host.products.orders import (
    orders_for_readers,
    read_as_factors,
)
from fusemlir.lowering.host.products.tiles import (
    ByColumns,
    SecondFactor,
    choose_tile,
)
from fusemlir.lowering.host.schedules import TileSchedule
from fusemlir.lowering.host.tile_epilogue import Roles, TileEpilogue
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.kernel_body import KernelBody

Layouts: TypeAlias = Mapping[SSAValue, Layout]


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
        takes = (
            all(value in body.inputs for value in op.operands)
            and is_float(element_type_of(op.lhs))
            and len(shape_of(op.output)) > 0
            and volume(shape_of(op.output)) > 0
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

    @property
    def any_order(self) -> frozenset[SSAValue]:
        return read_as_factors(self.body, self.op)

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        return orders_for_readers(self, inputs)

    def build(self, name: str, site: Site) -> HostFunction:
        op = self.op
        first, _ = factors_of(op, site.layouts)
        product, roles = product_of(op, site.layouts), roles_of(op)
        schedule, ordered = tiling_of(op, site)
        inputs = ArrangedInputs(self.body, site.cpu)
        left = inputs.add(op.lhs, first.by_rows())
        right = inputs.add(op.rhs, ordered.arrangement)
        with self.kernel(name, site.layouts, inputs.types) as kernel:
            numbers = site.immediates.emit(self.body)
            epilogue = TileEpilogue.of_body(
                kernel, self.multiplied, roles, schedule, product, numbers
            )
            buffers = left(kernel), right(kernel)
            tiles = ordered.tiles(kernel, product, schedule, buffers)

            def start(tile: Tile) -> Sums:
                epilogue.fetch(tile)
                return start_of_sums(tile, schedule, None)

            tiles.emit(start, epilogue.finish)
            epilogue.code.erase()
        return HostFunction(kernel.function, made=inputs.made, parts=kernel.parts)


def factors_of(op: MatrixMultiplyOp, layouts: Layouts) -> tuple[Factor, Factor]:
    first = Factor.of_first(op.lhs, op.operations[0], layouts[op.lhs])
    return first, second_of(op, layouts)


def second_of(op: MatrixMultiplyOp, layouts: Layouts) -> Factor:
    return Factor.of_second(op.rhs, op.operations[1], layouts[op.rhs])


def tiling_of(op: MatrixMultiplyOp, site: Site) -> tuple[TileSchedule, SecondFactor]:
    """How the product is cut, and how its second factor is read."""
    first, second = factors_of(op, site.layouts)
    rows, columns = first.free.size, second.free.size
    if is_of_dots(first, second, site.cpu):
        return choose_dots(rows, columns, site.cpu), AlongDepth(second, site.cpu.lanes)
    product = product_of(op, site.layouts)
    schedule = choose_tile(rows, columns, site.cpu)
    return schedule, ByColumns.of_product(second, product, schedule)


def product_of(op: MatrixMultiplyOp, layouts: Layouts) -> DirectProduct:
    """Rows are the columns of an image whose lines are the batch."""
    first, second = factors_of(op, layouts)
    rows, shape = first.rows, shape_of(op.output)
    places = (*shape[: len(rows.batch)], rows.free.size)
    strides = (*rows.apart, rows.free.stride)
    depth = rows.depth.size
    return DirectProduct(
        1, places, 1, second.free.size, depth, (1,), 0, 0, strides, (0,)
    )


def roles_of(op: MatrixMultiplyOp) -> Roles:
    last = len(shape_of(op.output)) - 1
    # An axis that a vector leaves out has one place, which is the first of any.
    vectors = op.operations.count(MatrixOperation.VECTOR)
    return Roles(None, range(last - 1 + vectors), last if vectors else last - 1, last)
