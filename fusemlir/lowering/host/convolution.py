"""Convolutions of images and products with constant matrices, and what follows them.

Sums begin with the bias; the pointwise layers after it are computed on the sums while
they are in registers, or on a tile of them put aside where a layer needs more than
arithmetic on whole vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from operator import mul
from typing import Self

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes, real
from fusemlir.lowering.elements.anchored import beside
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
from fusemlir.lowering.host.nests import walk_of
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.pointwise import reads_of
from fusemlir.lowering.host.reformat import widened
from fusemlir.lowering.host.schedules import Choices, HostCpuShape, TileSchedule
from fusemlir.lowering.host.tile_epilogue import TURNED, Roles, TileEpilogue
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.index_math import add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody

FEWEST_TURNED = 4
"""Features of a group, and pixels of a line, of which tiles are turned in registers."""


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

    @property
    def writes_planes(self) -> bool:
        found = self.weighted
        return (
            isinstance(found.op, ConvolutionOp)
            and found.features // found.groups >= FEWEST_TURNED
            and shape_of(found.result)[-1] >= FEWEST_TURNED
            and all(element_type_of(value) in TURNED for value in found.outputs)
        )

    def build(self, name: str, site: Site) -> HostFunction:
        found = self.weighted
        product, roles, choices = self.tiling(site.layouts[found.image], site.cpu)
        schedule = choices.of(self.body.node)
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
        return HostFunction(
            kernel.function, packing, prepared=prepared, parts=kernel.parts
        )

    def tiling(
        self, layout: Layout, cpu: HostCpuShape
    ) -> tuple[DirectProduct, Roles, Choices[TileSchedule]]:
        """The product of an image or matrix that lies as `layout` says, and what its
        tiles may be."""
        product, roles = product_of(self.weighted, layout)
        cpu = cpu.for_features(product.features)
        sizes = product.columns, product.features
        return product, roles, TileSchedule.choices(*sizes, cpu, product.depth)

    def choices(self, site: Site) -> Choices[TileSchedule]:
        return self.tiling(site.layouts[self.weighted.image], site.cpu)[-1]

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
    """Lines of as many pixels as there are vectors to multiply; one line, unless what
    is added to them is broadcast along some of their axes."""
    shape, depth = shape_of(found.result), shape_of(found.image)[-1]
    together = _axes_together(found)
    places = [prod(shape[axis] for axis in axes) for axes in together]
    apart = list(accumulate(reversed(places[1:]), mul, initial=depth))[::-1]
    product = DirectProduct(
        images=1,
        places=tuple(places),
        groups=1,
        features=found.features,
        channels=depth,
        window=(1,),
        start=0,
        image_stride=0,
        strides=tuple(apart),
        window_strides=(0,),
    )
    *line, column = (axes[-1] for axes in together)
    return product, Roles(image=None, line=line, column=column, feature=len(shape) - 1)


def _axes_together(found: Weighted) -> list[list[int]]:
    """The axes of a product of matrices before its features, in order: those together
    along which all tensors go on in step."""
    shape = shape_of(found.result)
    reads = reads_of(found.body, beside(found.body, found.op))
    aligned = {shape, *(read[1] for read in reads if read[0] is not found.result)}
    walks = [walk_of(Layout.row_major(each), each) for each in aligned]
    together = list[list[int]]()
    for axis, size in enumerate(shape[:-1]):
        if size == 1:
            continue
        if together and all(
            walk.strides[together[-1][-1]] == walk.strides[axis] * size
            for walk in walks
        ):
            together[-1].append(axis)
        else:
            together.append([axis])
    return together or [[len(shape) - 2]]


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
