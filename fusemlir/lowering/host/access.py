"""Elements and vectors of them in flat buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import IntegerAttr, MemRefType, VectorType, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.kernel.index_math import Index, as_value
from fusemlir.lowering.kernel.value_numbering import constant


def load(buffer: SSAValue, place: Index) -> SSAValue:
    return memref.LoadOp.get(buffer, [as_value(place)]).res


def store(value: SSAValue, buffer: SSAValue, place: Index) -> None:
    memref.StoreOp.get(value, buffer, [as_value(place)])


def copying(source: SSAValue, target: SSAValue) -> Callable[[Sequence[Index]], None]:
    """What copies an element, given its places in both."""

    def copy(places: Sequence[Index]) -> None:
        read, written = places
        store(load(source, read), target, written)

    return copy


def load_vector(
    buffer: SSAValue, at: Index, lanes: int, alignment: int | None = None
) -> SSAValue:
    """Neighbours, the first aligned to so many bytes, or else as any element is."""
    element = element_of(buffer)
    load = vector.LoadOp(buffer, [as_value(at)], VectorType(element, [lanes]))
    bytes = element_bytes(element) if alignment is None else alignment
    load.attributes["alignment"] = IntegerAttr(bytes, i64)
    return load.result


def store_vector(value: SSAValue, buffer: SSAValue, at: Index) -> None:
    store = vector.StoreOp(value, buffer, [as_value(at)])
    store.attributes["alignment"] = IntegerAttr(element_bytes(element_of(buffer)), i64)


def local(type: Attribute, count: int) -> SSAValue:
    """Memory of the kernel, allocated once where it begins."""
    return constant(object(), lambda: memref.AllocaOp.get(type, None, [count]).memref)


def element_of(buffer: SSAValue) -> Attribute:
    """The type of what a buffer holds."""
    assert isa(buffer.type, MemRefType)
    return buffer.type.element_type
