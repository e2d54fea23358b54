"""math → llvm intrinsics, as far as every target has them as instructions.

What is missing here (exp, log, tanh, sin, pow, ...) would become a call into a maths
library, which a GPU does not have; the pass `expand-math` writes it out beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import llvm, math
from xdsl.dialects.builtin import BoolAttr, ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from fusemlir.dialects import llvm as extra
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering
from fusemlir.lowering.to_llvm.elementwise import insert_twin, to_float_twin

FLOAT_TWINS = {
    math.AbsFOp: llvm.FAbsOp,
    math.CeilOp: llvm.FCeilOp,
    math.CopySignOp: llvm.FCopySignOp,
    math.FloorOp: llvm.FFloorOp,
    math.FmaOp: llvm.FMAOp,
    math.RoundEvenOp: extra.RoundEvenOp,
    math.RoundOp: extra.RoundOp,
    math.SqrtOp: llvm.FSqrtOp,
    math.TruncOp: extra.FTruncOp,
}

COUNT_TWINS: dict[type, type[extra.CountZerosIntrinsic]] = {
    math.CountLeadingZerosOp: extra.CtlzOp,
    math.CountTrailingZerosOp: extra.CttzOp,
}


def to_count_twin(twin: type[extra.CountZerosIntrinsic]) -> Lowering:
    def lower(
        conversion: Conversion, op: math.SignlessIntegerLikeUnaryMathOperation
    ) -> Sequence[SSAValue]:
        zero_counts = BoolAttr.from_bool(False)
        return insert_twin(conversion, op, twin, {"is_zero_poison": zero_counts})

    return lower


MATH_TO_LLVM: dict[type, Lowering] = {
    **{source: to_float_twin(twin) for source, twin in FLOAT_TWINS.items()},
    **{source: to_count_twin(twin) for source, twin in COUNT_TWINS.items()},
}


@dataclass(frozen=True)
class ConvertMathToLlvmPass(ModulePass):
    """Convert the part of math that is an instruction everywhere to llvm intrinsics."""

    name = "convert-math-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(MATH_TO_LLVM).apply(op)
