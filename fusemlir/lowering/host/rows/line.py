"""A row whose elements lie side by side, or with a stride between them.

What it is folded to is in registers. LLVM makes vectors of the loop along it, for which
sums and products are allowed to be made in any order; which order it is does not depend
on what is in the row, nor on the thread. Of short rows LLVM unrolls that loop, and may
make vectors across rows: there one order is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.utils.fast_math import FastMathFlag
from xdsl.ir import SSAValue

from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.rows.rows import (
    Bounds,
    Cursor,
    Element,
    Parts,
    Rows,
    Statistics,
    Use,
)
from fusemlir.lowering.kernel.control_flow import for_loop
from fusemlir.lowering.rows.fold import Fold, State

NEAR_COLUMNS = 2**15
"""Of a row: 128 kB of f32, which a cache of the second level holds."""

SHORT_LINE = 8
"""Elements."""

ANY_ORDER = arith.FastMathFlagsAttr([FastMathFlag.REASSOC])


@dataclass(frozen=True)
class Line(Rows):
    """One row."""

    @property
    def part_columns(self) -> int:
        return NEAR_COLUMNS

    def fold(self, element: Element, fold: Fold) -> Statistics:
        state = self._along(
            self.bounds,
            self.first,
            fold.neutral(),
            lambda at, so_far: self._in_any_order(
                so_far, fold.step(so_far, [element(at)])
            ),
        )
        return lambda _: state

    def derive(self, compute: Statistics) -> Statistics:
        state = compute(self.first)
        return lambda _: state

    def each(self, use: Use) -> None:
        def turn(at: Cursor, _: State) -> State:
            use(at)
            return []

        self._along(self.bounds, self.first, [], turn)

    def each_row(self, use: Use) -> None:
        use(self.first)

    def _merged(
        self, of_part: Callable[[Rows], Statistics], fold: Fold, parts: Parts
    ) -> Statistics:
        def turn(number: SSAValue, so_far: tuple[SSAValue, ...]) -> State:
            part = self.part(parts, unraveled(number, parts.counts))
            return fold.merge(so_far, of_part(part)(self.first))

        state = for_loop(0, prod(parts.counts), 1, fold.neutral(), turn)
        return lambda _: state

    def _along(
        self,
        bounds: Sequence[Bounds],
        at: Cursor,
        state: State,
        turn: Callable[[Cursor, State], State],
    ) -> State:
        """`state` after `turn` at all elements within the bounds of the loops that are
        left, `at` being where they begin."""
        if not bounds:
            return turn(at, state)
        (lower, upper), *inner = bounds
        axis = self.nest.reduced[-len(bounds)]

        def step(number: SSAValue, so_far: tuple[SSAValue, ...]) -> State:
            return self._along(inner, at.moved(axis.strides, number), so_far, turn)

        return for_loop(lower, upper, 1, state, step)

    def _in_any_order(self, before: State, after: State) -> State:
        """Lets LLVM add up what is carried around the loop in several sums."""
        if self.nest.columns > SHORT_LINE:
            for old, new in zip(before, after, strict=True):
                op = new.owner
                if isinstance(op, arith.AddfOp | arith.MulfOp) and old in op.operands:
                    op.fastmath = ANY_ORDER
        return after
