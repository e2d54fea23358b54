"""Depthwise-separable groups: two convolutions of bytes, the first depthwise.

A thread computes lines of the result. The bytes between the convolutions are those of
one line, in memory of its own, and are never seen by others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.elements.separable import Separable, separable_of
from fusemlir.lowering.host.access import local
from fusemlir.lowering.host.depthwise import is_by_channel
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.integer.byte_weighted import ByteWeighted
from fusemlir.lowering.host.integer.part import BytePart
from fusemlir.lowering.host.integer.tiling import ByteTiling
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Layout
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.pointwise import reads_of
from fusemlir.lowering.host.tile_epilogue import Roles
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.kernel_body import KernelBody

MOST_BYTES = 2**18
"""Between the convolutions, of one line: memory of a thread's stack."""


@dataclass(frozen=True)
class ByteSeparablePlan(Plan):
    """A depthwise convolution and one of single pixels after it."""

    between: SSAValue
    """The bytes that the first makes and the second reads."""
    first: ByteWeighted
    second: ByteWeighted

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ByteSeparablePlan | None:
        found = separable_of(body)
        if found is None or not _is_by_pixel(found):
            return None
        between = found.between.output
        first = ByteWeighted(body, found.first, (between,))
        second = ByteWeighted(body, found.second, body.outputs)
        is_known = first.is_known(constants) and second.is_known(constants)
        return cls(body, between, first, second) if is_known else None

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES

    @property
    def images(self) -> frozenset[SSAValue]:
        return super().images | {self.first.image}

    def build(self, name: str, site: Site) -> HostFunction:
        _, channels, *_, columns = shape_of(self.between)
        line = Layout.channels_last((1, channels, 1, columns))
        image = self.first.image
        first = self._first(site.layouts[image], site)
        second = self._second(line, site)
        layouts = {**site.layouts, **first.layouts, **second.layouts}
        layouts[self.between] = line
        types = [*first.table_types, *second.table_types]
        with self.kernel(name, layouts, types) as kernel:
            stage = local(i8, line.volume)
            kernel.buffers[self.between] = stage
            numbers = site.immediates.emit(self.body)
            count = len(first.tables)
            starts = first.ends(kernel, kernel.tables[:count], numbers)
            ends = second.ends(kernel, kernel.tables[count:], numbers)
            makes = first.tiles(kernel, kernel.buffers[image])
            reads = second.tiles(kernel, stage)
            images, lines = makes.product.images, makes.product.lines
            begin, end = kernel.share(images * lines[0])
            with loop(begin, end) as piece:
                at, row = unraveled(piece, (images, lines[0]))
                with loop(0, makes.blocks) as block:
                    makes.emit_line(at, block, [row], *starts)
                with loop(0, reads.blocks) as block:
                    reads.emit_line(at, block, [row], *ends)
        packing = {**first.packing, **second.packing}
        return HostFunction(
            kernel.function,
            packing,
            [*first.tables, *second.tables],
            parts=kernel.parts,
        )

    def _first(self, layout: Layout, site: Site) -> BytePart:
        """Its results are where they are in a line."""
        tiling = ByteTiling.of_weighted(self.first, layout, site.cpu)
        roles = Roles(image=None, line=(), column=FIRST_SPATIAL + 1, feature=1)
        return BytePart(self.first, replace(tiling, roles=roles))

    def _second(self, line: Layout, site: Site) -> BytePart:
        """What it reads is of the line at hand, whichever it is."""
        tiling = ByteTiling.of_weighted(self.second, line, site.cpu)
        product = replace(tiling.product, image_stride=0)
        strides = (0, product.column_stride)
        return BytePart(
            self.second,
            replace(tiling, product=replace(product, strides=strides)),
        )


def _is_by_pixel(found: Separable) -> bool:
    """Whether a line of the result is made of a line of what is between, alone."""
    op, middle = found.following, shape_of(found.between.output)
    pre, post = op.padding_of(middle[FIRST_SPATIAL:])
    reads = reads_of(found.body, found.before)
    return (
        len(middle) == FIRST_SPATIAL + 2
        and is_by_channel(found.depthwise)
        and {op.groups, *op.window, *op.strides} == {1}
        and not any((*pre, *post))
        and middle[1] * middle[-1] <= MOST_BYTES
        and all(shape == middle[1:2] or set(shape) <= {1} for _, shape in reads)
    )
