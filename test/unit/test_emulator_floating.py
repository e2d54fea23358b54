"""Floating-point instructions of the emulator, rounded as exact rationals are."""

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
    instruction_kernel,
    operands,
    rounded,
    run_instruction,
)

from fusemlir.codegen.ptx import assemble, find_ptxas

Exact = Callable[..., Fraction]

ARITHMETIC: dict[str, tuple[int, Exact]] = {
    "add": (2, lambda a, b: a + b),
    "sub": (2, lambda a, b: a - b),
    "mul": (2, lambda a, b: a * b),
    "fma": (3, lambda a, b, c: a * b + c),
    "div": (2, lambda a, b: a / b),
    "rcp": (1, lambda a: 1 / a),
}


def reference(name: str, dtype: Any, mode: str, values: list[Any]) -> Any:
    """Exactly, then rounded; what has no rational is left to numpy in f64."""
    _, exact = ARITHMETIC[name]
    numbers = [float(value) for value in values]
    finite = all(map(math.isfinite, numbers))
    divisor = numbers[-1] if name in ("div", "rcp") else 1.0
    if finite and divisor != 0:
        found = exact(*map(Fraction, numbers))
        if found != 0:
            result = rounded(found, dtype, mode)
            if result != 0:
                return result
            return np.copysign(np.dtype(dtype).type(0), float(found > 0) - 0.5)
    wide = [np.float64(number) for number in numbers]
    with np.errstate(all="ignore"):
        plain: dict[str, Callable[..., Any]] = {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "fma": lambda a, b, c: a * b + c,
            "div": lambda a, b: a / b,
            "rcp": lambda a: 1 / a,
        }
        result = plain[name](*wide)
        if result == 0 and mode == "rm" and name in ("add", "sub", "fma"):
            # An exact zero of numbers of different signs is negative downwards.
            signs = [np.signbit(x) for x in wide]
            return np.dtype(dtype).type(zero_downwards(name, wide, signs))
        return np.dtype(dtype).type(result)


def zero_downwards(name: str, values: list[Any], signs: list[Any]) -> float:
    if name == "fma":
        product_sign = signs[0] != signs[1]
        zero = values[0] * values[1] == 0
        alike = product_sign == signs[2] and (zero or values[2] == 0)
        negative = product_sign or not alike
        return -0.0 if negative else 0.0
    other = signs[1] if name == "add" else not signs[1]
    return -0.0 if signs[0] or other else 0.0


CASES: dict[str, tuple[str, str, str]] = {}
for _name in ARITHMETIC:
    for _type in ("f32", "f64"):
        CASES[f"{_name}.rn.{_type}"] = (_name, _type, "rn")
for _name in ("add", "sub", "mul", "fma"):
    for _mode in ("rz", "rm", "rp"):
        CASES[f"{_name}.{_mode}.f32"] = (_name, "f32", _mode)
    for _type in ("f16", "bf16"):
        CASES[f"{_name}.rn.{_type}"] = (_name, _type, "rn")


@pytest.mark.parametrize("instruction", CASES)
def test_arithmetic_is_rounded_once(instruction: str):
    name, type, mode = CASES[instruction]
    sources = (type,) * ARITHMETIC[name][0]
    values = operands(sources)
    found = run_instruction(instruction, type, sources, values)
    wanted = [
        reference(name, DTYPES[type], mode, list(row))
        for row in zip(*values, strict=True)
    ]
    assert_same(found, np.array(wanted, DTYPES[type]), *values)


