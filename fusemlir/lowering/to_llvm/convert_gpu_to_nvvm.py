"""gpu → llvm and nvvm: kernels, what a thread asks about itself, and barriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, gpu, llvm
from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntAttr,
    IntegerAttr,
    ModuleOp,
    UnitAttr,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects import nvvm
from fusemlir.dialects.gpu import DynamicSharedMemoryOp, ShuffleMode, ShuffleOp
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering

DIMENSION_REGISTERS: dict[type[Operation], dict[str, type[nvvm.SpecialRegisterOp]]] = {
    gpu.ThreadIdOp: {
        "x": nvvm.ThreadIdXOp,
        "y": nvvm.ThreadIdYOp,
        "z": nvvm.ThreadIdZOp,
    },
    gpu.BlockDimOp: {
        "x": nvvm.BlockDimXOp,
        "y": nvvm.BlockDimYOp,
        "z": nvvm.BlockDimZOp,
    },
    gpu.BlockIdOp: {
        "x": nvvm.BlockIdXOp,
        "y": nvvm.BlockIdYOp,
        "z": nvvm.BlockIdZOp,
    },
    gpu.GridDimOp: {
        "x": nvvm.GridDimXOp,
        "y": nvvm.GridDimYOp,
        "z": nvvm.GridDimZOp,
    },
}

DimensionOp = gpu.ThreadIdOp | gpu.BlockDimOp | gpu.BlockIdOp | gpu.GridDimOp


def is_kernel(func: gpu.FuncOp) -> bool:
    """Upstream marks kernels by the attribute `gpu.kernel`, xDSL by a property."""
    return "gpu.kernel" in func.attributes or func.kernel is not None


def known_size(func: gpu.FuncOp, what: str) -> DenseArrayBase | None:
    """`known_block_size` or `known_grid_size`, in upstream's spelling or in xDSL's."""
    for name in (f"known_{what}_size", f"gpu.known_{what}_size"):
        size = func.attributes.get(name)
        if isa(size, DenseArrayBase):
            return size
    return None


def lower_func(conversion: Conversion, op: gpu.FuncOp) -> Sequence[SSAValue]:
    """An external function in place; a kernel is marked `nvvm.kernel`.

    `nvvm.maxntid` is the block size it is launched with, which bounds its registers.
    What the function says to NVVM is kept, as upstream keeps it.
    """
    if len(op.function_type.outputs) > 1:
        raise DiagnosticError.at(
            op.location,
            f"function `{op.sym_name.data}`: wanted one result at most, "
            f"found {len(op.function_type.outputs)}",
        )
    conversion.block_arguments(op.body.blocks[0])
    body = Region()
    op.body.move_blocks(body)
    attributes: dict[str, Attribute] = {}
    if is_kernel(op):
        attributes["gpu.kernel"] = UnitAttr()
        attributes["nvvm.kernel"] = UnitAttr()
    block_size = known_size(op, "block")
    if block_size is not None:
        attributes["nvvm.maxntid"] = block_size
    for name, value in op.attributes.items():
        if name.startswith("nvvm."):
            attributes[name] = value
    outputs = [conversion.type(ty) for ty in op.function_type.outputs]
    function_type = llvm.LLVMFunctionType(
        [conversion.type(ty) for ty in op.function_type.inputs],
        outputs[0] if outputs else None,
    )
    arg_attrs = op.attributes.get("arg_attrs", op.properties.get("arg_attrs"))
    func = llvm.FuncOp(
        op.sym_name,
        function_type,
        llvm.LinkageAttr("external"),
        body=body,
        other_props={"arg_attrs": arg_attrs},
        extra_attrs=attributes,
    )
    conversion.insert(func)
    return []


def lower_return(conversion: Conversion, op: gpu.ReturnOp) -> Sequence[SSAValue]:
    values = conversion.operands(op)
    conversion.insert(llvm.ReturnOp(values[0] if values else None))
    return []


def read_register(
    conversion: Conversion, register: type[nvvm.SpecialRegisterOp]
) -> SSAValue:
    """A special register as an index. All are below 2^31: a sign is no matter."""
    read = conversion.insert(register()).res
    if conversion.index == i32:
        return read
    return conversion.insert(llvm.SExtOp(read, conversion.index)).res


def lower_dimension(conversion: Conversion, op: DimensionOp) -> Sequence[SSAValue]:
    register = DIMENSION_REGISTERS[type(op)][op.dimension.data]
    return [read_register(conversion, register)]


def lower_global_id(conversion: Conversion, op: gpu.GlobalIdOp) -> Sequence[SSAValue]:
    block, size, thread = (
        read_register(conversion, DIMENSION_REGISTERS[of][op.dimension.data])
        for of in (gpu.BlockIdOp, gpu.BlockDimOp, gpu.ThreadIdOp)
    )
    start = conversion.insert(llvm.MulOp(block, size)).res
    return [conversion.insert(llvm.AddOp(start, thread)).res]


def lower_lane_id(conversion: Conversion, op: gpu.LaneIdOp) -> Sequence[SSAValue]:
    return [read_register(conversion, nvvm.LaneIdOp)]


def lower_subgroup_size(
    conversion: Conversion, op: gpu.SubgroupSizeOp
) -> Sequence[SSAValue]:
    return [read_register(conversion, nvvm.WarpSizeOp)]


def lower_barrier(conversion: Conversion, op: gpu.BarrierOp) -> Sequence[SSAValue]:
    conversion.insert(nvvm.BarrierOp())
    return []


SHUFFLE_KINDS = {
    ShuffleMode.xor: nvvm.ShflKind.bfly,
    ShuffleMode.up: nvvm.ShflKind.up,
    ShuffleMode.down: nvvm.ShflKind.down,
    ShuffleMode.idx: nvvm.ShflKind.idx,
}

WARP = 32
"""Lanes of a warp."""


def lower_shuffle(conversion: Conversion, op: ShuffleOp) -> Sequence[SSAValue]:
    """All lanes of the warp take part; the width has to be a constant."""
    kind = SHUFFLE_KINDS[op.mode.data]
    all_lanes = conversion.constant(-1, i32)
    clamp = conversion.constant(shuffle_clamp(op), i32)
    is_valid = bool(op.valid.uses)
    shuffle = conversion.insert(
        nvvm.ShflOp(kind, all_lanes, op.value, op.offset, clamp, is_valid=is_valid)
    )
    if not is_valid:
        return [shuffle.res, conversion.constant(1, i1)]
    value, valid = (
        conversion.insert(
            llvm.ExtractValueOp(DenseArrayBase.from_list(i64, [k]), shuffle.res, type)
        ).res
        for k, type in enumerate(op.result_types)
    )
    return [value, valid]


def shuffle_clamp(op: ShuffleOp) -> int:
    """PTX's operand c: the segment's mask in bits 8 to 12, the last lane below."""
    match op.width.owner:
        case arith.ConstantOp(value=IntegerAttr(value=IntAttr(data=width))):
            pass
        case llvm.ConstantOp(value=IntegerAttr(value=IntAttr(data=width))):
            pass
        case _:
            raise DiagnosticError.at(op.location, f"{op.name}: wanted a constant width")
    if width not in (1, 2, 4, 8, 16, WARP):
        raise DiagnosticError.at(
            op.location,
            f"{op.name}: wanted a width that is a power of two up to {WARP}, "
            f"found {width}",
        )
    last = 0 if op.mode.data == ShuffleMode.up else WARP - 1
    return (WARP - width) << 8 | last


DYNAMIC_SHARED_MEMORY = "dynamic_shared_memory"
"""Name of the array without a size that all kernels of a module have together."""


def lower_dynamic_shared_memory(
    conversion: Conversion, op: DynamicSharedMemoryOp
) -> Sequence[SSAValue]:
    module = op.parent_op()
    while module is not None and not isinstance(module, gpu.ModuleOp | ModuleOp):
        module = module.parent_op()
    assert module is not None
    declare_dynamic_shared_memory(module.regions[0].block)
    pointer = llvm.LLVMPointerType(IntAttr(SHARED))
    return [conversion.insert(llvm.AddressOfOp(DYNAMIC_SHARED_MEMORY, pointer)).result]


SHARED = 3
"""The address space of shared memory."""


def declare_dynamic_shared_memory(symbols: Block) -> None:
    for op in symbols.ops:
        if isinstance(op, llvm.GlobalOp) and op.sym_name.data == DYNAMIC_SHARED_MEMORY:
            return
    array = llvm.LLVMArrayType(IntAttr(0), i8)
    declared = llvm.GlobalOp(
        array, DYNAMIC_SHARED_MEMORY, "external", SHARED, alignment=128
    )
    assert symbols.first_op is not None
    symbols.insert_op_before(declared, symbols.first_op)


GPU_TO_NVVM: dict[type, Lowering] = {
    gpu.FuncOp: lower_func,
    gpu.ReturnOp: lower_return,
    gpu.GlobalIdOp: lower_global_id,
    gpu.LaneIdOp: lower_lane_id,
    gpu.SubgroupSizeOp: lower_subgroup_size,
    gpu.BarrierOp: lower_barrier,
    ShuffleOp: lower_shuffle,
    DynamicSharedMemoryOp: lower_dynamic_shared_memory,
    **dict.fromkeys(DIMENSION_REGISTERS, lower_dimension),
}


@dataclass(frozen=True)
class ConvertGpuToNvvmPass(ModulePass):
    """Convert gpu functions and what they ask of their thread to llvm and nvvm."""

    name = "convert-gpu-to-nvvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(GPU_TO_NVVM).apply(op)
