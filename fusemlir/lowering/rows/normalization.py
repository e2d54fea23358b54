"""Normalisation by mean and variance, with pointwise layers around it.

Mean and variance are f32. Where a row can be gone through again, both are corrected by
the mean of the distances from the mean, which is what rounding left of it (Chan, Golub,
LeVeque 1983). Else count, mean and squared distances of parts of it are merged pairwise
(Chan, Golub, LeVeque 1979), which loses no more where the mean is large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import NormalizationOp
from fusemlir.dialects.trt.base import LayerOp, Shape, shape_of
from fusemlir.dialects.trt.normalization import CHANNEL_AXIS
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import Fold, State, add, in_pairs, maximum, product
from fusemlir.lowering.rows.source import RowSource
from fusemlir.lowering.scalar import has_scalar_form


@dataclass(frozen=True)
class NormalizationForm:
    """A normalisation in a body, and what is around it."""

    body: KernelBody
    op: NormalizationOp

    @staticmethod
    def of_body(body: KernelBody) -> NormalizationForm | None:
        """Where all else is pointwise, all outputs have its shape, and its scale and
        bias are inputs or numbers."""
        op = body.group.anchor
        if not isinstance(op, NormalizationOp):
            return None
        form = NormalizationForm(body, op)
        known = {*body.inputs, *(constant.output for constant in body.constants)}
        others = all(map(has_scalar_form, form.epilogue))
        shapes = body.output_shapes == {shape_of(op.output)}
        plain = form.source.is_plain and form.source.shuffle is None
        takes = others and shapes and plain and {op.scale, op.bias} <= known
        return form if takes else None

    @property
    def source(self) -> RowSource:
        return RowSource(self.body, self.op.input)

    @property
    def epilogue(self) -> Sequence[LayerOp]:
        """The layers that the outputs need besides the result."""
        return beside(self.body, self.op)

    @property
    def epsilon(self) -> float:
        return self.op.epsilon.value.data

    @property
    def split(self) -> tuple[Shape, Shape]:
        """The shape, with groups of channels an axis, and the axes normalised along."""
        shape, groups = shape_of(self.op.input), self.op.groups
        if groups == 1:
            return shape, self.op.axes
        channels = shape[CHANNEL_AXIS]
        before, behind = shape[:CHANNEL_AXIS], shape[CHANNEL_AXIS + 1 :]
        split = (*before, groups, channels // groups, *behind)
        return split, tuple(range(CHANNEL_AXIS + 1, len(split)))


def over(total: SSAValue, count: float) -> SSAValue:
    return arith.DivfOp(total, real(count)).result


def factor(squares: SSAValue, columns: int, epsilon: float) -> SSAValue:
    """1 / sqrt(variance + epsilon), of the sum of squared distances from the mean."""
    variance = add(over(squares, columns), real(epsilon))
    return _inverse(math.SqrtOp(variance).result)


def about_mean(sums: State, mean: SSAValue) -> SSAValue:
    """The sum of squared distances from the mean, from sums of numbers and squares.

    Squares that overflow stay infinity, whether or not what is subtracted does.
    """
    total, squares = sums
    distances = arith.SubfOp(squares, product(total, mean)).result
    overflows = arith.CmpfOp(squares, real(inf), "oeq").result
    return arith.SelectOp(overflows, squares, maximum(distances, real(0))).result


def _add_distances(state: State, values: Sequence[SSAValue]) -> State:
    squares = [product(x, x) for x in values]
    return _add_sums(state, [in_pairs(add, values), in_pairs(add, squares)])


def _add_sums(a: State, b: State) -> State:
    return [add(*pair) for pair in zip(a, b, strict=True)]


DISTANCES = Fold(lambda: [real(0), real(0)], _add_distances, _add_sums)
"""To the sum and the sum of squares."""


def _step(state: State, values: Sequence[SSAValue]) -> State:
    size = len(values)
    mean = over(in_pairs(add, values), size)
    away = [arith.SubfOp(value, mean).result for value in values]
    squares = in_pairs(add, [product(x, x) for x in away])
    return _merge(state, [real(size), mean, squares])


def _merge(a: State, b: State) -> State:
    """Count, mean and squared distances of two sets together, either maybe empty.

    What is added to the mean is 0 where both have one mean, however large it is; and
    its square is not taken by itself, infinity times the 0 of an empty set being NaN.
    """
    count = add(a[0], b[0])
    share = product(b[0], _inverse(maximum(count, real(1))))
    apart = arith.SubfOp(b[1], a[1]).result
    shift = product(apart, share)
    between = product(product(shift, a[0]), apart)
    return [count, add(a[1], shift), add(add(a[2], b[2]), between)]


def _inverse(x: SSAValue) -> SSAValue:
    return arith.DivfOp(real(1), x).result


MOMENTS = Fold(lambda: [real(0), real(0), real(0)], _step, _merge)
"""To count, mean and the sum of squared distances from it, in one pass."""
