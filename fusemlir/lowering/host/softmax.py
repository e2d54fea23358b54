"""Kernels of softmax along any axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, prod

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import SoftMaxOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.gpu.control_flow import for_loop, loop
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.index_math import Index, add, multiply
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import Plan, Wish
from fusemlir.lowering.host.pointwise import load, store
from fusemlir.lowering.host.schedules import HostCpuShape


@dataclass(frozen=True)
class SoftmaxPlan(Plan):
    """A lone softmax of f32: e^(x - max) over the sum of them."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> SoftmaxPlan | None:
        op = body.group.anchor
        takes = (
            isinstance(op, SoftMaxOp)
            and len(body.layers) == 1
            and element_type_of(op.input) == f32
        )
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
        op = self.body.group.anchor
        assert isinstance(op, SoftMaxOp)
        shape, axis = shape_of(op.input), op.axis.value.data
        outer, length, inner = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
        tensors = self.body.tensors
        with HostKernel(name, tensors, layouts, self.body.node.location) as kernel:
            source, target = kernel.buffers[op.input], kernel.buffers[op.output]
            begin, end = kernel.share(outer * inner)
            with loop(begin, end) as row:
                before, behind = unraveled(row, (outer, inner))
                first = add(multiply(before, length * inner), behind)

                def place(at: SSAValue, first: Index = first) -> Index:
                    return add(first, multiply(at, inner))

                (greatest,) = for_loop(
                    0,
                    length,
                    1,
                    [real(-inf)],
                    lambda at, so_far: [
                        arith.MaximumfOp(so_far[0], load(source, place(at))).result
                    ],
                )
                with loop(0, length) as at:
                    centred = arith.SubfOp(load(source, place(at)), greatest).result
                    store(math.ExpOp(centred).result, target, place(at))
                (total,) = for_loop(
                    0,
                    length,
                    1,
                    [real(0)],
                    lambda at, so_far: [
                        arith.AddfOp(so_far[0], load(target, place(at))).result
                    ],
                )
                factor = arith.DivfOp(real(1), total).result
                with loop(0, length) as at:
                    power = load(target, place(at))
                    store(arith.MulfOp(power, factor).result, target, place(at))
        return HostFunction(kernel.function)
