"""Attention: softmax of a product of matrices, times a third matrix.

Scores of some rows become weights while they are near; of many keys, part by part: each
row keeps its greatest score so far, the sum of e^(score - greatest) and the values
summed with those weights, which shrink when a greater score is found (Milakov and
Gimelshein, "Online normalizer calculation for softmax"; Dao et al., "FlashAttention").
All of that is f32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.attention.form import AttentionForm, parts_of
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import Walk, walk_of
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.pointwise import reads_of
from fusemlir.lowering.host.products.attention_memory import AttentionMemory
from fusemlir.lowering.host.products.attention_schedule import AttentionSchedule
from fusemlir.lowering.host.products.attention_tiles import AttentionTiles
from fusemlir.lowering.host.products.factors import ArrangedInputs
from fusemlir.lowering.host.products.matrix_product import (
    factors_of,
    product_of,
    second_of,
)
from fusemlir.lowering.host.products.orders import (
    orders_for_readers,
    read_as_factors,
)
from fusemlir.lowering.host.products.pointwise_layers import PointwiseLayers
from fusemlir.lowering.host.products.tiles import ByColumns
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class AttentionPlan(Plan):
    """Two products with a softmax along rows between them, and pointwise layers before
    the softmax and on the result."""

    form: AttentionForm
    product: MatrixMultiplyOp

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        parts = parts_of(body)
        if parts is None:
            return None
        form = AttentionForm(body, *parts)
        if form.product is None or not form.is_whole:
            return None
        return cls(body, form, form.product)

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    @property
    def any_order(self) -> frozenset[SSAValue]:
        return read_as_factors(self.body, self.form.scores, self.product)

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        return orders_for_readers(self, inputs)

    def build(self, name: str, site: Site) -> HostFunction:
        queries, keys = factors_of(self.form.scores, site.layouts)
        values = second_of(self.product, site.layouts)
        chosen = AttentionSchedule.choose(
            queries.free.size,
            queries.depth.size,
            keys.free.size,
            values.free.size,
            site.cpu,
        )
        scores = product_of(self.form.scores, site.layouts)
        *batch, rows, _ = shape_of(self.form.result)
        scores = replace(scores, places=(*batch, rows))
        of_keys = ByColumns.of_product(keys, scores, chosen.scores)
        of_values = ByColumns.of_product(values, scores, chosen.values)
        inputs = ArrangedInputs(self.body, site.cpu)
        first = inputs.add(self.form.scores.lhs, queries.by_rows())
        second = inputs.add(self.form.scores.rhs, of_keys.arrangement)
        third = inputs.add(self.product.rhs, of_values.arrangement)
        with self.kernel(name, site.layouts, inputs.types) as kernel:
            between, after = self._layers(kernel, site.immediates.emit(self.body))
            buffers = first(kernel), second(kernel)
            memory = AttentionMemory.of_schedule(
                chosen, keys.free.size, values.free.size
            )
            tiles = of_keys.tiles(kernel, scores, chosen.scores, buffers)
            AttentionTiles(
                kernel,
                site.cpu.lanes,
                memory,
                tiles,
                of_values,
                third(kernel),
                between,
                self.form.softmax.input,
                after,
                [(value, _walk(kernel, value)) for value in self.body.outputs],
            ).emit()
        return HostFunction(kernel.function, made=inputs.made, parts=kernel.parts)

    def _layers(
        self, kernel: HostKernel, constants: Mapping[SSAValue, SSAValue]
    ) -> tuple[PointwiseLayers, PointwiseLayers]:
        """On the scores, and on the result."""
        before, after = self.form.between, self.form.after
        read = {operand for layer in before for operand in layer.operands}
        masks = [each for each in reads_of(self.body, before) if each[0] in read]
        others = reads_of(self.body, after)
        return (
            PointwiseLayers(kernel, self.form.scores.output, before, masks, constants),
            PointwiseLayers(kernel, self.form.result, after, others, constants),
        )


def _walk(kernel: HostKernel, value: SSAValue) -> Walk:
    layout = kernel.layouts[value]
    return walk_of(layout, layout.shape)
