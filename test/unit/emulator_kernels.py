"""Kernels around one PTX instruction, and pairs of values that it finds hard."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from fusemlir import emulator

HEADER = ".version 8.0\n.target sm_90a\n.address_size 64\n"

DTYPES: dict[str, Any] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
    "f16x2": np.uint32,
    "bf16x2": np.uint32,
}
for _size in (8, 16, 32, 64):
    for _kind in "bu":
        DTYPES[f"{_kind}{_size}"] = np.dtype(f"u{_size // 8}").type
    DTYPES[f"s{_size}"] = np.dtype(f"i{_size // 8}").type

F32_EDGES = np.array(
    [
        *(0x00000000, 0x00000001, 0x00000003, 0x007FFFFF, 0x00800000, 0x00800001),
        *(0x33800000, 0x3EFFFFFF, 0x3F000000, 0x3F7FFFFF, 0x3F800000, 0x3F800001),
        *(0x3FC00000, 0x40490FDB, 0x4B000001, 0x4B800000, 0x4EFFFFFF, 0x4F000000),
        *(0x4F800000, 0x477FE000, 0x477FF000, 0x7F7FFFFF, 0x7F800000, 0x7FC00000),
    ],
    np.uint32,
)


def edges(type: str) -> np.ndarray:
    """Values of a type at which something changes, both signs."""
    dtype = np.dtype(DTYPES[type])
    if type in ("f32", "f16", "bf16", "f64"):
        values = np.concatenate([F32_EDGES, F32_EDGES | 0x80000000]).view(np.float32)
        wide = [values.astype(np.float64)]
        if type == "f64":
            wide.append(np.array([5e-324, 2.2e-308, 1.7e308, 1 + 2**-52, 2.0**63]))
        info = ml_dtypes.finfo(dtype)
        own = [info.max, info.min, info.tiny, info.eps, info.smallest_subnormal]
        wide.append(np.array([float(x) for x in own]))
        with np.errstate(over="ignore"):
            return np.concatenate(wide).astype(dtype)
    bits = 8 * dtype.itemsize
    numbers = {0, 1, 2, 3, 7, 31, 32, 33, 100, 255, 256, 1 << bits - 1}
    numbers |= {(1 << bits - 1) - 1, (1 << bits) - 1, (1 << bits) - 2, 0x5A5A5A5A5A5A5A}
    masked = [number & (1 << bits) - 1 for number in numbers]
    return np.array(sorted(masked), np.dtype(f"u{bits // 8}")).view(dtype)


def random_values(type: str, count: int, seed: int = 0) -> np.ndarray:
    """Any bits that are, if of a float, a number of moderate size."""
    random = np.random.default_rng(seed)
    dtype = np.dtype(DTYPES[type])
    if type in ("f32", "f16", "bf16", "f64"):
        scaled = random.standard_normal(count) * 2.0 ** random.integers(-12, 12, count)
        return scaled.astype(dtype)
    return random.integers(0, 256, count * dtype.itemsize, np.uint8).view(dtype)


def operands(types: Sequence[str], seed: int = 0, spread: int = 300) -> list[Any]:
    """All combinations of edges, at most so many if of three, and random values."""
    lists = [edges(type) for type in types]
    combined = np.array(list(product(*(range(len(values)) for values in lists))))
    if len(combined) > 4000:
        chosen = np.random.default_rng(seed).integers(0, len(combined), 4000)
        combined = combined[chosen]
    return [
        np.concatenate([values[combined[:, k]], random_values(type, spread, seed + k)])
        for k, (type, values) in enumerate(zip(types, lists, strict=True))
    ]


def instruction_kernel(
    name: str, instruction: str, result: str, sources: Sequence[str]
) -> str:
    """Applies an instruction to an element of each buffer, by thread."""
    registers = {1: 16, 2: 16, 4: 32, 8: 64}

    def declared(number: int, type: str) -> str:
        size = 1 if type == "pred" else np.dtype(DTYPES[type]).itemsize
        bits = "pred" if type == "pred" else f"b{registers[size]}"
        return f"  .reg .{bits} %v{number};\n"

    def address(number: int, type: str) -> str:
        size = 1 if type == "pred" else np.dtype(DTYPES[type]).itemsize
        return (
            f"  ld.param.b64 %a, [{name}_{number}];\n"
            f"  mad.wide.u32 %a, %i, {size}, %a;\n"
        )

    def bits(type: str) -> int:
        return 8 * np.dtype(DTYPES[type]).itemsize

    types = [result, *sources]
    text = [
        f".visible .entry {name}(",
        ", ".join(f".param .u64 {name}_{k}" for k in range(len(types))),
        ", .param .u32 n)\n{\n  .reg .b64 %a; .reg .b32 %i, %n; .reg .b16 %h;\n",
        "  .reg .b32 %t; .reg .pred %out;\n",
        *(declared(k, type) for k, type in enumerate(types)),
        "  mov.u32 %i, %ctaid.x;\n  mov.u32 %t, %tid.x;\n",
        "  mad.lo.s32 %i, %i, 64, %t;\n  ld.param.u32 %n, [n];\n",
        "  setp.ge.u32 %out, %i, %n;\n  @%out bra END;\n",
    ]
    for number, type in enumerate(sources, 1):
        text.append(address(number, type))
        if type == "pred":
            text.append("  ld.global.u8 %h, [%a];\n")
            text.append(f"  setp.ne.u16 %v{number}, %h, 0;\n")
        else:
            text.append(f"  ld.global.b{bits(type)} %v{number}, [%a];\n")
    listed = ", ".join(f"%v{number}" for number in range(len(types)))
    text.append(f"  {instruction.replace('*', listed)};\n")
    text.append(address(0, result))
    if result == "pred":
        text.append("  selp.u16 %h, 1, 0, %v0;\n  st.global.u8 [%a], %h;\n")
    else:
        text.append(f"  st.global.b{bits(result)} [%a], %v0;\n")
    text.append("END:\n  ret;\n}\n")
    return "".join(text)


def dtype_of(type: str) -> Any:
    return np.dtype(bool) if type == "pred" else np.dtype(DTYPES[type])


def run_instruction(
    instruction: str, result: str, sources: Sequence[str], values: Sequence[Any]
) -> np.ndarray:
    """What an instruction gives; `*` in it stands for all operands."""
    if "*" not in instruction:
        instruction += " *"
    module = emulator.load(
        HEADER + instruction_kernel("k", instruction, result, sources)
    )
    count = len(values[0])
    found = np.zeros(count, dtype_of(result))
    arrays = [
        np.ascontiguousarray(value, dtype_of(t))
        for value, t in zip(values, sources, strict=True)
    ]
    module.launch("k", (-(-count // 64),), (64,), [found, *arrays, count])
    return found


def same_floats(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where bits agree, or both are no number."""
    raw = np.dtype(f"u{found.dtype.itemsize}")
    with np.errstate(invalid="ignore"):
        both_nan = (found != found) & (wanted != wanted)
    return (found.view(raw) == wanted.astype(found.dtype).view(raw)) | both_nan


