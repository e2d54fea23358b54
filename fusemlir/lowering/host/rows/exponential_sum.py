"""The sum of the exponentials of a row, and the maximum that they are shifted by."""

from __future__ import annotations

from math import log

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import SSAValue

from fusemlir.lowering.element_conversion import integer, real
from fusemlir.lowering.exponential_functions import (
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    ROUNDING,
)
from fusemlir.lowering.host.rows.rows import Element, Rows, Statistics
from fusemlir.lowering.rows.exponential_sum import EXPONENTIAL_SUM, finite_shift
from fusemlir.lowering.rows.fold import MAXIMUM, SUM

LEAST = -127 * log(2)
"""From here on the power of two that is multiplied has no bits: it is 0."""

MANTISSA_BITS = 23

ONE_BITS = 0x3F800000

TAIL = (0.49999994, 0.166665211, 0.041668389, 0.00836871658, 0.00138145988)
"""(e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, so that e^r is off by 2^-28 at most; fitted
by Lawson's iteration and rounded to f32."""


def exponential_below(x: SSAValue, shift: SSAValue) -> SSAValue:
    """e^(x - shift), within 2 ulp, where x is not above the shift.

    It is in half as many operations what `math.exp` is: no power of two overflows, and
    what is far below the normal numbers is 0, as it may be beside e^0 = 1.
    """
    away = arith.SubfOp(x, shift).result
    is_least = arith.CmpfOp(away, real(LEAST), "olt").result
    away = arith.SelectOp(is_least, real(LEAST), away).result
    rounded = _fma(away, real(LOG2_E), real(ROUNDING))
    count = arith.SubfOp(rounded, real(ROUNDING)).result
    r = _fma(count, real(-LN2_HIGH), away)
    r = _fma(count, real(-LN2_LOW), r)
    power = real(TAIL[-1])
    for coefficient in (*TAIL[-2::-1], 1, 1):
        power = _fma(power, r, real(coefficient))
    bits = arith.BitcastOp(rounded, i32).result
    # The count is in the low bits of what was rounded; all others are shifted out.
    exponent = arith.ShLIOp(bits, integer(i32, MANTISSA_BITS)).result
    scale = arith.AddiOp(exponent, integer(i32, ONE_BITS)).result
    return arith.MulfOp(power, arith.BitcastOp(scale, f32).result).result


def _fma(a: SSAValue, b: SSAValue, c: SSAValue) -> SSAValue:
    return math.FmaOp(a, b, c).result


def exponential_sum(rows: Rows, element: Element) -> Statistics:
    """The maximum, and the sum of e^(x - maximum), as `EXPONENTIAL_SUM` finds them.

    In one pass each element would wait for the maximum so far, and have two
    exponentials: a part that is near is gone through twice.
    """

    def of_part(part: Rows) -> Statistics:
        greatest = part.fold(element, MAXIMUM)
        shift = part.derive(lambda at: [finite_shift(*greatest(at))])
        totals = part.fold(lambda at: exponential_below(element(at), *shift(at)), SUM)
        return lambda at: [*greatest(at), *totals(at)]

    return rows.in_parts(of_part, EXPONENTIAL_SUM)
