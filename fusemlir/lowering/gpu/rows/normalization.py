"""Kernels of normalisation by mean and variance, with pointwise layers around it.

Mean and variance are f32. A row that its threads can hold in registers is read once,
and both are corrected by the mean of the distances from the mean, which is what
rounding left of it (Chan, Golub, LeVeque 1983). A longer row is read twice: in the
first pass each thread keeps count, mean and squared distances of what it has seen, and
these are merged pairwise (Chan, Golub, LeVeque 1979), which loses no more where the
mean is large.
"""

from __future__ import annotations

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import NormalizationOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.dialects.trt.normalization import CHANNEL_AXIS
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.gpu.anchored import beside
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.reductions import State, add, maximum
from fusemlir.lowering.gpu.rows.block import Place, RowBlock, Values
from fusemlir.lowering.gpu.rows.rows import Fold, HeldRow, Row, in_pairs, read
from fusemlir.lowering.gpu.rows.softmax import SUM, widest
from fusemlir.lowering.gpu.rows.source import Constants, RowSource
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form


def is_normalization_kernel(body: KernelBody) -> bool:
    """Whether it is a normalisation with pointwise layers, all outputs of its shape,
    and its scale and bias are inputs or numbers."""
    op = body.group.anchor
    if not isinstance(op, NormalizationOp):
        return False
    known = {*body.inputs, *(constant.output for constant in body.constants)}
    source = RowSource(body, op.input)
    others = all(map(has_scalar_form, beside(body, op)))
    shapes = body.output_shapes == {shape_of(op.output)}
    plain = source.is_plain and source.shuffle is None
    return others and shapes and plain and {op.scale, op.bias} <= known


def build_normalization(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    op = body.group.anchor
    assert isinstance(op, NormalizationOp)
    source = RowSource(body, op.input)
    view = RowView.of_shape(*_split(op))
    schedule = view.schedule(widest(body, source), holds=True)
    grid = RowBlock.grid(view, schedule)
    with BlockKernel(name, body, grid, schedule.block) as kernel:
        constants = immediates.emit(body)
        rows = RowBlock(kernel, view, schedule)
        row = read(rows, source.loader(kernel, constants, schedule.elements))
        after = Neighbours(kernel, beside(body, op), constants)

        def store(place: Place, normal: Values) -> None:
            scales, biases = (
                _operand(after, constants, value, place, schedule.elements)
                for value in (op.scale, op.bias)
            )
            results = [
                math.FmaOp(x, scale, bias).result
                for x, scale, bias in zip(normal, scales, biases, strict=True)
            ]
            after.compute(place.number, schedule.elements, {op.output: results})

        _normalized(row, view.columns, op.epsilon.value.data).each(store)
    return kernel.finished


def _split(op: NormalizationOp) -> tuple[Shape, Shape]:
    """The shape with groups of channels as an axis, and the axes normalised along."""
    shape, groups = shape_of(op.input), op.groups
    if groups == 1:
        return shape, op.axes
    before, channels, behind = (
        shape[:CHANNEL_AXIS],
        shape[CHANNEL_AXIS],
        shape[CHANNEL_AXIS + 1 :],
    )
    split = (*before, groups, channels // groups, *behind)
    return split, tuple(range(len(before) + 1, len(split)))


def _operand(
    read: Neighbours, constants: Constants, value: SSAValue, place: Place, count: int
) -> Values:
    if value in constants:
        return [constants[value]] * count
    return read.input(value, place.number, count)


def _normalized(row: Row, columns: int, epsilon: float) -> Row:
    """Each element less the mean, over the standard deviation."""
    if not isinstance(row, HeldRow):
        moments = row.fold(MOMENTS)
        centred = row.change(lambda at, x: arith.SubfOp(x, moments[at][1]).result)
        factors = [_factor(squares, columns, epsilon) for _, _, squares in moments]
        return centred.change(lambda at, x: _product(x, factors[at]))
    means = [_over(total, columns) for (total,) in row.fold(SUM)]
    centred = row.change(lambda at, x: arith.SubfOp(x, means[at]).result)
    # What rounding has left of the mean counts where elements are close together.
    distances = centred.fold(DISTANCES)
    rests = [_over(total, columns) for total, _ in distances]
    factors = [
        _factor(_about_mean(sums, rest), columns, epsilon)
        for sums, rest in zip(distances, rests, strict=True)
    ]
    return centred.change(
        lambda at, x: _product(arith.SubfOp(x, rests[at]).result, factors[at])
    )


def _about_mean(sums: State, mean: SSAValue) -> SSAValue:
    """The sum of squared distances from the mean, from sums of numbers and squares."""
    total, squares = sums
    distances = arith.SubfOp(squares, _product(total, mean)).result
    return maximum(distances, real(0))


def _over(total: SSAValue, count: float) -> SSAValue:
    return arith.DivfOp(total, real(count)).result


def _factor(squares: SSAValue, columns: int, epsilon: float) -> SSAValue:
    """1 / sqrt(variance + epsilon), of the sum of squared distances from the mean."""
    variance = add(_over(squares, columns), real(epsilon))
    return _inverse(math.SqrtOp(variance).result)


def _add_distances(state: State, values: Values) -> State:
    squares = [_product(x, x) for x in values]
    return _add_sums(state, [in_pairs(add, values), in_pairs(add, squares)])


def _add_sums(a: State, b: State) -> State:
    return [add(*pair) for pair in zip(a, b, strict=True)]


DISTANCES = Fold(lambda: [real(0), real(0)], _add_distances, _add_sums)
"""To the sum and the sum of squares."""


def _step(state: State, values: Values) -> State:
    size = len(values)
    mean = _over(in_pairs(add, values), size)
    away = [arith.SubfOp(value, mean).result for value in values]
    squares = in_pairs(add, [_product(x, x) for x in away])
    return _merge(state, [real(size), mean, squares])


def _merge(a: State, b: State) -> State:
    """Count, mean and squared distances of two sets together, either maybe empty.

    What is added to the mean is 0 where both have one mean, however large it is; and
    its square is not taken by itself, infinity times the 0 of an empty set being NaN.
    """
    count = add(a[0], b[0])
    share = _product(b[0], _inverse(arith.MaximumfOp(count, real(1)).result))
    apart = arith.SubfOp(b[1], a[1]).result
    shift = _product(apart, share)
    between = _product(_product(shift, a[0]), apart)
    return [count, add(a[1], shift), add(add(a[2], b[2]), between)]


def _product(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.MulfOp(a, b).result


def _inverse(x: SSAValue) -> SSAValue:
    return arith.DivfOp(real(1), x).result


MOMENTS = Fold(lambda: [real(0), real(0), real(0)], _step, _merge)
"""To count, mean and the sum of squared distances from it, in one pass."""
