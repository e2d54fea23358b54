"""Plans of top-k: by selection where k is small, else by sorting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from xdsl.dialects.builtin import MemRefType, i64
from xdsl.ir import SSAValue

from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.rows.exponential_sum import exponential_sum
from fusemlir.lowering.host.rows.line import Line
from fusemlir.lowering.host.rows.nest import RowNest
from fusemlir.lowering.host.rows.rows import Cursor
from fusemlir.lowering.host.rows.tensors import RowElements
from fusemlir.lowering.host.top_k.row import Row, tensors_of
from fusemlir.lowering.host.top_k.selection import are_few, select
from fusemlir.lowering.host.top_k.sort import scratch_of, sort
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import add, divide, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.top_k.form import TopKForm

MOST_SORTED_AT_ONCE = 8
"""Rows, each with memory of its own, however many threads there are."""


@dataclass(frozen=True)
class TopKPlan(Plan):
    """A top-k along any axis, maybe of a softmax along it or of its logarithm."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> TopKPlan | None:
        return cls(body) if TopKForm.of_body(body) is not None else None

    @cached_property
    def form(self) -> TopKForm:
        found = TopKForm.of_body(self.body)
        assert found is not None
        return found

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    def build(self, name: str, site: Site) -> HostFunction:
        form = self.form
        tensors = tensors_of(form, site.layouts)
        nest = replace(tensors.nest([form.axis]), is_across=False)
        rows = prod(axis.size for axis in nest.kept)
        if not rows or not form.k:
            with self.kernel(name, site.layouts) as kernel:
                return HostFunction(kernel.function)
        slots = min(rows, MOST_SORTED_AT_ONCE)
        scratch = list[MemRefType]()
        if not are_few(form.k, nest.columns):
            scratch.append(MemRefType(i64, (slots * scratch_of(nest.columns),)))
        with self.kernel(name, site.layouts, scratch) as kernel:
            constants = site.immediates.emit(self.body)
            elements = RowElements(tensors, kernel.buffers, constants)
            if scratch:
                self._sort_rows(kernel, nest, elements, rows, slots)
            else:
                with loop(*kernel.share(rows)) as number:
                    select(self._row(nest, elements, number))
        return HostFunction(kernel.function, scratch=scratch)

    def _sort_rows(
        self,
        kernel: HostKernel,
        nest: RowNest,
        elements: RowElements,
        rows: int,
        slots: int,
    ) -> None:
        """Those of a slot one after the other, in the same memory."""
        (memory,) = kernel.tables
        with loop(*kernel.share(slots)) as slot:
            begin, end = (
                divide(multiply(turn, rows), slots) for turn in (slot, add(slot, 1))
            )
            first = multiply(slot, scratch_of(nest.columns))
            with loop(begin, end) as number:
                sort(self._row(nest, elements, number), memory, first)

    def _row(self, nest: RowNest, elements: RowElements, number: SSAValue) -> Row:
        first = Cursor(nest.starts)
        turns: Sequence[int] = [axis.size for axis in nest.kept]
        for axis, turn in zip(nest.kept, unraveled(number, turns), strict=False):
            first = first.moved(axis.strides, turn)
        bounds = tuple((0, axis.size) for axis in nest.reduced)
        line = Line(nest, first, bounds)
        statistics = None
        if self.form.softmax is not None:
            statistics = exponential_sum(line, elements.source)(first)
        return Row(self.form, elements, line, statistics)
