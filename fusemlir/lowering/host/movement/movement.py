"""Plans of layers that only move elements, which read images as they lie.

A result lies as what it is made of does, so that none is brought into another order
but for those that read it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import narrow
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.plan import LayerT, LonePlan, Site, Wish


@dataclass(frozen=True)
class MovementPlan(LonePlan[LayerT]):
    """A lone layer that moves elements."""

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    @abstractmethod
    def outputs_of(
        self, inputs: Mapping[SSAValue, Layout]
    ) -> Sequence[Layout] | None: ...

    def build(self, name: str, site: Site) -> HostFunction:
        with self.kernel(name, site.layouts) as kernel:
            constants = {
                value: narrow(number, element_type_of(value))
                for value, number in site.immediates.emit(self.body).items()
            }
            self.emit(kernel, {**kernel.buffers, **constants}, site)
        return HostFunction(kernel.function)

    @abstractmethod
    def emit(
        self, kernel: HostKernel, sources: Mapping[SSAValue, SSAValue], site: Site
    ) -> None:
        """Write the kernel; `sources` are buffers, and elements that are constants."""

    def strides(self, value: SSAValue, site: Site) -> tuple[int, ...]:
        """How far apart neighbours are, by axis: of a constant all are the same."""
        layout = site.layouts.get(value)
        if layout is None:
            return (0,) * len(shape_of(value))
        return layout.strides

    def start(self, value: SSAValue, site: Site) -> int:
        layout = site.layouts.get(value)
        return 0 if layout is None else layout.start
