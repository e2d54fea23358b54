"""Integer arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator.decoder import (
    Binary,
    Decoder,
    Function,
    Step,
    binary,
    ternary,
    unary,
)
from fusemlir.emulator.form import Form
from fusemlir.emulator.types import S32, TYPES, U32, Array, Kind, Type, choose

WIDER = {
    "s16": TYPES["s32"],
    "u16": TYPES["u32"],
    "s32": TYPES["s64"],
    "u32": TYPES["u64"],
}

INTEGERS = ("u16", "u32", "u64", "s16", "s32", "s64")


def high_half(a: Array, b: Array) -> Array:
    """The upper half of the products of two arrays of one integer type."""
    bits = 8 * a.dtype.itemsize
    if bits < 64:
        wide = np.int64 if a.dtype.kind == "i" else np.uint64
        return (a.astype(wide) * b.astype(wide) >> wide(bits)).astype(a.dtype)
    x, y = a.view(np.uint64), b.view(np.uint64)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    x0, x1, y0, y1 = x & low, x >> half, y & low, y >> half
    middle = x1 * y0 + (x0 * y0 >> half)
    other = x0 * y1 + (middle & low)
    high = x1 * y1 + (middle >> half) + (other >> half)
    if a.dtype.kind == "i":
        high = high - choose(a < 0, y, 0) - choose(b < 0, x, 0)
    return high.astype(np.uint64).view(a.dtype)


def saturated(function: Callable[[Array, Array], Array]) -> Binary:
    """An operation on s32 whose result stays at the extremes."""

    def apply(a: Array, b: Array) -> Array:
        exact = function(a.astype(np.int64), b.astype(np.int64))
        return exact.clip(-(1 << 31), (1 << 31) - 1).astype(np.int32)

    return apply


def build_add(form: Form, decoder: Decoder, function: np.ufunc) -> Step:
    """`add` and `sub`."""
    saturates = form.flag("sat")
    type = form.type(*INTEGERS)
    if saturates and type is not S32:
        raise form.error("only s32 saturates")
    chosen = saturated(function) if saturates else function
    return binary(decoder, form, chosen, type, type, type)


def build_mul(form: Form, decoder: Decoder) -> Step:
    half = form.required("lo", "hi", "wide")
    type = form.type(*INTEGERS)
    if half == "wide":
        wide = _wider(form, type)
        function = widening(wide)
        return binary(decoder, form, function, wide, type, type)
    function = high_half if half == "hi" else np.multiply
    return binary(decoder, form, function, type, type, type)


def widening(wide: Type) -> Binary:
    dtype = wide.dtype
    return lambda a, b: np.multiply(a, b, dtype=dtype)


def _wider(form: Form, type: Type) -> Type:
    if type.name not in WIDER:
        raise form.error(f"there is no wider type than {type.name}")
    return WIDER[type.name]


def build_mad(form: Form, decoder: Decoder) -> Step:
    half = form.required("lo", "hi", "wide")
    type = form.type(*INTEGERS)
    if half == "wide":
        wide = _wider(form, type)
        product = widening(wide)
        return ternary(
            decoder, form, lambda a, b, c: product(a, b) + c, wide, type, type, wide
        )
    multiply = high_half if half == "hi" else np.multiply
    return ternary(
        decoder, form, lambda a, b, c: multiply(a, b) + c, type, type, type, type
    )


def build_mul24(form: Form, decoder: Decoder) -> Step:
    """`mul24.lo` and `mad24.lo`: of the low 24 bits, the low 32 of the result."""
    form.required("lo")
    type = form.type("u32", "s32")
    shift = type.dtype.type(8)

    def low24(a: Array) -> Array:
        return (a << shift) >> shift

    if form.instruction.opcode == "mul24":
        return binary(decoder, form, lambda a, b: low24(a) * low24(b), type, type, type)
    return ternary(
        decoder,
        form,
        lambda a, b, c: low24(a) * low24(b) + c,
        type,
        type,
        type,
        type,
    )


def divide(a: Array, b: Array) -> Array:
    """Rounded to zero; all ones where the divisor is zero."""
    safe = choose(b == 0, b.dtype.type(1), b)
    if a.dtype.kind == "u":
        return choose(b == 0, ~b.dtype.type(0), a // safe)
    quotient = a // safe
    inexact = (quotient * safe != a) & ((a < 0) != (safe < 0))
    return choose(b == 0, b.dtype.type(-1), quotient + inexact.astype(a.dtype))


def remainder(a: Array, b: Array) -> Array:
    """What `divide` leaves; the dividend where the divisor is zero."""
    return choose(b == 0, a, a - divide(a, b) * b)


def build_div(form: Form, decoder: Decoder, function: Function) -> Step:
    type = form.type(*INTEGERS)
    return binary(decoder, form, function, type, type, type)


def build_minmax(form: Form, decoder: Decoder, function: Function) -> Step:
    relu = form.flag("relu")
    type = form.type(*INTEGERS)
    if relu and type is not S32:
        raise form.error("only s32 has .relu")
    if not relu:
        return binary(decoder, form, function, type, type, type)
    return binary(
        decoder,
        form,
        lambda a, b: np.maximum(function(a, b), np.int32(0)),
        type,
        type,
        type,
    )


def build_sign(form: Form, decoder: Decoder, function: Function) -> Step:
    """`neg` and `abs`."""
    type = form.type("s16", "s32", "s64")
    return unary(decoder, form, function, type, type)


def build_dp(form: Form, decoder: Decoder) -> Step:
    """`dp4a` and `dp2a`: sums of products of bytes, the former's all bytes."""
    halves = form.choice("lo", "hi") if form.instruction.opcode == "dp2a" else None
    second = form.type("u32", "s32")
    first = form.type("u32", "s32")
    wraps = S32 if Kind.SIGNED in (first.kind, second.kind) else U32
    names = ["i1" if type.is_signed else "u1" for type in (first, second)]

    def sum_products(a: Array, b: Array, c: Array) -> Array:
        total = c.astype(np.int64)
        for k in range(4):
            x = (a.view(np.uint32) >> np.uint32(8 * k)).astype(np.uint8)
            y = (b.view(np.uint32) >> np.uint32(8 * k)).astype(np.uint8)
            product = x.view(names[0]).astype(np.int64) * y.view(names[1])
            total = total + product
        return total.astype(np.uint32).view(wraps.dtype)

    def sum_halves(a: Array, b: Array, c: Array) -> Array:
        total = c.astype(np.int64)
        for k in range(2):
            x = (a.view(np.uint32) >> np.uint32(16 * k)).astype(np.uint16)
            at = 8 * k + (16 if halves == "hi" else 0)
            y = (b.view(np.uint32) >> np.uint32(at)).astype(np.uint8)
            wide = x.view(names[0].replace("1", "2")).astype(np.int64)
            total = total + wide * y.view(names[1])
        return total.astype(np.uint32).view(wraps.dtype)

    function = sum_products if form.instruction.opcode == "dp4a" else sum_halves
    return ternary(decoder, form, function, wraps, first, second, wraps)


Builder = Callable[[Form, Decoder], Step]


def with_function(build: Callable[..., Step], function: Function) -> Builder:
    """A builder that takes what it computes."""
    return lambda form, decoder: build(form, decoder, function)


BUILDERS: Mapping[str, Builder] = {
    "add": with_function(build_add, np.add),
    "sub": with_function(build_add, np.subtract),
    "mul": build_mul,
    "mad": build_mad,
    "mul24": build_mul24,
    "mad24": build_mul24,
    "div": with_function(build_div, divide),
    "rem": with_function(build_div, remainder),
    "min": with_function(build_minmax, np.minimum),
    "max": with_function(build_minmax, np.maximum),
    "neg": with_function(build_sign, np.negative),
    "abs": with_function(build_sign, np.abs),
    "dp4a": build_dp,
    "dp2a": build_dp,
}
