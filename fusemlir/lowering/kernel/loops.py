"""Nested loops that carry one value, and a value of either of two branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import SSAValue

from fusemlir.lowering.kernel.control_flow import for_loop, if_else
from fusemlir.lowering.kernel.index_math import Index

Step = Callable[[Sequence[Index], SSAValue], SSAValue]
"""From the indices of all loops and the value so far to the next one."""


def fold(sizes: Sequence[int], start: SSAValue, step: Step) -> SSAValue:
    """`start` after `step` at all indices below `sizes`, the last the innermost."""
    return _nest(sizes, (), start, step)


def _nest(
    sizes: Sequence[int], outer: tuple[Index, ...], so_far: SSAValue, step: Step
) -> SSAValue:
    if not sizes:
        return step(outer, so_far)
    size, *inner = sizes
    if size == 1:
        return _nest(inner, (*outer, 0), so_far, step)

    def turn(at: SSAValue, carried: tuple[SSAValue, ...]) -> list[SSAValue]:
        return [_nest(inner, (*outer, at), carried[0], step)]

    return for_loop(0, size, 1, [so_far], turn)[0]


def where(
    condition: SSAValue | None,
    then: Callable[[], SSAValue],
    otherwise: Callable[[], SSAValue],
) -> SSAValue:
    """`if_else` of one value; a condition of None always holds."""
    if condition is None:
        return then()
    return if_else(condition, lambda: [then()], lambda: [otherwise()])[0]
