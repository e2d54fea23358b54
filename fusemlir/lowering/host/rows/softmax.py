"""Kernels of softmax and of its logarithm, with pointwise layers before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import integer, real
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.rows.exponential_sum import (
    exponential_below,
    exponential_sum,
)
from fusemlir.lowering.host.rows.row_loops import for_all_rows
from fusemlir.lowering.host.rows.rows import Cursor, Rows
from fusemlir.lowering.host.rows.tensors import RowElements, RowTensors
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import SUM, Fold, product
from fusemlir.lowering.rows.softmax import SoftmaxForm, log_softmax


@dataclass(frozen=True)
class SoftmaxPlan(Plan):
    """A softmax along any axis, or its logarithm."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> SoftmaxPlan | None:
        return cls(body) if SoftmaxForm.of_body(body) is not None else None

    @cached_property
    def form(self) -> SoftmaxForm:
        found = SoftmaxForm.of_body(self.body)
        assert found is not None
        return found

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    def build(self, name: str, site: Site) -> HostFunction:
        form = self.form
        rank = len(shape_of(form.op.input))
        every = {axis: axis for axis in range(rank)}
        tensors = RowTensors(
            form.source, form.epilogue, form.result, every, site.layouts
        )
        nest = tensors.nest([form.op.axis.value.data])
        with self.kernel(name, site.layouts) as kernel:
            constants = site.immediates.emit(self.body)
            elements = RowElements(tensors, kernel.buffers, constants)
            write = _softmax if form.log is None else _log_softmax
            for_all_rows(kernel, nest, lambda rows: write(rows, elements))
        return HostFunction(kernel.function)


def _softmax(rows: Rows, elements: RowElements) -> None:
    if not rows.is_near:
        _far_softmax(rows, elements)
        return
    first, again = elements.held_source()
    most = rows.fold(lambda at: _ordered(first(at)), GREATEST)
    greatest = rows.derive(lambda at: [_of_ordered(*most(at))])
    power, same_power = elements.held(
        lambda at: exponential_below(again(at), *greatest(at))
    )
    totals = rows.fold(power, SUM)
    factors = rows.derive(lambda at: [_inverse(*totals(at))])
    rows.each(lambda at: elements.finish(product(same_power(at), *factors(at)), at))


def _ordered(x: SSAValue) -> SSAValue:
    """An i32 that rises with `x`: the bits of a negative number count backwards.

    Integers are compared in less operations than floats of which one may be NaN. That
    comes through here as it may: each exponential of a row is added up, so that the
    row becomes NaN anyway.
    """
    return _with_bits_turned(arith.BitcastOp(x, i32).result)


def _of_ordered(order: SSAValue) -> SSAValue:
    return arith.BitcastOp(_with_bits_turned(order), f32).result


def _with_bits_turned(bits: SSAValue) -> SSAValue:
    """All but the sign of what is negative."""
    signs = arith.ShRSIOp(bits, integer(i32, 31)).result
    turned = arith.AndIOp(signs, integer(i32, 2**31 - 1)).result
    return arith.XOrIOp(bits, turned).result


GREATEST = Fold.of_combine(
    lambda a, b: arith.MaxSIOp(a, b).result, lambda: integer(i32, -(2**31))
)


def _far_softmax(rows: Rows, elements: RowElements) -> None:
    """Of rows so long that reading an exponential costs more than computing it."""
    sums = exponential_sum(rows, elements.source)
    factors = rows.derive(lambda at: [_inverse(sums(at)[1])])

    def finish(at: Cursor) -> None:
        power = exponential_below(elements.source(at), sums(at)[0])
        elements.finish(product(power, *factors(at)), at)

    rows.each(finish)


def _log_softmax(rows: Rows, elements: RowElements) -> None:
    sums = exponential_sum(rows, elements.source)
    logs = rows.derive(lambda at: [math.LogOp(sums(at)[1]).result])

    def finish(at: Cursor) -> None:
        result = log_softmax(elements.source(at), sums(at)[0], *logs(at))
        elements.finish(result, at)

    rows.each(finish)


def _inverse(x: SSAValue) -> SSAValue:
    return arith.DivfOp(real(1), x).result
