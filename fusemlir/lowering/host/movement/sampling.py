"""Kernels of slices and paddings, of which each mode says what is past the ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PaddingOp, SliceOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.lowering.element_conversion import constant, narrow
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.movement import MovementPlan
from fusemlir.lowering.host.movement.strided import StridedCopy, emit_copy, move
from fusemlir.lowering.host.nests import Loop, share_loops
from fusemlir.lowering.host.plan import LayerT, Site
from fusemlir.lowering.kernel.control_flow import if_else, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    is_below,
    multiply,
)
from fusemlir.lowering.movement.sampling import Axis, dimensions_of, is_defined, mode_of


@dataclass(frozen=True)
class SamplingPlan(MovementPlan[LayerT]):
    """A lone layer that takes a box of its input, and what is around it."""

    @property
    def sampled(self) -> PaddingOp | SliceOp:
        op = self.body.layers[0]
        assert isinstance(op, PaddingOp | SliceOp)
        return op

    @property
    def is_taken(self) -> bool:
        return is_defined(self.sampled)

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        op = self.sampled
        layout = inputs.get(op.input)
        if layout is None or layout.is_row_major:
            return None
        shape = shape_of(op.output)
        return [Layout(shape, layout.order, ((0, 0),) * len(shape))]

    def emit(
        self, kernel: HostKernel, sources: Mapping[SSAValue, SSAValue], site: Site
    ) -> None:
        op = self.sampled
        layout = site.layouts[op.output]
        strides = self.strides(op.input, site), layout.strides
        start = self.start(op.input, site), layout.start
        axes = [
            _SampledAxis(axis, read, written)
            for axis, read, written in zip(dimensions_of(op), *strides, strict=True)
        ]
        source, target = sources[op.input], sources[op.output]
        if not any(axis.of.may_leave for axis in axes):
            first = start[0] + sum(axis.of.start * axis.read for axis in axes)
            loops = [axis.loop for axis in axes]
            copy = StridedCopy.of_loops((first, start[1]), loops)
            emit_copy(kernel, source, target, copy, site.cpu)
        elif layout.volume:
            ordered = [axes[axis] for axis in layout.order if axes[axis].of.size > 1]
            fixed = [axis for axis in axes if axis.of.size == 1]
            box = _Box(mode_of(op), source, target, self._fill(sources))
            box.emit(kernel, [*fixed, *ordered], start)

    def _fill(self, sources: Mapping[SSAValue, SSAValue]) -> SSAValue:
        """The element that is everywhere outside."""
        op = self.sampled
        if isinstance(op, SliceOp) and op.fill is not None:
            value = sources[op.fill]
            return load(value, 0) if isinstance(value.type, MemRefType) else value
        element = element_type_of(op.input)
        return narrow(constant(0, element), element)


class SlicePlan(SamplingPlan[SliceOp]):
    """A lone slice."""

    kind = SliceOp


class PaddingPlan(SamplingPlan[PaddingOp]):
    """A lone padding."""

    kind = PaddingOp


@dataclass(frozen=True)
class _SampledAxis:
    """An axis of a result, and how far apart neighbours are in source and target."""

    of: Axis
    read: int
    written: int

    @property
    def loop(self) -> Loop:
        return Loop(self.of.size, (self.of.stride * self.read, self.written))

    @property
    def inside(self) -> tuple[int, int]:
        """From which place on and up to which the source has what is read."""
        axis, last = self.of, self.of.dim - 1
        if axis.stride == 0:
            return (0, axis.size) if 0 <= axis.start <= last else (0, 0)
        ends = -axis.start / axis.stride, (last - axis.start) / axis.stride
        begin, end = ceil(min(ends)), floor(max(ends)) + 1
        begin = min(max(begin, 0), axis.size)
        return begin, min(max(end, begin), axis.size)


@dataclass(frozen=True)
class _Box:
    """Moves what is inside of the source, and what its mode puts around."""

    mode: SampleMode
    source: SSAValue
    target: SSAValue
    fill: SSAValue

    def emit(
        self,
        kernel: HostKernel,
        axes: Sequence[_SampledAxis],
        start: tuple[int, int],
    ) -> None:
        """Loops over all axes but the last one are the same for all rows; along that
        one it is known where the source ends."""
        *outer, row = axes
        loops = [
            Loop(
                axis.of.size,
                (axis.written, *(int(other is axis) for other in outer)),
            )
            for axis in outer
        ]

        def visit(places: Sequence[Index]) -> None:
            written, *at = places
            self._row(outer, row, at, start[0], written)

        share_loops(kernel, loops, [start[1], *(0 for _ in outer)], visit)

    def _row(
        self,
        outer: Sequence[_SampledAxis],
        row: _SampledAxis,
        at: Sequence[Index],
        start: Index,
        written: Index,
    ) -> None:
        reads = [
            axis.of.read(as_value(place), self.mode)
            for axis, place in zip(outer, at, strict=True)
        ]
        pairs = zip(outer, reads, strict=True)
        place = add(start, *(multiply(read, axis.read) for axis, read in pairs))
        if self.mode != SampleMode.FILL:
            self._parts(row, place, written)
            return
        inside = every(
            is_below(read, axis.of.dim)
            for axis, read in zip(outer, reads, strict=True)
            if axis.of.may_leave
        )
        if inside is None:
            self._parts(row, place, written)
            return

        def moved() -> list[SSAValue]:
            self._parts(row, place, written)
            return []

        def filled() -> list[SSAValue]:
            self._outside(row, place, written, 0, row.of.size)
            return []

        if_else(inside, moved, filled)

    def _parts(self, row: _SampledAxis, place: Index, written: Index) -> None:
        """Of a row that is read from `place` on, but for its own start."""
        begin, end = row.inside
        self._outside(row, place, written, 0, begin)
        first = add(place, row.of.start * row.read)
        with loop(begin, end) as turn:
            move(
                self.source, self.target, *row.loop.from_places([first, written], turn)
            )
        self._outside(row, place, written, end, row.of.size)

    def _outside(
        self, row: _SampledAxis, place: Index, written: Index, begin: int, end: int
    ) -> None:
        if begin == end:
            return
        with loop(begin, end) as turn:
            target = add(written, multiply(turn, row.written))
            if self.mode == SampleMode.FILL:
                store(self.fill, self.target, target)
            else:
                read = multiply(row.of.read(turn, self.mode), row.read)
                move(self.source, self.target, add(place, read), target)
