"""arith → llvm: the same operations on the same types, index being an integer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, llvm
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    IndexType,
    IntegerAttr,
    ModuleOp,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects import llvm as extra
from fusemlir.lowering.to_llvm.conversion import (
    Conversion,
    Lowering,
    constant_op,
)
from fusemlir.lowering.to_llvm.elementwise import (
    fast_math,
    insert_twin,
    to_float_twin,
    to_twin,
)

INTEGER_TWINS = {
    arith.DivUIOp: llvm.UDivOp,
    arith.DivSIOp: llvm.SDivOp,
    arith.RemUIOp: llvm.URemOp,
    arith.RemSIOp: llvm.SRemOp,
    arith.AndIOp: llvm.AndOp,
    arith.OrIOp: llvm.OrOp,
    arith.XOrIOp: llvm.XOrOp,
    arith.ShRUIOp: llvm.LShrOp,
    arith.ShRSIOp: llvm.AShrOp,
    arith.MaxSIOp: extra.SMaxOp,
    arith.MinSIOp: extra.SMinOp,
    arith.MaxUIOp: extra.UMaxOp,
    arith.MinUIOp: extra.UMinOp,
    arith.ExtSIOp: llvm.SExtOp,
    arith.ExtUIOp: llvm.ZExtOp,
    arith.TruncIOp: llvm.TruncOp,
    arith.ExtFOp: llvm.FPExtOp,
    arith.TruncFOp: llvm.FPTruncOp,
    arith.FPToSIOp: extra.FPToSIOp,
    arith.FPToUIOp: extra.FPToUIOp,
    arith.SIToFPOp: llvm.SIToFPOp,
    arith.UIToFPOp: extra.UIToFPOp,
}

FLOAT_TWINS = {
    arith.AddfOp: llvm.FAddOp,
    arith.SubfOp: llvm.FSubOp,
    arith.MulfOp: llvm.FMulOp,
    arith.DivfOp: llvm.FDivOp,
    arith.NegfOp: llvm.FNegOp,
    arith.MaximumfOp: extra.MaximumOp,
    arith.MinimumfOp: extra.MinimumOp,
    arith.MaxnumfOp: llvm.VectorFMaxOp,
    arith.MinnumfOp: llvm.VectorFMinOp,
    arith.SelectOp: llvm.SelectOp,
}

OVERFLOW_TWINS = {
    arith.AddiOp: llvm.AddOp,
    arith.SubiOp: llvm.SubOp,
    arith.MuliOp: llvm.MulOp,
    arith.ShLIOp: llvm.ShlOp,
}


OVERFLOW_FLAGS = tuple(IntegerAttr(bits, 32) for bits in range(4))
"""nsw = 1, nuw = 2. Made once: of what a kernel has most, xDSL checks an attribute for
longer than it takes to convert the operation."""


def to_overflow_twin(
    twin: type[llvm.ArithmeticBinOpOverflow],
) -> Lowering:
    """The lowering to `twin`, with the operation's overflow flags."""

    def lower(
        conversion: Conversion, op: arith.SignlessIntegerBinaryOperation
    ) -> Sequence[SSAValue]:
        flags = op.properties.get("overflowFlags")
        bits = 0
        if isinstance(flags, arith.IntegerOverflowAttr):
            bits |= arith.IntegerOverflowFlag.NSW in flags.data
            bits |= (arith.IntegerOverflowFlag.NUW in flags.data) << 1
        properties: dict[str, Attribute] = {"overflowFlags": OVERFLOW_FLAGS[bits]}
        return insert_twin(conversion, op, twin, properties)

    return lower


def lower_constant(conversion: Conversion, op: arith.ConstantOp) -> Sequence[SSAValue]:
    value = op.value
    ty = conversion.type(op.result.type)
    if isinstance(value, IntegerAttr) and isinstance(value.type, IndexType):
        return [conversion.constant(value.value.data)]
    if isinstance(ty, llvm.LLVMArrayType):
        if not isa(value, DenseIntOrFPElementsAttr) or any(value.get_values()):
            message = f"wanted zeros for {op.result.type}; broadcast a scalar to others"
            raise DiagnosticError.at(op.location, f"{op.name}: {message}")
        return conversion.insert(llvm.ZeroOp(result_types=[ty])).results
    return conversion.insert(constant_op(value, ty)).results


def lower_cmpi(conversion: Conversion, op: arith.CmpiOp) -> Sequence[SSAValue]:
    return insert_twin(conversion, op, llvm.ICmpOp, {"predicate": op.predicate})


def lower_cmpf(conversion: Conversion, op: arith.CmpfOp) -> Sequence[SSAValue]:
    properties: dict[str, Attribute] = {
        "predicate": op.predicate,
        "fastmathFlags": fast_math(op),
    }
    return insert_twin(conversion, op, llvm.FCmpOp, properties)


def lower_bitcast(conversion: Conversion, op: arith.BitcastOp) -> Sequence[SSAValue]:
    if conversion.type(op.input.type) == conversion.type(op.result.type):
        return [conversion.operand(op.input)]
    return insert_twin(conversion, op, llvm.BitcastOp, {})


def lower_index_cast(
    conversion: Conversion, op: arith.IndexCastOp
) -> Sequence[SSAValue]:
    """Between index and an integer: nothing, a trunc or a sext."""
    value = conversion.operand(op.input)
    source, target = value.type, conversion.type(op.result.type)
    if source == target:
        return [value]
    if not (
        isinstance(source, FixedBitwidthType) and isinstance(target, FixedBitwidthType)
    ):
        raise DiagnosticError.at(
            op.location, f"arith.index_cast from {source} to {target}"
        )
    narrows = source.bitwidth > target.bitwidth
    return insert_twin(conversion, op, llvm.TruncOp if narrows else llvm.SExtOp, {})


ARITH_TO_LLVM: dict[type, Lowering] = {
    **{source: to_twin(twin) for source, twin in INTEGER_TWINS.items()},
    **{source: to_float_twin(twin) for source, twin in FLOAT_TWINS.items()},
    **{source: to_overflow_twin(twin) for source, twin in OVERFLOW_TWINS.items()},
    arith.ConstantOp: lower_constant,
    arith.CmpiOp: lower_cmpi,
    arith.CmpfOp: lower_cmpf,
    arith.BitcastOp: lower_bitcast,
    arith.IndexCastOp: lower_index_cast,
}


@dataclass(frozen=True)
class ConvertArithToLlvmPass(ModulePass):
    """Convert arith to the llvm dialect, index to i64."""

    name = "convert-arith-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(ARITH_TO_LLVM).apply(op)
