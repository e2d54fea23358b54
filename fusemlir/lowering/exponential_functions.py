"""exp, log, pow and the functions made of them, in f32.

Polynomials are the ones of least maximum error, fitted by Lawson's iteration in f64 and
rounded to f32. The bounds are in units of the last place against the exact result, over
all f32 arguments, subnormal results included.
"""

from __future__ import annotations

from math import inf, nan

from xdsl.ir import SSAValue

from fusemlir.lowering.float32_builder import Float32Builder

LN2_HIGH, LN2_LOW = 0.69314718246459961, -1.9046542121259336e-09
LOG2_E = 1.4426950408889634
LOG10_E = 0.4342944819032518
LOG10_2_HIGH, LOG10_2_LOW = 0.30103000998497009, -1.4320989e-08

ROUNDING = 12582912.0
"""1.5 * 2^23: what is added to it comes out rounded to an integer, in the low bits."""

MANTISSA_BITS, ONE_BITS, TWO_BITS = 23, 0x3F800000, 0x40000000
EXPONENT_AND_SIGN = -(2**MANTISSA_BITS)
"""What is not of a significand."""

EXP_TAIL = (0.49999994, 0.166665211, 0.0416682661, 0.00836868025, 0.00138208701)
"""(e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, so that e^r is off by 2^-28 at most."""

LOG_TAIL = (
    0.333333343,
    -0.249998197,
    0.19999598,
    -0.16679579,
    0.143044561,
    -0.121957764,
    0.107542358,
    -0.128450677,
    0.120071515,
)
"""(log(1 + f) - f + f^2 / 2) / f^3 for |f| <= 1/3."""

ATANH_TAIL = (0.666666687, 0.400003254, 0.285317302, 0.237668321)
"""(2 atanh(s) - 2 s) / s^3 in s^2, for |s| <= 0.2."""

TANH_TAIL = (-0.333333164, 0.133325577, -0.0538491644, 0.0210578535, -0.0062535461)
"""(tanh(x) - x) / x^3 in x^2, for |x| <= 0.55."""

SINH_TAIL = (0.166666672, 0.00833335146, 0.000198359543, 2.81817915e-06)
"""(sinh(x) - x) / x^3 in x^2, for |x| <= 1."""

ERF_SMALL = (
    0.128379121,
    -0.37612322,
    0.112801515,
    -0.0267105773,
    0.00491675548,
    -0.000562834262,
)
"""erf(x) / x - 1 in x^2, for |x| <= 1."""

ERFC_ROOT = (
    1.00421119,
    -0.303645641,
    -0.0720168054,
    -0.042699445,
    0.0620048046,
    -0.0209422074,
    0.00302250427,
    -0.000164856334,
)
"""The fourth root of 1 - erf(t), for 1 <= t <= 4; at 4 it is so near that 1 less its
fourth power is 1."""


def exp_reduced(
    b: Float32Builder, r: SSAValue, n: SSAValue, exponent: int = 0
) -> SSAValue:
    """`e^r * 2^(n + exponent)` for |r| <= ln(2) / 2, `n` as `reduce_exp` gives it.

    The power of two is multiplied in halves, so that only the last multiplication
    rounds to a subnormal and none overflows early.
    """
    value = b.polynomial(r, (1.0, 1.0, *EXP_TAIL))
    half = b.bit_and(b.shift_left(n, MANTISSA_BITS - 1), EXPONENT_AND_SIGN)
    rest = b.int_sub(b.shift_left(n, MANTISSA_BITS), half)
    for power, more in (half, 0), (rest, exponent):
        one = ONE_BITS + (more << MANTISSA_BITS)
        value = b.mul(value, b.from_bits(b.int_add(power, one)))
    return value