def test_a_product_and_sum_that_rounding_twice_gets_wrong():
    """a * b + c is just above the middle of two f32, and f64 rounds it to there."""
    a = np.array([1 + 2.0**-23], np.float32)
    b = np.array([1 + 2.0**-12], np.float32)
    c = np.array([-(2.0**-60)], np.float32)
    exact = Fraction(float(a[0])) * Fraction(float(b[0])) + Fraction(float(c[0]))
    cases = [(float(a[0]), float(b[0]), float(c[0]))]
    random = np.random.default_rng(0)
    x = (1 + random.integers(0, 1 << 12, 4000) * 2.0**-12).astype(np.float32)
    y = (1 + random.integers(0, 1 << 12, 4000) * 2.0**-12).astype(np.float32)
    z = random.choice([-1, 1], 4000) * 2.0 ** random.integers(-80, -40, 4000)
    cases += list(zip(x.tolist(), y.tolist(), z.tolist(), strict=True))
    arrays = [np.array(column, np.float32) for column in zip(*cases, strict=True)]
    wanted = [
        rounded(
            Fraction(float(p)) * Fraction(float(q)) + Fraction(float(r)), np.float32
        )
        for p, q, r in zip(*arrays, strict=True)
    ]
    wide = [array.astype(np.float64) for array in arrays]
    twice = (wide[0] * wide[1] + wide[2]).astype(np.float32)
    assert (twice != np.array(wanted)).any(), "the case tests nothing"
    assert exact != 0
    found = run_instruction("fma.rn.f32", "f32", ("f32",) * 3, arrays)
    assert_same(found, np.array(wanted, np.float32), *arrays)


@pytest.mark.parametrize(
    ("type", "a", "b", "c"),
    [
        # Just below the middle of two subnormals.
        (
            "f32",
            (1 + 2.0**-20) * 2.0**-75,
            (1 - 2.0**-20) * 2.0**-75,
            (2**19 + 1) * 2.0**-149,
        ),
        # Just below the middle of two f64, by less than the sum of the errors shows.
        ("f64", 1 + 2.0**-30, (1 - 2.0**-30) * 2.0**-53, 1 + 2.0**-52),
    ],
)
def test_a_sum_just_below_the_middle_is_rounded_down(
    type: str, a: float, b: float, c: float
):
    dtype = DTYPES[type]
    arrays = [np.array([x], dtype) for x in (a, b, c)]
    assert [float(array[0]) for array in arrays] == [a, b, c]
    found = run_instruction(f"fma.rn.{type}", type, (type,) * 3, arrays)
    assert found[0] == arrays[2][0]
    assert rounded(Fraction(a) * Fraction(b) + Fraction(c), dtype) == found[0]


@pytest.mark.parametrize("type", ["f16x2", "bf16x2"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "fma", "min", "max"])
def test_a_packed_instruction_is_the_plain_one_on_each_half(name: str, type: str):
    scalar = type.removesuffix("x2")
    arity = 3 if name == "fma" else 2
    low, high = (operands((scalar,) * arity, seed) for seed in (0, 5))
    rounding = "" if name in ("min", "max") else ".rn"
    halves = [
        run_instruction(f"{name}{rounding}.{scalar}", scalar, (scalar,) * arity, part)
        for part in (low, high)
    ]
    both = [
        np.stack([a, b], axis=1).view(np.uint32).reshape(-1)
        for a, b in zip(low, high, strict=True)
    ]
    found = run_instruction(f"{name}{rounding}.{type}", type, (type,) * arity, both)
    parts = found.view(DTYPES[scalar]).reshape(-1, 2)
    for column, wanted in enumerate(halves):
        assert_same(np.ascontiguousarray(parts[:, column]), wanted)


@pytest.mark.parametrize("type", ["f32", "f64", "f16", "bf16"])
@pytest.mark.parametrize("name", ["min", "max"])
@pytest.mark.parametrize("propagates", [False, True])
def test_extremes_order_zeros_and_take_numbers_before_others(
    name: str, type: str, propagates: bool
):
    if propagates and type == "f64":
        pytest.skip("PTX has no min.NaN of f64")
    a, b = operands((type, type))
    x, y = a.astype(np.float64), b.astype(np.float64)
    keys = [(v, -1 if np.signbit(v) else 1) for v in x]
    others = [(v, -1 if np.signbit(v) else 1) for v in y]
    pick = min if name == "min" else max
    wanted: list[Any] = []
    for k, o in zip(keys, others, strict=True):
        if math.isnan(k[0]) or math.isnan(o[0]):
            number = o[0] if math.isnan(k[0]) else k[0]
            wanted.append(math.nan if propagates else number)
        else:
            wanted.append(pick(k, o)[0])
    middle = ".NaN" if propagates else ""
    found = run_instruction(f"{name}{middle}.{type}", type, (type, type), (a, b))
    assert_same(found, np.array(wanted).astype(DTYPES[type]), a, b)


