"""The order of a top-k as one of integers, and what a top-k is of.

An element and its index are one integer of 64 bits: above, 32 bits that are ordered as
the elements are; below, the index counted down, so that of equals the first is
greatest. No two are equal, and the k greatest are the same however they are found.
NaN is above every number, and -0 equals 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf, prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32, i32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import SoftMaxOp, TopKOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import TopKOperation
from fusemlir.lowering.element_conversion import convert, integer, narrow, real
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.element_kernel import flat
from fusemlir.lowering.gpu.reductions import State
from fusemlir.lowering.gpu.rows.block import Load
from fusemlir.lowering.gpu.rows.softmax import SoftmaxForm
from fusemlir.lowering.gpu.rows.source import RowSource
from fusemlir.lowering.gpu.rows.view import Axis, RowView, strides
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody

LEAST = -(2**63)
"""Below all keys."""

GREATEST = 2**63 - 1
"""Above all keys."""

LAST_INDEX = 2**32 - 2
"""From which the index is counted down; so no key is `GREATEST`."""


def sort_key(op: TopKOp, x: SSAValue, index: Index) -> SSAValue:
    """The greater, the earlier `x`, of the input or logits, at an index comes."""
    order = _order(x) if x.type == f32 else x
    if op.kind == TopKOperation.MIN:
        order = arith.XOrIOp(order, integer(i32, -1)).result
    upper = arith.ShLIOp(arith.ExtSIOp(order, i64).result, integer(i64, 32)).result
    at = arith.IndexCastOp(as_value(index), i64).result
    return arith.OrIOp(upper, arith.SubiOp(integer(i64, LAST_INDEX), at).result).result


def index_of(key: SSAValue) -> SSAValue:
    """The index in a key, an i64."""
    low = arith.AndIOp(key, integer(i64, 2**32 - 1)).result
    return arith.SubiOp(integer(i64, LAST_INDEX), low).result


def _order(x: SSAValue) -> SSAValue:
    """An i32 that rises with `x`: the bits of a negative number count backwards."""
    # Adding +0 makes +0 of -0.
    bits = arith.BitcastOp(arith.AddfOp(x, real(0)).result, i32).result
    is_negative = arith.CmpiOp(bits, integer(i32, 0), "slt").result
    backwards = arith.XOrIOp(bits, integer(i32, 2**31 - 1)).result
    order = arith.SelectOp(is_negative, backwards, bits).result
    is_nan = arith.CmpfOp(x, x, "uno").result
    return arith.SelectOp(is_nan, integer(i32, 2**31 - 1), order).result


@dataclass(frozen=True)
class TopKForm:
    """A top-k in a body, of an input or of a softmax whose logits are selected among.

    Softmax and its logarithm rise with their logits, so that only k values are
    computed. Where rounding makes equals of two of them, the greater logit is first.
    """

    body: KernelBody
    op: TopKOp

    @staticmethod
    def of_body(body: KernelBody) -> TopKForm | None:
        op = body.layers[-1] if body.layers else None
        if not isinstance(op, TopKOp) or not set(body.outputs) <= {*op.results}:
            return None
        form = TopKForm(body, op)
        if element_type_of(op.input) == i64 or not form.source.is_plain:
            return None
        return form if form.source.shuffle is None else None

    @cached_property
    def softmax(self) -> SoftmaxForm | None:
        layers = (x for x in self.body.layers if isinstance(x, SoftMaxOp))
        op = next(layers, None)
        form = None if op is None else SoftmaxForm(self.body, op)
        is_read = form is not None and form.result is self.op.input
        same_axis = op is not None and op.axis == self.op.axis
        return form if is_read and same_axis else None

    @property
    def source(self) -> RowSource:
        if self.softmax is not None:
            return self.softmax.source
        return RowSource(self.body, self.op.input)

    @property
    def axis(self) -> int:
        return self.op.axis.value.data

    @property
    def k(self) -> int:
        return self.op.k.value.data

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

    def widened(self, load: Load) -> Load:
        """Integers as i32."""
        element = element_type_of(self.op.input)
        if is_float(element):
            return load
        return lambda number: [convert(x, element, i32) for x in load(number)]


@dataclass(frozen=True)
class Winners:
    """Stores the elements that were selected."""

    form: TopKForm
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
        greatest, total = self.statistics[row]
        # Nothing but -inf has no sum; +inf and NaN have one that is not a number.
        is_nan = arith.CmpfOp(total, greatest, "uno").result
        is_least = arith.CmpfOp(greatest, real(-inf), "oeq").result
        is_nan = arith.OrIOp(is_nan, is_least).result
        own = arith.IndexCastOp(rank, i64).result
        return arith.SelectOp(is_nan, own, index).result

    def _value(self, row: int, number: SSAValue) -> SSAValue:
        """As its tensor has it: what is only selected keeps its bits."""
        form, softmax = self.form, self.form.softmax
        if softmax is None and form.op.input in form.body.inputs:
            return load_raw(flat(self.kernel.buffers[form.op.input]), [number])[0]
        (x,) = self.read(number)
        if softmax is not None and self.statistics is not None:
            x = softmax.finish(self.statistics)(row, x)
        return narrow(x, element_type_of(form.op.values))
