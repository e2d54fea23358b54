"""Kernels of normalisation by mean and variance, with pointwise layers around it.

A row that its threads can hold in registers is read once; a longer one is read twice,
its moments being found in the first pass.
"""

from __future__ import annotations

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.rows.block import Place, RowBlock, Values
from fusemlir.lowering.gpu.rows.rows import HeldRow, Row, read
from fusemlir.lowering.gpu.rows.softmax import widest
from fusemlir.lowering.gpu.rows.source import Constants, loader
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import SUM, product
from fusemlir.lowering.rows.normalization import (
    DISTANCES,
    MOMENTS,
    NormalizationForm,
    about_mean,
    factor,
    over,
)


def is_normalization_kernel(body: KernelBody) -> bool:
    """Whether it is a normalisation with pointwise layers, all outputs of its shape,
    and its scale and bias are inputs or numbers."""
    return NormalizationForm.of_body(body) is not None


def build_normalization(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    form = NormalizationForm.of_body(body)
    assert form is not None
    op, source = form.op, form.source
    view = RowView.of_shape(*form.split)
    schedule = view.schedule(widest(body, source), holds=True)
    grid = RowBlock.grid(view, schedule)
    with BlockKernel(name, body, grid, schedule.block) as kernel:
        constants = immediates.emit(body)
        rows = RowBlock(kernel, view, schedule)
        row = read(rows, loader(source, kernel, constants, schedule.elements))
        after = Neighbours(kernel, form.epilogue, constants)

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

        _normalized(row, view.columns, form.epsilon).each(store)
    return kernel.finished


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
        factors = [factor(squares, columns, epsilon) for _, _, squares in moments]
        return centred.change(lambda at, x: product(x, factors[at]))
    means = [over(total, columns) for (total,) in row.fold(SUM)]
    centred = row.change(lambda at, x: arith.SubfOp(x, means[at]).result)
    # What rounding has left of the mean counts where elements are close together.
    distances = centred.fold(DISTANCES)
    rests = [over(total, columns) for total, _ in distances]
    factors = [
        factor(about_mean(sums, rest), columns, epsilon)
        for sums, rest in zip(distances, rests, strict=True)
    ]
    return centred.change(
        lambda at, x: product(arith.SubfOp(x, rests[at]).result, factors[at])
    )
