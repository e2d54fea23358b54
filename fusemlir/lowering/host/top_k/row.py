"""A row of which some elements are taken, while a kernel is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import narrow, real
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.rows.exponential_sum import exponential_below
from fusemlir.lowering.host.rows.rows import Cursor, Rows
from fusemlir.lowering.host.rows.tensors import RowElements, RowTensors
from fusemlir.lowering.kernel.index_math import Index, add, multiply
from fusemlir.lowering.rows.fold import State, product
from fusemlir.lowering.rows.softmax import SoftmaxForm, log_softmax
from fusemlir.lowering.top_k.form import TopKForm, index_of_rank, order_of


def tensors_of(form: TopKForm, layouts: Mapping[SSAValue, Layout]) -> RowTensors:
    """The logits, and where the results of rows begin."""
    rank = len(shape_of(form.op.input))
    kept = {axis: axis for axis in range(rank) if axis != form.axis}
    return RowTensors(form.source, (), form.op.values, kept, layouts)


@dataclass(frozen=True)
class Row:
    """The elements of a row and where its results go."""

    form: TopKForm
    elements: RowElements
    rows: Rows
    statistics: State | None
    """Of its softmax."""

    @property
    def columns(self) -> int:
        return self.rows.nest.columns

    def order(self, column: Index) -> SSAValue:
        """Of the element there, as an integer."""
        x = self.elements.source(self._at(column))
        return order_of(self.form.op, self.form.widened(x))

    def take(self, rank: SSAValue, column: SSAValue) -> None:
        """Store the element of a column as that of a rank, and its index."""
        form = self.form
        if form.op.values in form.body.outputs:
            self._store(form.op.values, self._value(column), rank)
        if form.op.indices in form.body.outputs:
            self._store(form.op.indices, self._index(rank, column), rank)

    def _at(self, column: Index) -> Cursor:
        reduced = self.rows.nest.reduced
        first = self.rows.first
        return first.moved(reduced[0].strides, column) if reduced else first

    def _store(self, output: SSAValue, value: SSAValue, rank: SSAValue) -> None:
        tensors = self.elements.tensors
        outputs = self.form.body.outputs
        place = self.rows.first.places[outputs.index(output) - len(outputs)]
        step = tensors.layouts[output].strides[self.form.axis]
        at = add(place, multiply(rank, step))
        store(value, self.elements.buffers[output], at)

    def _index(self, rank: SSAValue, column: SSAValue) -> SSAValue:
        element = element_type_of(self.form.op.indices)
        if self.statistics is not None:
            wide = arith.IndexCastOp(column, i64).result
            index = index_of_rank(self.statistics, wide, rank)
            return arith.TruncIOp(index, i32).result if element == i32 else index
        return arith.IndexCastOp(column, element).result

    def _value(self, column: SSAValue) -> SSAValue:
        """As its tensor has it: what is only selected keeps its bits."""
        form, softmax, at = self.form, self.form.softmax, self._at(column)
        if softmax is None and form.op.input in form.body.inputs:
            return load(self.elements.buffers[form.op.input], at.places[0])
        x = self.elements.source(at)
        if softmax is not None and self.statistics is not None:
            x = _finished(softmax, self.statistics, x)
        return narrow(x, element_type_of(form.op.values))


def _finished(softmax: SoftmaxForm, statistics: State, x: SSAValue) -> SSAValue:
    """Of a logit, given the maximum of its row and the sum of e^(x - maximum)."""
    greatest, total = statistics
    if softmax.log is not None:
        return log_softmax(x, greatest, math.LogOp(total).result)
    factor = arith.DivfOp(real(1), total).result
    return product(exponential_below(x, greatest), factor)
