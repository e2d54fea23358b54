"""math functions that few machines have → arithmetic, fused multiply-adds and bits.

A GPU has no maths library to call, and LLVM ends the process when asked for one. What
is written here is computed alike on every target. Operands are f32; f16 and bf16 are
computed in f32 and rounded once more.

Measured over all arguments of one binade and some millions of the whole range, in units
of the last place of f32 (see `test_expand_math.py`, which holds the stated bounds).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    FloatAttr,
    ModuleOp,
    f32,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.traits import SymbolOpInterface

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering import exponential_functions as exponential
from fusemlir.lowering import trigonometric_functions as trigonometric
from fusemlir.lowering.float32_builder import Float32Builder


def rsqrt(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 1.5 ulp: two operations that each round correctly."""
    return b.div(1.0, b.sqrt(x))


EXPANSIONS: dict[type[Operation], Callable[..., SSAValue]] = {
    math.AcosOp: trigonometric.acos,
    math.AcoshOp: exponential.acosh,
    math.AsinOp: trigonometric.asin,
    math.AsinhOp: exponential.asinh,
    math.AtanOp: trigonometric.atan,
    math.AtanhOp: exponential.atanh,
    math.CosOp: trigonometric.cos,
    math.CoshOp: exponential.cosh,
    math.ErfOp: exponential.erf,
    math.Exp2Op: exponential.exp2,
    math.ExpM1Op: exponential.expm1,
    math.ExpOp: exponential.exp,
    math.Log10Op: exponential.log10,
    math.Log1pOp: exponential.log1p,
    math.Log2Op: exponential.log2,
    math.LogOp: exponential.log,
    math.PowFOp: exponential.pow,
    math.RsqrtOp: rsqrt,
    math.SinOp: trigonometric.sin,
    math.SinhOp: exponential.sinh,
    math.TanOp: trigonometric.tan,
    math.TanhOp: exponential.tanh,
}
"""From an operation to the function that writes it out before it, operands given."""


ONE = FloatAttr(1.0, f32)

Constants = dict[Attribute, SSAValue]


def entry_block(op: Operation) -> Block:
    """The first block of the function that `op` is in."""
    parent = op.parent_op()
    while parent is not None and not parent.has_trait(SymbolOpInterface):
        op, parent = parent, parent.parent_op()
    region = op.parent_region()
    assert region is not None
    assert region.first_block is not None
    return region.first_block


def expansion_of(op: Operation) -> Callable[..., SSAValue]:
    """What writes `op` out."""
    if isinstance(op, math.ExpOp) and is_beside_one(op.result):
        return exponential.exp_beside_one
    return EXPANSIONS[type(op)]


def is_beside_one(value: SSAValue) -> bool:
    """Whether all that is done with it is to add it to one, as in a sigmoid."""
    uses = [use.operation for use in value.uses]
    return all(
        isinstance(user, arith.AddfOp) and any(map(_is_one, user.operands))
        for user in uses
    )


def _is_one(value: SSAValue) -> bool:
    op = value.owner
    return isinstance(op, arith.ConstantOp) and op.value == ONE


def expand(op: Operation, home: Block, constants: Constants) -> None:
    """Replace `op` by its expansion, its constants at the head of the block `home`.

    Raises `DiagnosticError` for types other than scalars of f32, f16 and bf16.
    """
    ty = op.results[0].type
    operands = list(op.operands)
    builder = Float32Builder(op, home, constants)
    match ty:
        case Float32Type():
            value = expansion_of(op)(builder, *operands)
        case Float16Type() | BFloat16Type():
            wide = [builder.insert(arith.ExtFOp(x, f32)) for x in operands]
            value = expansion_of(op)(builder, *wide)
            value = builder.insert(arith.TruncFOp(value, ty))
        case _:
            raise DiagnosticError.at(
                op.location,
                f"{op.name}: wanted a scalar of f32, f16 or bf16, found {ty}",
            )
    Rewriter.replace_op(op, [], [value])


def expand_all(root: Operation) -> None:
    """Expand what is inside `root`; each function has its constants once."""
    constants_by_home = defaultdict[Block, Constants](dict)
    for op in tuple(root.walk()):
        if type(op) in EXPANSIONS:
            home = entry_block(op)
            expand(op, home, constants_by_home[home])


@dataclass(frozen=True)
class ExpandMathPass(ModulePass):
    """Write out exp, log, pow, trigonometry and their like in arithmetic."""

    name = "expand-math"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        expand_all(op)
