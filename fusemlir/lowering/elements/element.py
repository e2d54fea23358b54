"""One element of the outputs of a kernel, and pointwise layers on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import memref
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, MemRefType, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.trt import ScaleOp
from fusemlir.dialects.trt.base import LayerOp, Shape, element_type_of, shape_of
from fusemlir.dialects.trt.enums import ScaleMode
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.lowering.element_conversion import narrow, widen
from fusemlir.lowering.kernel.position import Position
from fusemlir.lowering.scalar import emit_layer


@dataclass
class Element:
    """One element of the outputs, while the code that computes it is written.

    `buffers` are the memrefs of inputs and outputs, `values` the scalars that stand
    for values of the body.
    """

    position: Position
    buffers: Mapping[SSAValue, SSAValue]
    values: dict[SSAValue, SSAValue]
    loaded: dict[tuple[SSAValue, Shape], SSAValue] = field(
        default_factory=dict[tuple[SSAValue, Shape], SSAValue]
    )
    """What is loaded already, by tensor and the shape it is read in."""

    def compute(self, layer: LayerOp) -> None:
        """Emit a pointwise layer, loading what it reads of the inputs."""
        shapes = aligned_shapes(layer)
        pairs = zip(layer.operands, shapes, strict=True)
        operands = [self._operand(operand, shape) for operand, shape in pairs]
        (result,) = layer.results
        self.values[result] = emit_layer(layer, operands)

    def finish(self, layers: Sequence[LayerOp], outputs: Sequence[SSAValue]) -> None:
        """Emit pointwise layers, and store the outputs."""
        for layer in layers:
            self.compute(layer)
        for output in outputs:
            self.store(output)

    def store(self, output: SSAValue) -> None:
        value = narrow(self.values[output], element_type_of(output))
        store(value, self.buffers[output], self.position.linear)

    def _operand(self, value: SSAValue, shape: Shape) -> SSAValue:
        if value in self.values:
            return self.values[value]
        if (value, shape) not in self.loaded:
            at = self.position.offset(shape)
            self.loaded[value, shape] = load(self.buffers[value], at)
        return self.loaded[value, shape]


def aligned_shapes(layer: LayerOp) -> list[Shape]:
    """The shapes in which the operands of a pointwise layer are broadcast to its
    result: those of the tensors, but of what scales it one of the result's rank."""
    shapes = [shape_of(operand) for operand in layer.operands]
    if isinstance(layer, ScaleOp | QuantizationOp):
        weights = len(shapes) - 1
        return [shapes[0], *[_weight_shape(layer, shapes[0])] * weights]
    return shapes


def _weight_shape(scale: ScaleOp | QuantizationOp, shape: Shape) -> Shape:
    ones = (1,) * len(shape)
    if isinstance(scale, QuantizationOp):
        if scale.axis is None:
            return ones
        axis = scale.axis.value.data
        return (*ones[:axis], shape[axis], *ones[axis + 1 :])
    axis = scale.axis
    match scale.kind:
        case ScaleMode.UNIFORM:
            return ones
        case ScaleMode.CHANNEL:
            return (*ones[:axis], shape[axis], *ones[axis + 1 :])
        case ScaleMode.ELEMENTWISE:
            return (*ones[:axis], *shape[axis:])


def flat(buffer: SSAValue) -> SSAValue:
    """A memref as one of a single dimension, of which a scalar has none."""
    type = _memref(buffer)
    rank = type.get_num_dims()
    if rank < 2:
        return buffer
    axes = ArrayAttr([IntegerAttr(axis, i64) for axis in range(rank)])
    count = math.prod(type.get_shape())
    return memref.CollapseShapeOp(
        operands=[buffer],
        result_types=[MemRefType(type.element_type, (count,))],
        properties={"reassociation": ArrayAttr([axes])},
    ).result


def _memref(buffer: SSAValue) -> MemRefType[Attribute]:
    assert isa(buffer.type, MemRefType[Attribute])
    return buffer.type


def load(buffer: SSAValue, number: SSAValue) -> SSAValue:
    """An element of a memref by its number, in the type that is computed in."""
    elements = flat(buffer)
    at = [number] * _memref(elements).get_num_dims()
    return widen(memref.LoadOp.get(elements, at).res)


def store(value: SSAValue, buffer: SSAValue, number: SSAValue) -> None:
    elements = flat(buffer)
    at = [number] * _memref(elements).get_num_dims()
    memref.StoreOp.get(value, elements, at)


EmitElement = Callable[[SSAValue, Mapping[SSAValue, SSAValue]], None]
"""Writes what one thread does, given the number of its element and the memrefs of the
inputs and outputs."""
