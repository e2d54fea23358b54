"""Kernels of concatenations: rows of the result are written part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConcatenationOp
from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.movement import MovementPlan
from fusemlir.lowering.host.movement.strided import StridedCopy, emit_copy, move
from fusemlir.lowering.host.nests import Loop, merged, repeat, share_loops
from fusemlir.lowering.host.plan import Site
from fusemlir.lowering.kernel.index_math import Index, add


@dataclass(frozen=True)
class ConcatenationPlan(MovementPlan[ConcatenationOp]):
    """A lone concatenation."""

    kind = ConcatenationOp

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        """As the first part does that does not lie row-major."""
        shape = shape_of(self.op.output)
        layouts = (inputs[x] for x in self.op.inputs if x in inputs)
        image = next((x for x in layouts if not x.is_row_major), None)
        if image is None:
            return None
        return [Layout(shape, image.order, ((0, 0),) * len(shape))]

    def emit(
        self, kernel: HostKernel, sources: Mapping[SSAValue, SSAValue], site: Site
    ) -> None:
        parts = list(self._parts(site))
        target, order = sources[self.op.output], site.layouts[self.op.output].order
        by_rows = [part for part in parts if part.lies_in(order)]
        if by_rows:
            self._emit_rows(kernel, sources, by_rows, site)
        for part in parts:
            if part not in by_rows:
                copy = StridedCopy.of_loops(part.start, part.loops)
                emit_copy(kernel, sources[part.value], target, copy, site.cpu)

    def _emit_rows(
        self,
        kernel: HostKernel,
        sources: Mapping[SSAValue, SSAValue],
        parts: Sequence[_Part],
        site: Site,
    ) -> None:
        """Each row of the result is written at once, of all that lie as it does."""
        layout, axis = site.layouts[self.op.output], self.op.axis.value.data
        target = sources[self.op.output]
        depth = layout.order.index(axis)
        outer = [
            Loop(
                layout.shape[axis],
                (
                    layout.strides[axis],
                    *(part.loops[axis].steps[0] for part in parts),
                ),
            )
            for axis in layout.order[:depth]
        ]
        starts = [0, *(part.start[0] for part in parts)]
        inner = [
            merged(part.loops[axis] for axis in layout.order[depth:]) for part in parts
        ]

        def visit(places: Sequence[Index]) -> None:
            row, *reads = places
            for part, loops, read in zip(parts, inner, reads, strict=True):
                source = sources[part.value]
                first = [read, add(row, part.start[1])]
                repeat(loops, first, lambda at, x=source: move(x, target, *at))

        share_loops(kernel, merged(outer), starts, visit)

    def _parts(self, site: Site) -> Sequence[_Part]:
        axis, layout = self.op.axis.value.data, site.layouts[self.op.output]
        parts, begin = list[_Part](), 0
        for value in self.op.inputs:
            shape = shape_of(value)
            steps = zip(self.strides(value, site), layout.strides, strict=True)
            loops = tuple(map(Loop, shape, steps))
            first = layout.start + begin * layout.strides[axis]
            if volume(shape):
                parts.append(_Part(value, (self.start(value, site), first), loops))
            begin += shape[axis]
        return parts


@dataclass(frozen=True)
class _Part:
    """An input: loops over its axes, in source and target."""

    value: SSAValue
    start: tuple[int, int]
    loops: tuple[Loop, ...]

    def lies_in(self, order: Sequence[int]) -> bool:
        """Whether its elements follow each other in that order of axes."""
        steps = [
            self.loops[axis].steps[0] for axis in order if self.loops[axis].size > 1
        ]
        return steps == sorted(steps, reverse=True)
