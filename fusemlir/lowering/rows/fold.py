"""How the elements of a row become a few values, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import real

Combine: TypeAlias = Callable[[SSAValue, SSAValue], SSAValue]
"""An operation that may be done in any order, on f32, i32 or i64."""

State: TypeAlias = Sequence[SSAValue]
"""Values that are combined together, as a maximum and what was found beside it."""

Merge: TypeAlias = Callable[[State, State], State]
"""As `Combine`, of several values."""


def add(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.AddfOp(a, b).result


def product(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.MulfOp(a, b).result


def maximum(a: SSAValue, b: SSAValue) -> SSAValue:
    """Of floats; NaN where either is."""
    return arith.MaximumfOp(a, b).result


def minimum(a: SSAValue, b: SSAValue) -> SSAValue:
    """Of floats; NaN where either is."""
    return arith.MinimumfOp(a, b).result


def alone(combine: Combine) -> Merge:
    """`combine` for states of one value."""
    return lambda a, b: [combine(a[0], b[0])]


def in_pairs(combine: Combine, values: Sequence[SSAValue]) -> SSAValue:
    """All values combined, those first that are side by side: operations that do not
    wait for each other, and sums of numbers of one size."""
    while len(values) > 1:
        rest = list(values[-1:]) if len(values) % 2 else []
        pairs = zip(values[::2], values[1::2], strict=False)
        values = [combine(a, b) for a, b in pairs] + rest
    return values[0]


@dataclass(frozen=True)
class Fold:
    """How the elements of a row become a few values."""

    neutral: Callable[[], State]
    """Emits what a row without elements gives."""
    step: Callable[[State, Sequence[SSAValue]], State]
    """The state with some more elements."""
    merge: Merge

    @staticmethod
    def of_combine(combine: Combine, neutral: Callable[[], SSAValue]) -> Fold:
        """All elements combined."""
        return Fold(
            lambda: [neutral()],
            lambda state, values: [combine(state[0], in_pairs(combine, values))],
            alone(combine),
        )


MAXIMUM = Fold.of_combine(maximum, lambda: real(-inf))
SUM = Fold.of_combine(add, lambda: real(0))
