"""What threads multiply and add in a tiled contraction, and how it lies in a tile."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from xdsl.dialects import math
from xdsl.dialects.builtin import VectorType, f32, i8, i32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.nvvm import DotAccumulate4WayOp
from fusemlir.dialects.vector import FromElementsOp
from fusemlir.lowering.element_conversion import integer, real, widen
from fusemlir.lowering.elements.contracted import Contracted, IntegerContracted
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.index_math import Index, multiply


class Words:
    """What tiles hold: words of `pack` elements that follow each other in depth."""

    element: Attribute
    """Type of what tiles hold."""
    total: Attribute
    """Type of the sums."""
    pack: int

    def prepare(self, value: SSAValue) -> SSAValue:
        """An element as loaded from a tensor, as tiles hold it."""
        return value

    def put(self, values: Sequence[SSAValue], tile: SSAValue, at: Index) -> None:
        """Store the elements of some words from the `at`-th word on."""
        store_raw(values, tile, [multiply(at, self.pack)])


class Arithmetic(Words):
    """Products of words by single threads."""

    @abstractmethod
    def zero(self) -> SSAValue: ...

    @abstractmethod
    def words(self, tile: SSAValue, at: Index, count: int) -> Sequence[SSAValue]:
        """`count` words from the `at`-th on."""

    @abstractmethod
    def multiply_add(self, a: SSAValue, b: SSAValue, total: SSAValue) -> SSAValue: ...


class FloatArithmetic(Arithmetic):
    """Fused multiply-adds in f32."""

    element, total, pack = f32, f32, 1

    def prepare(self, value: SSAValue) -> SSAValue:
        return widen(value)

    def zero(self) -> SSAValue:
        return real(0)

    def words(self, tile: SSAValue, at: Index, count: int) -> Sequence[SSAValue]:
        return load_raw(tile, [at], count)

    def multiply_add(self, a: SSAValue, b: SSAValue, total: SSAValue) -> SSAValue:
        return math.FmaOp(a, b, total).result


class IntegerArithmetic(Arithmetic):
    """Dot products of four bytes, summed in i32."""

    element, total, pack = i8, i32, 4

    def zero(self) -> SSAValue:
        return integer(i32, 0)

    def words(self, tile: SSAValue, at: Index, count: int) -> Sequence[SSAValue]:
        bytes_ = load_raw(tile, [multiply(at, 4)], 4 * count)
        four = VectorType(i8, [4])
        return [
            FromElementsOp(bytes_[4 * word : 4 * word + 4], four).dest
            for word in range(count)
        ]

    def multiply_add(self, a: SSAValue, b: SSAValue, total: SSAValue) -> SSAValue:
        return DotAccumulate4WayOp(a, b, total).res


def arithmetic_of(found: Contracted) -> Arithmetic:
    """What many threads compute a contraction with."""
    is_integer = isinstance(found, IntegerContracted)
    return IntegerArithmetic() if is_integer else FloatArithmetic()


class FragmentWords(Words):
    """Elements as warps multiply them, in the tensors' type; of f32 as tf32, which is
    what of it is before the last 13 bits."""

    def __init__(self, element: Attribute):
        self.element = element
        self.total = i32 if element == i8 else f32
        self.pack = 4 if element == i8 else 1
