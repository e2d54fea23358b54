"""Which convolutions are computed by Winograd's transformation, and their tiles."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Operation

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.dialects.trt.module_attributes import WINOGRAD
from fusemlir.lowering.host.winograd.transforms import POSITIONS, RESULTS

LANES = 16
"""Of the widest vectors: channels and features fill whole ones."""

LEAST_FEATURES = 32
"""By which a transformed patch is multiplied at least, to be worth transforming."""

LEAST_TILES = 11
"""Fewer take as long as these: so many products are done while a weight is read from
memory."""

MOST_PRODUCTS = 0.6
"""Of those of the convolution itself: the rest of a gain goes into transformations."""

LINE = 16
"""Elements of f32 in a line of a cache."""


@dataclass(frozen=True)
class Tiling:
    """An image cut into tiles of 4 x 4 pixels of the result, the last ones of a row or
    a column perhaps not whole."""

    images: int
    height: int
    width: int
    channels: int
    features: int

    @staticmethod
    def of(op: ConvolutionOp) -> Tiling:
        images, features, height, width = shape_of(op.output)
        return Tiling(images, height, width, shape_of(op.input)[1], features)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the tiles: images, rows and columns of them."""
        return self.images, -(-self.height // RESULTS), -(-self.width // RESULTS)

    @property
    def count(self) -> int:
        return prod(self.shape)

    @property
    def elements(self) -> int:
        """Of a transformed patch, [positions, channels], and a spare line after it:
        patches a power of two apart would displace each other in a cache."""
        return POSITIONS * self.channels + LINE

    @property
    def weights(self) -> int:
        return POSITIONS * self.channels * self.features


def is_transformed(op: ConvolutionOp | DeconvolutionOp) -> bool:
    """Whether a layer may be computed so, and gains by it."""
    if not isinstance(op, ConvolutionOp) or not _is_allowed(op):
        return False
    is_plain = (
        op.window == (3, 3)
        and op.groups == 1
        and set(op.strides) == set(op.dilations) == {1}
        and element_type_of(op.input) == element_type_of(op.output) == f32
    )
    if not is_plain:
        return False
    found = Tiling.of(op)
    products = found.images * found.height * found.width * prod(op.window)
    return (
        found.channels % LANES == 0
        and found.features % LANES == 0
        and found.features >= LEAST_FEATURES
        and max(found.count, LEAST_TILES) * POSITIONS <= MOST_PRODUCTS * products
    )


def _is_allowed(op: Operation) -> bool:
    outer: Operation | None = op
    while outer is not None and not isinstance(outer, ModuleOp):
        outer = outer.parent_op()
    return outer is not None and WINOGRAD in outer.attributes
