"""A network as a function that calls its kernels, one after the other.

It is called by every thread with the number of the thread; all wait for each other
after a kernel. Arguments are the network's inputs, its outputs (`trt.output`), the
constants as kernels have them stored (`trt.constant`), memory for what is between
kernels, the thread, the number of threads, and the state of the barrier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IndexType,
    MemRefType,
    UnitAttr,
    i8,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.ir import Attribute, Block, Region, SSAValue

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import ConcatenationOp, ConstantOp, ShuffleOp
from fusemlir.dialects.trt.base import LayersAttr, element_type_of, shape_of
from fusemlir.dialects.trt.module_attributes import BARRIER, CONSTANT, LAYERS, OUTPUT
from fusemlir.dialects.trt.weight import ConstantValue
from fusemlir.lowering.host.buffers import Buffer, Kind, plan_arena
from fusemlir.lowering.host.host_kernel import HostFunction, Preparation, buffer_type
from fusemlir.lowering.host.in_place import Part, parts_in_place
from fusemlir.lowering.host.kernel_table import HostKernelTable, plan_of
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.seen import layout_through
from fusemlir.lowering.host.placement import Placement, constants_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import index
from fusemlir.network import Node, is_kernel, is_node, label, node_of, nodes


@dataclass(frozen=True)
class Call:
    function: HostFunction
    buffers: Sequence[Buffer]


@dataclass(frozen=True)
class Placed:
    """A tensor where it is."""

    buffer: Buffer
    layout: Layout


@dataclass
class Program:
    """The calls of a network, gathered before memory is planned."""

    kernels: HostKernelTable
    placement: Placement = field(default_factory=Placement)
    steps: list[list[Call]] = field(default_factory=list[list[Call]])
    """Calls of one step do not depend on each other."""
    layers: list[LayersAttr | None] = field(default_factory=list[LayersAttr | None])
    """Of each step, what it is for."""
    tensors: dict[SSAValue, Placed] = field(default_factory=dict[SSAValue, Placed])
    copies: dict[tuple[SSAValue, Layout], Buffer] = field(
        default_factory=dict[tuple[SSAValue, Layout], Buffer]
    )
    """Of tensors in other layouts than they were made in."""
    constants: dict[ConstantValue, Buffer] = field(
        default_factory=dict[ConstantValue, Buffer]
    )
    parts: Mapping[SSAValue, Part] = field(default_factory=dict[SSAValue, Part])
    """What is computed where a concatenation wants it, see `in_place`."""
    wholes: dict[SSAValue, Buffer] = field(default_factory=dict[SSAValue, Buffer])

    @staticmethod
    def of_network(network: FuncOp, kernels: HostKernelTable) -> Program:
        """Without its calls."""
        parts = parts_in_place(network)
        decided = {value: part.layout_of(value) for value, part in parts.items()}
        return Program(kernels, Placement(decided=decided), parts=parts)

    def charge(self, node: Node | None) -> None:
        """The steps since the last time are for this node."""
        layers = None if node is None else node.layers
        self.layers += [layers] * (len(self.steps) - len(self.layers))

    def run(self, node: Node) -> None:
        """Add the calls of a kernel."""
        if isinstance(node, ConcatenationOp) and node.output in self.parts:
            self._join(node)
            return
        body = KernelBody(node)
        plan = plan_of(body, constants_of(body))
        if plan is None:
            raise DiagnosticError.at(
                node.location, f"no kernel for the CPU yet for {label(node)}"
            )
        layouts = self.placement.place(plan)
        kernel = self.kernels.kernel(plan, layouts)
        read = [
            self._input(number, kernel, operand, layouts[value])
            for number, (operand, value) in enumerate(
                zip(body.operands, body.inputs, strict=True)
            )
        ]
        written, halos = list[Buffer](), list[Call]()
        for result, value in zip(node.results, body.outputs, strict=True):
            layout = layouts[value]
            buffer = self._written(result, layout, halos)
            self.tensors[result] = Placed(buffer, layout)
            written.append(buffer)
        known = [_constant(operand) for operand in body.operands]
        tables = [self.constant(table(known)) for table in kernel.tables]
        free = [
            Buffer(Kind.BETWEEN, type.element_type, prod(type.get_shape()))
            for type in kernel.scratch
        ]
        made = self._made(kernel, read)
        call = Call(kernel, [*read, *written, *tables, *made, *free])
        self.steps.append([call, *halos])

    def _written(self, value: SSAValue, layout: Layout, halos: list[Call]) -> Buffer:
        """What a kernel is to write; clearing what is around it is added to `halos`."""
        part, element = self.parts.get(value), element_type_of(value)
        if part is not None:
            whole = self._whole(part, element, halos)
            return Buffer(
                Kind.BETWEEN, element, layout.volume, within=whole, first=part.first
            )
        buffer = Buffer(Kind.BETWEEN, element, layout.volume)
        if layout.has_halo:
            halos.append(Call(self.kernels.halo(value.type, layout), [buffer]))
        return buffer

    def _whole(self, part: Part, element: Attribute, halos: list[Call]) -> Buffer:
        """What it is a part of, and may be the first of."""
        if part.whole not in self.wholes:
            layout = part.memory
            whole = Buffer(Kind.BETWEEN, element, layout.volume)
            if layout.has_halo:
                clear = self.kernels.halo(part.whole.type, layout)
                halos.append(Call(clear, [whole]))
            self.wholes[part.whole] = whole
        return self.wholes[part.whole]

    def _join(self, node: ConcatenationOp) -> None:
        """Name what its parts have been written to."""
        result = node.output
        layout = self.placement.layouts[result] = self.placement.decided[result]
        self.tensors[result] = Placed(self._written(result, layout, []), layout)

    def _input(
        self, number: int, kernel: HostFunction, operand: SSAValue, layout: Layout
    ) -> Buffer:
        owner = operand.owner
        if isinstance(owner, ConstantOp):
            packing = kernel.packing.get(number)
            value = owner.value if packing is None else packing(owner.value)
            found = self.constant(value)
            if packing is None and not layout.is_row_major:
                flat = Layout.row_major(shape_of(operand))
                self.tensors[operand] = Placed(found, flat)
                found = self.in_layout(operand, layout)
        else:
            found = self.in_layout(operand, layout)
        preparation = kernel.prepared.get(number)
        return found if preparation is None else self._prepared(found, preparation)

    def _made(self, kernel: HostFunction, read: Sequence[Buffer]) -> list[Buffer]:
        calls = [
            Call(
                self.kernels.preparation(preparation),
                [read[number], _made_buffer(preparation)],
            )
            for number, preparation in kernel.made
        ]
        if calls:
            self.steps.append(calls)
        return [call.buffers[-1] for call in calls]

    def _prepared(self, source: Buffer, preparation: Preparation) -> Buffer:
        made = _made_buffer(preparation)
        function = self.kernels.preparation(preparation)
        self.steps.append([Call(function, [source, made])])
        return made

    def constant(self, value: ConstantValue) -> Buffer:
        if value not in self.constants:
            count = Layout.row_major(value.type.get_shape()).volume
            self.constants[value] = Buffer(
                Kind.CONSTANT, value.type.element_type, count, value
            )
        return self.constants[value]

    def see_through(self, node: Node) -> bool:
        """Whether a shuffle has nothing to move, because those that read its result
        find all where it lies."""
        placed = self.tensors.get(node.operands[0])
        if not isinstance(node, ShuffleOp) or placed is None:
            return False
        seen = layout_through(node, placed.layout)
        if seen is None or not (seen.is_row_major or _is_read_in_any_order(node)):
            return False
        self.tensors[node.output] = Placed(placed.buffer, seen)
        self.placement.layouts[node.output] = seen
        return True

    def view(self, node: Node) -> None:
        """The same elements under another shape."""
        (result,) = node.results
        source = node.operands[0]
        layout = self.placement.view(node)
        if isinstance(source.owner, ConstantOp):
            buffer = self.constant(source.owner.value)
        elif self.tensors[source].layout.reshaped(layout.shape) is not None:
            buffer = self.tensors[source].buffer
        else:
            buffer = self.in_layout(source, Layout.row_major(shape_of(source)))
        self.tensors[result] = Placed(buffer, layout)

    def in_layout(self, value: SSAValue, wanted: Layout) -> Buffer:
        """The buffer of a tensor, copied into another layout where it must be."""
        placed = self.tensors[value]
        if placed.layout == wanted or (
            placed.layout.is_row_major and wanted.is_row_major
        ):
            return placed.buffer
        if (value, wanted) not in self.copies:
            buffer = Buffer(Kind.BETWEEN, placed.buffer.element, wanted.volume)
            copy = self.kernels.reformat(value.type, placed.layout, wanted)
            self.steps.append([Call(copy, [placed.buffer, buffer])])
            self.copies[value, wanted] = buffer
        return self.copies[value, wanted]

    def finish(self, value: SSAValue, output: Buffer) -> None:
        """Bring a result of the network where it is wanted."""
        flat = Layout.row_major(shape_of(value))
        if isinstance(value.owner, ConstantOp):
            source, layout = self.constant(value.owner.value), flat
        else:
            placed = self.tensors[value]
            source, layout = placed.buffer, placed.layout
        is_alone = source.kind == Kind.BETWEEN and source.within is None
        if is_alone and layout.is_row_major:
            source.kind = Kind.OUTPUT
            self._replace(source, output)
            return
        copy = self.kernels.reformat(value.type, layout, flat)
        self.steps.append([Call(copy, [source, output])])

    def _replace(self, old: Buffer, new: Buffer) -> None:
        self.steps = [
            [
                Call(call.function, [new if b is old else b for b in call.buffers])
                for call in step
            ]
            for step in self.steps
        ]
        for value, placed in self.tensors.items():
            if placed.buffer is old:
                self.tensors[value] = Placed(new, placed.layout)


def convert_function(function: FuncOp, kernels: HostKernelTable) -> FuncOp:
    """The program of a network, which stays as it is."""
    block = function.body.block
    (returned,) = (op for op in block.ops if isinstance(op, ReturnOp))
    program = Program.of_network(function, kernels)
    inputs = [_buffer(Kind.INPUT, value) for value in block.args]
    outputs = [_buffer(Kind.OUTPUT, value) for value in returned.operands]
    for value, buffer in zip(block.args, inputs, strict=True):
        program.tensors[value] = Placed(buffer, Layout.row_major(shape_of(value)))
    for node in nodes(function):
        if is_kernel(node):
            if not program.see_through(node):
                program.run(node)
        elif not isinstance(node, ConstantOp):
            program.view(node)
        program.charge(node)
    for value, buffer in zip(returned.operands, outputs, strict=True):
        program.finish(value, buffer)
        program.charge(node_of(value))
    return emit_program(function.sym_name.data, program, inputs, outputs)


def _is_read_in_any_order(node: ShuffleOp) -> bool:
    """Whether all that read the result of a shuffle do."""
    readers = {use.operation for use in node.output.uses}
    return all(
        is_node(reader) and is_kernel(reader) and _reads_in_any_order(reader, node)
        for reader in readers
    )


def _reads_in_any_order(reader: Node, node: ShuffleOp) -> bool:
    body = KernelBody(reader)
    plan = plan_of(body, constants_of(body))
    pairs = zip(body.operands, body.inputs, strict=True)
    read = {value for operand, value in pairs if operand is node.output}
    return plan is not None and read <= plan.any_order


def _made_buffer(preparation: Preparation) -> Buffer:
    return Buffer(Kind.BETWEEN, preparation.element, preparation.count)


def _constant(value: SSAValue) -> ConstantValue | None:
    return value.owner.value if isinstance(value.owner, ConstantOp) else None


def _buffer(kind: Kind, value: SSAValue) -> Buffer:
    count = Layout.row_major(shape_of(value)).volume
    return Buffer(kind, element_type_of(value), count)


def emit_program(
    name: str, program: Program, inputs: Sequence[Buffer], outputs: Sequence[Buffer]
) -> FuncOp:
    """The function of calls that were gathered."""
    offsets, size = plan_arena(
        [[buffer for call in step for buffer in call.buffers] for step in program.steps]
    )
    given = [*inputs, *outputs, *program.constants.values()]
    types: list[Attribute] = [buffer_type(b.element, b.count) for b in given]
    types += [MemRefType(i8, (size,)), IndexType(), IndexType(), LLVMPointerType()]
    block = Block(arg_types=types)
    *buffers, arena, thread, threads, barrier = block.args
    values: dict[Buffer, SSAValue] = dict(zip(given, buffers, strict=True))
    with ImplicitBuilder(block):
        for buffer, offset in offsets.items():
            type = buffer_type(buffer.element, buffer.count)
            values[buffer] = memref.ViewOp(arena, index(offset), [], type).result
        for step, layers in zip(program.steps, program.layers, strict=True):
            for call in step:
                operands = [values[buffer] for buffer in call.buffers]
                symbol = call.function.function.sym_name.data
                called = CallOp(symbol, [*operands, thread, threads], [])
                if layers is not None:
                    called.attributes[LAYERS] = layers
            CallOp(BARRIER, [barrier, threads], [])
        ReturnOp()
    attributes = [_attributes(buffer) for buffer in given]
    attributes += [DictionaryAttr({})] * 4
    function = FuncOp(name, (types, []), Region(block))
    function.arg_attrs = ArrayAttr(attributes)
    return function


def _attributes(buffer: Buffer) -> DictionaryAttr:
    match buffer.kind:
        case Kind.OUTPUT:
            return DictionaryAttr({OUTPUT: UnitAttr()})
        case Kind.CONSTANT:
            assert buffer.constant is not None
            return DictionaryAttr({CONSTANT: buffer.constant})
        case _:
            return DictionaryAttr({})


def barrier_declaration() -> FuncOp:
    types = [LLVMPointerType(), IndexType()]
    return FuncOp.external(BARRIER, types, [])
