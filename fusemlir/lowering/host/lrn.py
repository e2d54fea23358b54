"""Kernels of response normalisation across channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import LrnOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.gpu.control_flow import for_loop, loop
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.index_math import Index, add, as_value, multiply
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import IMAGE_RANK, Plan, Wish
from fusemlir.lowering.host.pointwise import load, store
from fusemlir.lowering.host.schedules import HostCpuShape


@dataclass(frozen=True)
class LrnPlan(Plan):
    """A lone normalisation of images: x / (k + alpha / n * sum of x^2) ^ beta."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> LrnPlan | None:
        op = body.group.anchor
        takes = (
            isinstance(op, LrnOp)
            and len(body.layers) == 1
            and element_type_of(op.input) == f32
            and len(shape_of(op.input)) == IMAGE_RANK
        )
        return cls(body) if takes else None

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES

    def build(
        self,
        name: str,
        layouts: Mapping[SSAValue, Layout],
        immediates: Immediates,
        cpu: HostCpuShape,
    ) -> HostFunction:
        op = self.body.group.anchor
        assert isinstance(op, LrnOp)
        images, channels, *spatial = shape_of(op.input)
        window = op.window.value.data
        alpha, beta, k = (number.value.data for number in (op.alpha, op.beta, op.k))
        tensors = self.body.tensors
        with HostKernel(name, tensors, layouts, self.body.node.location) as kernel:
            source, target = kernel.buffers[op.input], kernel.buffers[op.output]
            begin, end = kernel.share(images * prod(spatial))
            with loop(begin, end) as pixel:
                at = unraveled(pixel, (images, *spatial))
                read, written = (
                    _pixel(layouts[value], at) for value in (op.input, op.output)
                )
                with loop(0, channels) as channel:
                    low = add(channel, -(window // 2))
                    first = arith.MaxSIOp(as_value(low), as_value(0)).result
                    past = as_value(add(low, window))
                    last = arith.MinSIOp(past, as_value(channels)).result

                    def add_square(
                        neighbour: SSAValue,
                        so_far: tuple[SSAValue, ...],
                        read: Index = read,
                    ) -> list[SSAValue]:
                        x = load(source, add(read, neighbour))
                        return [math.FmaOp(x, x, so_far[0]).result]

                    (total,) = for_loop(first, last, 1, [real(0)], add_square)
                    base = math.FmaOp(total, real(alpha / window), real(k)).result
                    divisor = math.PowFOp(base, real(beta)).result
                    x = load(source, add(read, channel))
                    result = arith.DivfOp(x, divisor).result
                    store(result, target, add(written, channel))
        return HostFunction(kernel.function)


def _pixel(layout: Layout, at: list[Index]) -> Index:
    image, *place = at
    strides = (layout.strides[0], *layout.strides[2:])
    return add(layout.start, *map(multiply, (image, *place), strides))
