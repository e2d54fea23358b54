"""Elements of a top-k with their indices as keys, and what was selected.

A key is an integer of 64 bits: above, 32 bits that are ordered as the elements are;
below, the index counted down, so that of equals the first is greatest. No two are
equal, and the k greatest are the same however they are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import TopKOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import integer, narrow
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.rows.block import Load
from fusemlir.lowering.gpu.rows.softmax import finish
from fusemlir.lowering.gpu.rows.view import Axis, RowView, strides
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import State
from fusemlir.lowering.top_k.form import TopKForm, index_of_rank, order_of

LEAST = -(2**63)
"""Below all keys."""

GREATEST = 2**63 - 1
"""Above all keys."""

LAST_INDEX = 2**32 - 2
"""From which the index is counted down; so no key is `GREATEST`."""


def sort_key(op: TopKOp, x: SSAValue, index: Index) -> SSAValue:
    """The greater, the earlier `x`, of the input or logits, at an index comes."""
    upper = arith.ShLIOp(
        arith.ExtSIOp(order_of(op, x), i64).result, integer(i64, 32)
    ).result
    at = arith.IndexCastOp(as_value(index), i64).result
    return arith.OrIOp(upper, arith.SubiOp(integer(i64, LAST_INDEX), at).result).result


def index_of(key: SSAValue) -> SSAValue:
    """The index in a key, an i64."""
    low = arith.AndIOp(key, integer(i64, 2**32 - 1)).result
    return arith.SubiOp(integer(i64, LAST_INDEX), low).result


@dataclass(frozen=True)
class RowTopK(TopKForm):
    """A top-k of what fits into keys, as rows."""

    @staticmethod
    def of_body(body: KernelBody) -> RowTopK | None:
        form = TopKForm.of_body(body)
        if form is None or form.is_wide:
            return None
        return RowTopK(form.body, form.op)

    @property
    def view(self) -> RowView:
        shape, results = shape_of(self.op.input), strides(shape_of(self.op.values))
        return RowView.of_axes(
            Axis(size, stride, None if axis == self.axis else results[axis])
            for axis, (size, stride) in enumerate(
                zip(shape, strides(shape), strict=True)
            )
        )

    @property
    def step(self) -> int:
        """How far apart the results of a row are."""
        return prod(shape_of(self.op.input)[self.axis + 1 :])

    def widening(self, load: Load) -> Load:
        """Integers as i32."""
        return lambda number: [self.widened(x) for x in load(number)]


@dataclass(frozen=True)
class Winners:
    """Stores the elements that were selected."""

    form: RowTopK
    kernel: BlockKernel
    read: Load
    """One element of the logits."""
    statistics: list[State] | None
    """Of the softmax, of each of a thread's rows."""

    def store(
        self, row: int, start: Index, result: Index, rank: SSAValue, key: SSAValue
    ) -> None:
        """Of the thread's `row`, which begins at `start` and has its results from
        `result` on, the one of that rank."""
        form, view = self.form, self.form.view
        at = [add(result, multiply(rank, form.step))]
        index = index_of(key)
        column = arith.IndexCastOp(index, as_value(0).type).result
        number = as_value(add(start, view.column(column)))
        if form.op.values in form.body.outputs:
            values = flat(self.kernel.buffers[form.op.values])
            store_raw([self._value(row, number)], values, at)
        if form.op.indices in form.body.outputs:
            element = element_type_of(form.op.indices)
            ranked = self._ranked(row, index, rank)
            if element == i32:
                ranked = arith.TruncIOp(ranked, i32).result
            store_raw([ranked], flat(self.kernel.buffers[form.op.indices]), at)

    def _ranked(self, row: int, index: SSAValue, rank: SSAValue) -> SSAValue:
        """The index; the rank where a softmax is no number, all being equal then."""
        if self.statistics is None:
            return index
        return index_of_rank(self.statistics[row], index, rank)

    def _value(self, row: int, number: SSAValue) -> SSAValue:
        """As its tensor has it: what is only selected keeps its bits."""
        form, softmax = self.form, self.form.softmax
        if softmax is None and form.op.input in form.body.inputs:
            return load_raw(flat(self.kernel.buffers[form.op.input]), [number])[0]
        (x,) = self.read(number)
        if softmax is not None and self.statistics is not None:
            x = finish(softmax, self.statistics)(row, x)
        return narrow(x, element_type_of(form.op.values))
