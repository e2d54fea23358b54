"""The llvm dialect: xDSL's, and the operations of upstream's that it lacks.

Names, properties and generic syntax are upstream MLIR's, so that a print of a kernel
can be read by `mlir-opt`.
"""

from __future__ import annotations

from abc import ABC
from enum import IntEnum
from typing import ClassVar

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    AnyFloatConstr,
    BoolAttr,
    IntegerAttr,
    IntegerType,
    SignlessIntegerConstraint,
    StringAttr,
    VectorType,
    i64,
)
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import (
    MemoryReadEffect,
    MemoryWriteEffect,
    Pure,
    SameOperandsAndResultType,
)
from xdsl.utils.exceptions import VerifyException

FLOAT_LIKE = AnyFloatConstr | VectorType.constr(AnyFloatConstr)
INTEGER_LIKE = SignlessIntegerConstraint | VectorType.constr(SignlessIntegerConstraint)
INTRINSIC_FORMAT = "`(` operands `)` attr-dict `:` functional-type(operands, results)"


class UnaryFloatIntrinsic(IRDLOperation, ABC):
    """An intrinsic from one float, or vector of floats, to the same type."""

    T: ClassVar = VarConstraint("T", FLOAT_LIKE)

    arg = operand_def(T)
    res = result_def(T)

    fastmathFlags = prop_def(llvm.FastMathAttr, default_value=llvm.FastMathAttr("none"))

    traits = traits_def(Pure(), SameOperandsAndResultType())
    assembly_format = INTRINSIC_FORMAT
    irdl_options = (ParsePropInAttrDict(),)

    def __init__(self, arg: Operation | SSAValue):
        super().__init__(operands=[arg], result_types=[SSAValue.get(arg).type])


@irdl_op_definition
class FTruncOp(UnaryFloatIntrinsic):
    """Round towards zero."""

    name = "llvm.intr.trunc"


@irdl_op_definition
class RoundOp(UnaryFloatIntrinsic):
    """Round to the nearest integer, halves away from zero."""

    name = "llvm.intr.round"


@irdl_op_definition
class RoundEvenOp(UnaryFloatIntrinsic):
    """Round to the nearest integer, halves to the even one."""

    name = "llvm.intr.roundeven"


class BinaryFloatIntrinsic(IRDLOperation, ABC):
    """An intrinsic of two floats, or vectors of floats, to the same type."""

    T: ClassVar = VarConstraint("T", FLOAT_LIKE)

    a = operand_def(T)
    b = operand_def(T)
    res = result_def(T)

    fastmathFlags = prop_def(llvm.FastMathAttr, default_value=llvm.FastMathAttr("none"))

    traits = traits_def(Pure(), SameOperandsAndResultType())
    assembly_format = INTRINSIC_FORMAT
    irdl_options = (ParsePropInAttrDict(),)

    def __init__(self, a: Operation | SSAValue, b: Operation | SSAValue):
        super().__init__(operands=[a, b], result_types=[SSAValue.get(a).type])


@irdl_op_definition
class MaximumOp(BinaryFloatIntrinsic):
    """The greater of two; NaN if either is, and -0 is less than +0."""

    name = "llvm.intr.maximum"


@irdl_op_definition
class MinimumOp(BinaryFloatIntrinsic):
    """The lesser of two; NaN if either is, and -0 is less than +0."""

    name = "llvm.intr.minimum"


@irdl_op_definition
class FMulAddOp(IRDLOperation):
    """a * b + c, rounded once where the processor does so in one instruction, else
    twice."""

    T: ClassVar = VarConstraint("T", FLOAT_LIKE)

    name = "llvm.intr.fmuladd"

    a = operand_def(T)
    b = operand_def(T)
    c = operand_def(T)
    res = result_def(T)

    fastmathFlags = prop_def(llvm.FastMathAttr, default_value=llvm.FastMathAttr("none"))

    traits = traits_def(Pure(), SameOperandsAndResultType())
    assembly_format = INTRINSIC_FORMAT
    irdl_options = (ParsePropInAttrDict(),)


class BinaryIntegerIntrinsic(IRDLOperation, ABC):
    """An intrinsic of two integers, or vectors of integers, to the same type."""

    T: ClassVar = VarConstraint("T", INTEGER_LIKE)

    a = operand_def(T)
    b = operand_def(T)
    res = result_def(T)

    traits = traits_def(Pure(), SameOperandsAndResultType())
    assembly_format = INTRINSIC_FORMAT

    def __init__(self, a: Operation | SSAValue, b: Operation | SSAValue):
        super().__init__(operands=[a, b], result_types=[SSAValue.get(a).type])


