"""All conversions to the llvm dialect in one walk over each gpu module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import chain
from math import prod

from xdsl.context import Context
from xdsl.dialects import func, gpu, llvm, scf
from xdsl.dialects.builtin import IntegerType, MemRefType, ModuleOp, i32, i64
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.transforms.convert_scf_to_cf import ForLowering, IfLowering, SwitchLowering

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt.module_attributes import HOST
from fusemlir.lowering.expand_math import expand_all
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering
from fusemlir.lowering.to_llvm.convert_arith_to_llvm import ARITH_TO_LLVM
from fusemlir.lowering.to_llvm.convert_cf_to_llvm import CF_TO_LLVM
from fusemlir.lowering.to_llvm.convert_func_to_llvm import FUNC_TO_LLVM
from fusemlir.lowering.to_llvm.convert_gpu_to_nvvm import GPU_TO_NVVM
from fusemlir.lowering.to_llvm.convert_math_to_llvm import MATH_TO_LLVM
from fusemlir.lowering.to_llvm.convert_memref_to_llvm import MEMREF_TO_LLVM
from fusemlir.lowering.to_llvm.convert_nvgpu_to_nvvm import NVGPU_TO_NVVM
from fusemlir.lowering.to_llvm.convert_vector_to_llvm import VECTOR_TO_LLVM

ALL_TO_LLVM: dict[type, Lowering] = {
    **ARITH_TO_LLVM,
    **CF_TO_LLVM,
    **FUNC_TO_LLVM,
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


@cache
def is_of_llvm(kind: type[Operation]) -> bool:
    return kind.dialect_name() in ("llvm", "nvvm")


def check_converted(func: llvm.FuncOp) -> None:
    """Raises `DiagnosticError` at the first operation of neither llvm nor nvvm."""
    for op in func.body.walk():
        if is_of_llvm(type(op)):
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
            if isinstance(type, MemRefType) and prod(type.get_shape()) > NARROW_LIMIT:
                return i64
    return i32


def convert_kernels(kernels: Operation, index: IntegerType | None = None) -> None:
    """Convert one gpu module.

    `index` is what becomes of index in all kernels, if not what suits each.
    """
    symbols = kernels.regions[0].block
    for op in tuple(symbols.ops):
        convert_symbol(op, index or index_type(op))
    for op in symbols.ops:
        if isinstance(op, llvm.FuncOp):
            check_converted(op)


def convert_symbol(symbol: Operation, index: IntegerType) -> None:
    """Convert a function or a global, mathematics and structured control flow first."""
    expand_all(symbol)
    for op in tuple(symbol.walk()):
        if type(op) in BRANCHES_BY_STRUCTURE:
            pattern = BRANCHES_BY_STRUCTURE[type(op)]
            pattern.match_and_rewrite(op, PatternRewriter(op))
    Conversion(ALL_TO_LLVM, index).apply(symbol)


@dataclass(frozen=True)
class ConvertToLlvmPass(ModulePass):
    """Convert the kernels of every gpu module to llvm and nvvm, and functions that are
    for the CPU to llvm; what launches kernels on a GPU stays as it is.

    `index_bitwidth` is 32 or 64; for 0 each kernel has the narrowest that does for its
    buffers, and what is for the CPU has 64. Raises `DiagnosticError` naming the
    operation that has no conversion.
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
        for inner in tuple(op.ops):
            if isinstance(inner, gpu.ModuleOp):
                convert_kernels(inner, index)
            elif isinstance(inner, func.FuncOp) and HOST in inner.attributes:
                convert_symbol(inner, index or i64)
        for inner in op.ops:
            if isinstance(inner, llvm.FuncOp):
                check_converted(inner)
