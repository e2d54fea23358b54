"""Convolutions of 1x1 at both edges of a network, where images lie plane by plane.

What a network is given, and what it gives, has its channels outermost. There a vector
is of neighbouring pixels of one channel, and each row of a tile a feature, of which the
weights are spread: the product is turned round, and neither the image, what is added to
it nor the result is brought into another layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Self

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Block, SSAValue

from fusemlir.dialects.trt import ConstantOp, ConvolutionOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.host.access import load, load_vector
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.convolution import ConvolutionPlan
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    DirectProduct,
    Sums,
    Tile,
)
from fusemlir.lowering.host.host_kernel import (
    HostFunction,
    HostKernel,
    Packing,
    Preparation,
)
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Layout
from fusemlir.lowering.host.packing import in_f32
from fusemlir.lowering.host.plan import Site, Wish
from fusemlir.lowering.host.pointwise import reads_of
from fusemlir.lowering.host.reformat import widened
from fusemlir.lowering.host.schedules import Choices, HostCpuShape, TileSchedule
from fusemlir.lowering.host.tile_epilogue import Roles, TileEpilogue
from fusemlir.lowering.kernel.index_math import Index, add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody

FEWEST_PIXELS = 300
"""Of a plane. Where it has fewer, its last vectors compute too much again of what those
before them did, and little is gained, as little is moved."""

ASIDE = 0.5
"""Of a vector's time, that it takes to go from one channel's pixels to the next's,
which are in another page of memory. Measured on an EPYC of Zen 4."""


class PlanarKernel(DirectKernel):
    """Pixels of the product are features of the convolution, and its features pixels;
    what is packed elsewhere is the image, as it lies."""

    @property
    def keeps_weights(self) -> bool:
        return False

    def first_weight(self, place: Tile) -> Index:
        image = self.product.channels * self.product.features
        return add(multiply(place.image, image), place.feature)

    @property
    def _step_weights(self) -> int:
        return self.product.features

    def _factors(self, at: Index) -> list[SSAValue]:
        lanes = self.schedule.lanes
        return [
            load_vector(self.weights, add(at, number * lanes), lanes)
            for number in range(self.schedule.vectors)
        ]


@dataclass(frozen=True)
class PlanarConvolutionPlan(ConvolutionPlan):
    """A convolution of single pixels, of what the network is given to what it gives."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        plan = super().of_body(body, constants)
        takes = plan is not None and plan.is_taken and _is_at_edges(body)
        return plan if takes else None

    @property
    def is_taken(self) -> bool:
        """Whether pixels are neighbours, in one plane, of all that is read and
        written."""
        found, op = self.weighted, self.weighted.op
        if not isinstance(op, ConvolutionOp) or op.groups != 1:
            return False
        spatial = shape_of(op.input)[FIRST_SPATIAL:]
        pre, post = op.padding_of(spatial)
        single = {*op.window, *op.strides} == {1} and not any((*pre, *post))
        ones = (1,) * len(spatial)
        others = [shape for _, shape in reads_of(found.body, beside(found.body, op))]
        return (
            single
            and prod(spatial) >= FEWEST_PIXELS
            and all(shape[FIRST_SPATIAL:] in (spatial, ones) for shape in others)
        )

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    def build(self, name: str, site: Site) -> HostFunction:
        found, inputs = self.weighted, self.body.inputs
        product, roles, choices = self.tiling(site.layouts[found.image], site.cpu)
        schedule = choices.of(self.body.node)
        with self.kernel(name, site.layouts, held=found.held) as kernel:
            numbers = site.immediates.emit(self.body)
            epilogue = TileEpilogue.of_body(
                kernel, found, roles, schedule, product, numbers
            )
            bias = found.bias
            if bias is not None:
                bias = numbers.get(bias) or kernel.buffers[bias]
            image, weights = (
                kernel.buffers[value] for value in (found.image, found.kernel)
            )
            tiles = self.tiles(kernel, product, schedule, image, weights)

            def start(tile: Tile) -> Sums:
                epilogue.fetch(tile)
                places = [self.feature(tile, row) for row in range(tile.pixels)]
                return _start_of_sums(places, schedule, bias)

            tiles.emit(start, epilogue.finish)
            epilogue.code.erase()
        packing = dict[int, Packing]()
        prepared = dict[int, Preparation]()
        for value in found.held:
            number = inputs.index(value)
            if value is not found.image:
                packing[number] = in_f32
            elif element_type_of(value) != f32:
                prepared[number] = widened(value, site.layouts[value])
        return HostFunction(
            kernel.function, packing, prepared=prepared, parts=kernel.parts
        )

    def feature(self, tile: Tile, row: int) -> Index:
        """That of a row of a tile."""
        return add(tile.column, row)

    def tiles(
        self,
        kernel: HostKernel,
        product: DirectProduct,
        schedule: TileSchedule,
        image: SSAValue,
        weights: SSAValue,
    ) -> DirectKernel:
        arithmetic = FloatArithmetic(schedule.lanes)
        return PlanarKernel(kernel, product, schedule, arithmetic, weights, image)

    def tiling(
        self, layout: Layout, cpu: HostCpuShape
    ) -> tuple[DirectProduct, Roles, Choices[TileSchedule]]:
        images, channels, *spatial = layout.shape
        product = DirectProduct(
            images=images,
            places=(self.weighted.features,),
            groups=1,
            features=prod(spatial),
            channels=channels,
            window=(1,),
            start=0,
            image_stride=0,
            strides=(channels,),
            window_strides=(0,),
        )
        roles = Roles(image=0, line=(), column=1, feature=len(layout.shape) - 1)
        cpu = cpu.for_features(product.features)
        sizes = product.columns, product.features
        choices = TileSchedule.choices(*sizes, cpu, product.depth)

        def clocks(tile: TileSchedule) -> float:
            return tile.clocks(*sizes, product.depth) * (1 + ASIDE / tile.vectors)

        return (
            product,
            roles,
            replace(choices, ranked=sorted(choices.ranked, key=clocks)),
        )


def _start_of_sums(
    features: Sequence[Index], schedule: TileSchedule, bias: SSAValue | None
) -> Sums:
    """The bias of each row's feature, the same for all its pixels."""
    type, sums = VectorType(f32, [schedule.lanes]), list[SSAValue]()
    for feature in features:
        number = real(0) if bias is None else bias
        if bias is not None and bias.type != f32:
            number = load(bias, feature)
        sums += [vector.BroadcastOp(number, type).vector] * schedule.vectors
    return sums


def _is_at_edges(body: KernelBody) -> bool:
    """Whether a kernel reads only what the network is given, or constants, and all that
    it makes is what the network gives."""
    return all(
        isinstance(operand.owner, Block | ConstantOp) for operand in body.operands
    ) and all(
        isinstance(use.operation, ReturnOp)
        for result in body.node.results
        for use in result.uses
    )
