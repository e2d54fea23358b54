"""A kernel for the CPU while it is written.

    with HostKernel(name, body.tensors, layouts, location) as kernel:
        begin, end = kernel.share(rows)
        with loop(begin, end) as row:
            ...
    return kernel.function

It is a function of its buffers, inputs before outputs, each a memref of one dimension,
and of the number of the thread that runs it and the number of all: every thread calls
it once and does its share.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from types import TracebackType
from typing import Self, TypeAlias

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IndexType,
    LocationAttr,
    MemRefType,
    StridedLayoutAttr,
    UnitAttr,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.dialects.utils.fast_math import FastMathFlag
from xdsl.ir import Attribute, Block, Region, SSAValue

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.weight import ConstantValue
from fusemlir.lowering.element_conversion import storage_type
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.kernel.index_math import as_value, multiply
from fusemlir.lowering.kernel.value_numbering import kernel_scope, nested_scope

Packing: TypeAlias = Callable[[ConstantValue], ConstantValue]
"""From a constant to how a kernel has it stored."""

Table: TypeAlias = Callable[[Sequence[ConstantValue | None]], ConstantValue]
"""From the inputs of a kernel, as far as they are constants, to what it is given that
they tell."""

ALIGNMENT = 64
"""Of every buffer, in bytes: a cache line, and the widest register."""


ANY_ZERO = arith.FastMathFlagsAttr([FastMathFlag.NO_SIGNED_ZEROS])
"""Of a maximum or minimum: which zero it is of two takes x86 three operations more."""


@dataclass(frozen=True)
class Preparation:
    """A kernel that brings an input, at each run, into the order in which another one
    reads it."""

    key: Hashable
    kind: str
    build: Callable[[str], FuncOp]
    """Of a name: a function of the input and of what it becomes."""
    element: Attribute
    """Type of those of what it becomes."""
    count: int


@dataclass(frozen=True)
class HostFunction:
    """A kernel, and how inputs that are constants are stored for it."""

    function: FuncOp
    packing: Mapping[int, Packing] = field(default_factory=dict[int, Packing])
    """By number of the input."""
    tables: Sequence[Table] = ()
    """Further arguments, after the outputs."""
    scratch: Sequence[MemRefType] = ()
    """Memory that only the kernel uses, after these."""
    prepared: Mapping[int, Preparation] = field(default_factory=dict[int, Preparation])
    """What is made of inputs before, by number."""
    made: Sequence[tuple[int, Preparation]] = ()
    """The same, of inputs that are read as they are too: arguments after the tables."""
    parts: Sequence[FuncOp] = ()
    """Functions that it calls."""


def buffer_type(element: Attribute, count: int) -> MemRefType:
    return MemRefType(storage_type(element), (count,))


class HostKernel(AbstractContextManager["HostKernel"]):
    """Writes one kernel of `tensors`, inputs before outputs, each in its layout."""

    def __init__(
        self,
        name: str,
        tensors: Sequence[SSAValue],
        layouts: Mapping[SSAValue, Layout],
        location: LocationAttr,
        tables: Sequence[MemRefType] = (),
        held: Mapping[SSAValue, Attribute] | None = None,
    ):
        """`held` says of what elements a tensor is, where not of its own."""
        self.layouts = layouts
        self.location = location
        buffers = [
            buffer_type(
                (held or {}).get(value, element_type_of(value)), layouts[value].volume
            )
            for value in tensors
        ]
        buffers += tables
        index = IndexType()
        self.function = FuncOp(
            name, ([*buffers, index, index], []), visibility="private"
        )
        plain = DictionaryAttr({})
        alone = DictionaryAttr({"llvm.noalias": UnitAttr()})
        self.function.arg_attrs = ArrayAttr([alone] * len(buffers) + [plain] * 2)
        *given, self.thread, self.threads = self.function.body.block.args
        arguments, self.tables = given[: len(tensors)], given[len(tensors) :]
        for tensor, argument in zip(tensors, arguments, strict=True):
            argument.name_hint = tensor.name_hint
        self.buffers: dict[SSAValue, SSAValue] = dict(
            zip(tensors, arguments, strict=True)
        )
        """By input and output."""
        self.parts: list[FuncOp] = []
        """Functions that it calls, see `apart`."""
        self._builder = kernel_scope(self.function.body.block)

    def __enter__(self) -> Self:
        self._builder.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            ReturnOp()
        self._builder.__exit__(kind, error, traceback)
        for op in chain.from_iterable(f.walk() for f in (self.function, *self.parts)):
            op.location = self.location
            if isinstance(op, arith.MaximumfOp | arith.MinimumfOp):
                op.fastmath = ANY_ZERO

    def share(self, count: int) -> tuple[SSAValue, SSAValue]:
        """From which of `count` pieces of work on this thread does them, and up to
        which. What a piece computes does not depend on how many threads there are."""
        following = arith.AddiOp(self.thread, as_value(1)).result
        begin, end = (
            arith.DivUIOp(as_value(multiply(thread, count)), self.threads).result
            for thread in (self.thread, following)
        )
        return begin, end

    @contextmanager
    def apart(self) -> Generator[None]:
        """`with kernel.apart():` what is written inside is a function of its own, which
        is called here.

        LLVM keeps the constants of all loops in registers for the whole of a function:
        there they would be missing where sums are made.
        """
        with nested_scope(block := Block()):
            yield
            ReturnOp()
        given = _made_outside(block)
        types = [value.type for value in given]
        name = f"{self.function.sym_name.data}_part_{len(self.parts)}"
        part = FuncOp(name, (types, []), Region(block), visibility="private")
        alone = {"llvm.noalias": UnitAttr()}
        part.detach()
        part.arg_attrs = ArrayAttr(
            DictionaryAttr(alone if isinstance(type, MemRefType) else {})
            for type in types
        )
        self.parts.append(part)
        CallOp(name, given, [])

    def view(self, value: SSAValue) -> SSAValue:
        """A tensor as a memref of its own shape, indexed by coordinates."""
        layout = self.layouts[value]
        type = MemRefType(
            storage_type(element_type_of(value)),
            layout.shape,
            StridedLayoutAttr(layout.strides, None),
        )
        return memref.ReinterpretCastOp(
            self.buffers[value],
            [],
            [],
            [],
            [layout.start],
            list(layout.shape),
            list(layout.strides),
            type,
        ).result


def _made_outside(block: Block) -> list[SSAValue]:
    """What a block uses that is not made in it, which become its arguments; constants
    are made in it instead."""
    inside = set(block.walk())
    blocks = {
        block,
        *(b for op in inside for region in op.regions for b in region.blocks),
    }
    used = dict.fromkeys(operand for op in block.walk() for operand in op.operands)
    given = list[SSAValue]()
    for value in used:
        owner = value.owner
        if owner in inside or owner in blocks:
            continue
        if isinstance(owner, arith.ConstantOp):
            made = owner.clone()
            # Whatever is made while a kernel is written is put into it.
            made.detach()
            assert block.first_op is not None
            block.insert_op_before(made, block.first_op)
            own: SSAValue = made.result
        else:
            own = block.insert_arg(value.type, len(block.args))
            given.append(value)
        value.replace_uses_with_if(own, lambda use: use.operation in inside)
    return given
