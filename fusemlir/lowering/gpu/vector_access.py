"""Several neighbouring elements at once, 16 bytes a thread where they are as many.

Values are scalars in the type that is computed in, one for each element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import IntegerAttr, VectorType, i64
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.vector import FromElementsOp, ToElementsOp
from fusemlir.lowering.element_conversion import element_bytes, narrow, widen
from fusemlir.lowering.gpu.block_kernel import ALIGNMENT, Memref
from fusemlir.lowering.kernel.index_math import Index, as_value


def load(buffer: SSAValue, at: Sequence[Index], count: int = 1) -> list[SSAValue]:
    """`count` elements from `at` on, floats as f32. A power of two of them; the first
    is aligned to as many bytes as they all have, or to 16."""
    return [widen(value) for value in load_raw(buffer, at, count)]


def store(values: Sequence[SSAValue], buffer: SSAValue, at: Sequence[Index]) -> None:
    """The reverse of `load`, floats rounded to the buffer's type, half to even."""
    element = _type_of(buffer).element_type
    store_raw([narrow(value, element) for value in values], buffer, at)


def load_raw(
    buffer: SSAValue, at: Sequence[Index], count: int = 1
) -> Sequence[SSAValue]:
    """As `load`, in the buffer's type."""
    indices = [as_value(index) for index in at]
    if count == 1:
        return [memref.LoadOp.get(buffer, indices).res]
    return ToElementsOp(load_vector(buffer, indices, count)).elements


def store_raw(
    values: Sequence[SSAValue], buffer: SSAValue, at: Sequence[Index]
) -> None:
    """As `store`, of values in the buffer's type."""
    if len(values) == 1:
        memref.StoreOp.get(values[0], buffer, [as_value(index) for index in at])
        return
    element = _type_of(buffer).element_type
    store_vector(
        FromElementsOp(values, VectorType(element, [len(values)])).dest, buffer, at
    )


def load_vector(buffer: SSAValue, at: Sequence[Index], count: int) -> SSAValue:
    """A vector of elements as they are in memory, to be stored or multiplied so."""
    type = VectorType(_type_of(buffer).element_type, [count])
    load = vector.LoadOp(buffer, [as_value(index) for index in at], type)
    load.attributes["alignment"] = _alignment(buffer, count)
    return load.result


def store_vector(value: SSAValue, buffer: SSAValue, at: Sequence[Index]) -> None:
    store = vector.StoreOp(value, buffer, [as_value(index) for index in at])
    (count,) = cast("VectorType[Attribute]", value.type).get_shape()
    store.attributes["alignment"] = _alignment(buffer, count)


def _type_of(buffer: SSAValue) -> Memref:
    return cast(Memref, buffer.type)


def _alignment(buffer: SSAValue, count: int) -> IntegerAttr:
    assert count & (count - 1) == 0, f"{count} elements are no power of two"
    size = count * element_bytes(_type_of(buffer).element_type)
    return IntegerAttr(min(size, ALIGNMENT), i64)
