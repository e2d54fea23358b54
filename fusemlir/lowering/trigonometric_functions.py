"""sin, cos, tan and their inverses, in f32, for arguments of any size.

Polynomials and bounds as in `exponential_functions`.
"""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan, pi

from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from fusemlir.lowering.float32_builder import Float32Builder

SIN_TAIL = (-0.166666672, 0.00833332911, -0.000198392721, 2.71774593e-06)
"""(sin(r) - r) / r^3 in r^2, for |r| <= pi / 4."""

COS_TAIL = (0.0416666456, -0.00138872839, 2.44294388e-05)
"""(cos(r) - 1 + r^2 / 2) / r^4 in r^2, for |r| <= pi / 4."""

ATAN_TAIL = (
    -0.333332986,
    0.199985489,
    -0.142642424,
    0.109521858,
    -0.08403451,
    0.0579576008,
    -0.0311778504,
    0.0109146088,
    -0.00179362227,
)
"""(atan(x) - x) / x^3 in x^2, for |x| <= 1."""

ASIN_TAIL = (
    0.166666597,
    0.075005345,
    0.04451067,
    0.0318632871,
    0.0142176151,
    0.0378408805,
)
"""(asin(x) - x) / x^3 in x^2, for |x| <= 1/2."""

HALF_PI_HIGH, HALF_PI_LOW = 1.5707963705062866, -4.371139000186241e-08

TWO_OVER_PI = (
    0x00000000,
    0xA2F9836E,
    0x4E441529,
    0xFC2757D1,
    0xF534DDC0,
    0xDB629599,
    0x3C439041,
    0xFE5163AB,
)
"""2 / pi in words of 32 bits behind the point, after one word of zeros."""


def word_of_two_over_pi(b: Float32Builder, at: list[SSAValue], ahead: int) -> SSAValue:
    """Word `q + ahead` as i64, where `at[k]` says whether q is k + 1."""
    word = b.integer(TWO_OVER_PI[ahead], i64)
    for index, is_here in enumerate(at, start=1):
        word = b.select_integer(is_here, TWO_OVER_PI[index + ahead], word)
    return word


