"""Kernels of response normalisation across channels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import LrnOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import load, local, store
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import LonePlan, Site, Wish, is_image
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, multiply

COMMON_BETA = 0.75
"""The root times the root of the root: within 2 ulp, and a twentieth of the time."""


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
        with self.kernel(name, site.layouts) as kernel:
            source, target = kernel.buffers[op.input], kernel.buffers[op.output]
            squares = _Squares.between_zeros(channels, op.window.value.data)
            begin, end = kernel.share(images * prod(spatial))
            with loop(begin, end) as pixel:
                at = unraveled(pixel, (images, *spatial))
                read, written = (
                    _pixel(site.layouts[value], at) for value in (op.input, op.output)
                )
                with loop(0, channels) as channel:
                    x = load(source, add(read, channel))
                    squares.put(arith.MulfOp(x, x).result, channel)
                with loop(0, channels) as channel:
                    divisor = _divisor(op, squares.sum_around(channel))
                    x = load(source, add(read, channel))
                    result = arith.DivfOp(x, divisor).result
                    store(result, target, add(written, channel))
        return HostFunction(kernel.function)


@dataclass(frozen=True)
class _Squares:
    """Those of one pixel, with the zeros before and after that a window reads."""

    memory: SSAValue
    window: int

    @staticmethod
    def between_zeros(channels: int, window: int) -> _Squares:
        memory = local(f32, channels + window - 1)
        before = window // 2
        for place in (*range(before), *range(before + channels, channels + window - 1)):
            store(real(0), memory, place)
        return _Squares(memory, window)

    def put(self, square: SSAValue, channel: Index) -> None:
        store(square, self.memory, add(channel, self.window // 2))

    def sum_around(self, channel: Index) -> SSAValue:
        total = load(self.memory, channel)
        for at in range(1, self.window):
            square = load(self.memory, add(channel, at))
            total = arith.AddfOp(total, square).result
        return total


def _divisor(op: LrnOp, total: SSAValue) -> SSAValue:
    """(k + alpha / n * the sum of squares) ^ beta."""
    alpha, beta, k = (number.value.data for number in (op.alpha, op.beta, op.k))
    scale = real(alpha / op.window.value.data)
    base = math.FmaOp(total, scale, real(k)).result
    if beta == COMMON_BETA:
        root = math.SqrtOp(base).result
        return arith.MulfOp(root, math.SqrtOp(root).result).result
    return math.PowFOp(base, real(beta)).result


def _pixel(layout: Layout, at: list[Index]) -> Index:
    image, *place = at
    strides = (layout.strides[0], *layout.strides[2:])
    return add(layout.start, *map(multiply, (image, *place), strides))
