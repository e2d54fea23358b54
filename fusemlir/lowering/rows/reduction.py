"""Reductions along any axes, with pointwise layers before and after.

Floats are reduced in f32, so that the mean of what adds up to more than f32 holds is
infinite; integers in 32 bits or, where they are wider or a mean is taken, in 64; both
wrap around. The logarithm of a sum of exponentials is shifted by the greatest exponent,
and so finite where the exponentials are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import TypeGuard

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32, i8, i32, i64
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import ReduceOp, UnaryOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import ReduceOperation, UnaryOperation
from fusemlir.lowering.element_conversion import (
    constant,
    convert,
    element_bytes,
    integer,
    real,
)
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import Combine, Fold, add, maximum, minimum, product
from fusemlir.lowering.rows.source import RowSource
from fusemlir.lowering.scalar import has_scalar_form


@dataclass(frozen=True)
class Reduction:
    """A reduction in a body, and what is around it."""

    body: KernelBody
    op: ReduceOp

    @staticmethod
    def of_body(body: KernelBody) -> Reduction | None:
        """Where a kernel of rows can compute the body: all outputs are of the shape of
        the result, and all layers pointwise but for one that permutes what is reduced.
        """
        op = body.group.anchor
        if not isinstance(op, ReduceOp) or not _is_computed(element_type_of(op.input)):
            return None
        reduction = Reduction(body, op)
        others = all(map(has_scalar_form, reduction.epilogue))
        shapes = body.output_shapes == {shape_of(op.output)}
        return reduction if reduction.source.is_plain and others and shapes else None

    @property
    def log_of_sum(self) -> tuple[UnaryOp, UnaryOp] | None:
        """The exponential and the logarithm around a sum that nothing else uses."""
        before, after = self.op.input.owner, self.op.output.get_user_of_unique_use()
        if self.op.kind != ReduceOperation.SUM:
            return None
        if not _is(before, UnaryOperation.EXP) or not _is(after, UnaryOperation.LOG):
            return None
        return (before, after) if {before, after} <= {*self.body.layers} else None

    @property
    def source(self) -> RowSource:
        found = self.log_of_sum
        return RowSource(self.body, self.op.input if found is None else found[0].input)

    @property
    def result(self) -> SSAValue:
        """What the rows are reduced to."""
        found = self.log_of_sum
        return self.op.output if found is None else found[1].output

    @property
    def epilogue(self) -> Sequence[LayerOp]:
        """The layers that the outputs need besides the result."""
        owner = self.result.owner
        assert isinstance(owner, LayerOp)
        return beside(self.body, self.op, owner)

    @property
    def kept(self) -> dict[int, int]:
        """The axes along which there are rows, each with that of the result."""
        rank = len(shape_of(self.op.input))
        axes = [axis for axis in range(rank) if axis not in self.op.axes]
        if self.op.keeps_dimensions:
            return {axis: axis for axis in axes}
        return {axis: number for number, axis in enumerate(axes)}

    @property
    def columns(self) -> int:
        """Elements of a row."""
        shape = shape_of(self.op.input)
        return prod(shape[axis] for axis in self.op.axes)

    @property
    def sum_type(self) -> Attribute:
        """What the elements are reduced in."""
        element = element_type_of(self.op.input)
        if is_float(element):
            return f32
        is_wide = element == i64 or self.op.kind == ReduceOperation.AVG
        return i64 if is_wide else i32

    def widened(self, x: SSAValue) -> SSAValue:
        """An element in that type."""
        element = element_type_of(self.op.input)
        return x if is_float(element) else convert(x, element, self.sum_type)

    @property
    def fold(self) -> Fold:
        """Of elements that are widened."""
        op, wide = self.op, self.sum_type
        element, neutral = element_type_of(op.input), NEUTRAL[op.kind]
        if is_float(element):
            combine = FLOAT_COMBINATIONS[op.kind]
        else:
            combine = INTEGER_COMBINATIONS[op.kind]
            most = 2 ** (8 * element_bytes(element) - 1)
            neutral = min(max(neutral, -most), most - 1)
        return Fold.of_combine(combine, lambda: constant(neutral, wide))

    def finished(self, total: SSAValue) -> SSAValue:
        """What a row was folded to in the type that its tensor is computed in, of a
        mean divided."""
        op, columns = self.op, self.columns
        element, wide = element_type_of(op.input), self.sum_type
        if is_float(element):
            if op.kind != ReduceOperation.AVG:
                return total
            return arith.DivfOp(total, real(columns)).result
        if op.kind == ReduceOperation.AVG:
            if columns == 0:
                return constant(EMPTY_MEAN.get(element, 0), element)
            total = arith.DivSIOp(total, integer(wide, columns)).result
        return convert(total, wide, element)


def _is(op: object, kind: UnaryOperation) -> TypeGuard[UnaryOp]:
    return isinstance(op, UnaryOp) and op.kind == kind


def _is_computed(element: Attribute) -> bool:
    return is_float(element) or element in (i8, i32, i64)


NEUTRAL: dict[ReduceOperation, float] = {
    ReduceOperation.SUM: 0,
    ReduceOperation.AVG: 0,
    ReduceOperation.PROD: 1,
    ReduceOperation.MAX: -inf,
    ReduceOperation.MIN: inf,
}
"""What changes nothing, and is the result where there is nothing to reduce; of
integers the nearest there is."""

EMPTY_MEAN: dict[Attribute, int] = {i8: -128}
"""By integer type, where it is not 0."""

FLOAT_COMBINATIONS: dict[ReduceOperation, Combine] = {
    ReduceOperation.SUM: add,
    ReduceOperation.AVG: add,
    ReduceOperation.PROD: product,
    ReduceOperation.MAX: maximum,
    ReduceOperation.MIN: minimum,
}

INTEGER_COMBINATIONS: dict[ReduceOperation, Combine] = {
    ReduceOperation.SUM: lambda a, b: arith.AddiOp(a, b).result,
    ReduceOperation.AVG: lambda a, b: arith.AddiOp(a, b).result,
    ReduceOperation.PROD: lambda a, b: arith.MuliOp(a, b).result,
    ReduceOperation.MAX: lambda a, b: arith.MaxSIOp(a, b).result,
    ReduceOperation.MIN: lambda a, b: arith.MinSIOp(a, b).result,
}
