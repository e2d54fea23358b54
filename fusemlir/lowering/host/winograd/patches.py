"""Patches of an image, transformed before they are multiplied."""

from __future__ import annotations

from xdsl.dialects.builtin import TensorType, UnknownLoc, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue

from fusemlir.lowering.host.access import load_vector, store_vector
from fusemlir.lowering.host.host_kernel import HostKernel, Preparation
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.winograd.tiling import Tiling
from fusemlir.lowering.host.winograd.transforms import (
    PATCH,
    RESULTS,
    along_both_axes,
    transform_patch,
)
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import add, multiply


def transformed_patches(
    tiling: Tiling, layout: Layout, padding: tuple[int, ...], lanes: int
) -> Preparation:
    """[tiles, elements of a tile] of an image that lies as `layout` says, its patches
    beginning `padding` before it."""
    types = [
        TensorType(f32, layout.shape),
        TensorType(f32, (tiling.count, tiling.elements)),
    ]

    def build(name: str) -> FuncOp:
        image, patches = Block(arg_types=types).args
        flat = Layout.row_major((tiling.count, tiling.elements))
        layouts: dict[SSAValue, Layout] = {image: layout, patches: flat}
        with HostKernel(name, (image, patches), layouts, UnknownLoc()) as kernel:
            _emit(kernel, tiling, layout, padding, lanes)
        return kernel.function

    volume = tiling.count * tiling.elements
    key = ("winograd", tiling, layout, padding)
    return Preparation(key, "winograd_patches", build, f32, volume)


def _emit(
    kernel: HostKernel,
    tiling: Tiling,
    layout: Layout,
    padding: tuple[int, ...],
    lanes: int,
) -> None:
    image, patches = kernel.buffers.values()
    batch, _, *apart = layout.strides
    down, right = apart
    start = layout.start - sum(map(int.__mul__, padding, apart))
    with loop(*kernel.share(tiling.count)) as tile:
        number, row, column = unraveled(tile, tiling.shape)
        first = add(
            start,
            multiply(number, batch),
            multiply(row, RESULTS * down),
            multiply(column, RESULTS * right),
        )
        written = multiply(tile, tiling.elements)
        with loop(0, tiling.channels, lanes) as channel:
            patch = [
                load_vector(image, add(first, channel, y * down + x * right), lanes)
                for y in range(PATCH)
                for x in range(PATCH)
            ]
            for position, value in enumerate(along_both_axes(transform_patch, patch)):
                place = add(written, channel, position * tiling.channels)
                store_vector(value, patches, place)
