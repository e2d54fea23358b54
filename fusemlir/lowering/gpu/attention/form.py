"""A matrix product and a softmax in a body, as products that a block computes."""

from __future__ import annotations

from functools import cached_property

from fusemlir.lowering.attention.form import AttentionForm, parts_of
from fusemlir.lowering.gpu.contraction.product import Product, product_of
from fusemlir.lowering.gpu.schedules.attention import AttentionSize
from fusemlir.lowering.kernel.kernel_body import KernelBody


class GpuAttentionForm(AttentionForm):
    """With its products."""

    @cached_property
    def of_scores(self) -> Product:
        return product_of(self.scores)

    @cached_property
    def of_result(self) -> Product:
        """The product that gives the result; it is laid out as the scores are if they
        become it."""
        return product_of(self.product) if self.product else self.of_scores

    @property
    def size(self) -> AttentionSize:
        first, second = self.of_scores, self.of_result
        values = second.second.free if self.product else 0
        rows, keys = first.first.free, first.second.free
        return AttentionSize(second.batch, rows, first.depth, keys, values)


def attention_form(body: KernelBody) -> GpuAttentionForm | None:
    """What a kernel here computes; None where the body is something else."""
    parts = parts_of(body)
    if parts is None:
        return None
    form = GpuAttentionForm(body, *parts)
    return form if form.is_whole else None
