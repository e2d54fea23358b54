"""Kernels of normalisation by mean and variance, with pointwise layers around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.rows.row_loops import for_all_rows
from fusemlir.lowering.host.rows.rows import Cursor, Element, Rows, Statistics
from fusemlir.lowering.host.rows.tensors import RowElements, RowTensors
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import SUM, Fold, State, add, in_pairs, product
from fusemlir.lowering.rows.normalization import (
    DISTANCES,
    MOMENTS,
    NormalizationForm,
    about_mean,
    factor,
    over,
)


@dataclass(frozen=True)
class NormalizationPlan(Plan):
    """A layer, instance or group normalisation."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> NormalizationPlan | None:
        return cls(body) if NormalizationForm.of_body(body) is not None else None

    @cached_property
    def form(self) -> NormalizationForm:
        found = NormalizationForm.of_body(self.body)
        assert found is not None
        return found

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    def build(self, name: str, site: Site) -> HostFunction:
        form, op = self.form, self.form.op
        split, along = form.split
        tensors = RowTensors(
            form.source,
            form.epilogue,
            op.output,
            {axis: axis for axis in range(len(shape_of(op.input)))},
            site.layouts,
            (op.scale, op.bias),
        )
        nest = tensors.nest(along, split)
        with self.kernel(name, site.layouts) as kernel:
            constants = site.immediates.emit(self.body)
            elements = RowElements(tensors, kernel.buffers, constants)

            def write(rows: Rows) -> None:
                normal = _normalized(rows, elements, form.epsilon)

                def finish(at: Cursor) -> None:
                    scale, bias = (
                        elements.operand(value, at) for value in (op.scale, op.bias)
                    )
                    result = math.FmaOp(normal(at), scale, bias).result
                    elements.finish(result, at)

                rows.each(finish)

            for_all_rows(kernel, nest, write)
        return HostFunction(kernel.function)


def _normalized(rows: Rows, elements: RowElements, epsilon: float) -> Element:
    """Each element less the mean, over the standard deviation."""
    columns = rows.nest.columns
    if not rows.is_near:
        element = elements.source
        moments = rows.in_parts(lambda part: _moments(part, element), MOMENTS)
        factors = rows.derive(lambda at: [factor(moments(at)[2], columns, epsilon)])
        return lambda at: product(_less(element(at), moments(at)[1]), *factors(at))
    first, again = elements.held_source()
    totals = rows.fold(first, SUM)
    means = rows.derive(lambda at: [over(totals(at)[0], columns)])

    def centred(at: Cursor) -> SSAValue:
        return _less(again(at), *means(at))

    # What rounding has left of the mean counts where elements are close together.
    distances = rows.fold(centred, DISTANCES)

    def rest_and_factor(at: Cursor) -> State:
        sums = distances(at)
        rest = over(sums[0], columns)
        return [rest, factor(about_mean(sums, rest), columns, epsilon)]

    found = rows.derive(rest_and_factor)

    def normal(at: Cursor) -> SSAValue:
        rest, scale = found(at)
        return product(_less(centred(at), rest), scale)

    return normal


def _moments(part: Rows, element: Element) -> Statistics:
    """Count, mean and the sum of squared distances from it, as `MOMENTS` has them."""
    totals = part.fold(element, COUNT_AND_SUM)
    means = part.derive(lambda at: [_mean(totals(at))])
    distances = part.fold(lambda at: _less(element(at), *means(at)), DISTANCES)

    def corrected(at: Cursor) -> State:
        (count, _), sums = totals(at), distances(at)
        rest = _mean([count, sums[0]])
        return [count, add(means(at)[0], rest), about_mean(sums, rest)]

    return part.derive(corrected)


def _mean(count_and_sum: State) -> SSAValue:
    count, total = count_and_sum
    return arith.DivfOp(total, count).result


def _less(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.SubfOp(a, b).result


def _count(state: State, values: Sequence[SSAValue]) -> State:
    count, total = state
    return [add(count, real(len(values))), add(total, in_pairs(add, values))]


COUNT_AND_SUM = Fold(
    lambda: [real(0), real(0)],
    _count,
    lambda a, b: [add(*pair) for pair in zip(a, b, strict=True)],
)
"""To how many there are, less than 2^24, and their sum."""