@pytest.mark.parametrize("name", ["min", "max", "min.NaN", "max.NaN"])
@pytest.mark.parametrize(
    ("type", "payload", "canonical"),
    [
        ("f32", 0xFFC12345, 0x7FFFFFFF),
        ("f16", 0xFE12, 0x7FFF),
        ("bf16", 0xFFC1, 0x7FFF),
        ("f16x2", 0xFE127E34, 0x7FFF7FFF),
    ],
)
def test_extremes_of_no_numbers_are_the_canonical_one(
    name: str, type: str, payload: int, canonical: int
):
    raw = np.dtype(f"u{np.dtype(DTYPES[type]).itemsize}")
    a = np.full(32, payload, raw).view(DTYPES[type])
    found = run_instruction(f"{name}.{type}", type, (type, type), (a, a))
    assert set(found.view(raw).tolist()) == {canonical}


@pytest.mark.parametrize("type", ["f32", "f64", "f16", "bf16", "f16x2", "bf16x2"])
def test_signs_are_single_bits(type: str):
    (a,) = operands((type,))
    raw = a.view(np.dtype(f"u{a.dtype.itemsize}"))
    top = {"f16x2": 0x80008000, "bf16x2": 0x80008000}.get(type, 1 << 8 * a.itemsize - 1)
    bit = raw.dtype.type(top)
    found = run_instruction(f"neg.{type}", type, (type,), (a,))
    assert (found.view(raw.dtype) == raw ^ bit).all()
    found = run_instruction(f"abs.{type}", type, (type,), (a,))
    assert (found.view(raw.dtype) == raw & ~bit).all()


def test_copysign_takes_the_sign_of_the_first():
    a, b = operands(("f32", "f32"))
    found = run_instruction("copysign.f32", "f32", ("f32", "f32"), (a, b))
    bits = (b.view(np.uint32) & 0x7FFFFFFF) | (a.view(np.uint32) & 0x80000000)
    assert_same(found, bits.view(np.float32), a, b)


APPROXIMATE: dict[str, Callable[..., Any]] = {
    "div.approx.f32": lambda a, b: a / b,
    "div.full.f32": lambda a, b: a / b,
    "rcp.approx.f32": lambda a: 1 / a,
    "sqrt.approx.f32": np.sqrt,
    "sqrt.rn.f32": np.sqrt,
    "sqrt.rn.f64": np.sqrt,
    "rsqrt.approx.f32": lambda a: 1 / np.sqrt(a),
    "rsqrt.approx.f64": lambda a: 1 / np.sqrt(a),
    "ex2.approx.f32": np.exp2,
    "lg2.approx.f32": np.log2,
    "sin.approx.f32": np.sin,
    "cos.approx.f32": np.cos,
    "tanh.approx.f32": np.tanh,
    "tanh.approx.f16": np.tanh,
    "tanh.approx.bf16": np.tanh,
    "ex2.approx.f16": np.exp2,
}


@pytest.mark.parametrize("instruction", APPROXIMATE)
def test_a_function_is_that_of_f64_rounded(instruction: str):
    type = instruction.split(".")[-1]
    arity = 2 if instruction.startswith("div") else 1
    values = operands((type,) * arity)
    found = run_instruction(instruction, type, (type,) * arity, values)
    with np.errstate(all="ignore"):
        wide = APPROXIMATE[instruction](*(v.astype(np.float64) for v in values))
        wanted = wide.astype(np.float32).astype(DTYPES[type])
    if type == "f64":
        wanted = wide
    assert_same(found, wanted, *values)


def flushed(a: np.ndarray) -> np.ndarray:
    tiny = np.abs(a) < np.finfo(np.float32).tiny
    return np.where(tiny, np.copysign(np.float32(0), a), a)


