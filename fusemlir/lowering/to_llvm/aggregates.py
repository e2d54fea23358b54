"""Parts of llvm vectors, and of arrays of them, which have several dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from xdsl.dialects import llvm
from xdsl.dialects.builtin import DenseArrayBase, VectorType, i32, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.llvm import ExtractElementOp
from fusemlir.lowering.to_llvm.conversion import Conversion


def shape_of(type: Attribute) -> tuple[int, ...]:
    """The dimensions of an array of vectors; of a scalar none."""
    if isinstance(type, llvm.LLVMArrayType):
        return (type.size.data, *shape_of(type.type))
    return type.get_shape() if isa(type, VectorType) else ()


def part_type(type: Attribute, depth: int) -> Attribute:
    """What `depth` indices into a `type` reach."""
    for _ in range(depth):
        if isinstance(type, llvm.LLVMArrayType):
            type = type.type
        else:
            assert isa(type, VectorType)
            type = type.element_type
    return type


def extract(conversion: Conversion, value: SSAValue, at: Sequence[int]) -> SSAValue:
    """The part of `value` at the indices `at`, an element if they are all of them."""
    in_arrays = min(len(at), len(shape_of(value.type)) - 1)
    if in_arrays > 0:
        part = part_type(value.type, in_arrays)
        place = DenseArrayBase.from_list(i64, at[:in_arrays])
        value = conversion.insert(llvm.ExtractValueOp(place, value, part)).res
    for lane in at[in_arrays:]:
        element = part_type(value.type, 1)
        number = conversion.constant(lane, i32)
        value = conversion.insert(
            ExtractElementOp.create(operands=[value, number], result_types=[element])
        ).res
    return value


def insert(
    conversion: Conversion, part: SSAValue, value: SSAValue, at: Sequence[int]
) -> SSAValue:
    """`value` with `part` at the indices `at`."""
    arrays = len(shape_of(value.type)) - 1
    if len(at) > arrays:
        *outer, lane = at
        vector = extract(conversion, value, outer)
        number = conversion.constant(lane, i32)
        part = conversion.insert(
            llvm.InsertElementOp.create(
                operands=[vector, part, number], result_types=[vector.type]
            )
        ).res
        at = outer
    if not at:
        return part
    place = DenseArrayBase.from_list(i64, at)
    return conversion.insert(llvm.InsertValueOp(place, value, part)).res


def splat(conversion: Conversion, scalar: SSAValue, type: Attribute) -> SSAValue:
    """A vector of one number, in LLVM's way: put into it once, and shuffled to all."""
    undefined: SSAValue = conversion.insert(llvm.UndefOp(type)).res
    single = insert(conversion, scalar, undefined, [0])
    (lanes,) = shape_of(type)
    if lanes == 1:
        return single
    shuffled = llvm.ShuffleVectorOp.create(
        operands=[single, undefined],
        result_types=[type],
        properties={"mask": zeros(lanes)},
    )
    return conversion.insert(shuffled).res


@cache
def zeros(count: int) -> DenseArrayBase:
    """Made once: xDSL checks an attribute for longer than the rest takes."""
    return DenseArrayBase.from_list(i32, [0] * count)


def elements(conversion: Conversion, value: SSAValue) -> Iterator[SSAValue]:
    """All elements, in row-major order."""
    for at in product(*map(range, shape_of(value.type))):
        yield extract(conversion, value, at)


def assemble(
    conversion: Conversion, parts: Sequence[SSAValue], type: Attribute
) -> SSAValue:
    """A value of `type` of its elements, or of its rows, in row-major order."""
    if isinstance(type, llvm.LLVMArrayType) and parts[0].type != type.type:
        rows = type.size.data
        step = len(parts) // rows
        parts = [
            assemble(conversion, parts[step * row : step * (row + 1)], type.type)
            for row in range(rows)
        ]
    value: SSAValue = conversion.insert(llvm.UndefOp(type)).res
    for number, part in enumerate(parts):
        value = insert(conversion, part, value, [number])
    return value
