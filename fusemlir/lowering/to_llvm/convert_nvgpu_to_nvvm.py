"""nvgpu → calls of NVPTX's intrinsics, fragments being registers of 32 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseArrayBase,
    Float16Type,
    Float32Type,
    IntAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    VectorType,
    i32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from fusemlir.dialects.llvm import AddrSpaceCastOp
from fusemlir.dialects.nvgpu import (
    DeviceAsyncCopyOp,
    DeviceAsyncCreateGroupOp,
    DeviceAsyncWaitOp,
    LdMatrixOp,
    MmaSyncOp,
)
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.to_llvm.aggregates import assemble, elements, extract, shape_of
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering
from fusemlir.lowering.to_llvm.memory import element_pointer

GLOBAL = 1
"""The address space of global memory."""


def call(
    conversion: Conversion,
    name: str,
    arguments: Sequence[SSAValue],
    result: Attribute | None = None,
) -> SSAValue | None:
    results = [] if result is None else [result]
    return conversion.insert(
        llvm.CallIntrinsicOp(f"llvm.nvvm.{name}", arguments, results)
    ).ress


def unpack(conversion: Conversion, value: SSAValue) -> list[SSAValue]:
    """The members of a struct; a value that is none is one."""
    type = value.type
    if not isinstance(type, llvm.LLVMStructType):
        return [value]
    return [
        conversion.insert(llvm.ExtractValueOp(_place(number), value, member)).res
        for number, member in enumerate(type.types)
    ]


def _place(number: int) -> DenseArrayBase:
    return DenseArrayBase.from_list(i64, [number])


def bitcast(conversion: Conversion, value: SSAValue, type: Attribute) -> SSAValue:
    if value.type == type:
        return value
    return conversion.insert(llvm.BitcastOp(value, type)).result


def lower_ldmatrix(conversion: Conversion, op: LdMatrixOp) -> Sequence[SSAValue]:
    pointer = element_pointer(conversion, op, op.srcMemref, op.indices)
    tiles = op.numTiles.value.data
    transposed = ".trans" if op.transpose.value.data else ""
    struct = llvm.LLVMStructType.from_type_list([i32] * tiles)
    loaded = call(
        conversion,
        f"ldmatrix.sync.aligned.m8n8.x{tiles}{transposed}.b16.p3",
        [pointer],
        i32 if tiles == 1 else struct,
    )
    assert loaded is not None
    type = conversion.type(op.res.type)
    row = row_type(type)
    registers = [bitcast(conversion, v, row) for v in unpack(conversion, loaded)]
    return [assemble(conversion, registers, type)]


def row_type(type: Attribute) -> Attribute:
    assert isinstance(type, llvm.LLVMArrayType)
    return type.type


MULTIPLIED_AS: dict[Attribute, tuple[str, Attribute]] = {
    Float16Type(): ("f32.f32", VectorType(Float16Type(), [2])),
    BFloat16Type(): ("bf16", i32),
    Float32Type(): ("tf32", i32),
    IntegerType(8): ("s8", i32),
}
"""By element type, how the intrinsic is called and what its registers are."""


def lower_mma_sync(conversion: Conversion, op: MmaSyncOp) -> Sequence[SSAValue]:
    assert isa(op.matrixA.type, VectorType)
    suffix, register = MULTIPLIED_AS[op.matrixA.type.element_type]
    a, b, c = conversion.operands(op)
    factors = [
        bitcast(conversion, extract(conversion, factor, [row]), register)
        for factor in (a, b)
        for row in range(shape_of(factor.type)[0])
    ]
    sums = list(elements(conversion, c))
    m, n, k = op.shape
    product = call(
        conversion,
        f"mma.m{m}n{n}k{k}.row.col.{suffix}",
        [*factors, *sums],
        llvm.LLVMStructType.from_type_list([value.type for value in sums]),
    )
    assert product is not None
    members = unpack(conversion, product)
    return [assemble(conversion, members, conversion.type(op.res.type))]


def lower_async_copy(
    conversion: Conversion, op: DeviceAsyncCopyOp
) -> Sequence[SSAValue]:
    """cp.async: of 16 bytes past the first cache where `bypassL1` says so."""
    source = element_pointer(conversion, op, op.src, op.srcIndices)
    target = element_pointer(conversion, op, op.dst, op.dstIndices)
    space = llvm.LLVMPointerType(IntAttr(GLOBAL))
    if source.type != space:
        source = conversion.insert(AddrSpaceCastOp(source, space)).result
    cache = "ca" if op.bypassL1 is None else "cg"
    name = f"cp.async.{cache}.shared.global.{op.bytes}"
    arguments = [target, source]
    if op.srcElements is not None:
        name += ".s"
        arguments.append(bytes_of(conversion, op, op.srcElements))
    call(conversion, name, arguments)
    return [conversion.constant(0, i32)]


def bytes_of(
    conversion: Conversion, op: DeviceAsyncCopyOp, count: SSAValue
) -> SSAValue:
    """So many elements in bytes, as an i32."""
    assert isa(op.dst.type, MemRefType)
    value = conversion.operand(count)
    if value.type != i32:
        value = conversion.insert(llvm.TruncOp(value, i32)).res
    size = conversion.constant(element_bytes(op.dst.type.element_type), i32)
    return conversion.insert(llvm.MulOp(value, size)).res


def lower_create_group(
    conversion: Conversion, op: DeviceAsyncCreateGroupOp
) -> Sequence[SSAValue]:
    call(conversion, "cp.async.commit.group", [])
    return [conversion.constant(0, i32)]


def lower_wait(conversion: Conversion, op: DeviceAsyncWaitOp) -> Sequence[SSAValue]:
    groups = 0 if op.numGroups is None else op.numGroups.value.data
    call(conversion, "cp.async.wait.group", [conversion.constant(groups, i32)])
    return []


NVGPU_TO_NVVM: dict[type, Lowering] = {
    DeviceAsyncCopyOp: lower_async_copy,
    DeviceAsyncCreateGroupOp: lower_create_group,
    DeviceAsyncWaitOp: lower_wait,
    LdMatrixOp: lower_ldmatrix,
    MmaSyncOp: lower_mma_sync,
}


@dataclass(frozen=True)
class ConvertNvgpuToNvvmPass(ModulePass):
    """Convert tensor core operations and asynchronous copies to intrinsics."""

    name = "convert-nvgpu-to-nvvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(NVGPU_TO_NVVM).apply(op)
