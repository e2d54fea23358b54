"""Conversions between types."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ml_dtypes
import numpy as np

from fusemlir.emulator.decoder import Decoder, Step, Unary, binary, ternary, unary
from fusemlir.emulator.form import Form
from fusemlir.emulator.rounding import flush, narrow
from fusemlir.emulator.types import (
    BF16,
    F16,
    F32,
    F64,
    TYPES,
    U32,
    Array,
    Type,
    most_of,
)

TO_INTEGRAL: Mapping[str, Unary] = {
    "rni": np.rint,
    "rzi": np.trunc,
    "rmi": np.floor,
    "rpi": np.ceil,
}
ROUNDINGS = ("rn", "rz", "rm", "rp")
SCALARS = tuple(
    name
    for name, type in TYPES.items()
    if ((type.is_integer or type.is_float) and name[0] != "b") or name == "bf16"
)
EIGHT_BITS = {
    "e4m3x2": np.dtype(ml_dtypes.float8_e4m3fn),
    "e5m2x2": np.dtype(ml_dtypes.float8_e5m2),
}


def build_cvt(form: Form, decoder: Decoder) -> Step:
    if "pack" in form.rest:
        return build_pack(form, decoder)
    if form.rest[-2:-1] and form.rest[-2] in EIGHT_BITS:
        return build_to_eight_bits(form, decoder)
    if form.rest and form.rest[-1] in EIGHT_BITS:
        return build_from_eight_bits(form, decoder)
    if "f16x2" in form.rest or "bf16x2" in form.rest:
        return build_two(form, decoder)
    if "tf32" in form.rest:
        return build_tf32(form, decoder)
    return build_scalar(form, decoder)


def build_scalar(form: Form, decoder: Decoder) -> Step:
    source = form.type(*SCALARS)
    target = form.type(*SCALARS)
    integral = form.choice(*TO_INTEGRAL)
    mode = form.choice(*ROUNDINGS)
    flushes = form.flag("ftz")
    saturates, relu = form.flag("sat"), form.flag("relu")
    if flushes and F32 not in (source, target):
        raise form.error("nothing of it is an f32 that .ftz could flush")
    _check_rounding(form, source, target, integral, mode)
    function = scalar_conversion(source, target, integral, mode or "rn", saturates)
    if flushes and source is F32:
        function = _after(flush, function)
    if flushes and target is F32:
        function = _after(function, flush)
    if relu:
        function = _after(function, _relu)
    return unary(decoder, form, function, target, source)


def _after(first: Unary, second: Unary) -> Unary:
    return lambda a: second(first(a))


def _relu(a: Array) -> Array:
    return np.where(a <= 0, a.dtype.type(0), a)


def _check_rounding(
    form: Form, source: Type, target: Type, integral: str | None, mode: str | None
) -> None:
    """What PTX asks for: a rounding where, and only where, something is rounded."""
    narrows = target.is_float and (
        source.is_integer
        or source.size > target.size
        or {source, target} == {F16, BF16}
    )
    if narrows and mode is None and integral is None:
        raise form.error("wanted a rounding: .rn, .rz, .rm or .rp")
    if source.is_float and target.is_integer and integral is None:
        raise form.error("wanted a rounding to integers: .rni, .rzi, .rmi or .rpi")
    if not source.is_float and integral is not None:
        raise form.error("an integer is not rounded to integers")


def scalar_conversion(
    source: Type, target: Type, integral: str | None, mode: str, saturates: bool
) -> Unary:
    if source.is_integer and target.is_integer:
        return _between_integers(target, saturates)
    if target.is_integer:
        return _to_integer(source, target, TO_INTEGRAL[integral or "rzi"])
    if source.is_integer:
        return _from_integer(source, target, mode, saturates)
    return _between_floats(source, target, integral, mode, saturates)


def _between_integers(target: Type, saturates: bool) -> Unary:
    if not saturates:
        return lambda a: a.astype(target.dtype)
    limits = np.iinfo(target.dtype)

    def clamp(a: Array) -> Array:
        source = np.iinfo(a.dtype)
        low, high = max(limits.min, source.min), min(limits.max, source.max)
        return a.clip(low, high).astype(target.dtype)

    return clamp


def _to_integer(source: Type, target: Type, rounding: Unary) -> Unary:
    """Rounded, kept within the type; what is no number gives zero."""
    limits = np.iinfo(target.dtype)
    # The least f64 that is too large, which the greatest number itself may not be.
    above = float(limits.max) + 1 if target.size < 8 else float(2 ** (limits.bits))
    if target.size == 8 and target.is_signed:
        above = float(2**63)

    def convert(a: Array) -> Array:
        exact = rounding(a.astype(np.float64))
        low, high = exact < float(limits.min), exact >= above
        inside = np.where(low | high | np.isnan(exact), 0.0, exact)
        result = inside.astype(target.dtype)
        result = np.where(low, target.dtype.type(limits.min), result)
        return np.where(high, target.dtype.type(limits.max), result)

    return convert


def _from_integer(source: Type, target: Type, mode: str, saturates: bool) -> Unary:
    def convert(a: Array) -> Array:
        if source.size < 8:
            result = narrow(a.astype(np.float64), target, mode)
        elif mode == "rn" and target in (F32, F64):
            result = a.astype(target.dtype)
        elif target is F64:
            result = _directed_f64(a, mode)
        else:
            result = narrow(_odd_f64(a), target, mode)
        return _unit(result) if saturates else result

    return convert


def _directed_f64(a: Array, mode: str) -> Array:
    """64-bit integers to f64, towards zero (`rz`), down (`rm`) or up (`rp`)."""
    negative = a < 0
    magnitude = np.where(negative, -a, a).view(np.uint64)
    # Without the last eleven bits f64 holds any of them, and so tells their length.
    length = np.frexp((magnitude >> np.uint64(11)).astype(np.float64))[1] + 11
    step = np.uint64(1) << (length - 53).clip(0).astype(np.uint64)
    kept = magnitude & ~(step - np.uint64(1))
    outwards = {"rz": np.zeros_like(negative), "rm": negative, "rp": ~negative}[mode]
    added = np.where(outwards & (kept != magnitude), step.astype(np.float64), 0.0)
    result = kept.astype(np.float64) + added
    return np.where(negative, -result, result)


def _odd_f64(a: Array) -> Array:
    """64-bit integers to f64; what does not fit leaves its mark in the last bit."""
    negative = a < 0
    magnitude = np.where(negative, -a, a).view(np.uint64)
    large = magnitude >= np.uint64(1 << 53)
    high = magnitude >> np.uint64(11)
    sticky = (magnitude & np.uint64(0x7FF)) != 0
    odd = (high | sticky.astype(np.uint64)).astype(np.float64) * 2048.0
    exact = np.where(large, odd, magnitude.astype(np.float64))
    return np.where(negative, -exact, exact)


def _between_floats(
    source: Type, target: Type, integral: str | None, mode: str, saturates: bool
) -> Unary:
    def convert(a: Array) -> Array:
        if integral is not None:
            wide = a.astype(np.float64)
            result = narrow(TO_INTEGRAL[integral](wide), target)
        elif source.size < target.size:
            result = a.astype(target.dtype)
        elif source is target:
            result = a.copy()
        else:
            result = narrow(a.astype(np.float64), target, mode)
        return _unit(result) if saturates else result

    return convert


def _unit(a: Array) -> Array:
    """Kept in [0, 1]; what is no number gives zero."""
    zero, one = a.dtype.type(0), a.dtype.type(1)
    return np.where(a > zero, np.where(a < one, a, one), zero)


def build_two(form: Form, decoder: Decoder) -> Step:
    """`cvt.rn.f16x2.f32 d, a, b`: a above b."""
    form.type("f32")
    target = form.type("f16x2", "bf16x2")
    scalar = TYPES[target.name.removesuffix("x2")]
    mode = form.required("rn", "rz")
    relu, finite = form.flag("relu"), form.flag("satfinite")

    def convert(high: Array, low: Array) -> Array:
        halves: list[Array] = []
        for a in (low, high):
            half = narrow(a.astype(np.float64), scalar, mode)
            half = _finite(half) if finite else half
            half = _relu(half) if relu else half
            halves.append(half.view(np.uint16).astype(np.uint32))
        return halves[0] | (halves[1] << np.uint32(16))

    return binary(decoder, form, convert, target, F32, F32)


def _finite(a: Array) -> Array:
    """The greatest number where there is an infinity."""
    most = a.dtype.type(most_of(a.dtype))
    return np.where(np.isinf(a), np.copysign(most, a), a).astype(a.dtype)


def build_tf32(form: Form, decoder: Decoder) -> Step:
    """To ten bits of mantissa: `.rna` ties away from zero, `.rn` to even."""
    form.type("f32")
    form.type("tf32")
    mode = form.required("rna", "rn")
    relu = form.flag("relu")

    def convert(a: Array) -> Array:
        bits = a.view(np.uint32)
        tie = np.uint32(0x1000)
        if mode == "rn":
            tie = np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1))
        rounded = (bits + tie) & np.uint32(0xFFFFE000)
        result = np.where(np.isfinite(a), rounded, bits).view(np.float32)
        return _relu(result) if relu else result

    return unary(decoder, form, convert, TYPES["b32"], F32)


def build_to_eight_bits(form: Form, decoder: Decoder) -> Step:
    """`cvt.rn.satfinite.e4m3x2.f32 d, a, b`: a above b."""
    form.type("f32")
    target = form.type(*EIGHT_BITS)
    form.required("rn")
    form.required("satfinite")
    relu = form.flag("relu")
    dtype = EIGHT_BITS[target.name]
    most = np.float32(most_of(dtype))

    def convert(high: Array, low: Array) -> Array:
        bytes_: list[Array] = []
        for a in (low, high):
            positive = _relu(a) if relu else a
            near = np.where(np.isnan(a), a, positive.clip(-most, most))
            bytes_.append(near.astype(dtype).view(np.uint8).astype(np.uint16))
        return bytes_[0] | (bytes_[1] << np.uint16(8))

    return binary(decoder, form, convert, target, F32, F32)


def build_from_eight_bits(form: Form, decoder: Decoder) -> Step:
    source = form.type(*EIGHT_BITS)
    target = form.type("f16x2")
    form.required("rn")
    relu = form.flag("relu")
    dtype = EIGHT_BITS[source.name]

    def convert(a: Array) -> Array:
        halves: list[Array] = []
        for shift in (0, 8):
            byte = (a >> np.uint16(shift)).astype(np.uint8)
            half = byte.view(dtype).astype(np.float16)
            half = _relu(half) if relu else half
            halves.append(half.view(np.uint16).astype(np.uint32))
        return halves[0] | (halves[1] << np.uint32(16))

    return unary(decoder, form, convert, target, source)


def build_pack(form: Form, decoder: Decoder) -> Step:
    """`cvt.pack.sat.u8.s32.b32 d, a, b, c`: saturated, c's low bits above them."""
    form.flag("pack")
    form.required("sat")
    wide = form.rest[-1] == "b32"
    if wide:
        form.type("b32")
    form.type("s32")
    target = form.type(*(("s8", "u8") if wide else ("s16", "u16")))
    limits = np.iinfo(target.dtype)
    bits = np.uint32(target.bits)

    def pack(a: Array, b: Array) -> Array:
        low, high = (
            x.clip(limits.min, limits.max).astype(target.dtype).view(target.raw)
            for x in (b, a)
        )
        return low.astype(np.uint32) | (high.astype(np.uint32) << bits)

    signed = TYPES["s32"]
    if not wide:
        return binary(decoder, form, pack, U32, signed, signed)
    return ternary(
        decoder,
        form,
        lambda a, b, c: pack(a, b) | (c << np.uint32(16)),
        U32,
        signed,
        signed,
        U32,
    )


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {"cvt": build_cvt}
