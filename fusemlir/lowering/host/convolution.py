"""Convolutions of images and products with constant matrices, and what follows them.

Sums begin with the bias; the pointwise layers after it are computed on the sums while
they are in registers, or on a tile of them put aside where a layer needs more than
arithmetic on whole vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from operator import mul
from typing import Self

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes, real
from fusemlir.lowering.host.access import load_vector
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    DirectProduct,
    Sums,
    Tile,
)
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel, Preparation
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Layout
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.reformat import widened
from fusemlir.lowering.host.schedules import HostCpuShape, TileSchedule
from fusemlir.lowering.host.tile_epilogue import Roles, TileEpilogue
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.index_math import add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class ConvolutionPlan(Plan):
    """A contraction with constant weights."""

    weighted: Weighted

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        weighted = Weighted.of_body(body, constants)
        return None if weighted is None else cls(body, weighted)

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES if self.weighted.is_image else Wish.ROW_MAJOR

    @property
    def images(self) -> frozenset[SSAValue]:
        return super().images | {self.weighted.image}

    def build(self, name: str, site: Site) -> HostFunction:
        found = self.weighted
        product, roles, schedule = self.tiling(site.layouts[found.image], site.cpu)
        blocks = product.groups * -(-product.features // schedule.features)
        taps = prod(product.window) * product.channels
        packed = dict(site.layouts)
        packed[found.kernel] = Layout.row_major((blocks * taps * schedule.features,))
        if found.bias is not None and found.bias in self.body.inputs:
            packed[found.bias] = Layout.row_major((blocks * schedule.features,))
        with self.kernel(name, packed, held=found.held) as kernel:
            numbers = site.immediates.emit(self.body)
            epilogue = TileEpilogue.of_body(
                kernel, found, roles, schedule, product, numbers
            )
            image, weights = (
                kernel.buffers[value] for value in (found.image, found.kernel)
            )
            bias = None
            if found.bias is not None:
                bias = numbers.get(found.bias) or kernel.buffers[found.bias]
            tiles = self.tiles(kernel, product, schedule, image, weights)

            def start(tile: Tile) -> Sums:
                epilogue.fetch(tile)
                return start_of_sums(tile, schedule, bias)

            tiles.emit(start, epilogue.finish)
            epilogue.code.erase()
        packing = found.packing(schedule.features, product.groups)
        prepared = dict[int, Preparation]()
        if element_type_of(found.image) != f32:
            number = self.body.inputs.index(found.image)
            prepared[number] = widened(found.image, packed[found.image])
        return HostFunction(kernel.function, packing, prepared=prepared)

    def tiling(
        self, layout: Layout, cpu: HostCpuShape
    ) -> tuple[DirectProduct, Roles, TileSchedule]:
        """The product of an image or matrix that lies as `layout` says, and its
        tiles."""
        product, roles = product_of(self.weighted, layout)
        cpu = cpu.for_features(product.features)
        schedule = TileSchedule.choose(product.columns, product.features, cpu)
        return product, roles, schedule

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        image: SSAValue,
        weights: SSAValue,
    ) -> DirectKernel:
        arithmetic = FloatArithmetic(schedule.lanes)
        return DirectKernel(kernel, product, schedule, arithmetic, image, weights)


def product_of(found: Weighted, layout: Layout) -> tuple[DirectProduct, Roles]:
    """The product, of an image or matrix that lies as `layout` says."""
    if isinstance(found.op, ConvolutionOp):
        return _of_images(found.op, layout)
    return _of_matrices(found)


def _of_images(op: ConvolutionOp, layout: Layout) -> tuple[DirectProduct, Roles]:
    images, channels, *_ = layout.shape
    batch, _, *apart = layout.strides
    _, features, *places = shape_of(op.output)
    pre, _ = op.padding_of(layout.shape[FIRST_SPATIAL:])
    product = DirectProduct(
        images,
        tuple(places),
        op.groups,
        features // op.groups,
        channels // op.groups,
        op.window,
        layout.start - sum(map(mul, pre, apart)),
        batch,
        tuple(map(mul, op.strides, apart)),
        tuple(map(mul, op.dilations, apart)),
    )
    return product, roles_of_images(len(layout.shape))


def roles_of_images(rank: int) -> Roles:
    *line, column = range(FIRST_SPATIAL, rank)
    return Roles(image=0, line=line, column=column, feature=1)


def _of_matrices(found: Weighted) -> tuple[DirectProduct, Roles]:
    """One row of as many pixels as there are vectors to multiply."""
    *outer, depth = shape_of(found.image)
    rank = len(shape_of(found.result))
    product = DirectProduct(
        1, (prod(outer),), 1, found.features, depth, (1,), 0, 0, (depth,), (0,)
    )
    return product, Roles(image=None, line=(), column=rank - 2, feature=rank - 1)


def start_of_sums(tile: Tile, schedule: TileSchedule, bias: SSAValue | None) -> Sums:
    """The bias of each feature: packed as the weights are, one number, or none."""
    lanes = schedule.lanes
    if bias is None or bias.type == f32:
        number = real(0) if bias is None else bias
        spread = vector.BroadcastOp(number, VectorType(f32, [lanes])).vector
        return [spread] * (tile.pixels * schedule.vectors)
    first = multiply(tile.block, schedule.features)
    given = [
        load_vector(bias, add(first, number * lanes), lanes, lanes * element_bytes(f32))
        for number in range(schedule.vectors)
    ]
    return given * tile.pixels
