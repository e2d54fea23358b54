"""Elements and vectors of them in flat buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import IntegerAttr, VectorType, f32, i64
from xdsl.ir import SSAValue

from fusemlir.lowering.kernel.index_math import Index, as_value


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
    buffer: SSAValue, at: Index, lanes: int, alignment: int = 4
) -> SSAValue:
    """Neighbours of f32, the first aligned to so many bytes."""
    load = vector.LoadOp(buffer, [as_value(at)], VectorType(f32, [lanes]))
    load.attributes["alignment"] = IntegerAttr(alignment, i64)
    return load.result


def store_vector(value: SSAValue, buffer: SSAValue, at: Index) -> None:
    store = vector.StoreOp(value, buffer, [as_value(at)])
    store.attributes["alignment"] = IntegerAttr(4, i64)
