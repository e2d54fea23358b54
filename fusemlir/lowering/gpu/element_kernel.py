"""Kernels in which each thread computes one element of every output."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, gpu, memref, scf
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue

from fusemlir.dialects.trt import ScaleOp
from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    shape_of,
    tensor_type,
    volume,
)
from fusemlir.dialects.trt.enums import ScaleMode
from fusemlir.lowering.element_conversion import narrow, storage_type, widen
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.position import Position, index
from fusemlir.lowering.scalar import emit_layer

THREADS = 256
"""Threads in a block."""

_X = gpu.DimensionAttr(gpu.DimensionEnum.X)

Memref = MemRefType[Attribute]


def buffer_type(tensor: SSAValue) -> Memref:
    """The memref that holds a tensor: its shape, row-major."""
    type = tensor_type(tensor)
    return MemRefType(storage_type(type.element_type), type.shape)


@dataclass(frozen=True)
class Kernel:
    """A kernel function and how many blocks of how many threads it is launched with."""

    function: gpu.FuncOp
    blocks: int
    threads: int = THREADS


@dataclass
class Element:
    """One element of the outputs, while the code that computes it is written.

    `buffers` are the memrefs of inputs and outputs, `values` the scalars that stand
    for values of the body.
    """

    position: Position
    buffers: Mapping[SSAValue, SSAValue]
    values: dict[SSAValue, SSAValue]
    _loaded: dict[tuple[SSAValue, Shape], SSAValue] = field(
        default_factory=dict[tuple[SSAValue, Shape], SSAValue], init=False
    )

    def compute(self, layer: LayerOp) -> None:
        """Emit a pointwise layer, loading what it reads of the inputs."""
        shapes = aligned_shapes(layer)
        pairs = zip(layer.operands, shapes, strict=True)
        operands = [self._operand(operand, shape) for operand, shape in pairs]
        (result,) = layer.results
        self.values[result] = emit_layer(layer, operands)

    def store(self, output: SSAValue) -> None:
        value = narrow(self.values[output], element_type_of(output))
        store(value, self.buffers[output], self.position.linear)

    def _operand(self, value: SSAValue, shape: Shape) -> SSAValue:
        if value in self.values:
            return self.values[value]
        if (value, shape) not in self._loaded:
            at = self.position.offset(shape)
            self._loaded[value, shape] = load(self.buffers[value], at)
        return self._loaded[value, shape]


def aligned_shapes(layer: LayerOp) -> list[Shape]:
    """The shapes in which the operands of a pointwise layer are broadcast to its
    result: those of the tensors, but of a scale's weights one of the result's rank."""
    shapes = [shape_of(operand) for operand in layer.operands]
    if isinstance(layer, ScaleOp):
        weights = len(shapes) - 1
        return [shapes[0], *[_weight_shape(layer, shapes[0])] * weights]
    return shapes


def _weight_shape(scale: ScaleOp, shape: Shape) -> Shape:
    ones = (1,) * len(shape)
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
    type = cast(Memref, buffer.type)
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


def load(buffer: SSAValue, number: SSAValue) -> SSAValue:
    """An element of a memref by its number, in the type that is computed in."""
    elements = flat(buffer)
    at = [number] * cast(Memref, elements.type).get_num_dims()
    return widen(memref.LoadOp.get(elements, at).res)


def store(value: SSAValue, buffer: SSAValue, number: SSAValue) -> None:
    elements = flat(buffer)
    at = [number] * cast(Memref, elements.type).get_num_dims()
    memref.StoreOp.get(value, elements, at)


EmitElement = Callable[[SSAValue, Mapping[SSAValue, SSAValue]], None]
"""Writes what one thread does, given the number of its element and the memrefs of the
inputs and outputs."""


def build_element_kernel(name: str, body: KernelBody, emit: EmitElement) -> Kernel:
    """A kernel of as many threads as an output has elements."""
    tensors = (*body.inputs, *body.outputs)
    function = _function(name, [buffer_type(tensor) for tensor in tensors])
    arguments = function.body.block.args
    for tensor, argument in zip(tensors, arguments, strict=True):
        argument.name_hint = tensor.name_hint
    size = volume(shape_of(body.outputs[0]))
    with ImplicitBuilder(function.body.block):
        block, thread = gpu.BlockIdOp(_X).result, gpu.ThreadIdOp(_X).result
        start = arith.MuliOp(block, index(THREADS)).result
        linear = arith.AddiOp(start, thread).result
        inside = arith.CmpiOp(linear, index(size), "ult").result
        with ImplicitBuilder(then := Block()):
            emit(linear, dict(zip(tensors, arguments, strict=True)))
            scf.YieldOp()
        scf.IfOp(inside, [], Region(then))
        gpu.ReturnOp([])
    for op in function.walk():
        op.location = body.node.location
    return Kernel(function, blocks=-(-size // THREADS))


def _function(name: str, types: Sequence[Attribute]) -> gpu.FuncOp:
    """An empty kernel, marked as xDSL and as MLIR mark one."""
    function = gpu.FuncOp(name, (types, []), kernel=True)
    function.attributes["gpu.kernel"] = UnitAttr()
    size = DenseArrayBase.from_list(i32, [THREADS, 1, 1])
    function.attributes["known_block_size"] = size
    return function
