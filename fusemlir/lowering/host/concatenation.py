"""Kernels of concatenations: each part is copied to its place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConcatenationOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.access import copying
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.nests import Walk, visit_all, walk_of
from fusemlir.lowering.host.plan import IMAGE_RANK, LonePlan, Site, Wish


@dataclass(frozen=True)
class ConcatenationPlan(LonePlan[ConcatenationOp]):
    """A lone concatenation."""

    kind = ConcatenationOp

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    @property
    def images(self) -> frozenset[SSAValue]:
        inputs = self.body.inputs
        return frozenset(v for v in inputs if len(shape_of(v)) == IMAGE_RANK)

    def build(self, name: str, site: Site) -> HostFunction:
        op, (output,), layouts = self.op, self.body.outputs, site.layouts
        axis, target, begin = op.axis.value.data, layouts[output], 0
        with self.kernel(name, layouts) as kernel:
            for value in op.inputs:
                source = layouts[value]
                written = walk_of(target, target.shape)
                start = written.start + begin * target.strides[axis]
                copy = copying(kernel.buffers[value], kernel.buffers[output])
                order = replace(source, order=target.order)
                walks = [walk_of(source, source.shape), Walk(start, written.strides)]
                if source.volume:
                    visit_all(kernel, order, walks, copy)
                begin += source.shape[axis]
        return HostFunction(kernel.function)
