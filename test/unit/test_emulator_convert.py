"""Conversions, comparisons and selections of the emulator."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from emulator_kernels import (
    DTYPES,
    HEADER,
    assert_same,
    dtype_of,
    edges,
    instruction_kernel,
    operands,
    random_values,
    rounded,
    run_instruction,
)

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas

INTEGERS = ("s16", "u16", "s32", "u32", "s64", "u64")
SMALL = ("s8", "u8", *INTEGERS)
FLOATS = ("f16", "bf16", "f32", "f64")

LEGAL: set[tuple[str, str, tuple[str, ...]]] = set()
"""Instructions that tests have run, for ptxas."""


def run(instruction: str, result: str, sources: tuple[str, ...], values: Any) -> Any:
    LEGAL.add((instruction, result, sources))
    return run_instruction(instruction, result, sources, values)


def values_of(type: str) -> np.ndarray:
    return np.concatenate([edges(type), random_values(type, 400)])


@pytest.mark.parametrize("source", SMALL)
@pytest.mark.parametrize("target", SMALL)
def test_integers_are_cut_off_or_extended(source: str, target: str):
    a = values_of(source)
    found = run(f"cvt.{target}.{source}", target, (source,), (a,))
    assert_same(found, a.astype(dtype_of(target)), a)


@pytest.mark.parametrize("source", INTEGERS)
@pytest.mark.parametrize("target", SMALL)
def test_integers_are_saturated(source: str, target: str):
    a = values_of(source)
    limits = np.iinfo(dtype_of(target))
    wanted = [max(limits.min, min(limits.max, int(x))) for x in a]
    found = run_instruction(f"cvt.sat.{target}.{source}", target, (source,), (a,))
    assert_same(found, np.array(wanted, dtype_of(target)), a)


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("target", SMALL)
@pytest.mark.parametrize("mode", ["rni", "rzi", "rmi", "rpi"])
def test_floats_become_integers_within_their_range(source: str, target: str, mode: str):
    if source == "bf16" and target not in ("s16", "u16", "s32", "u32", "s64", "u64"):
        pytest.skip("PTX has no such conversion")
    rounding: dict[str, Callable[[float], int]] = {
        "rni": round,
        "rzi": math.trunc,
        "rmi": math.floor,
        "rpi": math.ceil,
    }
    a = values_of(source)
    limits = np.iinfo(dtype_of(target))

    def convert(x: float) -> int:
        if math.isnan(x):
            return 0
        if math.isinf(x):
            return limits.max if x > 0 else limits.min
        return max(limits.min, min(limits.max, rounding[mode](x)))

    wanted = [convert(float(x)) for x in a]
    found = run_instruction(f"cvt.{mode}.{target}.{source}", target, (source,), (a,))
    assert_same(found, np.array(wanted, dtype_of(target)), a)


@pytest.mark.parametrize("source", INTEGERS)
@pytest.mark.parametrize("target", FLOATS)
@pytest.mark.parametrize("mode", ["rn", "rz", "rm", "rp"])
def test_integers_become_floats_rounded_once(source: str, target: str, mode: str):
    a = values_of(source)
    wanted = [rounded(Fraction(int(x)), DTYPES[target], mode) for x in a]
    found = run_instruction(f"cvt.{mode}.{target}.{source}", target, (source,), (a,))
    assert_same(found, np.array(wanted, DTYPES[target]), a)


@pytest.mark.parametrize(
    ("source", "target"),
    [("f64", "f32"), ("f64", "f16"), ("f32", "f16"), ("f32", "bf16"), ("f64", "bf16")],
)
@pytest.mark.parametrize("mode", ["rn", "rz", "rm", "rp"])
def test_floats_are_narrowed_with_one_rounding(source: str, target: str, mode: str):
    a = values_of(source)
    info = ml_dtypes.finfo(DTYPES[target])
    middle = np.float64(1) + 2.0 ** -(info.nmant + 1)
    ties = np.array([middle, middle + 2.0**-50, middle - 2.0**-50, -middle])
    a = np.concatenate([a, ties.astype(DTYPES[source])])
    found = run(f"cvt.{mode}.{target}.{source}", target, (source,), (a,))
    wanted: list[Any] = []
    for x in a.tolist() if source != "bf16" else a.astype(float).tolist():
        if math.isfinite(x) and x != 0:
            result = rounded(Fraction(x), DTYPES[target], mode)
            wanted.append(math.copysign(float(result), x))
        else:
            wanted.append(x)
    assert_same(found, np.array(wanted).astype(DTYPES[target]), a)


@pytest.mark.parametrize(
    ("source", "target"),
    [("f16", "f32"), ("bf16", "f32"), ("f16", "f64"), ("f32", "f64")],
)
def test_floats_are_widened_as_they_are(source: str, target: str):
    a = values_of(source)
    found = run(f"cvt.{target}.{source}", target, (source,), (a,))
    assert_same(found, a.astype(np.float64).astype(DTYPES[target]), a)


@pytest.mark.parametrize(
    ("mode", "function"),
    [("rni", np.rint), ("rzi", np.trunc), ("rmi", np.floor), ("rpi", np.ceil)],
)
@pytest.mark.parametrize("type", ["f32", "f64", "f16"])
def test_floats_are_rounded_to_whole_numbers(
    mode: str, function: Callable[[Any], Any], type: str
):
    a = values_of(type)
    found = run(f"cvt.{mode}.{type}.{type}", type, (type,), (a,))
    assert_same(found, function(a), a)


@pytest.mark.parametrize("target", ["f16x2", "bf16x2"])
def test_two_floats_are_packed_the_first_above(target: str):
    a, b = operands(("f32", "f32"))
    found = run(f"cvt.rn.{target}.f32", target, ("f32", "f32"), (a, b))
    dtype = DTYPES[target.removesuffix("x2")]
    with np.errstate(over="ignore"):
        low, high = b.astype(dtype), a.astype(dtype)
    halves = np.ascontiguousarray(found).view(dtype).reshape(-1, 2)
    assert_same(halves[:, 0].copy(), low, b)
    assert_same(halves[:, 1].copy(), high, a)
    relu = run(f"cvt.rn.relu.{target}.f32", target, ("f32", "f32"), (a, b))
    with np.errstate(invalid="ignore"):
        positive = np.where(low <= 0, dtype(0), low)
    assert_same(relu.view(dtype).reshape(-1, 2)[:, 0].copy(), positive, b)


def test_tf32_is_rounded_half_away_from_zero():
    a = values_of("f32")
    found = run("cvt.rna.tf32.f32", "b32", ("f32",), (a,)).view(np.float32)
    finite = np.isfinite(a)
    assert ((found.view(np.uint32)[finite] & 0x1FFF) == 0).all()
    exact = a[finite].astype(np.float64)
    unit = 2.0 ** (np.floor(np.log2(np.maximum(np.abs(exact), 2.0**-126))) - 10)
    away = np.sign(exact) * np.floor(np.abs(exact) / unit + 0.5) * unit
    with np.errstate(over="ignore"):
        wanted = away.astype(np.float32)
    assert_same(found[finite], np.copysign(wanted, a[finite]), a[finite])


@pytest.mark.parametrize(
    ("target", "dtype"),
    [("e4m3x2", ml_dtypes.float8_e4m3fn), ("e5m2x2", ml_dtypes.float8_e5m2)],
)
def test_eight_bit_floats_saturate_and_come_back(target: str, dtype: Any):
    a, b = operands(("f32", "f32"))
    DTYPES[target] = np.uint16
    found = run(f"cvt.rn.satfinite.{target}.f32", target, ("f32", "f32"), (a, b))
    most = float(ml_dtypes.finfo(dtype).max)
    for column, source in enumerate((b, a)):
        bits = (found >> 8 * column).astype(np.uint8).view(dtype)
        wanted = np.array(
            [
                x if math.isnan(x) else max(-most, min(most, x))
                for x in source.astype(float).tolist()
            ]
        )
        assert_same(bits, wanted.astype(np.float32).astype(dtype), source)
    back = run(f"cvt.rn.f16x2.{target}", "f16x2", (target,), (found,))
    low = (found & 0xFF).astype(np.uint8).view(dtype).astype(np.float16)
    assert_same((back & 0xFFFF).astype(np.uint16).view(np.float16), low)


def test_integers_are_packed_with_saturation():
    a, b, c = operands(("s32", "s32", "b32"))
    found = run("cvt.pack.sat.s8.s32.b32", "b32", ("s32", "s32", "b32"), (a, b, c))
    low, high = (x.clip(-128, 127).astype(np.int8).view(np.uint8) for x in (b, a))
    wanted = low.astype(np.uint32) | high.astype(np.uint32) << 8 | c << 16
    assert_same(found, wanted, a, b, c)


ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
UNSIGNED = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}


@pytest.mark.parametrize("type", INTEGERS)
@pytest.mark.parametrize("name", [*ORDER, *UNSIGNED])
def test_integers_are_compared(type: str, name: str):
    a, b = operands((type, type))
    if name in UNSIGNED and type[0] == "s":
        with pytest.raises(emulator.PtxError, match="of unsigned numbers"):
            run_instruction(f"setp.{name}.{type}", "pred", (type, type), (a, b))
        return
    found = run(f"setp.{name}.{type}", "pred", (type, type), (a, b))
    wanted = [ORDER[UNSIGNED.get(name, name)](*p) for p in zip(a, b, strict=True)]
    assert_same(found, np.array(wanted, bool), a, b)


@pytest.mark.parametrize("type", FLOATS)
@pytest.mark.parametrize("name", [*ORDER, *(f"{n}u" for n in ORDER), "num", "nan"])
def test_floats_are_compared_ordered_or_not(type: str, name: str):
    a, b = operands((type, type))

    def holds(x: float, y: float) -> bool:
        unordered = math.isnan(x) or math.isnan(y)
        if name in ("num", "nan"):
            return unordered == (name == "nan")
        if unordered:
            return name.endswith("u")
        return ORDER[name.removesuffix("u")](x, y)

    found = run(f"setp.{name}.{type}", "pred", (type, type), (a, b))
    wanted = [holds(float(x), float(y)) for x, y in zip(a, b, strict=True)]
    assert_same(found, np.array(wanted, bool), a, b)


@pytest.mark.parametrize("name", ["and", "or", "xor"])
def test_a_comparison_is_combined_with_a_predicate(name: str):
    a, b = operands(("s32", "s32"))
    c = np.random.default_rng(0).integers(0, 2, a.size).astype(bool)
    types = ("s32", "s32", "pred")
    found = run(f"setp.lt.{name}.s32", "pred", types, (a, b, c))
    join = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[name]
    assert_same(found, join(a < b, c), a, b, c)


def test_set_gives_all_ones_or_one():
    a, b = operands(("f32", "f32"))
    found = run("set.gt.u32.f32", "u32", ("f32", "f32"), (a, b))
    assert_same(found, np.where(a > b, np.uint32(0xFFFFFFFF), np.uint32(0)), a, b)
    found = run("set.gt.f32.f32", "f32", ("f32", "f32"), (a, b))
    assert_same(found, np.where(a > b, np.float32(1), np.float32(0)), a, b)


def test_selections():
    a, b = operands(("b32", "b32"))
    chosen = np.random.default_rng(0).integers(0, 2, a.size).astype(bool)
    found = run("selp.b32", "b32", ("b32", "b32", "pred"), (a, b, chosen))
    assert_same(found, np.where(chosen, a, b), a, b, chosen)
    a, b, c = operands(("u32", "u32", "s32"))
    found = run("slct.u32.s32", "u32", ("u32", "u32", "s32"), (a, b, c))
    assert_same(found, np.where(c >= 0, a, b), a, b, c)


@pytest.mark.skipif(find_ptxas() is None, reason="no ptxas found")
def test_the_instructions_that_are_tested_are_legal_ptx():
    text = HEADER
    known = sorted(LEGAL) or [("cvt.u64.u32", "u64", ("u32",))]
    for number, (instruction, result, sources) in enumerate(known):
        text += instruction_kernel(f"k{number}", f"{instruction} *", result, sources)
    assemble(text, "90a")


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("cvt.f16.f32", "wanted a rounding"),
        ("cvt.s32.f32", "wanted a rounding to integers"),
        ("cvt.rni.s32.s16", "an integer is not rounded"),
        ("cvt.rn.oddly.f16.f32", "does not know .oddly"),
        ("cvt.rn.f16.f99", "found 'f99'"),
    ],
)
def test_a_conversion_that_ptx_has_not_is_refused(instruction: str, why: str):
    with pytest.raises(emulator.PtxError, match=why):
        run_instruction(instruction, "b32", ("b32",), (np.zeros(1, np.uint32),))
