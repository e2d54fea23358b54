"""Kernels of softmax along any axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, prod

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import SoftMaxOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import LonePlan, Site, Wish
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import Index, add, multiply


@dataclass(frozen=True)
class SoftmaxPlan(LonePlan[SoftMaxOp]):
    """A lone softmax of f32: e^(x - max) over the sum of them."""

    kind = SoftMaxOp

    @property
    def is_taken(self) -> bool:
        return element_type_of(self.op.input) == f32

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    def build(self, name: str, site: Site) -> HostFunction:
        op = self.op
        shape, axis = shape_of(op.input), op.axis.value.data
        outer, length, inner = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
        with self.kernel(name, site.layouts) as kernel:
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
