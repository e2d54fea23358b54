"""Convolutions and products of bytes with constant weights, and what follows them.

All is to the bit what `fusemlir.reference.quantized` says. Sums begin with the bias;
what they become is computed on a tile of them that was put aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.integer.byte_weighted import ByteWeighted
from fusemlir.lowering.host.integer.part import BytePart
from fusemlir.lowering.host.integer.tiling import ByteTiling
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.host.schedules import Choices, TileSchedule
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class ByteConvolutionPlan(Plan):
    """A contraction of bytes with constant weights and scales."""

    weighted: ByteWeighted

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ByteConvolutionPlan | None:
        weighted = ByteWeighted.of_body(body, constants)
        return None if weighted is None else cls(body, weighted)

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES if self.weighted.is_image else Wish.ROW_MAJOR

    @property
    def images(self) -> frozenset[SSAValue]:
        return super().images | {self.weighted.image}

    def choices(self, site: Site) -> Choices[TileSchedule]:
        return self._tiling(site).choices

    def _tiling(self, site: Site) -> ByteTiling:
        layout = site.layouts[self.weighted.image]
        return ByteTiling.of_weighted(self.weighted, layout, site.cpu)

    def build(self, name: str, site: Site) -> HostFunction:
        found, layouts, tiling = self.weighted, site.layouts, self._tiling(site)
        part = BytePart(found, tiling)
        packed = {**layouts, **part.layouts}
        with self.kernel(name, packed, part.table_types) as kernel:
            numbers = site.immediates.emit(self.body)
            ends = part.ends(kernel, kernel.tables, numbers)
            part.tiles(kernel, kernel.buffers[found.image]).emit(*ends)
        return HostFunction(
            kernel.function, part.packing, part.tables, parts=kernel.parts
        )
