"""All conversions to the llvm dialect in one walk over each gpu module."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from math import prod

from xdsl.context import Context
from xdsl.dialects import gpu, llvm, scf
from xdsl.dialects.builtin import IntegerType, MemRefType, ModuleOp, i32, i64
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.transforms.convert_scf_to_cf import ForLowering, IfLowering, SwitchLowering
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.expand_math import expand_all
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering
from fusemlir.lowering.to_llvm.convert_arith_to_llvm import ARITH_TO_LLVM
from fusemlir.lowering.to_llvm.convert_cf_to_llvm import CF_TO_LLVM
from fusemlir.lowering.to_llvm.convert_gpu_to_nvvm import GPU_TO_NVVM
from fusemlir.lowering.to_llvm.convert_math_to_llvm import MATH_TO_LLVM
from fusemlir.lowering.to_llvm.convert_memref_to_llvm import MEMREF_TO_LLVM
from fusemlir.lowering.to_llvm.convert_nvgpu_to_nvvm import NVGPU_TO_NVVM
from fusemlir.lowering.to_llvm.convert_vector_to_llvm import VECTOR_TO_LLVM

ALL_TO_LLVM: dict[type, Lowering] = {
    **ARITH_TO_LLVM,
    **CF_TO_LLVM,
    **GPU_TO_NVVM,
    **MATH_TO_LLVM,
    **MEMREF_TO_LLVM,
    **NVGPU_TO_NVVM,
    **VECTOR_TO_LLVM,
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


NARROW_LIMIT = 2**30
"""Elements below which a buffer is indexed in 32 bits: what is added to an index to
come to the next block or tile does not overflow then."""


def index_type(symbol: Operation) -> IntegerType:
    """i32 where all memrefs of a function are small enough for it, else i64.

    A GPU has no 64-bit integer unit; an index is widened when it meets a pointer.
    """
    for op in symbol.walk():
        values = chain(op.results, *(b.args for r in op.regions for b in r.blocks))
        for value in values:
            type = value.type
            if isa(type, MemRefType) and prod(type.get_shape()) > NARROW_LIMIT:
                return i64
    return i32


def convert_kernels(kernels: Operation, index: IntegerType | None = None) -> None:
    """Convert one gpu module, mathematics and structured control flow first.

    `index` is what becomes of index in all kernels, if not what suits each.
    """
    expand_all(kernels)
    for op in tuple(kernels.walk()):
        if type(op) in BRANCHES_BY_STRUCTURE:
            pattern = BRANCHES_BY_STRUCTURE[type(op)]
            pattern.match_and_rewrite(op, PatternRewriter(op))
    symbols = kernels.regions[0].block
    for op in tuple(symbols.ops):
        Conversion(ALL_TO_LLVM, index or index_type(op)).apply(op)
    for op in symbols.ops:
        if isinstance(op, llvm.FuncOp):
            check_converted(op)


@dataclass(frozen=True)
class ConvertToLlvmPass(ModulePass):
    """Convert the kernels of every gpu module to llvm and nvvm; hosts stay as they are.

    `index_bitwidth` is 32 or 64; for 0 each kernel has the narrowest that does for its
    buffers. Raises `DiagnosticError` naming the operation that has no conversion.
    """

    name = "convert-to-llvm"

    index_bitwidth: int = 0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.index_bitwidth not in (0, 32, 64):
            raise DiagnosticError.at(
                op.location,
                f"index-bitwidth: wanted 0, 32 or 64, found {self.index_bitwidth}",
            )
        index = IntegerType(self.index_bitwidth) if self.index_bitwidth else None
        for inner in op.ops:
            if isinstance(inner, gpu.ModuleOp):
                convert_kernels(inner, index)
