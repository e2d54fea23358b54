"""Pointwise layers on neighbouring elements, which are moved 16 bytes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    shape_of,
    volume,
)
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.element import Element, aligned_shapes, flat
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.schedules.pointwise import PointwiseSchedule
from fusemlir.lowering.gpu.vector_access import load, store
from fusemlir.lowering.kernel.index_math import Index, add, as_value
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import Position, merge_axes


def most_at_once(body: KernelBody) -> int:
    """How many neighbours of the outputs a thread should compute at once."""
    return choose_schedule(body).elements


def choose_schedule(body: KernelBody) -> PointwiseSchedule:
    """For the elements of the outputs, and of what is of their shape."""
    tensors = (*body.inputs, *body.outputs)
    same = [tensor for tensor in tensors if shape_of(tensor) in body.output_shapes]
    widest = max(element_bytes(element_type_of(tensor)) for tensor in same)
    total = volume(shape_of(body.outputs[0]))
    return PointwiseSchedule.choose(total, widest, len(body.layers))


@dataclass(frozen=True)
class Neighbours:
    """Writes what a thread does with some neighbouring elements, of every output if no
    other shape is given."""

    kernel: BlockKernel
    layers: Sequence[LayerOp]
    """Pointwise layers between what is given or an input, and what is computed."""
    constants: Mapping[SSAValue, SSAValue]
    """By value of the body, what is the same for all elements."""
    other_shape: Shape | None = None

    def compute(
        self,
        first: SSAValue,
        count: int,
        given: Mapping[SSAValue, Sequence[SSAValue]] | None = None,
    ) -> None:
        """Load, compute and store `count` elements from the `first` on.

        `given` are those of values of the body that something else has computed.
        """
        results = self.elements(first, count, given or {})
        for output in self.kernel.body.outputs:
            values = [element.values[output] for element in results]
            self._store(values, output, first)

    def elements(
        self, first: SSAValue, count: int, given: Mapping[SSAValue, Sequence[SSAValue]]
    ) -> list[Element]:
        """Load and compute, so that the elements have all values of the body."""
        loaded = self._load_all(first, count)
        results: list[Element] = []
        for lane in range(count):
            known = {value: lanes[lane] for value, lanes in given.items()}
            element = Element(
                Position((self.total,), first),
                self.kernel.buffers,
                {**self.constants, **known},
                {key: values[lane] for key, values in loaded.items()},
            )
            for layer in self.layers:
                element.compute(layer)
            results.append(element)
        return results

    def input(self, value: SSAValue, first: SSAValue, count: int) -> list[SSAValue]:
        """Elements of an input, which is of the shape or broadcast to it."""
        shape = shape_of(value)
        return self._load(value, shape, first, count, merge_axes(self.shape, [shape]))

    @property
    def shape(self) -> Shape:
        if self.other_shape is not None:
            return self.other_shape
        return shape_of(self.kernel.body.outputs[0])

    @property
    def total(self) -> int:
        return volume(self.shape)

    def _store(self, values: list[SSAValue], output: SSAValue, first: Index) -> None:
        buffer = flat(self.kernel.buffers[output])
        store(values, buffer, [first] if shape_of(output) else [])

    def _load_all(
        self, first: SSAValue, count: int
    ) -> dict[tuple[SSAValue, Shape], list[SSAValue]]:
        """What layers read of the inputs, by tensor and the shape it is read in."""
        read = {
            (operand, shape): None
            for layer in self.layers
            for operand, shape in zip(
                layer.operands, aligned_shapes(layer), strict=True
            )
            if operand in self.kernel.body.inputs
        }
        merged = merge_axes(self.shape, [shape for _, shape in read])
        return {
            (value, shape): self._load(value, shape, first, count, merged)
            for value, shape in read
        }

    def _load(
        self,
        value: SSAValue,
        shape: Shape,
        first: SSAValue,
        count: int,
        merged: Mapping[Shape, Shape],
    ) -> list[SSAValue]:
        """`count` elements of a tensor that is broadcast from `shape`."""
        buffer = flat(self.kernel.buffers[value])

        def at(offset: Index) -> list[Index]:
            return [offset] if shape_of(value) else []

        def place(lane: int) -> Index:
            position = Position(self.shape, as_value(add(first, lane)), merged)
            return position.offset(shape)

        if volume(shape) == 1:
            return load(buffer, at(0)) * count
        if shape == self.shape:
            return load(buffer, at(first), count)
        if merged[self.shape][-1] % count:
            return [load(buffer, at(place(lane)))[0] for lane in range(count)]
        if merged[shape][-1] == 1:
            return load(buffer, at(place(0))) * count
        return load(buffer, at(place(0)), count)
