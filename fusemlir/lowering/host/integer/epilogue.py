"""What becomes of a tile of sums of bytes: numbers, bytes again, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import QuantizeOp
from fusemlir.lowering.elements.scaling import clamped, level
from fusemlir.lowering.host.access import load, local
from fusemlir.lowering.host.direct_product import Sums, Tile
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.integer.byte_weighted import ByteWeighted
from fusemlir.lowering.host.integer.tiling import ByteTiling
from fusemlir.lowering.host.pointwise import computed, reads_of
from fusemlir.lowering.host.tile_epilogue import TileEpilogue
from fusemlir.lowering.kernel.index_math import Index, add, multiply


@dataclass
class ByteEpilogue(TileEpilogue):
    """Of a tile put aside, element by element, which LLVM makes vectors of."""

    bytes: ByteWeighted
    factors: Mapping[SSAValue, SSAValue]
    """Tables of what sums are multiplied by, by the results that they become."""

    @staticmethod
    def of_bytes(
        kernel: HostKernel,
        weighted: ByteWeighted,
        tiling: ByteTiling,
        constants: Mapping[SSAValue, SSAValue],
        factors: Mapping[SSAValue, SSAValue],
    ) -> ByteEpilogue:
        schedule, layers = tiling.schedule, weighted.layers
        size = schedule.pixels * schedule.features
        return ByteEpilogue(
            kernel,
            weighted,
            tiling.roles,
            schedule,
            tiling.product,
            constants,
            layers,
            reads_of(weighted.body, layers),
            local(i32, size),
            weighted,
            factors,
        )

    def finish(self, tile: Tile, sums: Sums) -> None:
        assert self.stage is not None
        self._finish_elements(tile, sums, self.stage)

    def _element(
        self, tile: Tile, feature: Index, total: SSAValue, given: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        place = add(multiply(tile.block, self.schedule.features), feature)
        real = arith.SIToFPOp(total, f32).result
        known = dict(self.constants)
        for result, table in self.factors.items():
            value = arith.MulfOp(real, load(table, place)).result
            made = result.owner
            known[result] = (
                self._level(made, value) if isinstance(made, QuantizeOp) else value
            )
        loaded = dict(zip(self.reads, given, strict=True))
        values = computed(self.layers, loaded, known)
        return [values[output] for output in self.weighted.outputs]

    def _level(self, op: QuantizeOp, steps: SSAValue) -> SSAValue:
        levels = [level(steps)]
        scale = self.constants.get(op.scale) or self.kernel.buffers[op.scale]
        for clamp in self.bytes.clamps(op):
            number = scale if scale.type == f32 else load(scale, 0)
            levels = clamped(levels, clamp, number)
        return levels[0]
