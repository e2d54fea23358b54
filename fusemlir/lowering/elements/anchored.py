"""Elements of an anchor, and of the pointwise layers around it.

What the anchor reads may be made by pointwise layers, which are computed at each
element that it reads; pointwise layers follow on its result and on other inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import LayerOp, Shape, shape_of
from fusemlir.lowering.element_conversion import widen
from fusemlir.lowering.elements.element import (
    Element,
    EmitElement,
    aligned_shapes,
    load,
)
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, as_value, linear
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import Position
from fusemlir.lowering.scalar import emit_layer, has_scalar_form


@dataclass(frozen=True)
class Operands:
    """Elements of what the anchor reads.

    `buffers` are the memrefs of inputs, `values` the scalars that stand for constants.
    """

    buffers: Mapping[SSAValue, SSAValue]
    values: Mapping[SSAValue, SSAValue]

    def at(
        self, value: SSAValue, place: Sequence[Index], shape: Shape | None = None
    ) -> SSAValue:
        """The element of `value` at `place`, in the type that is computed in.

        Of what is broadcast to the place, `shape` is the shape in which it is.
        """
        if value in self.values:
            return self.values[value]
        if value in self.buffers:
            buffer = self.buffers[value]
            if shape is None:
                indices = [as_value(coordinate) for coordinate in place]
                return widen(memref.LoadOp.get(buffer, indices).res)
            return load(buffer, as_value(linear(list(place), shape)))
        layer = value.owner
        assert isinstance(layer, LayerOp)
        pairs = zip(layer.operands, aligned_shapes(layer), strict=True)
        operands = [self.at(operand, place, aligned) for operand, aligned in pairs]
        return emit_layer(layer, operands)


EmitAnchor = Callable[[Operands, Sequence[SSAValue]], SSAValue]
"""The anchor's element at given coordinates of its result."""


def is_anchored(body: KernelBody, *anchors: type[LayerOp]) -> bool:
    """Whether the anchor is one of `anchors`, all else pointwise, and all outputs have
    the shape of its result."""
    anchor = body.group.anchor
    if not isinstance(anchor, anchors):
        return False
    others = (layer for layer in body.layers if layer is not anchor)
    shape = shape_of(anchor.results[0])
    return all(map(has_scalar_form, others)) and body.output_shapes == {shape}


def anchored_element(
    body: KernelBody, immediates: Immediates, emit_anchor: EmitAnchor
) -> EmitElement:
    """What writes an element of a body whose anchor `emit_anchor` computes."""
    anchor = body.group.anchor
    assert anchor is not None
    (result,) = anchor.results

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        position = Position(shape_of(result), number)
        values = immediates.emit(body)
        values[result] = emit_anchor(Operands(buffers, values), position.at)
        element = Element(position, buffers, values)
        element.finish(beside(body, anchor), body.outputs)

    return emit


def beside(
    body: KernelBody, *anchors: LayerOp, values: Sequence[SSAValue] | None = None
) -> Sequence[LayerOp]:
    """The layers that the outputs, or other `values`, depend on otherwise than by way
    of the anchors."""
    needed = set(body.outputs if values is None else values)
    found = list[LayerOp]()
    for layer in reversed(body.layers):
        if layer not in anchors and needed.intersection(layer.results):
            needed.update(layer.operands)
            found.append(layer)
    return found[::-1]
