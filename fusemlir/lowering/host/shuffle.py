"""Kernels of transpositions: elements are gathered in the order of the result."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.lowering.gpu.movement.transposition import source_of
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.plan import LonePlan, Site, Wish
from fusemlir.lowering.kernel.control_flow import loop


@dataclass(frozen=True)
class ShufflePlan(LonePlan[ShuffleOp]):
    """A lone shuffle."""

    kind = ShuffleOp

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    def build(self, name: str, site: Site) -> HostFunction:
        op, (output,) = self.op, self.body.outputs
        with self.kernel(name, site.layouts) as kernel:
            begin, end = kernel.share(site.layouts[output].volume)
            with loop(begin, end) as number:
                value = load(kernel.buffers[op.input], source_of(op, number))
                store(value, kernel.buffers[output], number)
        return HostFunction(kernel.function)
