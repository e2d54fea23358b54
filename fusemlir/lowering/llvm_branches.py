"""Branches of the llvm dialect, as the phis of LLVM IR have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects import llvm
from xdsl.ir import Block, Operation, SSAValue

from fusemlir.diagnostics import DiagnosticError


def incoming(block: Block) -> Iterable[tuple[Block, Sequence[SSAValue]]]:
    """The branches to `block`: from where, and with which arguments."""
    for source in block.predecessors():
        match source.last_op:
            case llvm.BrOp() as branch:
                yield source, branch.arguments
            case llvm.CondBrOp(then_block=then, else_block=other) as branch:
                if then is other and branch.then_arguments != branch.else_arguments:
                    raise DiagnosticError.at(
                        branch.location,
                        "llvm.cond_br to one block with two lists of arguments",
                    )
                if then is block:
                    yield source, branch.then_arguments
                if other is block:
                    yield source, branch.else_arguments
            case last:
                assert last is not None
                raise unsupported(last)


def unsupported(op: Operation) -> DiagnosticError:
    types = ", ".join(map(str, op.operand_types))
    return DiagnosticError.at(
        op.location,
        f"{op.name} on ({types}) has no form in LLVM IR that is known to be supported",
    )
