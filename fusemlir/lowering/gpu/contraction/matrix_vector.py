"""Products of a matrix and a vector: sums along rows of the matrix, which is read once.

It is what a fully connected layer is for a single image: all there is to do is to read
the weights, which threads that share rows do as they do for a reduction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import VectorType
from xdsl.ir import SSAValue

from fusemlir.dialects.vector import FromElementsOp
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import Arithmetic
from fusemlir.lowering.gpu.contraction.operands import StridedOperand, zero
from fusemlir.lowering.gpu.contraction.product import Product
from fusemlir.lowering.gpu.contraction.split import Epilogue, plus
from fusemlir.lowering.gpu.rows.block import Load
from fusemlir.lowering.gpu.rows.source import Constants
from fusemlir.lowering.gpu.rows.split import FoldedRows, Store, build_folded_rows
from fusemlir.lowering.gpu.rows.view import Axis, RowView
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.vector_access import load_raw
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    multiply,
    remainder,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import Fold


@dataclass(frozen=True)
class MatrixVector:
    """A product of which one factor has a single row."""

    product: Product
    matrix: StridedOperand
    vector: StridedOperand
    apart: int
    """How far apart the results of neighbouring rows of the matrix are."""

    @staticmethod
    def of_product(product: Product) -> MatrixVector | None:
        """Where elements of both lie at fixed distances, and rows along one axis."""
        first, second = product.first, product.second
        pairs = ((second, first, product.columns), (first, second, product.rows))
        for matrix, vector, results in pairs:
            if vector.free != 1 or product.batch != 1 or not matrix.free * matrix.depth:
                continue
            # Subclasses have another order of depth.
            if type(matrix) is not StridedOperand or type(vector) is not StridedOperand:
                continue
            steps = [stride for size, stride in results if size != 1]
            rows = [stride for size, stride in matrix.rows if size != 1]
            if len(steps) == len(rows) <= 1:
                return MatrixVector(product, matrix, vector, (*steps, 1)[0])
        return None

    @property
    def is_second(self) -> bool:
        """Whether rows of the matrix are columns of the product."""
        return self.matrix is self.product.second

    @property
    def view(self) -> RowView:
        matrix = self.matrix
        strides = (stride for size, stride in matrix.rows if size != 1)
        rows = (Axis(matrix.free, stride, self.apart) for stride in strides)
        return RowView.of_axes([*rows, Axis(matrix.depth, matrix.step)])

    @property
    def schedule(self) -> RowSchedule:
        factors = (self.matrix, self.vector)
        widest = max(element_bytes(factor.element) for factor in factors)
        return self.view.schedule(widest)

    def depth(self, number: Index) -> Index:
        """Of the element of that number of the matrix's tensor."""
        return remainder(divide(number, self.matrix.step), self.matrix.depth)

    def at(self, row: Index) -> tuple[Index, Index, Index]:
        """The batch, row and column in the product of a row of the matrix."""
        return (0, 0, row) if self.is_second else (0, row, 0)


def build_matrix_vector(
    name: str,
    body: KernelBody,
    immediates: Immediates,
    factors: MatrixVector,
    arithmetic: Arithmetic,
    epilogue: Epilogue,
) -> Kernel | tuple[Kernel, ...]:
    schedule = factors.schedule

    def load(kernel: BlockKernel, constants: Constants) -> Load:
        return Products(kernel, factors, schedule, arithmetic).load

    def store(kernel: BlockKernel, constants: Constants) -> Store:
        finish = epilogue(kernel)

        def each(first: SSAValue, sums: Sequence[SSAValue]) -> None:
            row = divide(first, factors.apart)
            if factors.is_second:
                finish(first, sums, factors.at(row))
                return
            for number, total in enumerate(sums):
                at = as_value(add(first, number))
                finish(at, [total], factors.at(add(row, number)))

        return each

    rows = FoldedRows(
        factors.view,
        schedule,
        Fold.of_combine(plus, arithmetic.zero),
        (arithmetic.total,),
        load,
        lambda state: state[0],
        store,
    )
    return build_folded_rows(name, body, immediates, rows)


@dataclass(frozen=True)
class Products:
    """Of elements of the matrix that a thread loads at once, and the vector's."""

    kernel: BlockKernel
    factors: MatrixVector
    schedule: RowSchedule
    arithmetic: Arithmetic

    def load(self, number: SSAValue) -> list[SSAValue]:
        """Sums of products: one for each word along a row, or for each row."""
        factors, count = self.factors, self.schedule.elements
        matrix = load_raw(self._buffer(factors.matrix), [number], count)
        depth = factors.depth(number)
        if self.schedule.is_across:
            (value,) = self._vector(depth, 1)
            return [self._product([weight], [value]) for weight in matrix]
        vector = self._vector(depth, count)
        pack = self.arithmetic.pack if count % self.arithmetic.pack == 0 else 1
        return [
            self._product(matrix[at : at + pack], vector[at : at + pack])
            for at in range(0, count, pack)
        ]

    def _buffer(self, factor: StridedOperand) -> SSAValue:
        return flat(self.kernel.buffers[factor.value])

    def _vector(self, depth: Index, count: int) -> Sequence[SSAValue]:
        vector = self.factors.vector
        buffer, first = self._buffer(vector), multiply(depth, vector.step)
        if vector.step == 1:
            return load_raw(buffer, [first], count)
        places = (add(first, at * vector.step) for at in range(count))
        return [load_raw(buffer, [place])[0] for place in places]

    def _product(self, a: Sequence[SSAValue], b: Sequence[SSAValue]) -> SSAValue:
        """Of a word of each, of which the first element may be the only one."""
        arithmetic = self.arithmetic
        left, right = self._word(a), self._word(b)
        return arithmetic.multiply_add(left, right, arithmetic.zero())

    def _word(self, elements: Sequence[SSAValue]) -> SSAValue:
        prepared = [self.arithmetic.prepare(element) for element in elements]
        if self.arithmetic.pack == 1:
            return prepared[0]
        missing = self.arithmetic.pack - len(prepared)
        none = [zero(self.arithmetic.element)] * missing
        type = VectorType(self.arithmetic.element, [self.arithmetic.pack])
        return FromElementsOp([*prepared, *none], type).dest
