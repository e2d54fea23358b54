"""What a kernel has computed is used again where it may be, and nowhere else."""

from __future__ import annotations

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, SSAValue

from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import add, as_value, divide, multiply
from fusemlir.lowering.kernel.value_numbering import kernel_scope


def names(block: Block) -> list[str]:
    return [op.name for op in block.ops]


def test_equal_expressions_are_one_operation():
    with kernel_scope(entry := Block(arg_types=[IndexType()])):
        x = entry.args[0]
        assert divide(x, 7) is divide(x, 7)
        assert divide(x, 7) is not divide(x, 8)
        assert add(x, 7) is not multiply(x, 7)
    assert names(entry).count("arith.divui") == 2


def test_a_loop_uses_what_stands_before_it_but_not_the_other_way_round():
    with kernel_scope(entry := Block(arg_types=[IndexType()])):
        x = entry.args[0]
        before = multiply(x, 3)
        with loop(0, 4):
            assert multiply(x, 3) is before
            inside = multiply(x, 5)
            assert multiply(x, 5) is inside
        with loop(0, 4):
            assert multiply(x, 5) is not inside
        assert multiply(x, 5) is not inside


def test_a_constant_first_used_in_a_loop_stands_at_the_head():
    found: list[SSAValue] = []
    with kernel_scope(entry := Block(arg_types=[IndexType()])):

        def turn(at: SSAValue, carried: tuple[SSAValue, ...]) -> list[SSAValue]:
            found.append(as_value(41))
            return list(carried)

        for_loop(0, 4, 1, [entry.args[0]], turn)
        assert as_value(41) is found[0]
    assert found[0].owner in tuple(entry.ops)


def test_outside_of_a_kernel_and_in_the_next_nothing_is_known():
    with kernel_scope(Block()):
        first = as_value(5)
    with kernel_scope(Block()):
        assert as_value(5) is not first
    assert as_value(5) is not as_value(5)
