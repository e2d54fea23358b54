"""Writes scalar f32 and integer arithmetic in front of one operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    FloatAttr,
    IntegerAttr,
    IntegerType,
    f32,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

Real = SSAValue | float
"""An f32 value, or the number that becomes one."""

Integer = SSAValue | int
"""An integer value, or the number that becomes one of the other operand's type."""


@dataclass
class Float32Builder:
    """Every method inserts before `anchor` and gives back the value it made.

    Equal constants are one value, at the head of `home`, a block that dominates the
    anchor; `constants` may be shared by builders of the same home. Nothing carries
    fast-math flags: the order of the operations and each rounding are part of what is
    written here.
    """

    anchor: Operation
    home: Block
    constants: dict[Attribute, SSAValue] = field(
        default_factory=dict[Attribute, SSAValue]
    )

    def insert(self, op: Operation) -> SSAValue:
        op.location = self.anchor.location
        block = self.anchor.parent
        assert block is not None
        block.insert_op_before(op, self.anchor)
        return op.results[0]

    def constant(self, attribute: FloatAttr | IntegerAttr) -> SSAValue:
        known = self.constants.get(attribute)
        if known is None:
            op = arith.ConstantOp(attribute)
            assert self.home.first_op is not None
            self.home.insert_op_before(op, self.home.first_op)
            self.constants[attribute] = known = op.result
        return known

    def real(self, value: Real) -> SSAValue:
        if isinstance(value, SSAValue):
            return value
        return self.constant(FloatAttr(value, f32))

    def integer(self, value: Integer, ty: IntegerType = i32) -> SSAValue:
        if isinstance(value, SSAValue):
            return value
        return self.constant(IntegerAttr(value, ty))

    def add(self, a: Real, b: Real) -> SSAValue:
        return self.insert(arith.AddfOp(self.real(a), self.real(b)))

    def sub(self, a: Real, b: Real) -> SSAValue:
        return self.insert(arith.SubfOp(self.real(a), self.real(b)))

    def mul(self, a: Real, b: Real) -> SSAValue:
        return self.insert(arith.MulfOp(self.real(a), self.real(b)))

    def div(self, a: Real, b: Real) -> SSAValue:
        return self.insert(arith.DivfOp(self.real(a), self.real(b)))

    def fma(self, a: Real, b: Real, c: Real) -> SSAValue:
        return self.insert(math.FmaOp(self.real(a), self.real(b), self.real(c)))

    def neg(self, a: SSAValue) -> SSAValue:
        return self.insert(arith.NegfOp(a))

    def abs(self, a: SSAValue) -> SSAValue:
        return self.insert(math.AbsFOp(a))

    def sqrt(self, a: SSAValue) -> SSAValue:
        return self.insert(math.SqrtOp(a))

    def floor(self, a: SSAValue) -> SSAValue:
        return self.insert(math.FloorOp(a))

    def copysign(self, magnitude: SSAValue, sign: SSAValue) -> SSAValue:
        return self.insert(math.CopySignOp(magnitude, sign))

    def polynomial(self, x: SSAValue, coefficients: Sequence[float]) -> SSAValue:
        """`c0 + c1 x + c2 x^2 + ...` by Horner's rule in fused multiply-adds."""
        *lower, highest = coefficients
        value = self.real(highest)
        for coefficient in reversed(lower):
            value = self.fma(value, x, coefficient)
        return value

    def compare(self, predicate: str, a: SSAValue, b: Real) -> SSAValue:
        """`arith.cmpf`: `o..` is false on NaN, `u..` true."""
        return self.insert(arith.CmpfOp(a, self.real(b), predicate))

    def select(self, condition: SSAValue, a: Real, b: Real) -> SSAValue:
        return self.insert(arith.SelectOp(condition, self.real(a), self.real(b)))

    def select_integer(self, condition: SSAValue, a: Integer, b: SSAValue) -> SSAValue:
        value = self.integer(a, integer_type(b))
        return self.insert(arith.SelectOp(condition, value, b))

    def clamp(self, x: SSAValue, low: float, high: float) -> SSAValue:
        """`x` between two bounds; a NaN stays one."""
        x = self.select(self.compare("olt", x, low), low, x)
        return self.select(self.compare("ogt", x, high), high, x)

    def bits(self, x: SSAValue) -> SSAValue:
        return self.insert(arith.BitcastOp(x, i32))

    def from_bits(self, x: SSAValue) -> SSAValue:
        return self.insert(arith.BitcastOp(x, f32))

    def int_add(self, a: SSAValue, b: Integer) -> SSAValue:
        return self.insert(arith.AddiOp(a, self.integer(b, integer_type(a))))

    def int_sub(self, a: SSAValue, b: Integer) -> SSAValue:
        return self.insert(arith.SubiOp(a, self.integer(b, integer_type(a))))

    def int_mul(self, a: SSAValue, b: Integer) -> SSAValue:
        return self.insert(arith.MuliOp(a, self.integer(b, integer_type(a))))

    def bit_and(self, a: SSAValue, b: Integer) -> SSAValue:
        return self.insert(arith.AndIOp(a, self.integer(b, integer_type(a))))

    def bit_or(self, a: SSAValue, b: Integer) -> SSAValue:
        return self.insert(arith.OrIOp(a, self.integer(b, integer_type(a))))

    def shift_left(self, a: SSAValue, by: Integer) -> SSAValue:
        return self.insert(arith.ShLIOp(a, self.integer(by, integer_type(a))))

    def shift_right(self, a: SSAValue, by: Integer) -> SSAValue:
        """Fills with the sign."""
        return self.insert(arith.ShRSIOp(a, self.integer(by, integer_type(a))))

    def shift_right_unsigned(self, a: SSAValue, by: Integer) -> SSAValue:
        """Fills with zeros."""
        return self.insert(arith.ShRUIOp(a, self.integer(by, integer_type(a))))

    def int_compare(self, predicate: str, a: SSAValue, b: Integer) -> SSAValue:
        operand = self.integer(b, integer_type(a))
        return self.insert(arith.CmpiOp(a, operand, predicate))

    def to_real(self, a: SSAValue) -> SSAValue:
        """The nearest f32 to a signed integer."""
        return self.insert(arith.SIToFPOp(a, f32))

    def widen(self, a: SSAValue) -> SSAValue:
        """An i32 as i64, unsigned."""
        return self.insert(arith.ExtUIOp(a, i64))

    def narrow(self, a: SSAValue) -> SSAValue:
        """The lower half of an i64."""
        return self.insert(arith.TruncIOp(a, i32))


def integer_type(value: SSAValue) -> IntegerType:
    assert isa(value.type, IntegerType)
    return value.type
