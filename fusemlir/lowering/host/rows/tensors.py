"""What a kernel of rows reads and writes, element by element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import LayerOp, Shape, element_type_of, shape_of
from fusemlir.dialects.trt.normalization import CHANNEL_AXIS
from fusemlir.lowering.element_conversion import narrow, widen
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import Walk, walk_of
from fusemlir.lowering.host.pointwise import Read, computed, reads_of
from fusemlir.lowering.host.rows.nest import RowNest
from fusemlir.lowering.host.rows.rows import Cursor, Element
from fusemlir.lowering.kernel.index_math import Index
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.source import RowSource


@dataclass(frozen=True)
class RowTensors:
    """The tensors of a body, gone through as the elements of its rows are."""

    source: RowSource
    epilogue: Sequence[LayerOp]
    """Pointwise layers that follow on the result."""
    result: SSAValue
    kept: Mapping[int, int]
    """By axis of the source that the result has, which of its own that is."""
    layouts: Mapping[SSAValue, Layout]
    operands: Sequence[SSAValue] = ()
    """What else is read where the result is, broadcast to it."""

    @property
    def body(self) -> KernelBody:
        return self.source.body

    @property
    def shape(self) -> Shape:
        """Of the source."""
        return shape_of(self.source.value)

    @cached_property
    def before(self) -> list[Read]:
        """What the source is made of."""
        source = self.source
        if source.shuffle is not None:
            moved = source.shuffle.input
            others = _reads(self.body, source.layers)
            return [(moved, shape_of(moved)), *others]
        if source.value in self.body.inputs:
            return [(source.value, self.shape)]
        return _reads(self.body, source.layers)

    @cached_property
    def beside(self) -> list[Read]:
        """The operands that are inputs."""
        inputs = self.body.inputs
        return [(v, shape_of(v)) for v in self.operands if v in inputs]

    @cached_property
    def after(self) -> list[Read]:
        """What the layers read that follow."""
        return reads_of(self.body, self.epilogue)

    @cached_property
    def walks(self) -> list[Walk]:
        """Of what is read before, beside and after, and of the outputs, along the
        source's axes."""
        before = [self._ordered(*read) for read in self.before]
        written = [(value, shape_of(value)) for value in self.body.outputs]
        others = [
            self._spread(walk_of(self.layouts[value], shape))
            for value, shape in (*self.beside, *self.after, *written)
        ]
        return [*before, *others]

    def nest(self, along: Sequence[int], split: Shape | None = None) -> RowNest:
        """Loops over rows along those axes, of the source's shape or of `split`, which
        has its channels in groups."""
        sizes = self.shape if split is None else split
        row_major = Layout.row_major(self.shape)
        wholes = (walk for walk in self.walks if self._is_whole(walk))
        leader = next(wholes, walk_of(row_major, self.shape))
        walks = [leader, *self.walks]
        if len(sizes) > len(self.shape):
            walks = [_grouped(walk, sizes[CHANNEL_AXIS + 1]) for walk in walks]
        leader, *walks = walks
        return RowNest.of_walks(sizes, walks, along, leader)

    def _ordered(self, value: SSAValue, shape: Shape) -> Walk:
        walk, shuffle = walk_of(self.layouts[value], shape), self.source.shuffle
        if shuffle is None or value is not shuffle.input:
            return walk
        return Walk(walk.start, tuple(walk.strides[at] for at in self.source.order))

    def _spread(self, walk: Walk) -> Walk:
        """A walk of the result, which stays where it is along a row that is folded."""
        strides = (
            walk.strides[self.kept[axis]] if axis in self.kept else 0
            for axis in range(len(self.shape))
        )
        return Walk(walk.start, tuple(strides))

    def _is_whole(self, walk: Walk) -> bool:
        pairs = zip(walk.strides, self.shape, strict=True)
        return all(stride for stride, size in pairs if size != 1)


@dataclass(frozen=True)
class RowElements:
    """Writes what is read and written for one element or row."""

    tensors: RowTensors
    buffers: Mapping[SSAValue, SSAValue]
    constants: Mapping[SSAValue, SSAValue]

    def source(self, at: Cursor) -> SSAValue:
        """The element of the source."""
        tensors = self.tensors
        source, known = tensors.source, dict(self.constants)
        loaded = self._loaded(tensors.before, at.places)
        if source.shuffle is not None:
            moved = source.shuffle.input
            known[source.shuffle.output] = loaded[moved, shape_of(moved)]
        return computed(source.layers, loaded, known)[source.value]

    def operand(self, value: SSAValue, at: Cursor) -> SSAValue:
        """One of the operands beside the source."""
        if value in self.constants:
            return self.constants[value]
        number = self.tensors.beside.index((value, shape_of(value)))
        place = at.places[len(self.tensors.before) + number]
        return widen(load(self.buffers[value], place))

    def finish(self, result: SSAValue, at: Cursor) -> None:
        """Compute the layers that follow, and store all outputs."""
        tensors = self.tensors
        first = len(tensors.before) + len(tensors.beside)
        loaded = self._loaded(tensors.after, at.places[first:])
        known = {**self.constants, tensors.result: result}
        values = computed(tensors.epilogue, loaded, known)
        places = at.places[first + len(tensors.after) :]
        for output, place in zip(tensors.body.outputs, places, strict=True):
            value = narrow(values[output], element_type_of(output))
            store(value, self.buffers[output], place)

    def held(self, element: Element) -> tuple[Element, Element]:
        """The element as it is computed first, and as it is read again: from where an
        output will be, if that can hold it; else it is computed again."""
        outputs = self.tensors.body.outputs
        number = next(
            (n for n, v in enumerate(outputs) if element_type_of(v) == f32), None
        )
        if number is None:
            return element, element
        buffer = self.buffers[outputs[number]]
        which = number - len(outputs)

        def hold(at: Cursor) -> SSAValue:
            value = element(at)
            store(value, buffer, at.places[which])
            return value

        return hold, lambda at: load(buffer, at.places[which])

    def held_source(self) -> tuple[Element, Element]:
        """The same of the source; of an input, that itself."""
        if not self.tensors.source.layers:
            return self.source, self.source
        return self.held(self.source)

    def _loaded(
        self, reads: Sequence[Read], places: Sequence[Index]
    ) -> dict[Read, SSAValue]:
        pairs = zip(reads, places, strict=False)
        return {
            read: widen(load(self.buffers[read[0]], place)) for read, place in pairs
        }


def _reads(body: KernelBody, layers: Sequence[LayerOp]) -> list[Read]:
    """What layers read of the inputs, and nothing that is only passed on."""
    operands = {operand for layer in layers for operand in layer.operands}
    return [read for read in reads_of(body, layers) if read[0] in operands]


def _grouped(walk: Walk, channels: int) -> Walk:
    """With groups of so many channels as an axis of their own before these."""
    *before, step = walk.strides[: CHANNEL_AXIS + 1]
    behind = walk.strides[CHANNEL_AXIS + 1 :]
    return Walk(walk.start, (*before, step * channels, step, *behind))