@pytest.mark.parametrize("name", ["add", "mul", "fma", "min"])
def test_ftz_takes_subnormals_for_zeros_on_both_sides(name: str):
    arity = 3 if name == "fma" else 2
    values = operands(("f32",) * arity)
    middle = "" if name == "min" else ".rn"
    found = run_instruction(f"{name}{middle}.ftz.f32", "f32", ("f32",) * arity, values)
    plain = run_instruction(
        f"{name}{middle}.f32", "f32", ("f32",) * arity, [flushed(v) for v in values]
    )
    assert_same(found, flushed(plain), *values)
    assert not ((np.abs(found) < np.finfo(np.float32).tiny) & (found != 0)).any()


@pytest.mark.parametrize("name", ["add", "mul"])
def test_sat_keeps_between_zero_and_one(name: str):
    values = operands(("f32", "f32"))
    found = run_instruction(f"{name}.rn.sat.f32", "f32", ("f32", "f32"), values)
    plain = run_instruction(f"{name}.rn.f32", "f32", ("f32", "f32"), values)
    wanted = np.where(np.isnan(plain), 0, np.clip(plain, 0, 1)) + np.float32(0)
    assert_same(found, wanted.astype(np.float32), *values)


def test_relu_of_a_packed_fma_has_no_negative_numbers():
    values = operands(("f16x2",) * 3)
    found = run_instruction("fma.rn.relu.f16x2", "f16x2", ("f16x2",) * 3, values)
    plain = run_instruction("fma.rn.f16x2", "f16x2", ("f16x2",) * 3, values)
    halves = plain.view(np.float16)
    wanted = np.where(halves <= 0, np.float16(0), halves)
    assert_same(found.view(np.float16), wanted)


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        ("finite", np.isfinite),
        ("infinite", np.isinf),
        ("number", lambda a: ~np.isnan(a)),
        ("notanumber", np.isnan),
        ("normal", lambda a: np.isfinite(a) & (np.abs(a) >= 2.0**-126)),
        ("subnormal", lambda a: (np.abs(a) < 2.0**-126) & (a != 0)),
    ],
)
def test_testp_sorts_numbers(kind: str, test: Callable[[Any], Any]):
    (a,) = operands(("f32",))
    found = run_instruction(f"testp.{kind}.f32", "pred", ("f32",), (a,))
    assert_same(found, test(a), a)


@pytest.mark.skipif(find_ptxas() is None, reason="no ptxas found")
def test_the_instructions_that_are_tested_are_legal_ptx():
    kernels: list[tuple[str, str, int]] = []
    for instruction, (name, type, _) in CASES.items():
        kernels.append((instruction, type, ARITHMETIC[name][0]))
    for instruction in APPROXIMATE:
        arity = 2 if instruction.startswith("div") else 1
        kernels.append((instruction, instruction.split(".")[-1], arity))
    for type in ("f16x2", "bf16x2"):
        kernels += [(f"fma.rn.{type}", type, 3), (f"max.{type}", type, 2)]
        kernels += [(f"neg.{type}", type, 1), (f"abs.{type}", type, 1)]
    kernels += [("min.NaN.f32", "f32", 2), ("fma.rn.relu.f16x2", "f16x2", 3)]
    kernels += [("add.rn.sat.f32", "f32", 2), ("fma.rn.ftz.f32", "f32", 3)]
    text = HEADER
    for number, (instruction, type, arity) in enumerate(kernels):
        text += instruction_kernel(
            f"k{number}", f"{instruction} *", type, (type,) * arity
        )
    assemble(text, "90a")


def test_the_rounding_that_tests_rely_on_agrees_with_numpy():
    random = np.random.default_rng(1)
    values = random.standard_normal(500) * 2.0 ** random.integers(-150, 130, 500)
    with np.errstate(over="ignore"):
        for dtype in (np.float16, np.float32):
            wanted = values.astype(dtype)
            found = [rounded(Fraction(value), dtype) for value in values.tolist()]
            assert (np.array(found) == wanted).all()
    exact = values[np.abs(values) < 1e38].astype(np.float32)
    found = [rounded(Fraction(float(x)), ml_dtypes.bfloat16) for x in exact]
    assert (np.array(found) == exact.astype(ml_dtypes.bfloat16)).all()
