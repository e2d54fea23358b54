"""What a top-k is of, and the order of its elements as one of integers.

NaN is above every number, -0 equals 0, and of equals the first is first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, f32, i32, i64
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.trt import SoftMaxOp, TopKOp
from fusemlir.dialects.trt.base import element_type_of, is_float
from fusemlir.dialects.trt.enums import TopKOperation
from fusemlir.lowering.element_conversion import convert, integer, real
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import State
from fusemlir.lowering.rows.softmax import SoftmaxForm
from fusemlir.lowering.rows.source import RowSource


def order_of(op: TopKOp, x: SSAValue) -> SSAValue:
    """An integer of `x`, an f32 or an integer itself: the greater, the earlier `x`, of
    the input or of logits, comes."""
    order = _rising(x) if x.type == f32 else x
    if op.kind == TopKOperation.MAX:
        return order
    assert isa(order.type, IntegerType)
    return arith.XOrIOp(order, integer(order.type, -1)).result


def _rising(x: SSAValue) -> SSAValue:
    """An i32 that rises with `x`: the bits of a negative number count backwards."""
    # Adding +0 makes +0 of -0.
    bits = arith.BitcastOp(arith.AddfOp(x, real(0)).result, i32).result
    is_negative = arith.CmpiOp(bits, integer(i32, 0), "slt").result
    backwards = arith.XOrIOp(bits, integer(i32, 2**31 - 1)).result
    order = arith.SelectOp(is_negative, backwards, bits).result
    is_nan = arith.CmpfOp(x, x, "uno").result
    return arith.SelectOp(is_nan, integer(i32, 2**31 - 1), order).result


def index_of_rank(statistics: State, index: SSAValue, rank: SSAValue) -> SSAValue:
    """Of a softmax, whose statistics are the maximum and the sum of e^(x - maximum):
    the index, an i64; the rank where all are no number, and so equal."""
    greatest, total = statistics
    # Nothing but -inf has no sum; +inf and NaN have one that is not a number.
    is_nan = arith.CmpfOp(total, greatest, "uno").result
    is_least = arith.CmpfOp(greatest, real(-inf), "oeq").result
    is_nan = arith.OrIOp(is_nan, is_least).result
    own = arith.IndexCastOp(rank, i64).result
    return arith.SelectOp(is_nan, own, index).result


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
        is_taken = form.source.is_plain and form.source.shuffle is None
        return form if is_taken else None

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
    def is_wide(self) -> bool:
        """Whether its order is one of 64-bit integers."""
        return element_type_of(self.op.input) == i64

    def widened(self, x: SSAValue) -> SSAValue:
        """An element in the type that is compared: of integers i32 or i64."""
        element = element_type_of(self.op.input)
        if is_float(element):
            return x
        return convert(x, element, i64 if self.is_wide else i32)
