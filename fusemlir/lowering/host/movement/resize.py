"""Kernels of resizes, which read images as they lie.

Where its channels are innermost, what a pixel is made of is found once for all of its
channels, and these are vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import i8
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Block, SSAValue

from fusemlir.dialects.trt import ResizeOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of, volume
from fusemlir.dialects.trt.resize import Line
from fusemlir.lowering.element_conversion import narrow, widen
from fusemlir.lowering.elements.resize import Tap, blended, taps_along, taps_of
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.movement import MovementPlan
from fusemlir.lowering.host.movement.phases import Phases
from fusemlir.lowering.host.movement.tap_table import MOST_POSITIONS, TapTable
from fusemlir.lowering.host.nests import Loop, merged, share_loops
from fusemlir.lowering.host.plan import Site, Wish, is_image_shape
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, multiply

FEW_ROWS = 8
"""For which a table does not pay."""


class ResizePlan(MovementPlan[ResizeOp]):
    """A lone resize, of tensors of any rank and type."""

    kind = ResizeOp

    @property
    def wish(self) -> Wish:
        """Images, between kernels of images; what the network gives is written as it
        is given where that is more than what is read."""
        op = self.op
        is_number = (
            is_float(element_type_of(op.input)) or element_type_of(op.input) == i8
        )
        if not (is_number and is_image_shape(shape_of(op.input))):
            return Wish.ROW_MAJOR
        grows = volume(shape_of(op.output)) >= volume(shape_of(op.input))
        users = [use.operation for use in op.output.uses]
        if grows and all(isinstance(user, ReturnOp) for user in users):
            return Wish.ROW_MAJOR
        return Wish.ROW_MAJOR if isinstance(op.input.owner, Block) else Wish.IMAGES

    @property
    def images(self) -> frozenset[SSAValue]:
        return frozenset({self.op.input})

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        layout = inputs[self.op.input]
        if layout.is_row_major or is_image_shape(layout.shape):
            return None
        shape = shape_of(self.op.output)
        return [Layout(shape, layout.order, ((0, 0),) * len(shape))]

    def emit(
        self, kernel: HostKernel, sources: Mapping[SSAValue, SSAValue], site: Site
    ) -> None:
        op = self.op
        written, read = (site.layouts[value] for value in (op.output, op.input))
        if not written.volume:
            return
        resize = _Resize(op, sources[op.input], sources[op.output], read, written)
        places = [written.start, read.start, *(0 for _ in resize.counted)]
        table = resize.table()
        share_loops(
            kernel, merged(resize.loops), places, lambda at: resize.row(at, table)
        )


@dataclass(frozen=True)
class _Resize:
    """Rows of the result, in the order in which it lies."""

    op: ResizeOp
    source: SSAValue
    target: SSAValue
    read: Layout
    written: Layout

    @cached_property
    def lines(self) -> tuple[Line | None, ...]:
        return self.op.lines(self.read.shape)

    @cached_property
    def inner(self) -> int | None:
        """The axis along which rows lie; None of a single element."""
        axes = reversed(self.written.order)
        return next((axis for axis in axes if self.written.shape[axis] > 1), None)

    @property
    def outer(self) -> list[int]:
        return [axis for axis in self.written.order if axis != self.inner]

    @cached_property
    def counted(self) -> list[int]:
        """The axes that are resized, of which the number of a row is asked."""
        return [axis for axis in self.outer if self.lines[axis] is not None]

    @property
    def loops(self) -> list[Loop]:
        """Over rows: their places in the result and in the input, and the numbers."""
        return [
            Loop(
                self.written.shape[axis],
                (
                    self.written.strides[axis],
                    0 if axis in self.counted else self.read.strides[axis],
                    *(int(axis == other) for other in self.counted),
                ),
            )
            for axis in self.outer
        ]

    @property
    def line(self) -> Line | None:
        """How rows are read; None where they are no others than those of the input."""
        return None if self.inner is None else self.lines[self.inner]

    def table(self) -> TapTable | None:
        """Of a row, where what is read along it does not recur."""
        line = self.line
        if line is None or Phases.of_line(self.op, line) is not None:
            return None
        rows = self.written.volume // line.size
        if rows < FEW_ROWS or line.size > MOST_POSITIONS:
            return None
        return TapTable.filled(self.op, line)

    def row(self, places: Sequence[Index], table: TapTable | None) -> None:
        written, first, *numbers = places
        at: list[Index | None] = [None] * len(self.lines)
        for axis, number in zip(self.counted, numbers, strict=True):
            at[axis] = number
        row = _Row(self, taps_of(self.op, at, self.read.strides), first, written)
        if self.inner is None:
            row.element([Tap(0)], 0)
        elif self.line is None:
            with loop(0, self.written.shape[self.inner]) as turn:
                row.element([Tap(turn)], turn)
        elif table is not None:
            with loop(0, self.line.size) as place:
                row.element(table.taps(place), place)
        else:
            self._resized(row, self.line)

    def _resized(self, row: _Row, line: Line) -> None:
        """A row, of which all but the ends recurs where it is some times as long."""
        begin = end = 0
        phases = Phases.of_line(self.op, line)
        if phases is not None:
            begin, end = (turn * phases.count for turn in phases.inside)
            with loop(*phases.inside) as turn:
                for phase in range(phases.count):
                    place = add(multiply(turn, phases.count), phase)
                    row.element(phases.taps(turn, phase), place)
        for first, last in ((0, begin), (end, line.size)):
            if first < last:
                with loop(first, last) as place:
                    row.element(taps_along(self.op, line, place), place)


@dataclass(frozen=True)
class _Row:
    """One row of a result."""

    of: _Resize
    across: Sequence[Tap]
    """What is read along the other axes."""
    first: Index
    written: Index

    def element(self, along: Sequence[Tap], place: Index) -> None:
        """The one at `place`, made of what is read along the row."""
        apart, step = (
            1 if self.of.inner is None else layout.strides[self.of.inner]
            for layout in (self.of.read, self.of.written)
        )
        taps = [a.times(b.apart(apart)) for a in self.across for b in along]
        read = [load(self.of.source, add(self.first, tap.place)) for tap in taps]
        to = add(self.written, multiply(place, step))
        if len(taps) == 1 and taps[0].weight is None:
            store(read[0], self.of.target, to)
            return
        result = blended(taps, [widen(x) for x in read])
        store(narrow(result, element_type_of(self.of.op.output)), self.of.target, to)
