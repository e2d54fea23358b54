"""Loops and conditions, written as Python writes them.

What stands inside runs for whoever gets there: `barrier()` only where all threads do.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Region, SSAValue

from fusemlir.lowering.kernel.index_math import Index, as_value
from fusemlir.lowering.kernel.value_numbering import nested_scope

LoopBody = Callable[[SSAValue, tuple[SSAValue, ...]], Sequence[SSAValue]]
"""From the loop's index and the carried values to their next ones."""


@contextmanager
def loop(lower: Index, upper: Index, step: Index = 1) -> Generator[SSAValue]:
    """`with loop(0, n) as i:`: a loop that carries nothing. Indices are signed."""
    with nested_scope(body := Block(arg_types=[IndexType()])):
        yield body.args[0]
        scf.YieldOp()
    scf.ForOp(as_value(lower), as_value(upper), as_value(step), [], body)


def for_loop(
    lower: Index,
    upper: Index,
    step: Index,
    carried: Sequence[SSAValue],
    body: LoopBody,
) -> tuple[SSAValue, ...]:
    """What the carried values are in the end: `carried` themselves without a turn."""
    types = [IndexType(), *(value.type for value in carried)]
    with nested_scope(block := Block(arg_types=types)):
        index, *values = block.args
        scf.YieldOp(*body(index, tuple(values)))
    bounds = as_value(lower), as_value(upper), as_value(step)
    return tuple(scf.ForOp(*bounds, list(carried), block).results)


@contextmanager
def if_then(condition: SSAValue) -> Generator[None]:
    """`with if_then(condition):`: what only some threads do, giving nothing."""
    with nested_scope(then := Block()):
        yield
        scf.YieldOp()
    scf.IfOp(condition, [], Region(then))


def if_else(
    condition: SSAValue,
    then: Callable[[], Sequence[SSAValue]],
    otherwise: Callable[[], Sequence[SSAValue]],
) -> tuple[SSAValue, ...]:
    """What `then` gives where the condition holds, else what `otherwise` does; only
    one of them is executed."""
    with nested_scope(first := Block()):
        values = list(then())
        scf.YieldOp(*values)
    with nested_scope(second := Block()):
        scf.YieldOp(*otherwise())
    types = [value.type for value in values]
    chosen = scf.IfOp(condition, types, Region(first), Region(second))
    return tuple(chosen.results)