def reduce_large(b: Float32Builder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """`r` in f32 and `n` in i32 with `x = r + n pi / 2`, for x >= pi / 4.

    By Payne and Hanek: x is m 2^e with an integer m, and of the product of m and 2 / pi
    only those 64 bits are computed that stand right behind the multiples of four.
    """
    bits = b.bits(x)
    m = b.widen(b.bit_or(b.bit_and(bits, 0x7FFFFF), 0x800000))
    skipped = b.int_sub(b.shift_right(bits, 23), 127 + 25 - 32)
    q = b.shift_right(skipped, 5)
    shift = b.widen(b.bit_and(skipped, 31))
    at = [b.int_compare("eq", q, index) for index in range(1, 5)]
    words = [word_of_two_over_pi(b, at, ahead) for ahead in range(4)]
    first, second, third = (
        b.shift_right_unsigned(
            b.shift_left(b.bit_or(b.shift_left(left, 32), right), shift), 32
        )
        for left, right in pairwise(words)
    )
    product = b.shift_left(b.int_mul(m, first), 32)
    product = b.int_add(product, b.int_mul(m, second))
    product = b.int_add(product, b.shift_right_unsigned(b.int_mul(m, third), 32))
    n = b.shift_right_unsigned(b.int_add(product, 1 << 61), 62)
    fraction = b.to_real(b.int_sub(product, b.shift_left(n, 62)))
    low = b.mul(fraction, HALF_PI_LOW * 2.0**-62)
    return b.fma(fraction, HALF_PI_HIGH * 2.0**-62, low), b.narrow(n)


def reduce(b: Float32Builder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """`r` in f32 and `n` in i32 with `x = r + n pi / 2`, |r| <= pi / 4, n modulo 4."""
    magnitude = b.abs(x)
    r, n = reduce_large(b, magnitude)
    is_small = b.compare("ole", magnitude, pi / 4)
    r = b.select(is_small, magnitude, r)
    n = b.select_integer(is_small, 0, n)
    is_negative = b.int_compare("slt", b.bits(x), 0)
    minus_n = b.int_sub(b.integer(0), n)
    return b.select(is_negative, b.neg(r), r), b.select_integer(is_negative, minus_n, n)


def sin_and_cos(b: Float32Builder, r: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Both for |r| <= pi / 4."""
    square = b.mul(r, r)
    sine = b.fma(b.mul(square, b.polynomial(square, SIN_TAIL)), r, r)
    sine = b.select(b.compare("oeq", r, 0.0), r, sine)  # keeps the sign of zero
    tail = b.fma(b.polynomial(square, COS_TAIL), square, -0.5)
    return sine, b.fma(tail, square, 1.0)


def quarter(b: Float32Builder, r: SSAValue, n: SSAValue) -> SSAValue:
    """`sin(r + n pi / 2)`."""
    sine, cosine = sin_and_cos(b, r)
    is_odd = b.int_compare("ne", b.bit_and(n, 1), 0)
    value = b.select(is_odd, cosine, sine)
    is_negated = b.int_compare("ne", b.bit_and(n, 2), 0)
    return b.select(is_negated, b.neg(value), value)


def finite(b: Float32Builder, x: SSAValue, value: SSAValue) -> SSAValue:
    """`value`, but NaN where x is infinite or NaN."""
    return b.select(b.compare("olt", b.abs(x), inf), value, nan)


def sin(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 3 ulp."""
    r, n = reduce(b, x)
    return finite(b, x, quarter(b, r, n))


def cos(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 3 ulp."""
    r, n = reduce(b, x)
    return finite(b, x, quarter(b, r, b.int_add(n, 1)))


def tan(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 4 ulp: sin / cos, or -cos / sin in every other quarter."""
    r, n = reduce(b, x)
    sine, cosine = sin_and_cos(b, r)
    is_odd = b.int_compare("ne", b.bit_and(n, 1), 0)
    above = b.select(is_odd, b.neg(cosine), sine)
    return finite(b, x, b.div(above, b.select(is_odd, sine, cosine)))


def half_pi_minus(b: Float32Builder, factor: float, x: SSAValue) -> SSAValue:
    """`pi / 2 - factor x`, rounded about once."""
    return b.add(b.fma(x, -factor, HALF_PI_HIGH), HALF_PI_LOW)


def asin_core(b: Float32Builder, magnitude: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Whether |x| > 1/2, and asin(|x|) where not, asin(sqrt((1 - |x|) / 2)) where so.

    The second is half of acos(|x|).
    """
    is_large = b.compare("ogt", magnitude, 0.5)
    halved = b.mul(b.sub(1.0, magnitude), 0.5)
    square = b.select(is_large, halved, b.mul(magnitude, magnitude))
    base = b.select(is_large, b.sqrt(halved), magnitude)
    return is_large, b.fma(b.mul(square, b.polynomial(square, ASIN_TAIL)), base, base)


def asin(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp."""
    is_large, value = asin_core(b, b.abs(x))
    return b.copysign(b.select(is_large, half_pi_minus(b, 2.0, value), value), x)


def acos(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp."""
    is_large, value = asin_core(b, b.abs(x))
    near_zero = half_pi_minus(b, 1.0, b.copysign(value, x))
    twice = b.add(value, value)
    from_pi = b.add(b.sub(2 * HALF_PI_HIGH, twice), 2 * HALF_PI_LOW)
    near_one = b.select(b.compare("olt", x, 0.0), from_pi, twice)
    return b.select(is_large, near_one, near_zero)


def atan(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp."""
    magnitude = b.abs(x)
    is_large = b.compare("ogt", magnitude, 1.0)
    base = b.select(is_large, b.div(1.0, magnitude), magnitude)
    square = b.mul(base, base)
    value = b.fma(b.mul(square, b.polynomial(square, ATAN_TAIL)), base, base)
    return b.copysign(b.select(is_large, half_pi_minus(b, 1.0, value), value), x)
