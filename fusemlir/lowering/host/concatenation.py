"""Kernels of concatenations: each part is copied to its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConcatenationOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.index_math import Index
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import Walk, visit_all, walk_of
from fusemlir.lowering.host.plan import IMAGE_RANK, Plan, Wish
from fusemlir.lowering.host.pointwise import load, store
from fusemlir.lowering.host.schedules import HostCpuShape


@dataclass(frozen=True)
class ConcatenationPlan(Plan):
    """A lone concatenation."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ConcatenationPlan | None:
        takes = len(body.layers) == 1 and isinstance(body.layers[0], ConcatenationOp)
        return cls(body) if takes else None

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    @property
    def images(self) -> frozenset[SSAValue]:
        inputs = self.body.inputs
        return frozenset(v for v in inputs if len(shape_of(v)) == IMAGE_RANK)

    def build(
        self,
        name: str,
        layouts: Mapping[SSAValue, Layout],
        immediates: Immediates,
        cpu: HostCpuShape,
    ) -> HostFunction:
        (op,), (output,) = self.body.layers, self.body.outputs
        assert isinstance(op, ConcatenationOp)
        axis, target, begin = op.axis.value.data, layouts[output], 0
        tensors = self.body.tensors
        with HostKernel(name, tensors, layouts, self.body.node.location) as kernel:
            for value in op.inputs:
                source = layouts[value]
                written = walk_of(target, target.shape)
                start = written.start + begin * target.strides[axis]
                copy = _copier(kernel.buffers[value], kernel.buffers[output])
                order = replace(source, order=target.order)
                walks = [walk_of(source, source.shape), Walk(start, written.strides)]
                if source.volume:
                    visit_all(kernel, order, walks, copy)
                begin += source.shape[axis]
        return HostFunction(kernel.function)


class _copier:
    def __init__(self, source: SSAValue, target: SSAValue):
        self.source, self.target = source, target

    def __call__(self, places: Sequence[Index]) -> None:
        read, written = places
        store(load(self.source, read), self.target, written)
