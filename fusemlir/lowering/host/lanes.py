"""Scalar arithmetic on as many lanes as a vector has.

What a layer computes is written once, for scalars (`lowering.scalar`); operations that
do the same on each lane of a vector are copied with other types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, math, vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import Block, Operation, SSAValue

BY_LANE = (
    arith.AddfOp,
    arith.SubfOp,
    arith.MulfOp,
    arith.DivfOp,
    arith.NegfOp,
    arith.MaximumfOp,
    arith.MinimumfOp,
    math.FmaOp,
    math.AbsFOp,
    math.SqrtOp,
)
"""xDSL's operations on f32 that may be on vectors of it; select may not."""

Program = Callable[[Sequence[SSAValue]], Sequence[SSAValue]]
"""Emits results, given operands, all scalars of f32."""


@dataclass
class ScalarCode:
    """What a program emits, in a block of its own that is never executed."""

    block: Block
    results: Sequence[SSAValue]

    @staticmethod
    def of_program(program: Program, operands: int) -> ScalarCode:
        block = Block(arg_types=[f32] * operands)
        with ImplicitBuilder(block):
            results = program(block.args)
        return ScalarCode(block, results)

    @property
    def is_by_lane(self) -> bool:
        """Whether all of it does the same on vectors."""
        allowed = (*BY_LANE, arith.ConstantOp)
        return all(isinstance(op, allowed) for op in self.block.ops)

    def for_lanes(self, lanes: int) -> Program:
        """The same for operands that are vectors; scalars, and values from outside the
        code, are the same in each lane, and are spread where this is called."""
        type = VectorType(f32, [lanes])

        def spread(value: SSAValue) -> SSAValue:
            if value.type == type:
                return value
            return vector.BroadcastOp(value, type).vector

        used = chain(*(op.operands for op in self.block.ops), self.results)
        outside = (value for value in used if not self._holds(value))
        shared = {value: spread(value) for value in dict.fromkeys(outside)}
        for op in self.block.ops:
            if isinstance(op, arith.ConstantOp):
                shared[op.result] = spread(arith.ConstantOp(op.value).result)

        def emit(operands: Sequence[SSAValue]) -> Sequence[SSAValue]:
            found = dict(shared)
            for argument, operand in zip(self.block.args, operands, strict=True):
                found[argument] = spread(operand)
            for op in self.block.ops:
                if op.results[0] not in found:
                    found[op.results[0]] = _copied(op, found, type)
            return [found[result] for result in self.results]

        return emit

    def _holds(self, value: SSAValue) -> bool:
        owner = value.owner
        block = owner if isinstance(owner, Block) else owner.parent
        return block is self.block

    def erase(self) -> None:
        """Forget the code, and that it used what is outside."""
        for op in reversed(self.block.ops):
            op.detach()
            op.erase()


def _copied(
    op: Operation, found: Mapping[SSAValue, SSAValue], type: VectorType
) -> SSAValue:
    return op.create(
        operands=[found[operand] for operand in op.operands],
        result_types=[type],
        properties=op.properties.copy(),
    ).results[0]
