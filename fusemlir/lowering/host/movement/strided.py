"""Copies between buffers in which elements lie along the same axes, however far apart.

Runs that lie side by side on both sides are loops that LLVM makes vectors of. Where
neighbours on one side are far apart on the other, tiles go through registers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.movement.tiles import TILE, Tiling
from fusemlir.lowering.host.nests import Loop, merged, share_loops
from fusemlir.lowering.host.schedules import HostCpuShape
from fusemlir.lowering.kernel.index_math import Index

F32_BYTES = 4

FEW = 4
"""Elements of a run that is written or read in straight code, others between them."""


@dataclass(frozen=True)
class StridedCopy:
    """Which elements go where: `start` and the loops' steps are of source, target."""

    start: tuple[int, int]
    loops: tuple[Loop, ...]
    """As few as will do, those outermost whose targets are farthest apart."""

    @staticmethod
    def of_loops(start: tuple[int, int], loops: Iterable[Loop]) -> StridedCopy:
        ordered = sorted(loops, key=lambda turns: -turns.steps[1])
        return StridedCopy(start, tuple(merged(ordered)))

    @property
    def is_empty(self) -> bool:
        return any(turns.size == 0 for turns in self.loops)

    @property
    def turned(self) -> tuple[Loop, Loop] | None:
        """The loops along which sources and targets lie side by side, where there are
        two and both have several turns."""
        reads = [turns for turns in self.loops if turns.steps[0] == 1]
        writes = [turns for turns in self.loops if turns.steps[1] == 1]
        if not reads or not writes or reads[0] is writes[0]:
            return None
        return reads[0], writes[0]

    def without(self, *loops: Loop) -> list[Loop]:
        return [turns for turns in self.loops if turns not in loops]


def emit_copy(
    kernel: HostKernel,
    source: SSAValue,
    target: SSAValue,
    copy: StridedCopy,
    cpu: HostCpuShape,
) -> None:
    """This thread's share of a copy; a source that is no buffer is put everywhere."""
    if copy.is_empty:
        return
    turned = copy.turned
    if turned is None:
        share_loops(
            kernel, copy.loops, copy.start, lambda at: move(source, target, *at)
        )
        return
    reads, writes = turned
    if min(reads.size, writes.size) > FEW:
        outer, step = copy.without(reads, writes), _tile(target, cpu)
        tiling = Tiling(reads, writes, min(step, _tile_of(reads), _tile_of(writes)))
        tiling.emit(kernel, source, target, outer, copy.start)
        return
    few = min(reads, writes, key=lambda turns: turns.size)
    long = writes if few is reads else reads

    def straight(at: Sequence[Index]) -> None:
        for turn in range(few.size):
            move(source, target, *few.from_places(at, turn))

    share_loops(kernel, [*copy.without(few, long), long], copy.start, straight)


def move(source: SSAValue, target: SSAValue, read: Index, written: Index) -> None:
    """One element, as it is stored."""
    is_buffer = isinstance(source.type, MemRefType)
    store(load(source, read) if is_buffer else source, target, written)


def _tile(buffer: SSAValue, cpu: HostCpuShape) -> int:
    """How many elements a register holds, of those that a tile may have."""
    assert isa(buffer.type, MemRefType)
    bytes = element_bytes(buffer.type.element_type)
    return min(TILE, cpu.lanes * F32_BYTES // bytes)


def _tile_of(turns: Loop) -> int:
    """The greatest power of two that is not above a loop's turns."""
    return 1 << turns.size.bit_length() - 1