def reduce_exp(b: Float32Builder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """`r` in f32 and `n` with `x = r + n ln(2)`, |r| <= ln(2) / 2; `n` is in the low 10
    bits of an i32, and something else above them.

    On NaN, `r` is one and `n` some number: the rounding is by bits and not by a
    conversion, which would be poison.
    """
    rounded = b.fma(x, LOG2_E, ROUNDING)
    count = b.sub(rounded, ROUNDING)
    r = b.fma(count, -LN2_HIGH, x)
    return b.fma(count, -LN2_LOW, r), b.bits(rounded)


def exp(b: Float32Builder, x: SSAValue, exponent: int = 0) -> SSAValue:
    """`e^x * 2^exponent`, within 1 ulp."""
    r, n = reduce_exp(b, b.clamp(x, -104.0, 90.0))
    return exp_reduced(b, r, n, exponent)


def exp_beside_one(b: Float32Builder, x: SSAValue) -> SSAValue:
    """`e^x` within 2 ulp, but 0 where it is less than 2^-125: for what is added to a
    number that is not small. One multiplication by a power of two less than `exp`."""
    # Between these bounds `n - 1` is an exponent of f32, -127 that of 0.
    r, n = reduce_exp(b, b.clamp(x, -87.5, 89.0))
    twice = b.polynomial(r, [2 * c for c in (1.0, 1.0, *EXP_TAIL)])
    half = b.int_add(b.shift_left(n, MANTISSA_BITS), ONE_BITS - (1 << MANTISSA_BITS))
    return b.mul(twice, b.from_bits(half))


def exp2(b: Float32Builder, x: SSAValue) -> SSAValue:
    """`2^x`, within 1 ulp; exact for integers."""
    x = b.clamp(x, -151.0, 130.0)
    rounded = b.add(x, ROUNDING)
    r = b.mul(b.sub(x, b.sub(rounded, ROUNDING)), LN2_HIGH)
    return exp_reduced(b, r, b.bits(rounded))


def half_expm1(b: Float32Builder, x: SSAValue) -> SSAValue:
    """`(e^x - 1) / 2` within 2 ulp of a normal number, for -25 <= x <= 89 and NaN.

    With u = 2^(n-1) it is u (e^r - 1) + (u - 1/2), which neither cancels nor overflows
    before the result does.
    """
    r, n = reduce_exp(b, x)
    small = b.fma(b.mul(r, r), b.polynomial(r, EXP_TAIL), r)
    half = b.int_add(b.shift_left(n, MANTISSA_BITS), ONE_BITS - (1 << MANTISSA_BITS))
    u = b.from_bits(half)
    return b.fma(small, u, b.sub(u, 0.5))


def expm1(b: Float32Builder, x: SSAValue) -> SSAValue:
    """`e^x - 1`, within 2 ulp."""
    half = half_expm1(b, b.clamp(x, -25.0, 90.0))
    value = b.add(half, half)
    is_tiny = b.compare("olt", b.abs(x), 2.0**-25)
    is_huge = b.compare("ogt", x, 89.0)
    return b.select(is_tiny, x, b.select(is_huge, inf, value))


def split_normal(b: Float32Builder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """`e << 23`, an i32, and `f`, an f32, with `x = 2^e (1 + f)` and -1/3 <= f < 1/3.

    For positive numbers that are normal; for others they are some numbers.
    """
    bits = b.bits(x)
    two_thirds = 0x3F2AAAAB
    exponent = b.bit_and(b.int_sub(bits, two_thirds), EXPONENT_AND_SIGN)
    return exponent, b.sub(b.from_bits(b.int_sub(bits, exponent)), 1.0)


def split_log(b: Float32Builder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """`e` and `f`, both f32, with `x = 2^e (1 + f)` and -1/3 <= f < 1/3.

    For positive finite x; for others they are some numbers.
    """
    is_subnormal = b.compare("olt", x, 2.0**-126)
    exponent, f = split_normal(b, b.select(is_subnormal, b.mul(x, 2.0**23), x))
    e = b.to_real(b.shift_right(exponent, MANTISSA_BITS))
    return b.add(e, b.select(is_subnormal, -23.0, 0.0)), f


def log_mantissa(b: Float32Builder, f: SSAValue) -> SSAValue:
    """`log(1 + f)` for |f| <= 1/3."""
    tail = b.polynomial(f, LOG_TAIL)
    return b.fma(b.fma(tail, f, -0.5), b.mul(f, f), f)


def log_ends(b: Float32Builder, x: SSAValue, value: SSAValue) -> SSAValue:
    """`value`, but what a logarithm is at zero, below it, at infinity and at NaN."""
    value = b.select(b.compare("oeq", x, 0.0), -inf, value)
    value = b.select(b.compare("oeq", x, inf), inf, value)
    return b.select(b.compare("ult", x, 0.0), nan, value)


def log(b: Float32Builder, x: SSAValue) -> SSAValue:
    """The natural logarithm, within 1 ulp."""
    e, f = split_log(b, x)
    low = b.fma(e, LN2_LOW, log_mantissa(b, f))
    return log_ends(b, x, b.fma(e, LN2_HIGH, low))


def log2(b: Float32Builder, x: SSAValue) -> SSAValue:
    """The binary logarithm, within 2 ulp; exact for powers of two."""
    e, f = split_log(b, x)
    return log_ends(b, x, b.fma(log_mantissa(b, f), LOG2_E, e))


def log10(b: Float32Builder, x: SSAValue) -> SSAValue:
    """The decimal logarithm, within 3 ulp."""
    e, f = split_log(b, x)
    low = b.fma(e, LOG10_2_LOW, b.mul(log_mantissa(b, f), LOG10_E))
    return log_ends(b, x, b.fma(e, LOG10_2_HIGH, low))


def log1p(b: Float32Builder, x: SSAValue) -> SSAValue:
    """`log(1 + x)`, within 2 ulp: that of the rounded u = 1 + x, split, with what
    rounding took from it."""
    u = b.add(x, 1.0)
    exponent, f = split_normal(b, u)
    lost = b.sub(x, b.sub(u, 1.0))
    # Of half of it, as 2^-e would be no number where u is greatest.
    scale = b.from_bits(b.int_sub(b.integer(TWO_BITS), exponent))
    logarithm = log_mantissa(b, b.fma(b.mul(lost, 0.5), scale, f))
    e = b.to_real(b.shift_right(exponent, MANTISSA_BITS))
    value = b.fma(e, LN2_HIGH, b.fma(e, LN2_LOW, logarithm))
    return log_ends(b, u, b.copysign(value, x))


def tanh(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp: h / (h + 1) of h = (e^2x - 1) / 2, which for small h is more exact
    as h - h (h / (h + 1))."""
    magnitude = b.abs(x)
    # Beyond 10 the result is 1 to the last bit.
    t = b.select(b.compare("ogt", magnitude, 10.0), 10.0, magnitude)
    half = half_expm1(b, b.add(t, t))
    large = b.div(half, b.add(half, 1.0))
    small = b.fma(b.neg(half), large, half)
    return b.copysign(b.select(b.compare("olt", half, 0.5), small, large), x)


def sinh(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp: h - 1 / 4h of h = e^x / 2, a polynomial near zero."""
    magnitude = b.abs(x)
    square = b.mul(x, x)
    small = b.fma(b.mul(square, b.polynomial(square, SINH_TAIL)), x, x)
    half = exp(b, magnitude, exponent=-1)
    large = b.copysign(b.sub(half, b.div(0.25, half)), x)
    return b.select(b.compare("olt", magnitude, 1.0), small, large)


def cosh(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp: h + 1 / 4h of h = e^x / 2."""
    half = exp(b, b.abs(x), exponent=-1)
    return b.add(half, b.div(0.25, half))


def asinh(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 4 ulp: log1p(x + x^2 / (1 + sqrt(x^2 + 1))), log(2x) for large x."""
    a = b.abs(x)
    square = b.mul(a, a)
    root = b.add(b.sqrt(b.add(square, 1.0)), 1.0)
    small = log1p(b, b.add(a, b.div(square, root)))
    large = b.add(log(b, a), LN2_HIGH)
    return b.copysign(b.select(b.compare("olt", a, 4096.0), small, large), x)


def acosh(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 4 ulp: log1p(t + sqrt(t^2 + 2t)) of t = x - 1, log(2x) for large x."""
    t = b.sub(x, 1.0)
    small = log1p(b, b.add(t, b.sqrt(b.fma(t, t, b.add(t, t)))))
    large = b.add(log(b, x), LN2_HIGH)
    value = b.select(b.compare("olt", x, 4096.0), small, large)
    return b.select(b.compare("ult", x, 1.0), nan, value)


def atanh(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 4 ulp: log1p(2x / (1 - x)) / 2."""
    a = b.abs(x)
    ratio = b.div(b.add(a, a), b.sub(1.0, a))
    return b.copysign(b.mul(log1p(b, ratio), 0.5), x)


def erf(b: Float32Builder, x: SSAValue) -> SSAValue:
    """Within 2 ulp: 1 - p^4 of a polynomial p, another polynomial near zero."""
    magnitude = b.abs(x)
    small = b.fma(b.polynomial(b.mul(x, x), ERF_SMALL), x, x)
    # From 4 on the result is 1 to the last bit.
    t = b.select(b.compare("ogt", magnitude, 4.0), 4.0, magnitude)
    root = b.polynomial(t, ERFC_ROOT)
    square = b.mul(root, root)
    large = b.copysign(b.sub(1.0, b.mul(square, square)), x)
    return b.select(b.compare("olt", magnitude, 1.0), small, large)


def log_in_two_parts(b: Float32Builder, x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """`log(x)` as a sum of two f32, to some 2^-30 of it, for x >= 0 and infinity.

    log(1 + f) is 2 atanh(s) of s = f / (2 + f), the division carried to twice the bits.
    """
    e, f = split_log(b, x)
    divisor = b.add(f, 2.0)
    divisor_low = b.sub(f, b.sub(divisor, 2.0))
    s = b.div(f, divisor)
    remainder = b.fma(b.neg(s), divisor_low, b.fma(b.neg(s), divisor, f))
    s_low = b.div(remainder, divisor)
    square = b.mul(s, s)
    tail = b.mul(b.mul(square, s), b.polynomial(square, ATANH_TAIL))
    low = b.fma(s_low, b.fma(square, 2.0, 2.0), tail)
    scaled = b.mul(e, LN2_HIGH)
    scaled_low = b.fma(e, LN2_LOW, b.fma(e, LN2_HIGH, b.neg(scaled)))
    # Knuth's sum of two: which one is greater depends on e.
    twice = b.add(s, s)
    high = b.add(scaled, twice)
    part = b.sub(high, scaled)
    error = b.add(b.sub(scaled, b.sub(high, part)), b.sub(twice, part))
    low = b.add(low, b.add(scaled_low, error))
    total = b.add(high, low)
    low = b.sub(low, b.sub(total, high))
    is_zero, is_inf = b.compare("oeq", x, 0.0), b.compare("oeq", x, inf)
    high = b.select(is_zero, -inf, b.select(is_inf, inf, total))
    high = b.select(b.compare("uno", x, 0.0), nan, high)
    return high, low


def pow(b: Float32Builder, x: SSAValue, y: SSAValue) -> SSAValue:
    """`x^y` within 6 ulp, at its special arguments as C99 (annex F.9.4.4) has it."""
    magnitude = b.abs(x)
    high, low = log_in_two_parts(b, magnitude)
    product = b.mul(y, high)
    product_low = b.fma(y, low, b.fma(y, high, b.neg(product)))
    # Past these bounds the result is 0 or infinite, and the low part may be NaN.
    is_far = b.compare("ogt", b.abs(product), 200.0)
    product_low = b.select(is_far, 0.0, product_low)
    r, n = reduce_exp(b, b.clamp(product, -104.0, 90.0))
    value = exp_reduced(b, b.add(r, product_low), n)

    is_integer = b.compare("oeq", b.floor(y), y)
    half = b.mul(y, 0.5)
    is_even = b.compare("oeq", b.floor(half), half)
    is_negative = b.int_compare("slt", b.bits(x), 0)
    negated = b.select(is_even, value, b.neg(value))
    negated = b.select(is_integer, negated, value)
    value = b.select(is_negative, negated, value)
    # A negative finite number has no power that is not an integer.
    is_finite_negative = b.bit_and(b.compare("olt", x, 0.0), b.compare("ogt", x, -inf))
    has_root = b.bit_and(is_finite_negative, b.compare("une", b.floor(y), y))
    value = b.select(has_root, nan, value)

    is_minus_one = b.compare("oeq", x, -1.0)
    y_is_infinite = b.compare("oeq", b.abs(y), inf)
    value = b.select(b.bit_and(is_minus_one, y_is_infinite), 1.0, value)
    value = b.select(b.compare("oeq", x, 1.0), 1.0, value)
    return b.select(b.compare("oeq", y, 0.0), 1.0, value)
