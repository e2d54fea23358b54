"""Kernels of transpositions: elements are gathered in the order of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.lowering.gpu.control_flow import loop
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.movement.transposition import source_of
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.plan import Plan, Wish
from fusemlir.lowering.host.pointwise import load, store
from fusemlir.lowering.host.schedules import HostCpuShape


@dataclass(frozen=True)
class ShufflePlan(Plan):
    """A lone shuffle."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ShufflePlan | None:
        takes = len(body.layers) == 1 and isinstance(body.layers[0], ShuffleOp)
        return cls(body) if takes else None

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    def build(
        self,
        name: str,
        layouts: Mapping[SSAValue, Layout],
        immediates: Immediates,
        cpu: HostCpuShape,
    ) -> HostFunction:
        (op,), (output,) = self.body.layers, self.body.outputs
        assert isinstance(op, ShuffleOp)
        tensors = self.body.tensors
        with HostKernel(name, tensors, layouts, self.body.node.location) as kernel:
            begin, end = kernel.share(layouts[output].volume)
            with loop(begin, end) as number:
                value = load(kernel.buffers[op.input], source_of(op, number))
                store(value, kernel.buffers[output], number)
        return HostFunction(kernel.function)
