"""Integer instructions of the emulator against Python's integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from emulator_kernels import (
    HEADER,
    assert_same,
    dtype_of,
    instruction_kernel,
    operands,
    run_instruction,
)

from fusemlir.codegen.ptx import assemble, find_ptxas

Reference = Callable[..., int]


def bits_of(type: str) -> int:
    return 8 * dtype_of(type).itemsize


def clamped(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def quotient(a: int, b: int) -> int:
    """Rounded to zero; -1 for what has no quotient."""
    if b == 0:
        return -1
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    return a if b == 0 else a - quotient(a, b) * b


def funnel(left: bool, clamps: bool) -> Reference:
    def shift(low: int, high: int, amount: int) -> int:
        n = min(amount, 32) if clamps else amount & 31
        both = high << 32 | low
        return (both << n) >> 32 if left else both >> n

    return shift


def extract(bits: int, signed: bool) -> Reference:
    """The definition of the PTX manual, bit by bit."""

    def apply(a: int, start: int, length: int) -> int:
        first, count = start & 0xFF, length & 0xFF
        field = a & (1 << bits) - 1
        if not signed or count == 0:
            sign = 0
        else:
            sign = field >> min(first + count - 1, bits - 1) & 1
        result = 0
        for k in range(bits):
            inside = k < count and first + k < bits
            bit = field >> (first + k) & 1 if inside else sign
            result |= bit << k
        return result

    return apply


def insert(bits: int) -> Reference:
    def apply(a: int, into: int, start: int, length: int) -> int:
        first, count = start & 0xFF, length & 0xFF
        result = into
        for k in range(count):
            if first + k < bits:
                bit = a >> k & 1 if k < bits else 0
                result = result & ~(1 << first + k) | bit << first + k
        return result

    return apply


def permuted(a: int, b: int, selector: int) -> int:
    both = (b << 32 | a).to_bytes(8, "little")
    found = 0
    for k in range(4):
        choice = selector >> 4 * k & 0xF
        byte = both[choice & 7]
        if choice & 8:
            byte = 0xFF if byte & 0x80 else 0
        found |= byte << 8 * k
    return found


def looked_up(table: int) -> Reference:
    def apply(a: int, b: int, c: int) -> int:
        found = 0
        for k in range(32):
            row = (a >> k & 1) << 2 | (b >> k & 1) << 1 | c >> k & 1
            found |= (table >> row & 1) << k
        return found

    return apply


def dot(signed_a: bool, signed_b: bool) -> Reference:
    def apply(a: int, b: int, c: int) -> int:
        x = (a & 0xFFFFFFFF).to_bytes(4, "little")
        y = (b & 0xFFFFFFFF).to_bytes(4, "little")
        total = c
        for k in range(4):
            p = x[k] - 256 if signed_a and x[k] > 127 else x[k]
            q = y[k] - 256 if signed_b and y[k] > 127 else y[k]
            total += p * q
        return total

    return apply


def find(bits: int, signed: bool) -> Reference:
    def apply(a: int) -> int:
        pattern = ~a if signed and a < 0 else a
        return (pattern & (1 << bits) - 1).bit_length() - 1

    return apply


def low24(a: int, signed: bool) -> int:
    field = a & 0xFFFFFF
    return field - (1 << 24) if signed and field >> 23 else field


CASES: dict[str, tuple[str, tuple[str, ...], Reference]] = {}


def case(
    instruction: str, result: str, sources: tuple[str, ...], reference: Reference
) -> None:
    CASES[instruction] = (result, sources, reference)


for _t in ("s16", "u16", "s32", "u32", "s64", "u64"):
    _n = bits_of(_t)
    case(f"add.{_t}", _t, (_t, _t), lambda a, b: a + b)
    case(f"sub.{_t}", _t, (_t, _t), lambda a, b: a - b)
    case(f"mul.lo.{_t}", _t, (_t, _t), lambda a, b: a * b)
    case(f"mul.hi.{_t}", _t, (_t, _t), lambda a, b, n=_n: a * b >> n)
    case(f"mad.lo.{_t}", _t, (_t,) * 3, lambda a, b, c: a * b + c)
    case(f"mad.hi.{_t}", _t, (_t,) * 3, lambda a, b, c, n=_n: (a * b >> n) + c)
    case(f"min.{_t}", _t, (_t, _t), min)
    case(f"max.{_t}", _t, (_t, _t), max)
    case(f"div.{_t}", _t, (_t, _t), quotient)
    case(f"rem.{_t}", _t, (_t, _t), remainder)
    case(
        f"shr.{_t}",
        _t,
        (_t, "u32"),
        lambda a, b: a >> min(b, 64),
    )
for _t, _w in (("s16", "s32"), ("u16", "u32"), ("s32", "s64"), ("u32", "u64")):
    case(f"mul.wide.{_t}", _w, (_t, _t), lambda a, b: a * b)
    case(f"mad.wide.{_t}", _w, (_t, _t, _w), lambda a, b, c: a * b + c)
for _t in ("s16", "s32", "s64"):
    case(f"neg.{_t}", _t, (_t,), lambda a: -a)
    case(f"abs.{_t}", _t, (_t,), abs)
for _t in ("b16", "b32", "b64"):
    case(f"and.{_t}", _t, (_t, _t), lambda a, b: a & b)
    case(f"or.{_t}", _t, (_t, _t), lambda a, b: a | b)
    case(f"xor.{_t}", _t, (_t, _t), lambda a, b: a ^ b)
    case(f"not.{_t}", _t, (_t,), lambda a: ~a)
    case(f"cnot.{_t}", _t, (_t,), lambda a: int(a == 0))
    case(f"shl.{_t}", _t, (_t, "u32"), lambda a, b: a << b if b < 64 else 0)
for _t in ("b32", "b64"):
    _n = bits_of(_t)
    case(f"popc.{_t}", "u32", (_t,), lambda a: a.bit_count())
    case(f"clz.{_t}", "u32", (_t,), lambda a, n=_n: n - a.bit_length())
    case(f"brev.{_t}", _t, (_t,), lambda a, n=_n: int(f"{a:0{n}b}"[::-1], 2))
    case(f"bfi.{_t}", _t, (_t, _t, "u32", "u32"), insert(_n))
for _t in ("u32", "s32", "u64", "s64"):
    case(f"bfe.{_t}", _t, (_t, "u32", "u32"), extract(bits_of(_t), _t[0] == "s"))
    case(f"bfind.{_t}", "u32", (_t,), find(bits_of(_t), _t[0] == "s"))
for _t in ("u32", "s32"):
    _s = _t == "s32"
    case(f"mul24.lo.{_t}", _t, (_t, _t), lambda a, b, s=_s: low24(a, s) * low24(b, s))
    case(
        f"mad24.lo.{_t}",
        _t,
        (_t,) * 3,
        lambda a, b, c, s=_s: low24(a, s) * low24(b, s) + c,
    )
for _a in ("u32", "s32"):
    for _b in ("u32", "s32"):
        _c = "u32" if _a == _b == "u32" else "s32"
        case(f"dp4a.{_a}.{_b}", _c, (_a, _b, _c), dot(_a == "s32", _b == "s32"))
for _d in "lr":
    for _m in ("wrap", "clamp"):
        case(
            f"shf.{_d}.{_m}.b32", "b32", ("b32",) * 3, funnel(_d == "l", _m == "clamp")
        )
for _name, _reference in (
    ("add", lambda a, b: clamped(a + b, -(1 << 31), (1 << 31) - 1)),
    ("sub", lambda a, b: clamped(a - b, -(1 << 31), (1 << 31) - 1)),
):
    case(f"{_name}.sat.s32", "s32", ("s32", "s32"), _reference)
case("prmt.b32", "b32", ("b32",) * 3, permuted)
for _table in (0x00, 0x96, 0xCA, 0xE8, 0xFF):
    case(f"lop3.b32 *, {_table}", "b32", ("b32",) * 3, looked_up(_table))


@pytest.mark.parametrize("instruction", CASES)
def test_an_integer_instruction_is_its_definition(instruction: str):
    result, sources, reference = CASES[instruction]
    values = operands(sources)
    found = run_instruction(instruction, result, sources, values)
    ones = (1 << bits_of(result)) - 1
    wanted = [reference(*map(int, row)) & ones for row in zip(*values, strict=True)]
    raw = np.dtype(f"u{found.dtype.itemsize}")
    assert_same(found.view(raw), np.array(wanted, raw), *values)


@pytest.mark.skipif(find_ptxas() is None, reason="no ptxas found")
def test_the_instructions_that_are_tested_are_legal_ptx():
    text = HEADER
    for number, (instruction, (result, sources, _)) in enumerate(CASES.items()):
        written = instruction if "*" in instruction else f"{instruction} *"
        text += instruction_kernel(f"k{number}", written, result, sources)
    assemble(text, "90a")


def truth(name: str) -> Any:
    return {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[name]


@pytest.mark.parametrize("name", ["and", "or", "xor"])
def test_logic_on_predicates(name: str):
    a, b = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)
    found = run_instruction(f"{name}.pred", "pred", ("pred", "pred"), (a, b))
    assert_same(found, truth(name)(a, b), a, b)
