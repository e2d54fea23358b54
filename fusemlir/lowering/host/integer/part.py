"""A contraction of bytes as the whole or a part of a kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import MemRefType, f32, i32
from xdsl.ir import SSAValue

from fusemlir.lowering.host.access import load_vector
from fusemlir.lowering.host.depthwise import DepthwiseKernel, is_by_channel
from fusemlir.lowering.host.direct_product import (
    DirectKernel,
    Finish,
    Start,
    Sums,
    Tile,
)
from fusemlir.lowering.host.host_kernel import HostKernel, Packing, Table
from fusemlir.lowering.host.integer.byte_weighted import ByteWeighted
from fusemlir.lowering.host.integer.epilogue import ByteEpilogue
from fusemlir.lowering.host.integer.tables import FeatureTables
from fusemlir.lowering.host.integer.tiling import ByteTiling
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.packing import packed_kernel
from fusemlir.lowering.kernel.index_math import add, multiply

I32_BYTES = 4


@dataclass(frozen=True)
class BytePart:
    weighted: ByteWeighted
    tiling: ByteTiling

    @cached_property
    def _tables(self) -> FeatureTables:
        product, schedule = self.tiling.product, self.tiling.schedule
        excess = self.tiling.arithmetic.excess
        return FeatureTables(self.weighted, product.groups, schedule.features, excess)

    @cached_property
    def _factors(self) -> Mapping[SSAValue, Table]:
        return self._tables.factors()

    @property
    def tables(self) -> Sequence[Table]:
        """What a kernel is given for it beside its inputs and outputs."""
        return [self._tables.start(), *self._factors.values()]

    @property
    def table_types(self) -> Sequence[MemRefType]:
        count = (self.tiling.features,)
        return [MemRefType(i32, count), *[MemRefType(f32, count)] * len(self._factors)]

    @property
    def packing(self) -> dict[int, Packing]:
        found, tiling = self.weighted, self.tiling
        groups, width = tiling.product.groups, tiling.schedule.features
        depth = tiling.arithmetic.depth
        return {
            found.body.inputs.index(found.kernel): lambda kernel: packed_kernel(
                found.as_convolution(kernel), groups, width, depth
            )
        }

    @property
    def layouts(self) -> dict[SSAValue, Layout]:
        """Of the packed weights."""
        return {self.weighted.kernel: Layout.row_major((self.tiling.weights,))}

    def tiles(self, kernel: HostKernel, image: SSAValue) -> DirectKernel:
        kind = DepthwiseKernel if is_by_channel(self.weighted.op) else DirectKernel
        tiling = self.tiling
        weights = kernel.buffers[self.weighted.kernel]
        return kind(
            kernel, tiling.product, tiling.schedule, tiling.arithmetic, image, weights
        )

    def ends(
        self,
        kernel: HostKernel,
        tables: Sequence[SSAValue],
        numbers: Mapping[SSAValue, SSAValue],
    ) -> tuple[Start, Finish]:
        """What sums begin with, and what becomes of them, given the tables."""
        first, *given = tables
        factors = dict(zip(self._factors, given, strict=True))
        epilogue = ByteEpilogue.of_bytes(
            kernel, self.weighted, self.tiling, numbers, factors
        )
        return lambda tile: self._start(tile, first), epilogue.finish

    def _start(self, tile: Tile, table: SSAValue) -> Sums:
        """One number a feature."""
        schedule = self.tiling.schedule
        lanes = schedule.lanes
        first = multiply(tile.block, schedule.features)
        given = [
            load_vector(table, add(first, number * lanes), lanes, lanes * I32_BYTES)
            for number in range(schedule.vectors)
        ]
        return given * tile.pixels
