"""PTX literals to the bits of a type."""

from __future__ import annotations

import struct

import numpy as np

from fusemlir.emulator.types import BF16, F32, F64, Kind, Type


def immediate_value(text: str, type: Type) -> int:
    """The bits that a literal has as a value of `type`, as a non-negative number.

    Raises `ValueError` for a literal that the type cannot be written with.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    mark = digits[:2].lower()
    if mark in ("0f", "0d"):
        return _from_float_bits(sign, mark, int(digits[2:], 16), type)
    if any(c in digits for c in ".eE") and mark != "0x":
        return _float_bits(sign * float(digits), type)
    value = sign * int(digits.rstrip("U"), 0)
    if type.kind is Kind.PREDICATE:
        return int(value != 0)
    if type in (F32, F64):
        return _float_bits(float(value), type)
    return value & ((1 << type.bits) - 1)


def _from_float_bits(sign: int, mark: str, bits: int, type: Type) -> int:
    source = F32 if mark == "0f" else F64
    if type.size == source.size and type.kind is not Kind.PREDICATE:
        return bits ^ (1 << (type.bits - 1)) if sign < 0 else bits
    layout = ("<I", "<f") if source is F32 else ("<Q", "<d")
    (value,) = struct.unpack(layout[1], struct.pack(layout[0], bits))
    return _float_bits(sign * value, type)


def _float_bits(value: float, type: Type) -> int:
    if not type.is_float:
        raise ValueError(f"a number with a fraction is no {type.name}")
    wide = np.array([value])
    narrow = wide.astype(np.float32).astype(type.dtype) if type is BF16 else wide
    return int(narrow.astype(type.dtype).view(type.raw)[0])
