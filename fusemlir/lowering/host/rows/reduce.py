"""Kernels of reductions along any axes, with pointwise layers before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.plan import Plan, Site, Wish, is_image_shape
from fusemlir.lowering.host.rows.exponential_sum import exponential_sum
from fusemlir.lowering.host.rows.row_loops import for_all_rows
from fusemlir.lowering.host.rows.rows import Cursor, Rows
from fusemlir.lowering.host.rows.tensors import RowElements, RowTensors
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.exponential_sum import log_of_sum
from fusemlir.lowering.rows.reduction import Reduction


@dataclass(frozen=True)
class ReducePlan(Plan):
    """A reduction; what it reduces may be permuted."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ReducePlan | None:
        return cls(body) if Reduction.of_body(body) is not None else None

    @cached_property
    def reduction(self) -> Reduction:
        found = Reduction.of_body(self.body)
        assert found is not None
        return found

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    @property
    def images(self) -> frozenset[SSAValue]:
        shape = self.reduction.source.shape
        return frozenset(
            value
            for value in self.body.inputs
            if is_image_shape(shape) and shape_of(value) == shape
        )

    def build(self, name: str, site: Site) -> HostFunction:
        reduction = self.reduction
        tensors = RowTensors(
            reduction.source,
            reduction.epilogue,
            reduction.result,
            reduction.kept,
            site.layouts,
        )
        nest = tensors.nest(reduction.op.axes)
        finished = reduction.finished
        is_exponential = reduction.log_of_sum is not None
        with self.kernel(name, site.layouts) as kernel:
            constants = site.immediates.emit(self.body)
            elements = RowElements(tensors, kernel.buffers, constants)

            def widened(at: Cursor) -> SSAValue:
                return reduction.widened(elements.source(at))

            def write(rows: Rows) -> None:
                if is_exponential:
                    sums, result = exponential_sum(rows, elements.source), log_of_sum
                else:
                    sums, result = rows.fold(widened, reduction.fold), finished
                rows.each_row(lambda at: elements.finish(result(*sums(at)), at))

            for_all_rows(kernel, nest, write, is_read_again=is_exponential)
        return HostFunction(kernel.function)
