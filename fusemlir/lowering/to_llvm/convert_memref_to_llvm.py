"""memref → llvm: a memref is a bare pointer to its first element.

Shapes are static and layouts the identity, so a type says all that a descriptor would,
and LLVM sees one pointer per buffer, of which it can infer the address space. An
element is reached by one `getelementptr` on the linearised index. i1 is stored as a
byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import llvm, memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    IntAttr,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    NoneAttr,
    UnitAttr,
    i1,
    i8,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.to_llvm.conversion import (
    Conversion,
    Lowering,
    address_space,
    convert_type,
)


def plain_memref(value_type: Attribute, op: Operation) -> MemRefType:
    """The type itself; raises where it is not of static shape and identity layout."""
    if not isa(value_type, MemRefType):
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted a memref, found {value_type}"
        )
    if DYNAMIC_INDEX in value_type.get_shape():
        raise DiagnosticError.at(
            op.location,
            f"{op.name}: {value_type} has an unknown dimension; fix it with --shape",
        )
    if not isinstance(value_type.layout, NoneAttr):
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted the identity layout, found {value_type}"
        )
    return value_type


def storage_type(element: Attribute) -> Attribute:
    """What an element is in memory: i8 for i1, i64 for index, else itself."""
    return i8 if element == i1 else convert_type(element)


def linear_index(
    conversion: Conversion, indices: Sequence[SSAValue], shape: Sequence[int]
) -> SSAValue | int:
    """Row-major offset in elements, by Horner's rule.

    Dimensions of size one are passed over, their index being 0; without others it is 0.
    """
    offset: SSAValue | int = 0
    for index, size in zip(indices, shape, strict=True):
        if size == 1:
            continue
        step = conversion.operand(index)
        if isinstance(offset, SSAValue):
            extent = conversion.insert(llvm.ConstantOp(IntegerAttr(size, i64), i64))
            scaled = conversion.insert(
                llvm.MulOp(offset, extent.result, overflow=NO_WRAP)
            )
            step = conversion.insert(llvm.AddOp(scaled.res, step, overflow=NO_WRAP)).res
        offset = step
    return offset


NO_WRAP = llvm.OverflowAttr(
    (llvm.OverflowFlag.NO_SIGNED_WRAP, llvm.OverflowFlag.NO_UNSIGNED_WRAP)
)
"""An index into an array is neither negative nor past 2^63."""


def element_pointer(
    conversion: Conversion, op: memref.LoadOp | memref.StoreOp
) -> SSAValue:
    ty = plain_memref(op.memref.type, op)
    offset = linear_index(conversion, op.indices, ty.get_shape())
    pointer_type = convert_type(ty)
    assert isinstance(pointer_type, llvm.LLVMPointerType)
    pointer = llvm.GEPOp.from_mixed_indices(
        conversion.operand(op.memref),
        [offset],
        storage_type(ty.element_type),
        pointer_type,
        inbounds=True,
    )
    return conversion.insert(pointer).result


def lower_load(conversion: Conversion, op: memref.LoadOp) -> Sequence[SSAValue]:
    pointer = element_pointer(conversion, op)
    load = conversion.insert(llvm.LoadOp(pointer, storage_type(op.res.type)))
    if op.res.type == i1:
        return [conversion.insert(llvm.TruncOp(load.dereferenced_value, i1)).res]
    return [load.dereferenced_value]


def lower_store(conversion: Conversion, op: memref.StoreOp) -> Sequence[SSAValue]:
    value = conversion.operand(op.value)
    if value.type == i1:
        value = conversion.insert(llvm.ZExtOp(value, i8)).res
    conversion.insert(llvm.StoreOp(value, element_pointer(conversion, op)))
    return []


def lower_alloca(conversion: Conversion, op: memref.AllocaOp) -> Sequence[SSAValue]:
    ty = plain_memref(op.memref.type, op)
    size = llvm.ConstantOp(IntegerAttr(prod(ty.get_shape()), i64), i64)
    alloca = llvm.AllocaOp(
        conversion.insert(size).result, storage_type(ty.element_type)
    )
    return [conversion.insert(alloca).res]


def lower_global(conversion: Conversion, op: memref.GlobalOp) -> Sequence[SSAValue]:
    """A private array; without an initial value its contents are undefined."""
    ty = plain_memref(op.type, op)
    space = address_space(ty)
    array = llvm.LLVMArrayType(
        IntAttr(prod(ty.get_shape())), storage_type(ty.element_type)
    )
    uninitialised = isinstance(op.initial_value, UnitAttr)
    conversion.insert(
        llvm.GlobalOp(
            array,
            op.sym_name,
            "internal",
            space.data if isinstance(space, IntAttr) else 0,
            constant=op.constant is not None,
            value=None if uninitialised else op.initial_value,
            alignment=None if op.alignment is None else op.alignment.value.data,
        )
    )
    return []


def lower_get_global(
    conversion: Conversion, op: memref.GetGlobalOp
) -> Sequence[SSAValue]:
    pointer_type = convert_type(plain_memref(op.memref.type, op))
    assert isinstance(pointer_type, llvm.LLVMPointerType)
    return [conversion.insert(llvm.AddressOfOp(op.name_, pointer_type)).result]


def lower_reshape(
    conversion: Conversion,
    op: memref.CastOp | memref.CollapseShapeOp | memref.ExpandShapeOp,
) -> Sequence[SSAValue]:
    """The same elements in the same order: the same pointer."""
    plain_memref(op.operands[0].type, op)
    plain_memref(op.results[0].type, op)
    return [conversion.operand(op.operands[0])]


MEMREF_TO_LLVM: dict[type, Lowering] = {
    memref.LoadOp: lower_load,
    memref.StoreOp: lower_store,
    memref.AllocaOp: lower_alloca,
    memref.GlobalOp: lower_global,
    memref.GetGlobalOp: lower_get_global,
    memref.CastOp: lower_reshape,
    memref.CollapseShapeOp: lower_reshape,
    memref.ExpandShapeOp: lower_reshape,
}


@dataclass(frozen=True)
class ConvertMemrefToLlvmPass(ModulePass):
    """Convert memrefs of static shape and identity layout to bare pointers."""

    name = "convert-memref-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(MEMREF_TO_LLVM).apply(op)