def assert_same(found: np.ndarray, wanted: np.ndarray, *values: Any) -> None:
    """Bit for bit, but for what is no number; shows the first that differs."""
    whole = found.dtype.kind in "biu"
    same = found == wanted if whole else same_floats(found, wanted)
    if same.all():
        return
    at = int((~same).argmax())
    given = [value[at] for value in values]
    count = int((~same).sum())
    raise AssertionError(
        f"of {given}: found {found[at]!r}, wanted {wanted[at]!r} ({count} differ)"
    )


def rounded(exact: Fraction, dtype: Any, mode: str = "rn") -> Any:
    """The number of a binary type nearest to a rational (ties to even), or below it
    in magnitude (`rz`), below (`rm`), above (`rp`); overflow to infinity or the
    greatest, as IEEE 754 says. Computed with integers alone; zero is positive."""
    info = ml_dtypes.finfo(dtype)
    if exact == 0:
        return np.dtype(dtype).type(0)
    sign = -1 if exact < 0 else 1
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    unit = Fraction(2) ** (max(exponent, int(info.minexp)) - int(info.nmant))
    whole, rest = divmod(size / unit, 1)
    up = {
        "rn": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
        "rz": False,
        "rm": rest > 0 and sign < 0,
        "rp": rest > 0 and sign > 0,
    }[mode]
    result = (whole + up) * unit
    if result > Fraction(float(info.max)):
        to_infinity = mode == "rn" or ((mode == "rp") == (sign > 0) and mode != "rz")
        most = float("inf") if to_infinity else float(info.max)
        return np.dtype(dtype).type(sign * most)
    return np.dtype(dtype).type(sign * float(result))
