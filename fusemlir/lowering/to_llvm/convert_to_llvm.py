"""All conversions to the llvm dialect in one walk over each gpu module."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import gpu, llvm, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.transforms.convert_scf_to_cf import ForLowering, IfLowering, SwitchLowering

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.expand_math import expand_all
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering
from fusemlir.lowering.to_llvm.convert_arith_to_llvm import ARITH_TO_LLVM
from fusemlir.lowering.to_llvm.convert_cf_to_llvm import CF_TO_LLVM
from fusemlir.lowering.to_llvm.convert_gpu_to_nvvm import GPU_TO_NVVM
from fusemlir.lowering.to_llvm.convert_math_to_llvm import MATH_TO_LLVM
from fusemlir.lowering.to_llvm.convert_memref_to_llvm import MEMREF_TO_LLVM

ALL_TO_LLVM: dict[type, Lowering] = {
    **ARITH_TO_LLVM,
    **CF_TO_LLVM,
    **GPU_TO_NVVM,
    **MATH_TO_LLVM,
    **MEMREF_TO_LLVM,
}


BRANCHES_BY_STRUCTURE: dict[type, RewritePattern] = {
    scf.ForOp: ForLowering(),
    scf.IfOp: IfLowering(),
    scf.IndexSwitchOp: SwitchLowering(),
}
"""xDSL's patterns of `convert-scf-to-cf`, applied without its walk over all else."""


def check_converted(func: llvm.FuncOp) -> None:
    """Raises `DiagnosticError` at the first operation of neither llvm nor nvvm."""
    for op in func.body.walk():
        if op.dialect_name() in ("llvm", "nvvm"):
            continue
        types = ", ".join(str(ty) for ty in op.operand_types)
        raise DiagnosticError.at(
            op.location,
            f"kernel `{func.sym_name.data}`: no conversion of {op.name} on ({types}) "
            "to the llvm dialect",
        )


def convert_kernels(kernels: Operation) -> None:
    """Convert one gpu module, mathematics and structured control flow first."""
    expand_all(kernels)
    for op in tuple(kernels.walk()):
        if type(op) in BRANCHES_BY_STRUCTURE:
            pattern = BRANCHES_BY_STRUCTURE[type(op)]
            pattern.match_and_rewrite(op, PatternRewriter(op))
    Conversion(ALL_TO_LLVM).apply(kernels)
    for op in kernels.regions[0].block.ops:
        if isinstance(op, llvm.FuncOp):
            check_converted(op)


@dataclass(frozen=True)
class ConvertToLlvmPass(ModulePass):
    """Convert the kernels of every gpu module to llvm and nvvm; hosts stay as they are.

    Raises `DiagnosticError` naming the operation that has no conversion.
    """

    name = "convert-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in op.ops:
            if isinstance(inner, gpu.ModuleOp):
                convert_kernels(inner)
