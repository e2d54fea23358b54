"""The sum of the exponentials of a row, and the maximum that they are shifted by."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.rows.fold import Fold, State, add, in_pairs, maximum


def exponential(x: SSAValue, shift: SSAValue) -> SSAValue:
    """e^(x - shift)."""
    return math.ExpOp(arith.SubfOp(x, shift).result).result


def _neutral() -> State:
    return [real(-inf), real(0)]


def finite_shift(greatest: SSAValue) -> SSAValue:
    """The maximum, but 0 where that is -inf: -inf less itself is not a number."""
    is_least = arith.CmpfOp(greatest, real(-inf), "oeq").result
    return arith.SelectOp(is_least, real(0), greatest).result


def _step(state: State, values: Sequence[SSAValue]) -> State:
    greatest = maximum(state[0], in_pairs(maximum, values))
    shift = finite_shift(greatest)
    before = arith.MulfOp(state[1], exponential(state[0], shift)).result
    powers = [exponential(value, shift) for value in values]
    return [greatest, add(before, in_pairs(add, powers))]


def _merge(a: State, b: State) -> State:
    greatest = maximum(a[0], b[0])
    shift = finite_shift(greatest)
    parts = [
        arith.MulfOp(total, exponential(own, shift)).result for own, total in (a, b)
    ]
    return [greatest, add(*parts)]


EXPONENTIAL_SUM = Fold(_neutral, _step, _merge)
"""To the maximum of a row and the sum of e^(x - maximum), in one pass.

Without a number above -inf the sum is 0; of a row with +inf it is not a number.
"""


def log_of_sum(greatest: SSAValue, total: SSAValue) -> SSAValue:
    """The logarithm of the sum of e^x: +-inf where the maximum is; NaN goes through."""
    logarithm = math.LogOp(total).result
    whole = add(finite_shift(greatest), logarithm)
    is_most = arith.CmpfOp(greatest, real(inf), "oeq").result
    return arith.SelectOp(is_most, real(inf), whole).result
