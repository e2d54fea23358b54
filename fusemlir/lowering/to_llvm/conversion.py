"""One walk that replaces operations by llvm ones, types included.

A conversion is a table from operation classes to functions. The tables of several
dialects can be joined: then one walk converts them all, and a value whose type changes
(`index`, `memref`) is handed from one converted operation to the next without a cast in
between. Only where an operation stays unconverted is there an unrealized cast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    IndexType,
    IntAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    UnrealizedConversionCastOp,
    VectorType,
    i32,
    i64,
)
from xdsl.dialects.llvm import LLVMArrayType, LLVMPointerType
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from fusemlir.dialects.gpu import AddressSpace, AddressSpaceAttr
from fusemlir.dialects.nvgpu import DeviceAsyncTokenType

OpT = TypeVar("OpT", bound=Operation)

Lowering = Callable[["Conversion", Any], Sequence[SSAValue]]
"""From a conversion and the operation to replace to the values of its results."""

Table = Mapping[type[Operation], Lowering]


@cache
def convert_type(ty: Attribute, index: IntegerType = i64) -> Attribute:
    """The llvm dialect's type for `ty`: `index` for index, a bare pointer for memref.

    A vector of several dimensions is an array of vectors, or of arrays.
    """
    if isinstance(ty, IndexType):
        return index
    if isinstance(ty, MemRefType):
        return LLVMPointerType(address_space(cast("MemRefType[Attribute]", ty)))
    if isinstance(ty, DeviceAsyncTokenType):
        return i32
    if isinstance(ty, VectorType):
        vector = cast("VectorType[Attribute]", ty)
        element = convert_type(vector.element_type, index)
        *outer, inner = vector.get_shape() or (1,)
        converted: Attribute = VectorType(element, [inner])
        for size in reversed(outer):
            converted = LLVMArrayType(IntAttr(size), converted)
        return converted
    return ty


@cache
def integer(value: int, ty: IntegerType) -> IntegerAttr:
    """Made once: xDSL checks an attribute for longer than the rest takes."""
    return IntegerAttr(value, ty)


def constant_op(value: Attribute, ty: Attribute) -> Operation:
    """A constant, of which nothing is checked that is known."""
    return llvm.ConstantOp.create(result_types=[ty], properties={"value": value})


def address_space(ty: MemRefType) -> IntAttr | NoneAttr:
    """The address space of a memref: 0 is generic, 1 global, 3 shared, 5 local."""
    match ty.memory_space:
        case AddressSpaceAttr(data=AddressSpace.workgroup):
            return IntAttr(3)
        case AddressSpaceAttr(data=AddressSpace.global_):
            return IntAttr(1)
        case NoneAttr() | AddressSpaceAttr():
            return NoneAttr()
        case IntegerAttr(value=IntAttr(data=0)):
            return NoneAttr()
        case IntegerAttr(value=space):
            return space
        case space:
            raise PassFailedException(
                "a memref's memory space has to be an integer or "
                f"#gpu.address_space, found {space}"
            )


def after(value: SSAValue) -> InsertPoint:
    """The first place at which `value` can be used."""
    if isinstance(value.owner, Block):
        return InsertPoint.at_start(value.owner)
    return InsertPoint.after(value.owner)


@dataclass
class Conversion:
    """The state of one walk: which value now stands for which."""

    table: Table
    index: IntegerType = i64
    """What becomes of index."""
    anchor: Operation = field(init=False)
    """The operation being converted; new ones are put before it."""
    converted: dict[SSAValue, SSAValue] = field(
        default_factory=dict[SSAValue, SSAValue]
    )
    constants: dict[tuple[Block | None, int, IntegerType], SSAValue] = field(
        default_factory=dict[tuple[Block | None, int, IntegerType], SSAValue]
    )
    """Those of a block, which is converted from top to bottom."""
    stale_arguments: list[BlockArgument] = field(default_factory=list[BlockArgument])
    seen_through: list[Operation] = field(default_factory=list[Operation])
    """Casts of earlier walks that may have lost their last use."""

    def apply(self, root: Operation) -> None:
        """Convert all operations inside `root` that the table knows."""
        work = [op for op in root.walk() if type(op) in self.table]
        for op in work:
            self.anchor = op
            results = self.table[type(op)](self, op)
            for old, new in zip(op.results, results, strict=True):
                self.replace(old, new)
        # In reverse, so that who used a value is gone before who made it.
        for op in reversed(work):
            for result in op.results:
                self.keep_old_uses(result)
            Rewriter.erase_op(op)
        for arg in self.stale_arguments:
            self.keep_old_uses(arg)
            arg.block.erase_arg(arg)
        for stale in self.seen_through:
            if stale.parent is not None and not stale.results[0].uses:
                Rewriter.erase_op(stale)

    def insert(self, op: OpT) -> OpT:
        """Put `op` before the operation being converted, and give it its location."""
        op.location = self.anchor.location
        block = self.anchor.parent
        assert block is not None
        block.insert_op_before(op, self.anchor)
        return op

    def type(self, ty: Attribute) -> Attribute:
        """The llvm dialect's type for `ty`: `convert_type`."""
        return convert_type(ty, self.index)

    def constant(self, value: int, ty: IntegerType | None = None) -> SSAValue:
        """An integer constant, of index's type if of no other; one in each block."""
        ty = ty or self.index
        key = self.anchor.parent, value, ty
        known = self.constants.get(key)
        if known is None:
            known = self.insert(constant_op(integer(value, ty), ty)).results[0]
            self.constants[key] = known
        return known

    def operand(self, value: SSAValue) -> SSAValue:
        """`value` as a value of a type that the llvm dialect has."""
        known = self.converted.get(value)
        if known is not None:
            return known
        ty = self.type(value.type)
        if ty == value.type:
            return value
        match value.owner:
            case UnrealizedConversionCastOp(inputs=[source]) if source.type == ty:
                self.seen_through.append(value.owner)
                self.converted[value] = source
                return source
            case _:
                self.converted[value] = inserted = insert_cast(value, ty)
                return inserted

    def operands(self, op: Operation) -> list[SSAValue]:
        """The operands of `op`, each as `operand` gives it."""
        return [self.operand(value) for value in op.operands]

    def block_arguments(self, block: Block) -> None:
        """Give the arguments of `block` types that the llvm dialect has."""
        for arg in tuple(block.args):
            ty = self.type(arg.type)
            if ty == arg.type or arg in self.converted:
                continue
            self.replace(arg, block.insert_arg(ty, arg.index))
            self.stale_arguments.append(arg)

    def replace(self, old: SSAValue, new: SSAValue) -> None:
        """Let `new` stand for `old`, use by use."""
        if new.name_hint is None:
            new.name_hint = old.name_hint
        self.converted[old] = new

    def keep_old_uses(self, old: SSAValue) -> None:
        """Give the operations that this walk left as they were the new value, cast
        back where its type is another."""
        if not old.uses:
            return
        new = self.converted[old]
        if new.type == old.type:
            old.replace_all_uses_with(new)
            return
        for use in tuple(old.uses):
            match use.operation:
                case UnrealizedConversionCastOp(outputs=[inverse]) if (
                    inverse.type == new.type
                ):
                    inverse.replace_all_uses_with(new)
                    Rewriter.erase_op(use.operation)
                case _:
                    pass
        if old.uses:
            old.replace_all_uses_with(insert_cast(new, old.type))


def insert_cast(value: SSAValue, ty: Attribute) -> SSAValue:
    inserted = UnrealizedConversionCastOp.get([value], [ty])
    Rewriter.insert_op(inserted, after(value))
    return inserted.results[0]