@irdl_op_definition
class SMaxOp(BinaryIntegerIntrinsic):
    """The greater of two signed integers."""

    name = "llvm.intr.smax"


@irdl_op_definition
class SMinOp(BinaryIntegerIntrinsic):
    """The lesser of two signed integers."""

    name = "llvm.intr.smin"


@irdl_op_definition
class UMaxOp(BinaryIntegerIntrinsic):
    """The greater of two unsigned integers."""

    name = "llvm.intr.umax"


@irdl_op_definition
class UMinOp(BinaryIntegerIntrinsic):
    """The lesser of two unsigned integers."""

    name = "llvm.intr.umin"


class CountZerosIntrinsic(IRDLOperation, ABC):
    """Counts zero bits; `is_zero_poison` says that zero will not come."""

    T: ClassVar = VarConstraint("T", INTEGER_LIKE)

    arg = operand_def(T)
    is_zero_poison = prop_def(BoolAttr)
    res = result_def(T)

    traits = traits_def(Pure(), SameOperandsAndResultType())
    assembly_format = INTRINSIC_FORMAT
    irdl_options = (ParsePropInAttrDict(),)


@irdl_op_definition
class CtlzOp(CountZerosIntrinsic):
    """The number of leading zero bits."""

    name = "llvm.intr.ctlz"


@irdl_op_definition
class CttzOp(CountZerosIntrinsic):
    """The number of trailing zero bits."""

    name = "llvm.intr.cttz"


@irdl_op_definition
class FPToSIOp(llvm.GenericCastOp):
    """Float to signed integer, towards zero; poison where it does not fit."""

    name = "llvm.fptosi"


@irdl_op_definition
class FPToUIOp(llvm.GenericCastOp):
    """Float to unsigned integer, towards zero; poison where it does not fit."""

    name = "llvm.fptoui"


@irdl_op_definition
class UIToFPOp(llvm.GenericCastOp):
    """Unsigned integer to float."""

    name = "llvm.uitofp"


@irdl_op_definition
class AddrSpaceCastOp(llvm.GenericCastOp):
    """A pointer seen in another address space."""

    name = "llvm.addrspacecast"


@irdl_op_definition
class ExtractElementOp(IRDLOperation):
    """One element of a vector."""

    name = "llvm.extractelement"

    vector = operand_def(VectorType)
    position = operand_def(IntegerType)
    res = result_def(Attribute)

    traits = traits_def(Pure())
    assembly_format = (
        "$vector `[` $position `:` type($position) `]` attr-dict"
        " `:` type($vector) `->` type($res)"
    )

    def __init__(self, vector: SSAValue, position: SSAValue, result_type: Attribute):
        super().__init__(operands=[vector, position], result_types=[result_type])


class AtomicBinOp(IntEnum):
    """What an atomic operation does to memory, by upstream's numbers."""

    add = 1
    max = 7
    min = 8
    umax = 9
    umin = 10
    fadd = 11


MONOTONIC = 2
"""The ordering of atomic operations that order nothing else."""


@irdl_op_definition
class AtomicRMWOp(IRDLOperation):
    """Changes memory so that no other thread comes between; gives what was there."""

    name = "llvm.atomicrmw"

    bin_op = prop_def(IntegerAttr.constr(i64))
    ordering = prop_def(IntegerAttr.constr(i64))
    syncscope = opt_prop_def(StringAttr)
    ptr = operand_def(llvm.LLVMPointerType)
    val = operand_def(Attribute)
    res = result_def(Attribute)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def __init__(self, bin_op: AtomicBinOp, pointer: SSAValue, value: SSAValue):
        super().__init__(
            operands=[pointer, value],
            result_types=[value.type],
            properties={
                "bin_op": IntegerAttr(bin_op, i64),
                "ordering": IntegerAttr(MONOTONIC, i64),
                "syncscope": StringAttr("device"),
            },
        )

    def verify_(self) -> None:
        known = {int(bin_op) for bin_op in AtomicBinOp}
        if self.bin_op.value.data not in known:
            raise VerifyException(f"bin_op {self.bin_op.value.data} is not known")


LLVM = Dialect(
    "llvm",
    [
        *llvm.LLVM.operations,
        AddrSpaceCastOp,
        AtomicRMWOp,
        CtlzOp,
        CttzOp,
        ExtractElementOp,
        FMulAddOp,
        FPToSIOp,
        FPToUIOp,
        FTruncOp,
        MaximumOp,
        MinimumOp,
        RoundEvenOp,
        RoundOp,
        SMaxOp,
        SMinOp,
        UIToFPOp,
        UMaxOp,
        UMinOp,
    ],
    [*llvm.LLVM.attributes],
)
