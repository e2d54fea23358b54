"""Sums of products of bytes in lanes of i32, which wrap around and never saturate."""

from __future__ import annotations

from typing import ClassVar, cast

from xdsl.dialects import arith, llvm, vector
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    IntegerType,
    VectorType,
    i16,
    i32,
    i64,
)
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.host.access import load, load_vector
from fusemlir.lowering.host.arithmetic import Arithmetic, LaneArithmetic
from fusemlir.lowering.host.schedules import HostCpuShape
from fusemlir.lowering.kernel.index_math import Index, add
from fusemlir.lowering.kernel.value_numbering import constant

LANE_BITS, BYTE_BITS = 32, 8

SIGNS = 0x80808080 - 2**32
"""The sign bits of four bytes: without them a byte is 128 more, unsigned."""


class ByteArithmetic(Arithmetic):
    """Of bytes with signs."""

    excess: ClassVar[int]
    """By how much a number of a pixel is multiplied as greater than it is."""

    registers: ClassVar[int]
    """That it needs beside those of sums, factors and a pixel."""

    @staticmethod
    def of_cpu(cpu: HostCpuShape) -> ByteArithmetic:
        kind = DotArithmetic if cpu.vpdpbusd else PairArithmetic
        return kind(cpu.lanes)

    @property
    def type(self) -> VectorType:
        """Of the sums."""
        return VectorType(i32, [self.lanes])


class SingleArithmetic(ByteArithmetic, LaneArithmetic):
    """Of any CPU: one product a lane, of i32."""

    excess, registers = 0, 1

    def neighbours(self, image: SSAValue, at: Index) -> SSAValue:
        return llvm.SExtOp(load_vector(image, at, self.lanes), self.type).res

    def spread(self, image: SSAValue, at: Index, channels: int) -> SSAValue:
        wide = arith.ExtSIOp(load(image, at), i32).result
        return vector.BroadcastOp(wide, self.type).vector

    def factors(self, weights: SSAValue, at: Index) -> SSAValue:
        loaded = load_vector(weights, at, self.lanes, self.lanes)
        return llvm.SExtOp(loaded, self.type).res

    def multiply_add(
        self, spread: SSAValue, factors: SSAValue, total: SSAValue
    ) -> SSAValue:
        return arith.AddiOp(total, arith.MuliOp(spread, factors).result).result


class PairArithmetic(ByteArithmetic):
    """Of any CPU: two products a lane, of i16, which LLVM has pmaddwd for."""

    depth, excess, registers = 2, 0, 3

    @property
    def _wide(self) -> VectorType:
        return VectorType(i32, [2 * self.lanes])

    def spread(self, image: SSAValue, at: Index, channels: int) -> SSAValue:
        word = _pair(image, at) if channels == self.depth else _half_pair(image, at)
        words = vector.BroadcastOp(word, self.type).vector
        halves = vector.BitcastOp(words, VectorType(i16, [2 * self.lanes])).result
        return llvm.SExtOp(halves, self._wide).res

    def factors(self, weights: SSAValue, at: Index) -> SSAValue:
        count = 2 * self.lanes
        return llvm.SExtOp(load_vector(weights, at, count, count), self._wide).res

    def multiply_add(
        self, spread: SSAValue, factors: SSAValue, total: SSAValue
    ) -> SSAValue:
        products = arith.MuliOp(spread, factors).result
        even, odd = (self._every_second(products, first) for first in range(2))
        return arith.AddiOp(total, arith.AddiOp(even, odd).result).result

    def _every_second(self, products: SSAValue, first: int) -> SSAValue:
        lanes = list(range(first, 2 * self.lanes, 2))
        mask = DenseArrayBase.from_list(i64, lanes)
        type = self.type
        return vector.ShuffleOp(products, products, mask, result_type=type).result


class DotArithmetic(ByteArithmetic):
    """Of CPUs with vpdpbusd: four products a lane, of bytes without signs and with."""

    depth, excess, registers = 4, 128, 1

    def spread(self, image: SSAValue, at: Index, channels: int) -> SSAValue:
        word = (
            _word(image, at) if channels == self.depth else _part(image, at, channels)
        )
        bytes = vector.BroadcastOp(word, self.type).vector
        return arith.XOrIOp(bytes, self._signs()).result

    def _signs(self) -> SSAValue:
        def make() -> SSAValue:
            type = cast("VectorType[IntegerType]", self.type)
            value = DenseIntOrFPElementsAttr.from_list(type, [SIGNS] * self.lanes)
            return arith.ConstantOp(value).result

        return constant((SIGNS, self.lanes), make)

    def factors(self, weights: SSAValue, at: Index) -> SSAValue:
        count = self.lanes * self.depth
        return vector.BitcastOp(
            load_vector(weights, at, count, count), self.type
        ).result

    def multiply_add(
        self, spread: SSAValue, factors: SSAValue, total: SSAValue
    ) -> SSAValue:
        name = f"llvm.x86.avx512.vpdpbusd.{self.lanes * LANE_BITS}"
        call = llvm.CallIntrinsicOp(name, [total, spread, factors], [self.type])
        assert call.ress is not None
        return call.ress


def _word(image: SSAValue, at: Index) -> SSAValue:
    """Four bytes as one number."""
    one = VectorType(i32, [1])
    word = vector.BitcastOp(load_vector(image, at, 4), one).result
    return vector.ExtractOp(word, [0], i32).result


def _pair(image: SSAValue, at: Index) -> SSAValue:
    """Two bytes as the halves of one number."""
    pair = llvm.SExtOp(load_vector(image, at, 2), VectorType(i16, [2])).res
    word = vector.BitcastOp(pair, VectorType(i32, [1])).result
    return vector.ExtractOp(word, [0], i32).result


def _half_pair(image: SSAValue, at: Index) -> SSAValue:
    """A byte as the lower half of a number."""
    return arith.ExtUIOp(arith.ExtSIOp(load(image, at), i16).result, i32).result


def _part(image: SSAValue, at: Index, count: int) -> SSAValue:
    """Fewer than four bytes, the first the lowest, as one number."""
    word = integer(i32, 0)
    for number in range(count):
        byte = arith.ExtUIOp(load(image, add(at, number)), i32).result
        place = integer(i32, number * BYTE_BITS)
        word = arith.OrIOp(word, arith.ShLIOp(byte, place).result).result
    return word
