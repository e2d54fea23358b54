"""Depthwise convolutions: a filter for each channel, many channels of a pixel at once.

A tile is some neighbouring pixels by one vector of channels. What is read of the image
is read once for all pixels of the tile whose windows it is in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Self

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import LayerOp, shape_of
from fusemlir.lowering.host.arithmetic import FloatArithmetic, LaneArithmetic
from fusemlir.lowering.host.convolution import ConvolutionPlan, product_of
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    DirectProduct,
    Sums,
    Tile,
    nested_sums,
)
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.schedules import (
    Choices,
    HostCpuShape,
    TileSchedule,
    row_choices,
)
from fusemlir.lowering.host.tile_epilogue import Roles
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.index_math import Index, add, linear, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody


class DepthwiseKernel(DirectKernel):
    """Its features are those of one group, each of one channel, its own.

    All channels of a tile come one after the other: pixels may be so far apart that
    they displace each other in a cache.
    """

    @property
    def keeps_weights(self) -> bool:
        return True

    def _sums(self, place: Tile, start: Sums) -> Sums:
        found, lanes, arithmetic = self.product, self.schedule.lanes, self.arithmetic
        assert isinstance(arithmetic, LaneArithmetic)
        *outer, across = found.window
        *apart, right = found.window_strides
        read = add(self._first(place), place.feature)
        weights = multiply(place.block, prod(found.window) * lanes)
        uses = defaultdict[int, list[tuple[int, int]]](list)
        for pixel in range(place.pixels):
            for tap in range(across):
                uses[pixel * found.column_stride + tap * right].append((pixel, tap))

        def along_columns(at: Sequence[Index], sums: Sums) -> Sums:
            row = linear(list(at), tuple(outer))
            first = add(weights, multiply(row, across * lanes))
            factors = [
                arithmetic.factors(self.weights, add(first, tap * lanes))
                for tap in range(across)
            ]
            totals, line = list(sums), add(read, *map(multiply, at, apart))
            for ahead, pairs in sorted(uses.items()):
                numbers = arithmetic.neighbours(self.image, add(line, ahead))
                for pixel, tap in pairs:
                    total = totals[pixel]
                    totals[pixel] = arithmetic.multiply_add(
                        numbers, factors[tap], total
                    )
            return totals

        return nested_sums(outer, start, along_columns)


@dataclass(frozen=True)
class DepthwisePlan(ConvolutionPlan):
    """A convolution of as many groups as channels and features."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        op = body.group.anchor
        return super().of_body(body, constants) if is_by_channel(op) else None

    def tiling(
        self, layout: Layout, cpu: HostCpuShape
    ) -> tuple[DirectProduct, Roles, Choices[TileSchedule]]:
        return depthwise_tiling(self.weighted, layout, cpu)

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        image: SSAValue,
        weights: SSAValue,
    ) -> DirectKernel:
        arithmetic = FloatArithmetic(schedule.lanes)
        return DepthwiseKernel(kernel, product, schedule, arithmetic, image, weights)


def is_by_channel(op: LayerOp | None) -> bool:
    """Whether it convolves each of several channels to one feature."""
    if not isinstance(op, ConvolutionOp) or op.groups == 1:
        return False
    features, channels, *_ = shape_of(op.kernel)
    return (features, channels) == (op.groups, 1)


def depthwise_tiling(
    weighted: Weighted, layout: Layout, cpu: HostCpuShape
) -> tuple[DirectProduct, Roles, Choices[TileSchedule]]:
    """The product of an image that lies as `layout` says, and what its tiles may be."""
    each, roles = product_of(weighted, layout)
    product = replace(each, groups=1, features=each.groups)
    lanes = cpu.for_features(product.features).lanes
    return product, roles, row_choices(product.columns, lanes)
