"""Bits of integers: logic, shifts, counts and fields."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fusemlir.emulator.decoder import (
    Decoder,
    Function,
    Step,
    binary,
    elementwise,
    ternary,
    unary,
)
from fusemlir.emulator.form import Form
from fusemlir.emulator.semantics.integer import INTEGERS, Builder, with_function
from fusemlir.emulator.types import B32, U32, Array, choose

BITS = ("b16", "b32", "b64")


def build_logic(form: Form, decoder: Decoder, function: Function) -> Step:
    type = form.type("pred", *BITS)
    return binary(decoder, form, function, type, type, type)


def build_not(form: Form, decoder: Decoder) -> Step:
    type = form.type("pred", *BITS)
    return unary(decoder, form, np.invert, type, type)


def build_cnot(form: Form, decoder: Decoder) -> Step:
    type = form.type(*BITS)
    return unary(decoder, form, lambda a: (a == 0).astype(type.raw), type, type)


def shift_left(a: Array, amount: Array) -> Array:
    """Amounts of the width or more give zero."""
    bits = 8 * a.dtype.itemsize
    inside = np.minimum(amount, np.uint32(bits - 1)).astype(a.dtype)
    return choose(amount < bits, a << inside, a.dtype.type(0))


def shift_right(a: Array, amount: Array) -> Array:
    """Amounts of the width or more leave copies of the sign, or zeros."""
    bits = 8 * a.dtype.itemsize
    inside = np.minimum(amount, np.uint32(bits - 1)).astype(a.dtype)
    shifted = a >> inside
    if a.dtype.kind == "i":
        return shifted
    return choose(amount < bits, shifted, a.dtype.type(0))


def build_shift(form: Form, decoder: Decoder, function: Function) -> Step:
    types = BITS if form.instruction.opcode == "shl" else (*BITS, *INTEGERS)
    type = form.type(*types)
    return binary(decoder, form, function, type, type, U32)


def build_funnel_shift(form: Form, decoder: Decoder) -> Step:
    left = form.required("l", "r") == "l"
    clamps = form.required("wrap", "clamp") == "clamp"
    type = form.type("b32")

    def shift(low: Array, high: Array, amount: Array) -> Array:
        n = np.minimum(amount, np.uint32(32)) if clamps else amount & np.uint32(31)
        both = (high.astype(np.uint64) << np.uint64(32)) | low
        if left:
            return (both << n.astype(np.uint64) >> np.uint64(32)).astype(np.uint32)
        return (both >> n.astype(np.uint64)).astype(np.uint32)

    return ternary(decoder, form, shift, type, type, type, U32)


def count_ones(a: Array) -> Array:
    return np.bitwise_count(a).astype(np.uint32)


def leading_zeros(a: Array) -> Array:
    """How many bits stand before the highest that is set."""
    bits = 8 * a.dtype.itemsize
    smeared = a.copy()
    shift = 1
    while shift < bits:
        smeared |= smeared >> a.dtype.type(shift)
        shift *= 2
    return np.uint32(bits) - count_ones(smeared)


def reverse_bits(a: Array) -> Array:
    """The lowest bit first."""
    swapped = a.byteswap()
    ones = (1 << 8 * a.dtype.itemsize) - 1
    for shift, pattern in ((4, 0x0F), (2, 0x33), (1, 0x55)):
        mask = a.dtype.type(ones // 0xFF * pattern)
        by = a.dtype.type(shift)
        swapped = ((swapped >> by) & mask) | ((swapped & mask) << by)
    return swapped


def build_count(form: Form, decoder: Decoder, function: Function) -> Step:
    """`popc` and `clz`, whose result is u32."""
    type = form.type("b32", "b64")
    return unary(decoder, form, function, U32, type)


def build_brev(form: Form, decoder: Decoder) -> Step:
    type = form.type("b32", "b64")
    return unary(decoder, form, reverse_bits, type, type)


def build_find(form: Form, decoder: Decoder) -> Step:
    """`bfind`: the highest bit that is set, or that differs from the sign."""
    shift_amount = form.flag("shiftamt")
    type = form.type("u32", "u64", "s32", "s64")

    def find(a: Array) -> Array:
        bits = choose(a < 0, ~a, a).view(type.raw) if type.is_signed else a
        zeros = leading_zeros(bits)
        position = np.uint32(type.bits - 1) - zeros
        found = zeros if shift_amount else position
        return choose(zeros == type.bits, np.uint32(0xFFFFFFFF), found)

    return unary(decoder, form, find, U32, type)


def build_bfe(form: Form, decoder: Decoder) -> Step:
    type = form.type("u32", "u64", "s32", "s64")

    def extract(a: Array, start: Array, length: Array) -> Array:
        first = (start & 0xFF).astype(np.int64)
        count = (length & 0xFF).astype(np.int64)
        low = shift_right(a, first.astype(np.uint32))
        kept = shift_left(
            np.ones_like(low.view(type.raw)), np.minimum(count, 64).astype(np.uint32)
        )
        mask = kept - type.raw.type(1)
        bits = low.view(type.raw) & mask
        if not type.is_signed:
            return bits
        top = np.minimum(first + count - 1, type.bits - 1).astype(np.uint32)
        negative = (shift_right(a.view(type.raw), top) & type.raw.type(1)) != 0
        filled = choose(negative & (count > 0), bits | ~mask, bits)
        return filled.view(type.dtype)

    return ternary(decoder, form, extract, type, type, U32, U32)


def build_bfi(form: Form, decoder: Decoder) -> Step:
    type = form.type("b32", "b64")

    def insert(a: Array, into: Array, start: Array, length: Array) -> Array:
        first, count = start & np.uint32(0xFF), length & np.uint32(0xFF)
        one = np.ones_like(into)
        field = shift_left(one, count) - type.raw.type(1)
        mask = shift_left(field | np.zeros_like(a), first)
        return (into & ~mask) | (shift_left(a | np.zeros_like(mask), first) & mask)

    return elementwise(decoder, form, insert, type, type, type, U32, U32)


def build_lop3(form: Form, decoder: Decoder) -> Step:
    type = form.type("b32")

    def apply(a: Array, b: Array, c: Array, table: Array) -> Array:
        bits = int(table[0])
        result = np.zeros(np.broadcast_shapes(a.shape, b.shape, c.shape), np.uint32)
        for row in range(8):
            if bits >> row & 1:
                x = a if row & 4 else ~a
                y = b if row & 2 else ~b
                z = c if row & 1 else ~c
                result |= x & y & z
        return result

    return elementwise(decoder, form, apply, type, type, type, type, U32)


def permute_bytes(a: Array, b: Array, selector: Array) -> Array:
    """`prmt` without a mode: four bytes of the eight of b and a, b above."""
    both = (b.astype(np.uint64) << np.uint64(32)) | a
    result: Array = np.zeros(1, np.uint32)
    for position in range(4):
        choice = (selector >> np.uint32(4 * position)) & np.uint32(0xF)
        shift = (choice & np.uint32(7)).astype(np.uint64) * np.uint64(8)
        byte = (both >> shift).astype(np.uint32) & np.uint32(0xFF)
        sign = choose(byte & np.uint32(0x80), np.uint32(0xFF), np.uint32(0))
        chosen = choose(choice & np.uint32(8), sign, byte)
        result = result | (chosen << np.uint32(8 * position))
    return result


def build_prmt(form: Form, decoder: Decoder) -> Step:
    type = form.type("b32")
    return ternary(decoder, form, permute_bytes, type, type, type, B32)


BUILDERS: Mapping[str, Builder] = {
    "and": with_function(build_logic, np.bitwise_and),
    "or": with_function(build_logic, np.bitwise_or),
    "xor": with_function(build_logic, np.bitwise_xor),
    "not": build_not,
    "cnot": build_cnot,
    "shl": with_function(build_shift, shift_left),
    "shr": with_function(build_shift, shift_right),
    "shf": build_funnel_shift,
    "popc": with_function(build_count, count_ones),
    "clz": with_function(build_count, leading_zeros),
    "brev": build_brev,
    "bfind": build_find,
    "bfe": build_bfe,
    "bfi": build_bfi,
    "lop3": build_lop3,
    "prmt": build_prmt,
}
