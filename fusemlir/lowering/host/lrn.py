"""Kernels of response normalisation across channels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import LrnOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import LonePlan, Site, Wish, is_image
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply


@dataclass(frozen=True)
class LrnPlan(LonePlan[LrnOp]):
    """A lone normalisation of images: x / (k + alpha / n * sum of x^2) ^ beta."""

    kind = LrnOp

    @property
    def is_taken(self) -> bool:
        return is_image(self.op.input)

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES

    def build(self, name: str, site: Site) -> HostFunction:
        op = self.op
        images, channels, *spatial = shape_of(op.input)
        window = op.window.value.data
        alpha, beta, k = (number.value.data for number in (op.alpha, op.beta, op.k))
        with self.kernel(name, site.layouts) as kernel:
            source, target = kernel.buffers[op.input], kernel.buffers[op.output]
            begin, end = kernel.share(images * prod(spatial))
            with loop(begin, end) as pixel:
                at = unraveled(pixel, (images, *spatial))
                read, written = (
                    _pixel(site.layouts[value], at) for value in (op.input, op.output)
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
