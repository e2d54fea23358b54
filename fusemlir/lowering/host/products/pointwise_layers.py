"""Pointwise layers as a part of a kernel, computed an element at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.lowering.element_conversion import widen
from fusemlir.lowering.host.access import load
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.nests import Walk, walk_of
from fusemlir.lowering.host.pointwise import Read, computed
from fusemlir.lowering.kernel.index_math import Index, add, multiply


@dataclass(frozen=True)
class PointwiseLayers:
    """Layers on what a kernel computes, and on inputs that they read."""

    kernel: HostKernel
    source: SSAValue
    layers: Sequence[LayerOp]
    reads: Sequence[Read]
    constants: Mapping[SSAValue, SSAValue]

    def at(
        self, place: Sequence[Index], element: SSAValue
    ) -> Mapping[SSAValue, SSAValue]:
        """What they make of the source's element at a place, by value of the body."""
        loaded = {
            read: widen(load(self.kernel.buffers[read[0]], place_in(walk, place)))
            for read, walk in zip(self.reads, self._walks, strict=True)
        }
        return computed(self.layers, loaded, {**self.constants, self.source: element})

    @cached_property
    def _walks(self) -> Sequence[Walk]:
        layouts = self.kernel.layouts
        return [walk_of(layouts[value], shape) for value, shape in self.reads]


def place_in(walk: Walk, place: Sequence[Index]) -> Index:
    return add(*map(multiply, place, walk.strides), walk.start)
