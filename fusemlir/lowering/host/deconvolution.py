"""Deconvolutions: what reaches a place of the result, gathered.

Along an axis, tap k of the window brings what is at i to i * stride + k * dilation -
padding. Places whose distance is a multiple of the stride are reached by the same taps,
and by neighbours of the image: those are the columns of a tile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd, prod
from typing import Self

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DeconvolutionOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.convolution import ConvolutionPlan, roles_of_images
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    DirectProduct,
    Finish,
    Start,
    Sums,
    Tile,
    nested_sums,
)
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.schedules import Choices, HostCpuShape, TileSchedule
from fusemlir.lowering.host.tile_epilogue import Roles
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    compare,
    divide,
    linear,
    multiply,
    remainder,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class Axis:
    """A spatial axis of a deconvolution."""

    window: int
    stride: int
    dilation: int
    padding: int

    @property
    def common(self) -> int:
        """Places not a multiple of it apart are reached by no tap in common."""
        return gcd(self.stride, self.dilation)

    @property
    def tap_step(self) -> int:
        """From one tap that reaches a place to the next."""
        return self.stride // self.common

    @property
    def image_step(self) -> int:
        """How much before the number that a tap brings is that of the next."""
        return self.dilation // self.common

    def taps(self, place: Index) -> tuple[Index, Index, Index]:
        """Of those that reach a place: how many, the first, and what it brings."""
        at = add(place, self.padding)
        step = self.tap_step
        turns = pow(self.image_step, -1, step)
        first = remainder(multiply(divide(at, self.common), turns), step)
        # `first` is below `step`: so much more makes what is divided not negative.
        extra = self.image_step
        lead = add(at, extra * self.stride)
        ahead = subtract(lead, as_value(multiply(first, self.dilation)))
        brought = add(divide(ahead, self.stride), -extra)
        last = add(self.window + step - 1, multiply(first, -1))
        return self._if_any(at, divide(last, step)), first, brought

    def _if_any(self, at: Index, count: Index) -> Index:
        if self.common == 1:
            return count
        is_any = compare("eq", remainder(at, self.common), 0)
        return arith.SelectOp(is_any, as_value(count), as_value(0)).result

    def reach(self, size: int, places: int) -> tuple[int, int]:
        """How far before and after an image of `size` is read for so many places."""
        first = self.padding - (self.window - 1) * self.dilation
        last = (places - 1 + self.padding) // self.stride
        return max(0, -first) // self.stride, max(0, last - size + 1)


def axes_of(op: DeconvolutionOp) -> list[Axis]:
    pre, _ = op.padding_of(shape_of(op.input)[FIRST_SPATIAL:])
    return list(map(Axis, op.window, op.strides, op.dilations, pre))


@dataclass
class DeconvolutionKernel(DirectKernel):
    """The columns of a tile are a stride apart."""

    axes: Sequence[Axis] = ()

    def emit(self, start: Start, finish: Finish) -> None:
        found, width = self.product, self.schedule.pixels
        apart = self.axes[-1].stride
        blocks = found.groups * self.blocks
        sizes = (found.images, blocks, *found.lines, min(apart, found.columns))
        begin, end = self.kernel.share(prod(sizes))
        with loop(begin, end) as piece:
            image, block, *line, phase = unraveled(piece, sizes)
            count = divide(add(found.columns + apart - 1, multiply(phase, -1)), apart)
            last = as_value(add(count, -width))
            with loop(0, count, width) as at:
                # The last tile is whole too, and computes some places again.
                number = arith.MinSIOp(at, last).result
                column = add(phase, multiply(number, apart))
                feature = self._feature(block)
                tile = Tile(image, line, column, width, feature, block)
                finish(tile, self._sums(tile, start(tile)))

    def _sums(self, place: Tile, start: Sums) -> Sums:
        found = self.product
        group = divide(place.block, self.blocks)
        at = (*place.line, place.column)
        taps = [axis.taps(index) for axis, index in zip(self.axes, at, strict=True)]
        read = add(
            multiply(place.image, found.image_stride),
            *(
                multiply(brought, stride)
                for (_, _, brought), stride in zip(taps, found.strides, strict=True)
            ),
            multiply(group, found.channels),
            found.start,
        )
        tap_weights = found.channels * self._step_weights
        weights = multiply(place.block, prod(found.window) * tap_weights)

        def tap(numbers: Sequence[Index], sums: Sums) -> Sums:
            which = [
                add(first, multiply(number, axis.tap_step))
                for number, (_, first, _), axis in zip(
                    numbers, taps, self.axes, strict=True
                )
            ]
            return self._channels(
                place.pixels,
                add(read, *map(multiply, numbers, found.window_strides)),
                add(weights, multiply(linear(which, found.window), tap_weights)),
                sums,
            )

        return nested_sums([count for count, _, _ in taps], start, tap)


@dataclass(frozen=True)
class DeconvolutionPlan(ConvolutionPlan):
    """The transpose of a convolution, with a constant kernel."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        if not isinstance(body.group.anchor, DeconvolutionOp):
            return None
        return super().of_body(body, constants)

    def tiling(
        self, layout: Layout, cpu: HostCpuShape
    ) -> tuple[DirectProduct, Roles, Choices[TileSchedule]]:
        op, axes = self._op, axes_of(self._op)
        images, channels, *_ = layout.shape
        batch, _, *apart = layout.strides
        _, features, *places = shape_of(op.output)
        product = DirectProduct(
            images,
            tuple(places),
            op.groups,
            features // op.groups,
            channels // op.groups,
            op.window,
            layout.start,
            batch,
            tuple(apart),
            tuple(
                -axis.image_step * step for axis, step in zip(axes, apart, strict=True)
            ),
        )
        roles = replace(roles_of_images(len(layout.shape)), column_step=axes[-1].stride)
        columns = max(1, product.columns // axes[-1].stride)
        cpu = cpu.for_features(product.features)
        return product, roles, TileSchedule.choices(columns, product.features, cpu)

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        image: SSAValue,
        weights: SSAValue,
    ) -> DirectKernel:
        arithmetic, axes = FloatArithmetic(schedule.lanes), axes_of(self._op)
        return DeconvolutionKernel(
            kernel, product, schedule, arithmetic, image, weights, axes
        )

    @property
    def _op(self) -> DeconvolutionOp:
        assert isinstance(self.weighted.op, DeconvolutionOp)
        return self.weighted.op
