"""cf → llvm: branches, and the arguments of the blocks that they go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import cf, llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering


def lower_branch(conversion: Conversion, op: cf.BranchOp) -> Sequence[SSAValue]:
    conversion.block_arguments(op.successor)
    conversion.insert(llvm.BrOp(op.successor, *conversion.operands(op)))
    return []


def lower_cond_branch(
    conversion: Conversion, op: cf.ConditionalBranchOp
) -> Sequence[SSAValue]:
    """A branch to one block with two lists of arguments selects between the lists.

    LLVM's phi nodes tell values apart by the block they come from: here there is one.
    """
    conversion.block_arguments(op.then_block)
    conversion.block_arguments(op.else_block)
    then_values = [conversion.operand(value) for value in op.then_arguments]
    else_values = [conversion.operand(value) for value in op.else_arguments]
    if op.then_block is not op.else_block:
        conversion.insert(
            llvm.CondBrOp(
                op.cond, op.then_block, then_values, op.else_block, else_values
            )
        )
        return []
    chosen = [
        conversion.insert(llvm.SelectOp(op.cond, then_value, else_value)).res
        for then_value, else_value in zip(then_values, else_values, strict=True)
    ]
    conversion.insert(llvm.BrOp(op.then_block, *chosen))
    return []


CF_TO_LLVM: dict[type, Lowering] = {
    cf.BranchOp: lower_branch,
    cf.ConditionalBranchOp: lower_cond_branch,
}


@dataclass(frozen=True)
class ConvertCfToLlvmPass(ModulePass):
    """Convert cf's branches to the llvm dialect."""

    name = "convert-cf-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(CF_TO_LLVM).apply(op)
