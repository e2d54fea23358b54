"""Floating-point arithmetic.

Approximate instructions (`div.approx`, `ex2.approx`, ...) are computed in f64 and then
rounded: no worse than the hardware, and not bit for bit what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator.decoder import (
    Binary,
    Decoder,
    Function,
    Step,
    Ternary,
    Unary,
    binary,
    elementwise,
    unary,
)
from fusemlir.emulator.form import Form
from fusemlir.emulator.rounding import (
    flush,
    fma_f32,
    fma_f64,
    fma_narrow,
    narrow,
    sum_directed,
)
from fusemlir.emulator.types import (
    BF16,
    F16,
    F32,
    F64,
    PREDICATE,
    TYPES,
    Array,
    Type,
)

FLOATS = ("f32", "f64", "f16", "bf16", "f16x2", "bf16x2")
ROUNDINGS = ("rn", "rz", "rm", "rp")

CANONICAL_NAN = {
    type.name: np.array([(1 << type.bits - 1) - 1], type.raw).view(type.dtype)
    for type in (F16, BF16, F32)
}
"""What `min` and `max` give that have no number to give; the ISA names none of f64."""

Arithmetic = Callable[[Type, str], Function]
"""From a scalar type and a rounding to what computes it."""


def is_float(form: Form) -> bool:
    """Whether the last modifier is a floating-point type, alone or packed."""
    return bool(form.rest) and form.rest[-1] in FLOATS


def apply(form: Form, decoder: Decoder, arithmetic: Arithmetic, arity: int) -> Step:
    """A step for an instruction on floats, with `.rn`, `.ftz`, `.sat` and `.relu`."""
    type = form.type(*FLOATS)
    mode = form.choice(*ROUNDINGS) or "rn"
    flushes, saturates, relu = (form.flag(name) for name in ("ftz", "sat", "relu"))
    scalar = TYPES[type.name.removesuffix("x2")]
    if mode != "rn" and scalar is not F32:
        raise form.error(f"the emulator does not know .{mode} of {type.name}")
    if flushes and scalar not in (F32, F16, BF16):
        raise form.error("f64 has no .ftz")
    function = arithmetic(scalar, mode)
    if flushes:
        function = flushing(function, scalar)
    if saturates:
        function = saturating(function)
    if relu:
        function = rectified(function)
    if scalar is not type:
        function = packed(function, scalar)
    return elementwise(decoder, form, function, type, *[type] * arity)


def flushing(function: Function, type: Type) -> Function:
    """With subnormals as zeros, before and after."""
    if type is F32:
        return _between(flush, function)
    tiny = np.float32(2.0**-14) if type is F16 else np.finfo(np.float32).tiny

    def flush_narrow(a: Array) -> Array:
        small = np.abs(a.astype(np.float32)) < tiny
        return np.where(small, np.copysign(type.dtype.type(0), a), a)

    return _between(flush_narrow, function)


def _between(flush_one: Unary, function: Function) -> Function:
    def apply(*args: Array) -> Array:
        return flush_one(function(*map(flush_one, args)))

    return apply


def saturating(function: Function) -> Function:
    """Kept in [0, 1]; what is no number gives zero."""

    def apply(*args: Array) -> Array:
        result = function(*args)
        zero, one = result.dtype.type(0), result.dtype.type(1)
        # A zero of either sign is written as the positive one.
        return np.where(result > zero, np.where(result < one, result, one), zero)

    return apply


def rectified(function: Function) -> Function:
    def apply(*args: Array) -> Array:
        result = function(*args)
        return np.where(result <= 0, result.dtype.type(0), result)

    return apply


def packed(function: Function, scalar: Type) -> Function:
    """A function of scalars on both halves of 32 bits."""

    def apply(*args: Array) -> Array:
        halves = (np.ascontiguousarray(a).view(scalar.dtype) for a in args)
        result = function(*(half.reshape(-1, 2) for half in halves))
        return np.ascontiguousarray(result).view(np.uint32).reshape(-1)

    return apply


def add(type: Type, mode: str) -> Binary:
    if mode != "rn":
        return lambda a, b: sum_directed(*_wide(a, b), type, mode)
    return np.add if type in (F32, F64) else in_f64(np.add, type)


def subtract(type: Type, mode: str) -> Binary:
    if mode != "rn":
        return lambda a, b: sum_directed(*_wide(a, -b), type, mode)
    return np.subtract if type in (F32, F64) else in_f64(np.subtract, type)


def multiply(type: Type, mode: str) -> Binary:
    if mode != "rn":
        return lambda a, b: narrow(np.multiply(*_wide(a, b)), type, mode)
    return np.multiply if type in (F32, F64) else in_f64(np.multiply, type)


def _wide(a: Array, b: Array) -> tuple[Array, Array]:
    a, b = np.broadcast_arrays(a.astype(np.float64), b.astype(np.float64))
    return a, b


def in_f64(function: Binary, type: Type) -> Binary:
    """Computed in f64, which holds any sum or product of two f16 or bf16 closely
    enough that rounding it is right."""

    def apply(a: Array, b: Array) -> Array:
        return narrow(function(a.astype(np.float64), b.astype(np.float64)), type)

    return apply


def fused(type: Type, mode: str) -> Ternary:
    """`fma`, rounded once."""
    if type is F32 and mode == "rn":
        return fma_f32
    if type is F64:
        return fma_f64
    return lambda a, b, c: fma_narrow(a, b, c, type, mode)


def build_arithmetic(arithmetic: Arithmetic, arity: int) -> Builder:
    return lambda form, decoder: apply(form, decoder, arithmetic, arity)


def minimum(type: Type, propagates: bool) -> Binary:
    return _extreme(np.minimum if propagates else np.fmin, True, type)


def maximum(type: Type, propagates: bool) -> Binary:
    return _extreme(np.maximum if propagates else np.fmax, False, type)


def _extreme(choose: np.ufunc, least: bool, type: Type) -> Binary:
    """The zeros have an order too: -0.0 is below +0.0."""

    def apply(a: Array, b: Array) -> Array:
        if type in (F16, BF16):
            a, b = a.astype(np.float32), b.astype(np.float32)
        result = choose(a, b)
        zeros = result == 0
        if zeros.any():
            tied = zeros & (a == b)
            signed = -(-a - b) if least else a + b
            result = np.where(tied, signed, result)
        result = result.astype(type.dtype, copy=False)
        if type is F64:
            return result
        missing = np.isnan(result)
        if not missing.any():
            return result
        return np.where(missing, CANONICAL_NAN[type.name], result)

    return apply


def build_extreme(pick: Callable[[Type, bool], Function]) -> Builder:
    def build(form: Form, decoder: Decoder) -> Step:
        propagates = form.flag("NaN")
        return apply(form, decoder, lambda type, mode: pick(type, propagates), 2)

    return build


def build_sign(form: Form, decoder: Decoder) -> Step:
    """`neg` and `abs`, which only touch the sign bit."""
    negates = form.instruction.opcode == "neg"

    def sign(type: Type, mode: str) -> Unary:
        bit = type.raw.type(1 << (type.bits - 1))
        if negates:
            return lambda a: (a.view(type.raw) ^ bit).view(type.dtype)
        return lambda a: (a.view(type.raw) & ~bit).view(type.dtype)

    return apply(form, decoder, sign, 1)


def build_divide(form: Form, decoder: Decoder) -> Step:
    if form.choice("approx", "full") is None:
        require_rn(form)
    return apply(form, decoder, lambda type, mode: np.divide, 2)


def require_rn(form: Form) -> None:
    """The only rounding of quotients and roots that is computed."""
    if "rn" not in form.rest:
        raise form.error("the emulator knows no rounding of it but .rn")


def build_one_of(function: Unary, always_approximate: bool = False) -> Builder:
    """A function of one value, in f64 unless it is rounded as IEEE 754 asks."""

    def build(form: Form, decoder: Decoder) -> Step:
        approximate = form.flag("approx")
        if not approximate:
            if always_approximate:
                raise form.error("wanted .approx")
            require_rn(form)

        def arithmetic(type: Type, mode: str) -> Unary:
            if type is F64 or not approximate:
                return function
            return lambda a: narrow(function(a.astype(np.float64)), type)

        return apply(form, decoder, arithmetic, 1)

    return build


def reciprocal(a: Array) -> Array:
    return np.divide(a.dtype.type(1), a)


def reciprocal_root(a: Array) -> Array:
    return np.divide(a.dtype.type(1), np.sqrt(a))


def build_copysign(form: Form, decoder: Decoder) -> Step:
    """The magnitude of the second with the sign of the first."""
    type = form.type("f32", "f64")
    return binary(decoder, form, lambda a, b: np.copysign(b, a), type, type, type)


def build_testp(form: Form, decoder: Decoder) -> Step:
    kinds = ("finite", "infinite", "number", "notanumber", "normal", "subnormal")
    kind = form.required(*kinds)
    type = form.type("f32", "f64")
    tiny = np.finfo(type.dtype).tiny
    tests: dict[str, Unary] = {
        "finite": np.isfinite,
        "infinite": np.isinf,
        "number": lambda a: ~np.isnan(a),
        "notanumber": np.isnan,
        "normal": lambda a: np.isfinite(a) & (np.abs(a) >= tiny),
        "subnormal": lambda a: (np.abs(a) < tiny) & (a != 0),
    }
    return unary(decoder, form, tests[kind], PREDICATE, type)


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {
    "add": build_arithmetic(add, 2),
    "sub": build_arithmetic(subtract, 2),
    "mul": build_arithmetic(multiply, 2),
    "fma": build_arithmetic(fused, 3),
    "mad": build_arithmetic(fused, 3),
    "min": build_extreme(minimum),
    "max": build_extreme(maximum),
    "neg": build_sign,
    "abs": build_sign,
    "div": build_divide,
    "rcp": build_one_of(reciprocal),
    "sqrt": build_one_of(np.sqrt),
    "rsqrt": build_one_of(reciprocal_root, always_approximate=True),
    "ex2": build_one_of(np.exp2, always_approximate=True),
    "lg2": build_one_of(np.log2, always_approximate=True),
    "sin": build_one_of(np.sin, always_approximate=True),
    "cos": build_one_of(np.cos, always_approximate=True),
    "tanh": build_one_of(np.tanh, always_approximate=True),
    "copysign": build_copysign,
    "testp": build_testp,
}
