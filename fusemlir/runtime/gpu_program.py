"""A lowered network as the runtime sees it: buffers, and kernels launched over them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith, bufferization, gpu, memref
from xdsl.dialects.builtin import ArrayAttr, FixedBitwidthType, IntegerAttr, MemRefType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation, SSAValue

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import LayersAttr
from fusemlir.dialects.trt.module_attributes import LAYERS
from fusemlir.dialects.trt.weight import ConstantValue

Extent = tuple[int, int, int]


@dataclass(frozen=True)
class Launch:
    """One start of a kernel; its arguments are buffers by number."""

    kernel: str
    grid: Extent
    block: Extent
    buffers: tuple[int, ...]
    shared_bytes: int = 0
    """Dynamic shared memory of a block."""
    layers: tuple[str, ...] = ()
    """Ids of the layers that it is for."""


@dataclass
class GpuProgram:
    """Buffers, numbered, and what happens to them in order."""

    ptx: str
    sizes: list[int] = field(default_factory=list[int])
    """Of each buffer, in bytes."""
    views: dict[int, tuple[int, int]] = field(
        default_factory=dict[int, tuple[int, int]]
    )
    """By buffer that is a part of another, the other, and where in it, in bytes."""
    inputs: list[int] = field(default_factory=list[int])
    outputs: list[int] = field(default_factory=list[int])
    constants: dict[int, ConstantValue] = field(
        default_factory=dict[int, ConstantValue]
    )
    launches: list[Launch] = field(default_factory=list[Launch])

    @staticmethod
    def of_function(function: FuncOp, inputs: int, ptx: str) -> GpuProgram:
        """The program of a host function whose first `inputs` arguments are inputs.

        The other arguments are what it writes. Raises `ValueError` for an operation
        that is not part of such programs.
        """
        reader = _Reader(GpuProgram(ptx))
        arguments = [reader.new_buffer(value) for value in function.body.block.args]
        program = reader.program
        program.inputs = arguments[:inputs]
        for op in function.body.block.ops:
            reader.read(op)
        program.outputs = [reader.copied.get(at, at) for at in arguments[inputs:]]
        return program


@dataclass
class _Reader:
    """Numbers the buffers of a host function while it is walked."""

    program: GpuProgram
    numbers: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    copied: dict[int, int] = field(default_factory=dict[int, int])
    """By output, the buffer that it is a copy of in the end: that is read instead."""

    def new_buffer(self, value: SSAValue) -> int:
        number = len(self.program.sizes)
        self.program.sizes.append(_size(value.type))
        self.numbers[value] = number
        return number

    def read(self, op: Operation) -> None:
        match op:
            case gpu.AllocOp():
                self.new_buffer(op.result)
            case memref.ViewOp():
                place = self.numbers[op.source], _integer(op.byte_shift)
                self.program.views[self.new_buffer(op.result)] = place
            case memref.ReinterpretCastOp():
                self.numbers[op.result] = self.numbers[op.source]
            case bufferization.ToBufferOp():
                constant = op.tensor.owner
                assert isinstance(constant, ConstantOp)
                self.program.constants[self.new_buffer(op.memref)] = constant.value
            case gpu.MemcpyOp():
                self.copied[self.numbers[op.dst]] = self.numbers[op.src]
            case gpu.LaunchFuncOp():
                self.program.launches.append(self._launch(op))
            case ConstantOp() | arith.ConstantOp() | ReturnOp():
                pass
            case _:
                raise ValueError(f"a host program does not hold {op.name}")

    def _launch(self, op: gpu.LaunchFuncOp) -> Launch:
        dynamic = op.dynamicSharedMemorySize
        layers = cast("LayersAttr", op.attributes.get(LAYERS, ArrayAttr([])))
        return Launch(
            op.kernel.nested_references.data[-1].data,
            (_integer(op.gridSizeX), _integer(op.gridSizeY), _integer(op.gridSizeZ)),
            (_integer(op.blockSizeX), _integer(op.blockSizeY), _integer(op.blockSizeZ)),
            tuple(self.numbers[operand] for operand in op.kernelOperands),
            0 if dynamic is None else _integer(dynamic),
            tuple(id.data for id in layers),
        )


def _size(type: Attribute) -> int:
    assert isinstance(type, MemRefType)
    element = cast("MemRefType[Attribute]", type).element_type
    assert isinstance(element, FixedBitwidthType)
    return math.prod(type.get_shape()) * element.size


def _integer(value: SSAValue) -> int:
    constant = value.owner
    assert isinstance(constant, arith.ConstantOp)
    assert isinstance(constant.value, IntegerAttr)
    return constant.value.value.data
