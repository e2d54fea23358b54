"""Kernels of reductions along any axes, with pointwise layers before and after.

Floats are reduced in f32, so that the mean of what adds up to more than f32 holds is
infinite; integers in 32 bits or, where they are wider or a mean is taken, in 64; both
wrap around. The logarithm of a sum of exponentials is shifted by the greatest exponent,
and so finite where the exponentials are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
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
from fusemlir.lowering.gpu.anchored import beside
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.reductions import Combine, State, maximum, minimum
from fusemlir.lowering.gpu.reductions import add as plus
from fusemlir.lowering.gpu.rows.block import Load
from fusemlir.lowering.gpu.rows.exponential_sum import EXPONENTIAL_SUM, log_of_sum
from fusemlir.lowering.gpu.rows.rows import Fold
from fusemlir.lowering.gpu.rows.source import Constants, RowSource
from fusemlir.lowering.gpu.rows.split import FoldedRows, Store, build_folded_rows
from fusemlir.lowering.gpu.rows.view import Axis, RowView, strides
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form


@dataclass(frozen=True)
class Reduction:
    """A reduction in a body, and what is around it."""

    body: KernelBody
    op: ReduceOp

    @staticmethod
    def of_body(body: KernelBody) -> Reduction | None:
        """Where a kernel of this family can compute the body."""
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
    def view(self) -> RowView:
        source, op = self.source, self.op
        kept = [axis for axis in range(len(source.shape)) if axis not in op.axes]
        steps = strides(shape_of(op.output))
        if op.keeps_dimensions:
            steps = tuple(steps[axis] for axis in kept)
        result = dict(zip(kept, steps, strict=True))
        apart = strides(source.shape)
        return RowView.of_axes(
            Axis(source.shape[at], apart[at], result.get(axis))
            for axis, at in enumerate(source.order)
        )

    @property
    def schedule(self) -> RowSchedule:
        return self.view.schedule(self.source.widest)


def _is(op: object, kind: UnaryOperation) -> TypeGuard[UnaryOp]:
    return isinstance(op, UnaryOp) and op.kind == kind


def _is_computed(element: Attribute) -> bool:
    return is_float(element) or element in (i8, i32, i64)


def is_reduce_kernel(body: KernelBody) -> bool:
    """Whether it is a reduction with pointwise layers, all outputs of its shape; what
    it reduces may be permuted."""
    return Reduction.of_body(body) is not None


def build_reduce(
    name: str, body: KernelBody, immediates: Immediates
) -> Kernel | tuple[Kernel, ...]:
    reduction = Reduction.of_body(body)
    assert reduction is not None
    op, schedule = reduction.op, reduction.schedule
    is_exponential = reduction.log_of_sum is not None

    def load(kernel: BlockKernel, constants: Constants) -> Load:
        return _widened(
            op, reduction.source.loader(kernel, constants, schedule.elements)
        )

    def result(state: State) -> SSAValue:
        return log_of_sum(*state) if is_exponential else _finished(reduction, *state)

    def store(kernel: BlockKernel, constants: Constants) -> Store:
        after = Neighbours(kernel, reduction.epilogue, constants)
        return lambda first, results: after.compute(
            first, len(results), {reduction.result: results}
        )

    rows = FoldedRows(
        reduction.view,
        schedule,
        EXPONENTIAL_SUM if is_exponential else _fold(op),
        (f32, f32) if is_exponential else (_sum_type(op),),
        load,
        result,
        store,
    )
    return build_folded_rows(name, body, immediates, rows)


def _sum_type(op: ReduceOp) -> Attribute:
    """What the elements are reduced in."""
    element = element_type_of(op.input)
    if is_float(element):
        return f32
    is_wide = element == i64 or op.kind == ReduceOperation.AVG
    return i64 if is_wide else i32


def _widened(op: ReduceOp, load: Load) -> Load:
    element, wide = element_type_of(op.input), _sum_type(op)
    if is_float(element):
        return load
    return lambda number: [convert(x, element, wide) for x in load(number)]


def _combinations(op: ReduceOp) -> Combine:
    floating = is_float(element_type_of(op.input))
    return (FLOAT_COMBINATIONS if floating else INTEGER_COMBINATIONS)[op.kind]


def _fold(op: ReduceOp) -> Fold:
    element, wide = element_type_of(op.input), _sum_type(op)
    neutral = NEUTRAL[op.kind]
    if not is_float(element):
        most = 2 ** (8 * element_bytes(element) - 1)
        neutral = min(max(neutral, -most), most - 1)
    return Fold.of_combine(_combinations(op), lambda: constant(neutral, wide))


def _finished(reduction: Reduction, total: SSAValue) -> SSAValue:
    """The total in the type that its tensor is computed in, of a mean divided."""
    op, columns = reduction.op, reduction.view.columns
    element, wide = element_type_of(op.input), _sum_type(op)
    if is_float(element):
        if op.kind != ReduceOperation.AVG:
            return total
        return arith.DivfOp(total, real(columns)).result
    if op.kind == ReduceOperation.AVG:
        if columns == 0:
            return constant(EMPTY_MEAN.get(element, 0), element)
        total = arith.DivSIOp(total, integer(wide, columns)).result
    return convert(total, wide, element)


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
    ReduceOperation.SUM: plus,
    ReduceOperation.AVG: plus,
    ReduceOperation.PROD: lambda a, b: arith.MulfOp(a, b).result,
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
