"""memref → llvm: a memref is a bare pointer, see `memory`. i1 is stored as a byte.

Shared memory of a known size is a `memref.global` in the gpu module, in the space
`#gpu.address_space<workgroup>`; of a size that the launch says, a `memref.view` of
`gpu.dynamic_shared_memory`. Both are what upstream takes.
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
    ModuleOp,
    UnitAttr,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.llvm import AtomicBinOp, AtomicRMWOp
from fusemlir.dialects.memref import PrefetchOp
from fusemlir.lowering.llvm_intrinsics import PREFETCH
from fusemlir.lowering.to_llvm.conversion import (
    Conversion,
    Lowering,
    address_space,
)
from fusemlir.lowering.to_llvm.memory import (
    advanced,
    element_pointer,
    load,
    plain_memref,
    static_memref,
    storage_type,
    store,
    strides_of,
)


def lower_load(conversion: Conversion, op: memref.LoadOp) -> Sequence[SSAValue]:
    pointer = element_pointer(conversion, op, op.memref, op.indices)
    stored = storage_type(conversion, op.res.type)
    value = load(conversion, pointer, stored)
    if op.res.type == i1:
        return [conversion.insert(llvm.TruncOp(value, i1)).res]
    return [value]


def lower_store(conversion: Conversion, op: memref.StoreOp) -> Sequence[SSAValue]:
    value = conversion.operand(op.value)
    if value.type == i1:
        value = conversion.insert(llvm.ZExtOp(value, i8)).res
    pointer = element_pointer(conversion, op, op.memref, op.indices)
    store(conversion, value, pointer)
    return []


def lower_alloca(conversion: Conversion, op: memref.AllocaOp) -> Sequence[SSAValue]:
    ty = plain_memref(op.memref.type, op)
    size = conversion.constant(prod(ty.get_shape()), i64)
    alloca = llvm.AllocaOp(size, storage_type(conversion, ty.element_type))
    return [conversion.insert(alloca).res]


ATOMIC_KINDS = {
    0: AtomicBinOp.fadd,
    1: AtomicBinOp.add,
    5: AtomicBinOp.max,
    6: AtomicBinOp.umax,
    9: AtomicBinOp.min,
    10: AtomicBinOp.umin,
}
"""By number of arith's AtomicRMWKind: addf, addi, maxs, maxu, mins, minu."""


def lower_atomic(conversion: Conversion, op: memref.AtomicRMWOp) -> Sequence[SSAValue]:
    kind = op.kind.value.data
    if kind not in ATOMIC_KINDS:
        raise DiagnosticError.at(
            op.location,
            f"{op.name}: kind {kind} is no instruction; there are addf (0), addi (1), "
            "maxs (5), maxu (6), mins (9), minu (10)",
        )
    pointer = element_pointer(conversion, op, op.memref, op.indices)
    value = conversion.operand(op.value)
    return [conversion.insert(AtomicRMWOp(ATOMIC_KINDS[kind], pointer, value)).res]


def lower_global(conversion: Conversion, op: memref.GlobalOp) -> Sequence[SSAValue]:
    """A private array; without an initial value its contents are undefined."""
    ty = plain_memref(op.type, op)
    space = address_space(ty)
    array = llvm.LLVMArrayType(
        IntAttr(prod(ty.get_shape())), storage_type(conversion, ty.element_type)
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
    pointer_type = conversion.type(plain_memref(op.memref.type, op))
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


def lower_reinterpret_cast(
    conversion: Conversion, op: memref.ReinterpretCastOp
) -> Sequence[SSAValue]:
    """The pointer, moved by the offset; the strides are in the type."""
    type = static_memref(op.result.type, op)
    strides_of(type, op)
    (static,) = op.static_offsets.iter_values()
    offset = conversion.operand(op.offsets[0]) if static == DYNAMIC_INDEX else static
    if offset == 0:
        return [conversion.operand(op.source)]
    return [advanced(conversion, op.source, offset, type.element_type)]


def lower_view(conversion: Conversion, op: memref.ViewOp) -> Sequence[SSAValue]:
    """What begins some bytes after the start of a memref of bytes."""
    plain_memref(op.result.type, op)
    return [advanced(conversion, op.source, conversion.operand(op.byte_shift), i8)]


def lower_prefetch(conversion: Conversion, op: PrefetchOp) -> Sequence[SSAValue]:
    """Its hints are constants of the call, as LLVM wants them."""
    pointer = element_pointer(conversion, op, op.memref, op.indices)
    hints = (op.is_write, op.locality_hint, op.is_data_cache)
    numbers = [conversion.constant(abs(hint.value.data), i32) for hint in hints]
    conversion.insert(llvm.CallIntrinsicOp(PREFETCH, [pointer, *numbers], []))
    return []


MEMREF_TO_LLVM: dict[type, Lowering] = {
    memref.LoadOp: lower_load,
    memref.StoreOp: lower_store,
    memref.AllocaOp: lower_alloca,
    memref.AtomicRMWOp: lower_atomic,
    PrefetchOp: lower_prefetch,
    memref.GlobalOp: lower_global,
    memref.GetGlobalOp: lower_get_global,
    memref.CastOp: lower_reshape,
    memref.CollapseShapeOp: lower_reshape,
    memref.ExpandShapeOp: lower_reshape,
    memref.ReinterpretCastOp: lower_reinterpret_cast,
    memref.ViewOp: lower_view,
}


@dataclass(frozen=True)
class ConvertMemrefToLlvmPass(ModulePass):
    """Convert memrefs of static shape and strides to bare pointers."""

    name = "convert-memref-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(MEMREF_TO_LLVM).apply(op)
