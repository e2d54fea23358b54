"""Sums, products and narrow numbers rounded once, as IEEE 754 asks.

What has to be exact in between is kept in f64, rounded to odd: the last bit says that
something was lost, and rounding that once more gives what rounding the exact value
does (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
"""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np

from fusemlir.emulator.types import BF16, F32, Array, Type, choose

TINY = np.finfo(np.float32).tiny

_TIE = np.int64(0x10000000)
_BELOW_F32 = np.int64(0x1FFFFFFF)
"""The bits of an f64 that an f32 of its magnitude has not."""


def add_error(a: Array, b: Array, total: Array) -> Array:
    """What the rounded sum of two f64 lacks (Knuth's TwoSum)."""
    part = total - a
    return (a - (total - part)) + (b - part)


def to_odd(total: Array, error: Array) -> Array:
    """The f64 next to `total + error` that is odd, where the error is not zero."""
    bits = total.view(np.int64)
    moved = (error != 0) & (bits & 1 == 0) & np.isfinite(total)
    step = choose((error > 0) == (total > 0), np.int64(1), np.int64(-1))
    return choose(moved, bits + step, bits).view(np.float64)


def sum_to_odd(a: Array, b: Array) -> Array:
    total = a + b
    return to_odd(total, add_error(a, b, total))


def fma_f32(a: Array, b: Array, c: Array) -> Array:
    """`a * b + c` of f32, rounded once."""
    product = np.multiply(a, b, dtype=np.float64)
    total = np.add(product, c, dtype=np.float64)
    result = total.astype(np.float32)
    # Rounding twice is wrong only if the first brings a tie, or among subnormals.
    doubtful = (total.view(np.int64) & _BELOW_F32) == _TIE
    small = np.abs(result) <= TINY
    if small.any():
        doubtful |= small & (total != 0)
    if not doubtful.any():
        return result
    at = np.flatnonzero(doubtful)
    product, addend = (
        np.broadcast_to(x, total.shape)[at].astype(np.float64) for x in (product, c)
    )
    result[at] = sum_to_odd(product, addend).astype(np.float32)
    return result


def fma_narrow(a: Array, b: Array, c: Array, type: Type, mode: str) -> Array:
    """`a * b + c` of f16, bf16 or f32, rounded once."""
    product = np.multiply(a.astype(np.float64), b.astype(np.float64))
    product, addend = np.broadcast_arrays(product, c.astype(np.float64))
    if mode == "rn":
        return narrow(sum_to_odd(product, addend), type)
    return sum_directed(product, addend, type, mode)


def narrow(exact: Array, type: Type, mode: str = "rn") -> Array:
    """f64, rounded to odd if not exact, to a narrower type."""
    if mode != "rn":
        return directed(exact, type, mode)
    if type is BF16:
        return odd_f32(exact).astype(ml_dtypes.bfloat16)
    return exact.astype(type.dtype)


def odd_f32(exact: Array) -> Array:
    """f64 to f32, rounded to odd where that loses something."""
    rounded = exact.astype(np.float32)
    error = exact - rounded
    bits = rounded.view(np.int32)
    # What overflows is far above all that a narrower type rounds to a number.
    moved = (error != 0) & (bits & 1 == 0) & np.isfinite(rounded)
    # Zero has no neighbour below itself: away from it is the sign of what was lost.
    step = choose((error > 0) == (rounded > 0), np.int32(1), np.int32(-1))
    nudged = choose(moved, bits + step, bits).view(np.float32)
    lost = moved & (rounded == 0)
    smallest = np.copysign(np.float32(1e-45), exact.astype(np.float32))
    return choose(lost, smallest, nudged)


def sum_directed(a: Array, b: Array, type: Type, mode: str) -> Array:
    """The sum of two f64 in a narrower type; downwards, zero is negative unless it is
    of positive zeros."""
    exact = sum_to_odd(a, b)
    result = directed(exact, type, mode)
    if mode != "rm":
        return result
    negative = (exact == 0) & (np.signbit(a) | np.signbit(b))
    return choose(negative, -result.dtype.type(0), result)


def directed(exact: Array, type: Type, mode: str) -> Array:
    """f64 to a narrower type, towards zero (`rz`), down (`rm`) or up (`rp`)."""
    rounded = narrow(exact, type)
    back = rounded.astype(np.float64)
    over = back > exact
    under = back < exact
    down = {"rz": over & (exact > 0), "rm": over, "rp": np.zeros_like(over)}[mode]
    up = {"rz": under & (exact < 0), "rm": np.zeros_like(over), "rp": under}[mode]
    bits = rounded.view(type.raw)
    sign = type.raw.type(1 << (type.bits - 1))
    one = type.raw.type(1)
    negative = (bits & sign) != 0
    zero = (bits & ~sign) == 0
    away = choose(zero, choose(up, one, sign | one), bits + one)
    toward = bits - one
    lower = choose(negative | zero, away, toward)
    upper = choose(negative & ~zero, toward, away)
    chosen = choose(down, lower, choose(up, upper, bits))
    return chosen.astype(type.raw).view(type.dtype)


def flush(a: Array) -> Array:
    """f32 with its subnormals as zeros of their sign."""
    return choose(np.abs(a) < TINY, np.copysign(F32.dtype.type(0), a), a)


_SPLIT = float(2**27 + 1)


def fma_f64(a: Array, b: Array, c: Array) -> Array:
    """`a * b + c` of f64, rounded once; in rationals where the steps might overflow."""
    a, b, c = (x.copy() for x in np.broadcast_arrays(a, b, c))
    product = a * b
    error = _product_error(a, b, product)
    total = product + c
    rest = add_error(product, c, total)
    # The two errors are added to odd, so that the last sum rounds as the exact one.
    result = total + sum_to_odd(rest, error)
    sizes = [np.abs(x) for x in (a, b, c, product, result)]
    normal = np.ones(a.shape, bool)
    for size in sizes:
        normal &= (size > 1e-130) & (size < 1e130)
    for at in np.flatnonzero(~normal):
        result[at] = _fma_exactly(float(a[at]), float(b[at]), float(c[at]))
    return result


def _product_error(a: Array, b: Array, product: Array) -> Array:
    """What the rounded product lacks (Dekker, with Veltkamp's halves)."""

    def halves(x: Array) -> tuple[Array, Array]:
        scaled = x * _SPLIT
        high = scaled - (scaled - x)
        return high, x - high

    (a1, a0), (b1, b0) = halves(a), halves(b)
    return a0 * b0 - (((product - a1 * b1) - a0 * b1) - a1 * b0)


def _fma_exactly(a: float, b: float, c: float) -> float:
    if not all(np.isfinite([a, b, c])):
        return float(np.float64(a) * np.float64(b) + np.float64(c))
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return float(np.float64(a) * np.float64(b) + np.float64(c))
    try:
        return float(exact)
    except OverflowError:
        return float("inf") if exact > 0 else float("-inf")
