"""Kernels of softmax and of its logarithm, with pointwise layers before and after.

A row is read once where its threads can hold it in registers; else it is read twice,
the maximum and the sum being found together in the first pass.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes, real
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.rows.block import Place, RowBlock, Values
from fusemlir.lowering.gpu.rows.rows import HeldRow, Row, read
from fusemlir.lowering.gpu.rows.source import loader
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.exponential_sum import EXPONENTIAL_SUM, exponential
from fusemlir.lowering.rows.fold import MAXIMUM, SUM, State, product
from fusemlir.lowering.rows.softmax import SoftmaxForm, log_softmax
from fusemlir.lowering.rows.source import RowSource

Finish = Callable[[int, SSAValue], SSAValue]
"""From which of a thread's rows an element is of, and the element, to its result."""


def is_softmax_kernel(body: KernelBody) -> bool:
    """Whether it is a softmax with pointwise layers, all outputs of its shape."""
    return SoftmaxForm.of_body(body) is not None


def build_softmax(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    form = SoftmaxForm.of_body(body)
    assert form is not None
    op = form.op
    view = RowView.of_shape(shape_of(op.input), [op.axis.value.data])
    schedule = view.schedule(widest(body, form.source), holds=True)
    grid = RowBlock.grid(view, schedule)
    with BlockKernel(name, body, grid, schedule.block) as kernel:
        constants = immediates.emit(body)
        rows = RowBlock(kernel, view, schedule)
        load = loader(form.source, kernel, constants, schedule.elements)
        after = Neighbours(kernel, form.epilogue, constants)

        def store(place: Place, values: Values) -> None:
            after.compute(place.number, schedule.elements, {form.result: values})

        _changed(form, read(rows, load)).each(store)
    return kernel.finished


def widest(body: KernelBody, source: RowSource) -> int:
    """Bytes of the widest element that is read or written as rows are."""
    written = (element_bytes(element_type_of(value)) for value in body.outputs)
    return max(source.widest, *written)


def statistics(row: Row) -> list[State]:
    """The maximum and the sum of e^(x - maximum), of each of a thread's rows."""
    if not isinstance(row, HeldRow):
        return row.fold(EXPONENTIAL_SUM)
    greatest = [state[0] for state in row.fold(MAXIMUM)]
    sums = _powers(row, greatest).fold(SUM)
    return [[m, s[0]] for m, s in zip(greatest, sums, strict=True)]


def finish(form: SoftmaxForm, found: list[State]) -> Finish:
    """How an element becomes its result, given the statistics."""
    if form.log is not None:
        logs = [math.LogOp(total).result for _, total in found]
        return lambda at, x: log_softmax(x, found[at][0], logs[at])
    factors = [_inverse(total) for _, total in found]
    return lambda at, x: product(exponential(x, found[at][0]), factors[at])


def _changed(form: SoftmaxForm, row: Row) -> Row:
    """The row's elements as the result has them."""
    if form.log is not None or not isinstance(row, HeldRow):
        return row.change(finish(form, statistics(row)))
    # What is held needs its exponentials only once.
    powers = _powers(row, [state[0] for state in row.fold(MAXIMUM)])
    factors = [_inverse(total) for (total,) in powers.fold(SUM)]
    return powers.change(lambda at, x: product(x, factors[at]))


def _powers(row: HeldRow, greatest: list[SSAValue]) -> HeldRow:
    return row.change(lambda at, x: exponential(x, greatest[at]))


def _inverse(x: SSAValue) -> SSAValue:
    return arith.DivfOp(real(1), x).result
