"""Kernels of softmax and of its logarithm, with pointwise layers before and after.

A row is read once where its threads can hold it in registers; else it is read twice,
the maximum and the sum being found together in the first pass. The logarithm is
x - max - log(sum), finite where that of a vanishing softmax is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import SoftMaxOp, UnaryOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.lowering.element_conversion import element_bytes, real
from fusemlir.lowering.gpu.anchored import beside
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.reductions import State, add, maximum
from fusemlir.lowering.gpu.rows.block import Place, RowBlock, Values
from fusemlir.lowering.gpu.rows.exponential_sum import EXPONENTIAL_SUM, exponential
from fusemlir.lowering.gpu.rows.rows import Fold, HeldRow, Row, read
from fusemlir.lowering.gpu.rows.source import RowSource
from fusemlir.lowering.gpu.rows.view import RowView
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form

Finish = Callable[[int, SSAValue], SSAValue]
"""From which of a thread's rows an element is of, and the element, to its result."""


@dataclass(frozen=True)
class SoftmaxForm:
    """A softmax in a body, and the logarithm of it where nothing else uses it."""

    body: KernelBody
    op: SoftMaxOp

    @property
    def log(self) -> UnaryOp | None:
        user = self.op.output.get_user_of_unique_use()
        if not isinstance(user, UnaryOp) or user.kind != UnaryOperation.LOG:
            return None
        return user if user in self.body.layers else None

    @property
    def layers(self) -> tuple[LayerOp, ...]:
        """The softmax and, if there is one, its logarithm."""
        return (self.op,) if self.log is None else (self.op, self.log)

    @property
    def result(self) -> SSAValue:
        return self.layers[-1].results[0]

    @property
    def source(self) -> RowSource:
        return RowSource(self.body, self.op.input)

    def statistics(self, row: Row) -> list[State]:
        """The maximum and the sum of e^(x - maximum), of each of a thread's rows."""
        if not isinstance(row, HeldRow):
            return row.fold(EXPONENTIAL_SUM)
        greatest = [state[0] for state in row.fold(MAXIMUM)]
        sums = self._powers(row, greatest).fold(SUM)
        return [[m, s[0]] for m, s in zip(greatest, sums, strict=True)]

    def finish(self, statistics: list[State]) -> Finish:
        """How an element becomes its result."""
        if self.log is not None:
            logs = [math.LogOp(total).result for _, total in statistics]

            def shifted(at: int, x: SSAValue) -> SSAValue:
                centred = arith.SubfOp(x, statistics[at][0]).result
                return arith.SubfOp(centred, logs[at]).result

            return shifted
        factors = [arith.DivfOp(real(1), total).result for _, total in statistics]
        return lambda at, x: (
            arith.MulfOp(exponential(x, statistics[at][0]), factors[at]).result
        )

    def changed(self, row: Row) -> Row:
        """The row's elements as the result has them."""
        if self.log is not None or not isinstance(row, HeldRow):
            return row.change(self.finish(self.statistics(row)))
        # What is held needs its exponentials only once.
        powers = self._powers(row, [state[0] for state in row.fold(MAXIMUM)])
        totals = [state[0] for state in powers.fold(SUM)]
        factors = [arith.DivfOp(real(1), total).result for total in totals]
        return powers.change(lambda at, x: arith.MulfOp(x, factors[at]).result)

    @staticmethod
    def _powers(row: HeldRow, greatest: list[SSAValue]) -> HeldRow:
        return row.change(lambda at, x: exponential(x, greatest[at]))


MAXIMUM = Fold.of_combine(maximum, lambda: real(-inf))
SUM = Fold.of_combine(add, lambda: real(0))


def is_softmax_kernel(body: KernelBody) -> bool:
    """Whether it is a softmax with pointwise layers, all outputs of its shape."""
    op = body.group.anchor
    if not isinstance(op, SoftMaxOp):
        return False
    form = SoftmaxForm(body, op)
    others = all(map(has_scalar_form, beside(body, *form.layers)))
    shapes = body.output_shapes == {shape_of(op.output)}
    return others and shapes and form.source.is_plain and form.source.shuffle is None


def build_softmax(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    op = body.group.anchor
    assert isinstance(op, SoftMaxOp)
    form = SoftmaxForm(body, op)
    view = RowView.of_shape(shape_of(op.input), [op.axis.value.data])
    schedule = view.schedule(widest(body, form.source), holds=True)
    grid = RowBlock.grid(view, schedule)
    with BlockKernel(name, body, grid, schedule.block) as kernel:
        constants = immediates.emit(body)
        rows = RowBlock(kernel, view, schedule)
        load = form.source.loader(kernel, constants, schedule.elements)
        after = Neighbours(kernel, beside(body, *form.layers), constants)

        def store(place: Place, values: Values) -> None:
            after.compute(place.number, schedule.elements, {form.result: values})

        form.changed(read(rows, load)).each(store)
    return kernel.finished


def widest(body: KernelBody, source: RowSource) -> int:
    """Bytes of the widest element that is read or written as rows are."""
    written = (element_bytes(element_type_of(value)) for value in body.outputs)
    return max(source.widest, *written)
