"""Where elements of memrefs are: pointers, from bare pointers and indices.

Shapes and strides are static, so a type says all that a descriptor would, and LLVM sees
one pointer per buffer, of which it can infer the address space. A bare pointer is to
the element at index 0, whatever the offset of the layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from operator import mul

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    StridedLayoutAttr,
    UnitAttr,
    VectorType,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.to_llvm.conversion import Conversion, convert_type

NO_WRAP = IntegerAttr(
    llvm.OverflowAttr(
        (llvm.OverflowFlag.NO_SIGNED_WRAP, llvm.OverflowFlag.NO_UNSIGNED_WRAP)
    ).to_int(),
    32,
)
"""An index into an array is neither negative nor past the widest index."""

NO_WRAP_FLAGS = IntegerAttr(0, 32)
"""Of a pointer's move: none."""


@cache
def constant_index(index: int) -> DenseArrayBase:
    """Made once: xDSL checks an attribute for longer than the rest takes."""
    return DenseArrayBase.from_list(i32, [index])


def static_memref(value_type: Attribute, op: Operation) -> MemRefType:
    """The type itself; raises where it is no memref of static shape."""
    if not isa(value_type, MemRefType):
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted a memref, found {value_type}"
        )
    if DYNAMIC_INDEX in value_type.get_shape():
        raise DiagnosticError.at(
            op.location,
            f"{op.name}: {value_type} has an unknown dimension; fix it with --shape",
        )
    return value_type


def plain_memref(value_type: Attribute, op: Operation) -> MemRefType:
    """The type itself; raises where it is not of static shape and identity layout."""
    type = static_memref(value_type, op)
    if not isinstance(type.layout, NoneAttr):
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted the identity layout, found {type}"
        )
    return type


def strides_of(type: MemRefType, op: Operation) -> tuple[int, ...]:
    """How many elements apart neighbours are, by dimension; raises if not static."""
    if isinstance(type.layout, NoneAttr):
        inner = type.get_shape()[1:]
        return (*accumulate(reversed(inner), mul, initial=1),)[::-1][-len(inner) - 1 :]
    strides = None
    if isinstance(type.layout, StridedLayoutAttr):
        strides = type.layout.get_strides()
    if strides is None or None in strides:
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted a layout of static strides, found {type}"
        )
    return tuple(stride for stride in strides if stride is not None)


def storage_type(conversion: Conversion, element: Attribute) -> Attribute:
    """What an element, or a vector of them, is in memory: i8 for i1, else itself."""
    return _storage_type(element, conversion.index)


@cache
def _storage_type(element: Attribute, index: IntegerType) -> Attribute:
    if isa(element, VectorType):
        inner = _storage_type(element.element_type, index)
        return VectorType(inner, element.get_shape())
    return i8 if element == i1 else convert_type(element, index)


def element_pointer(
    conversion: Conversion,
    op: Operation,
    buffer: SSAValue,
    indices: Sequence[SSAValue],
) -> SSAValue:
    """The address of the element of a memref at `indices`."""
    type = static_memref(buffer.type, op)
    if isinstance(type.layout, NoneAttr):
        offset = row_major_offset(conversion, indices, type.get_shape())
    else:
        offset = strided_offset(conversion, indices, strides_of(type, op))
    return advanced(conversion, buffer, offset, type.element_type)


def advanced(
    conversion: Conversion,
    buffer: SSAValue,
    offset: SSAValue | int,
    element: Attribute,
) -> SSAValue:
    """The address `offset` elements after the start of a memref."""
    pointer = conversion.operand(buffer)
    assert isinstance(pointer.type, llvm.LLVMPointerType)
    constant = isinstance(offset, int)
    moved = llvm.GEPOp.create(
        operands=[pointer] if constant else [pointer, offset],
        result_types=[pointer.type],
        properties={
            "rawConstantIndices": constant_index(
                offset if constant else llvm.GEP_USE_SSA_VAL
            ),
            "elem_type": storage_type(conversion, element),
            "noWrapFlags": NO_WRAP_FLAGS,
            "inbounds": UnitAttr(),
        },
    )
    return conversion.insert(moved).result


def load(
    conversion: Conversion, pointer: SSAValue, type: Attribute, alignment: int = 0
) -> SSAValue:
    """What is at `pointer`; an alignment of 0, in bytes, is the type's own."""
    made = llvm.LoadOp.create(
        operands=[pointer], result_types=[type], properties=access(alignment)
    )
    return conversion.insert(made).dereferenced_value


def store(
    conversion: Conversion, value: SSAValue, pointer: SSAValue, alignment: int = 0
) -> None:
    """Put `value` at `pointer`; an alignment of 0, in bytes, is its type's own."""
    properties = access(alignment)
    conversion.insert(
        llvm.StoreOp.create(operands=[value, pointer], properties=properties)
    )


@cache
def access(alignment: int) -> Mapping[str, Attribute]:
    """The properties of a load or a store."""
    properties: dict[str, Attribute] = {"ordering": IntegerAttr(0, i64)}
    if alignment:
        properties["alignment"] = IntegerAttr(alignment, i64)
    return properties


def row_major_offset(
    conversion: Conversion, indices: Sequence[SSAValue], shape: Sequence[int]
) -> SSAValue | int:
    """In elements, by Horner's rule.

    Dimensions of size one are passed over, their index being 0; without others it is 0.
    """
    offset: SSAValue | int = 0
    for index, size in zip(indices, shape, strict=True):
        if size == 1:
            continue
        step = conversion.operand(index)
        if isinstance(offset, SSAValue):
            step = _plus(conversion, _times(conversion, offset, size), step)
        offset = step
    return offset


def strided_offset(
    conversion: Conversion, indices: Sequence[SSAValue], strides: Sequence[int]
) -> SSAValue | int:
    """In elements: the sum of index times stride."""
    offset: SSAValue | int = 0
    for index, stride in zip(indices, strides, strict=True):
        step = _times(conversion, conversion.operand(index), stride)
        if isinstance(offset, SSAValue):
            step = _plus(conversion, offset, step)
        offset = step
    return offset


def _times(conversion: Conversion, value: SSAValue, factor: int) -> SSAValue:
    if factor == 1:
        return value
    by = conversion.constant(factor)
    return _within_memory(conversion, llvm.MulOp, value, by)


def _plus(conversion: Conversion, a: SSAValue, b: SSAValue) -> SSAValue:
    return _within_memory(conversion, llvm.AddOp, a, b)


def _within_memory(
    conversion: Conversion, kind: type[Operation], a: SSAValue, b: SSAValue
) -> SSAValue:
    made = kind.create(
        operands=[a, b],
        result_types=[a.type],
        properties={"overflowFlags": NO_WRAP},
    )
    return conversion.insert(made).results[0]
