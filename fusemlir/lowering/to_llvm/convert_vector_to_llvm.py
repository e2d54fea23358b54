"""vector → llvm: vectors of one dimension; of more, arrays of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import llvm, vector
from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    VectorType,
    i32,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects import llvm as extra
from fusemlir.dialects.vector import FromElementsOp, ToElementsOp
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.to_llvm.aggregates import (
    assemble,
    elements,
    extract,
    insert,
    part_type,
    shape_of,
    splat,
)
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering
from fusemlir.lowering.to_llvm.elementwise import insert_twin, to_float_twin
from fusemlir.lowering.to_llvm.memory import (
    element_pointer,
    load,
    storage_type,
    store,
)


def check_one_dimension(op: Operation, *types: Attribute) -> None:
    """Raises where a vector is of several dimensions."""
    for type in types:
        if not isa(type, VectorType) or type.get_num_dims() != 1:
            raise DiagnosticError.at(
                op.location,
                f"{op.name}: wanted a vector of one dimension, found {type}",
            )


def alignment_of(op: vector.LoadOp | vector.StoreOp) -> int:
    """In bytes: what the operation's attribute `alignment` says, else an element's."""
    said = op.attributes.get("alignment")
    if isa(said, IntegerAttr):
        return said.value.data
    assert isa(op.base.type, MemRefType)
    return element_bytes(op.base.type.element_type)


def lower_load(conversion: Conversion, op: vector.LoadOp) -> Sequence[SSAValue]:
    check_one_dimension(op, op.result.type)
    pointer = element_pointer(conversion, op, op.base, op.indices)
    stored = storage_type(conversion, op.result.type)
    value = load(conversion, pointer, stored, alignment_of(op))
    if stored != op.result.type:
        return [conversion.insert(llvm.TruncOp(value, op.result.type)).res]
    return [value]


def lower_store(conversion: Conversion, op: vector.StoreOp) -> Sequence[SSAValue]:
    check_one_dimension(op, op.vector.type)
    value = op.vector
    stored = storage_type(conversion, value.type)
    if stored != value.type:
        value = conversion.insert(llvm.ZExtOp(value, stored)).res
    pointer = element_pointer(conversion, op, op.base, op.indices)
    store(conversion, value, pointer, alignment_of(op))
    return []


def static_position(op: vector.ExtractOp | vector.InsertOp) -> list[int]:
    found = op.get_mixed_position()
    static = [place for place in found if isinstance(place, int)]
    if len(static) != len(found):
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted a constant position, found a value"
        )
    return static


def lower_extract(conversion: Conversion, op: vector.ExtractOp) -> Sequence[SSAValue]:
    value = conversion.operand(op.vector)
    return [extract(conversion, value, static_position(op))]


def lower_insert(conversion: Conversion, op: vector.InsertOp) -> Sequence[SSAValue]:
    part, value = conversion.operand(op.source), conversion.operand(op.dest)
    return [insert(conversion, part, value, static_position(op))]


def lower_broadcast(
    conversion: Conversion, op: vector.BroadcastOp
) -> Sequence[SSAValue]:
    """Of a scalar, or of a vector to rows of it."""
    part, type = conversion.operand(op.source), conversion.type(op.vector.type)
    inner, outer = shape_of(part.type), shape_of(type)
    if inner and outer[len(outer) - len(inner) :] != inner:
        raise DiagnosticError.at(
            op.location, f"{op.name}: {op.source.type} is no row of {op.vector.type}"
        )
    if not inner:
        part = splat(conversion, part, part_type(type, len(outer) - 1))
        inner = outer[-1:]
    for depth in reversed(range(len(outer) - len(inner))):
        row = type
        for _ in range(depth):
            assert isinstance(row, llvm.LLVMArrayType)
            row = row.type
        part = assemble(conversion, [part] * outer[depth], row)
    return [part]


def lower_from_elements(
    conversion: Conversion, op: FromElementsOp
) -> Sequence[SSAValue]:
    type = conversion.type(op.dest.type)
    return [assemble(conversion, conversion.operands(op), type)]


def lower_to_elements(conversion: Conversion, op: ToElementsOp) -> Sequence[SSAValue]:
    return list(elements(conversion, conversion.operand(op.source)))


def lower_shuffle(conversion: Conversion, op: vector.ShuffleOp) -> Sequence[SSAValue]:
    check_one_dimension(op, op.v1.type, op.v2.type)
    mask = DenseArrayBase.from_list(i32, list(op.mask.iter_values()))
    return insert_twin(conversion, op, llvm.ShuffleVectorOp, {"mask": mask})


def lower_bitcast(conversion: Conversion, op: vector.BitcastOp) -> Sequence[SSAValue]:
    check_one_dimension(op, op.source.type, op.result.type)
    return insert_twin(conversion, op, llvm.BitcastOp, {})


VECTOR_TO_LLVM: dict[type, Lowering] = {
    vector.LoadOp: lower_load,
    vector.StoreOp: lower_store,
    vector.ExtractOp: lower_extract,
    vector.InsertOp: lower_insert,
    vector.BroadcastOp: lower_broadcast,
    FromElementsOp: lower_from_elements,
    ToElementsOp: lower_to_elements,
    vector.ShuffleOp: lower_shuffle,
    vector.BitcastOp: lower_bitcast,
    vector.FMAOp: to_float_twin(extra.FMulAddOp),
}


@dataclass(frozen=True)
class ConvertVectorToLlvmPass(ModulePass):
    """Convert vectors, and their loads and stores, to the llvm dialect."""

    name = "convert-vector-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(VECTOR_TO_LLVM).apply(op)
