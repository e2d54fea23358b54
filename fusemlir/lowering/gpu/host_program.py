"""The host's half of a lowered network: buffers, and the launches over them.

What a tensor becomes: an argument or a result of the network is a memref argument,
results after inputs, the former marked `trt.output`; what a kernel makes for another
is a `memref.view` of one arena, a `gpu.alloc` of bytes, where tensors that live at
different times share memory (see `memory_plan`), and so is what several kernels of one
node make for each other; a constant stays `trt.constant`, read
as a memref through `bufferization.to_buffer`, so that its data are still a name or a
recipe; a view is the same buffer under another type, by `memref.reinterpret_cast`. A
tensor of ui8 is a memref of i8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import mul

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, bufferization, gpu, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    i8,
    i32,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, SSAValue

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.dialects.trt.module_attributes import LAYERS, OUTPUT
from fusemlir.lowering.gpu.block_kernel import (
    Kernel,
    Memref,
    another,
    buffer_type,
)
from fusemlir.lowering.gpu.kernel_table import KernelTable, symbol
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import index
from fusemlir.lowering.liveness import bytes_of, lifetimes, seen_through_views
from fusemlir.lowering.memory_plan import Lifetime, plan_memory
from fusemlir.network import Node, is_kernel, nodes


def convert_function(function: FuncOp, kernels: KernelTable) -> None:
    """Rewrite a network into the program that launches its kernels, in place."""
    old = function.body.block
    (returned,) = (op for op in old.ops if isinstance(op, ReturnOp))
    inputs = [buffer_type(value) for value in old.args]
    outputs = [buffer_type(value) for value in returned.operands]
    new = Block(arg_types=[*inputs, *outputs])
    program = _Program(
        kernels, dict(zip(old.args, new.args, strict=False)), lifetimes(function)
    )
    for before, after in zip(old.args, new.args, strict=False):
        after.name_hint = before.name_hint
    for node in nodes(function):
        if is_kernel(node) and writes_anything(node):
            program.build(node)
    with ImplicitBuilder(new):
        program.bind_outputs(returned.operands, new.args[len(inputs) :])
        program.allocate_arena()
        for node in nodes(function):
            if is_kernel(node):
                program.launch(node)
        program.copy_outputs()
        ReturnOp()
    _replace_body(function, new)
    _replace_signature(function, len(inputs))


def _replace_body(function: FuncOp, new: Block) -> None:
    old = function.body.block
    function.body.add_block(new)
    for op in reversed(old.ops):
        op.detach()
        op.erase(safe_erase=False)
    function.body.erase_block(old)


def _replace_signature(function: FuncOp, inputs: int) -> None:
    types = function.body.block.arg_types
    function.function_type = FunctionType.from_lists(types, [])
    arguments = _attributes(function.arg_attrs, inputs)
    results = _attributes(function.res_attrs, len(types) - inputs)
    written = [DictionaryAttr({**r.data, OUTPUT: UnitAttr()}) for r in results]
    function.arg_attrs = ArrayAttr([*arguments, *written])
    function.res_attrs = None


def _attributes(
    attributes: ArrayAttr[DictionaryAttr] | None, count: int
) -> Sequence[DictionaryAttr]:
    return [DictionaryAttr({})] * count if attributes is None else attributes.data


def writes_anything(node: Node) -> bool:
    """Whether a kernel has an element to compute; else it is not launched."""
    return any(volume(shape_of(result)) for result in node.results)


@dataclass
class _Program:
    """The program while it is written, by xDSL's implicit builder."""

    kernels: KernelTable
    buffers: dict[SSAValue, SSAValue]
    """By value of the network."""
    lives: dict[SSAValue, Lifetime]
    """Of all that the kernels make."""
    bodies: dict[Node, KernelBody] = field(
        default_factory=dict[Node, KernelBody], init=False
    )
    scratch: dict[Node, tuple[SSAValue, ...]] = field(
        default_factory=dict[Node, tuple[SSAValue, ...]], init=False
    )
    """Tensors that kernels of one node make for each other."""
    copies: list[tuple[SSAValue, SSAValue]] = field(
        default_factory=list[tuple[SSAValue, SSAValue]], init=False
    )
    """Values and the output buffers that they have to be copied to."""
    arena: SSAValue | None = field(default=None, init=False)
    offsets: dict[SSAValue, int] = field(
        default_factory=dict[SSAValue, int], init=False
    )
    """In the arena, by value of the network."""
    indices: dict[int, SSAValue] = field(
        default_factory=dict[int, SSAValue], init=False
    )

    def build(self, node: Node) -> None:
        """Have the kernels of a node, and tensors between them that live meanwhile."""
        body = self.bodies[node] = KernelBody(node)
        self.kernels.add(body)
        made = tuple(map(another, self.kernels[body].scratch))
        step = self.lives[node.results[0]].first
        for value in made:
            self.lives[value] = Lifetime(bytes_of(value), step, step)
        self.scratch[node] = made

    def bind_outputs(
        self, returned: Sequence[SSAValue], arguments: Sequence[SSAValue]
    ) -> None:
        """Let kernels write to the outputs, if only by way of a view; what they do not
        make, or make for two outputs, is copied there."""
        for value, argument in zip(returned, arguments, strict=True):
            made = seen_through_views(value)
            owner = made.owner
            computed = isinstance(owner, Operation) and not isinstance(
                owner, ConstantOp
            )
            if computed and made not in self.buffers:
                self.buffers[made] = _reinterpreted(argument, buffer_type(made))
            else:
                self.copies.append((value, argument))

    def allocate_arena(self) -> None:
        """Plan and allocate the memory of all that kernels make and no output holds."""
        values = [value for value in self.lives if value not in self.buffers]
        if not values:
            return
        plan = plan_memory([self.lives[value] for value in values])
        arena = gpu.AllocOp(MemRefType(i8, [plan.size])).result
        arena.name_hint = "arena"
        self.arena = arena
        self.offsets = dict(zip(values, plan.offsets, strict=True))

    def launch(self, node: Node) -> None:
        results = [self._written(result) for result in node.results]
        if not writes_anything(node):
            return
        program = self.kernels[self.bodies[node]]
        operands = [self._buffer(operand) for operand in self.bodies[node].operands]
        between = [self._written(value) for value in self.scratch[node]]
        buffers = dict(
            zip(program.tensors, [*operands, *results, *between], strict=True)
        )
        for kernel in program.kernels:
            launch = gpu.LaunchFuncOp(
                symbol(kernel),
                [self._index(size) for size in kernel.grid],
                [self._index(size) for size in kernel.threads],
                kernelOperands=[buffers[tensor] for tensor in kernel.tensors],
                dynamicSharedMemorySize=self._shared_memory(kernel),
            )
            if node.layers is not None:
                launch.attributes[LAYERS] = node.layers
            launch.location = node.location

    def _shared_memory(self, kernel: Kernel) -> SSAValue | None:
        size = kernel.dynamic_shared_bytes
        return arith.ConstantOp(IntegerAttr(size, i32)).result if size else None

    def copy_outputs(self) -> None:
        for value, argument in self.copies:
            gpu.MemcpyOp(self._buffer(value), argument)

    def _buffer(self, value: SSAValue) -> SSAValue:
        """The memref of a value; of a constant or view it is made when first asked."""
        if value in self.buffers:
            return self.buffers[value]
        owner = value.owner
        if isinstance(owner, ConstantOp):
            buffer = _constant_buffer(owner)
        else:
            assert isinstance(owner, Operation)
            source = self._buffer(owner.operands[0])
            buffer = _reinterpreted(source, buffer_type(value))
        self.buffers[value] = buffer
        return buffer

    def _written(self, result: SSAValue) -> SSAValue:
        """The memref that a kernel writes: an output, or a part of the arena."""
        if result not in self.buffers:
            assert self.arena is not None
            offset = self._index(self.offsets[result])
            buffer = memref.ViewOp(self.arena, offset, [], buffer_type(result)).result
            buffer.name_hint = result.name_hint
            self.buffers[result] = buffer
        return self.buffers[result]

    def _index(self, value: int) -> SSAValue:
        if value not in self.indices:
            self.indices[value] = index(value)
        return self.indices[value]


def _constant_buffer(constant: ConstantOp) -> SSAValue:
    buffer = bufferization.ToBufferOp(
        operands=[constant.clone().output],
        result_types=[buffer_type(constant.output)],
        properties={"read_only": UnitAttr()},
    ).memref
    buffer.name_hint = constant.output.name_hint
    return buffer


def _reinterpreted(buffer: SSAValue, type: Memref) -> SSAValue:
    """The buffer under another shape of as many elements."""
    if buffer.type == type:
        return buffer
    shape = type.get_shape()
    strides = list(accumulate(reversed(shape[1:]), mul, initial=1))[::-1]
    return memref.ReinterpretCastOp(
        buffer, [], [], [], [0], shape, strides[: len(shape)], type
    ).result
