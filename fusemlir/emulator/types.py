"""The types of PTX, and the numpy types that their values are computed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias, cast

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


class Kind(Enum):
    """How the bits of a type are read."""

    BITS = auto()
    UNSIGNED = auto()
    SIGNED = auto()
    FLOAT = auto()
    PACKED = auto()
    PREDICATE = auto()


@dataclass(frozen=True)
class Type:
    """A type of PTX; `size` in bytes."""

    name: str
    kind: Kind
    size: int
    dtype: np.dtype[Any]
    """Of values while they are computed with."""
    raw: np.dtype[Any]
    """Of the same bits in a register or in memory."""

    @property
    def bits(self) -> int:
        return 8 * self.size

    @property
    def is_float(self) -> bool:
        return self.kind is Kind.FLOAT

    @property
    def is_signed(self) -> bool:
        return self.kind is Kind.SIGNED

    @property
    def is_integer(self) -> bool:
        return self.kind in (Kind.BITS, Kind.UNSIGNED, Kind.SIGNED)


def choose(condition: Array, yes: Any, no: Any) -> Array:
    """`numpy.where` of arrays and scalars of one type."""
    return np.asarray(cast("Any", np.where(condition, yes, no)))


def most_of(dtype: np.dtype[Any]) -> float:
    """The greatest number of a floating-point type."""
    return float(cast("Any", ml_dtypes.finfo(dtype)).max)


def _make() -> dict[str, Type]:
    types: list[Type] = []
    for size in (1, 2, 4, 8):
        raw, signed = np.dtype(f"u{size}"), np.dtype(f"i{size}")
        types += [
            Type(f"b{8 * size}", Kind.BITS, size, raw, raw),
            Type(f"u{8 * size}", Kind.UNSIGNED, size, raw, raw),
            Type(f"s{8 * size}", Kind.SIGNED, size, signed, raw),
        ]
    floats = {
        "f16": np.float16,
        "bf16": ml_dtypes.bfloat16,
        "f32": np.float32,
        "f64": np.float64,
    }
    for name, dtype in floats.items():
        found = np.dtype(dtype)
        raw = np.dtype(f"u{found.itemsize}")
        types.append(Type(name, Kind.FLOAT, found.itemsize, found, raw))
    for name, size in {
        "f16x2": 4,
        "bf16x2": 4,
        "tf32": 4,
        "e4m3x2": 2,
        "e5m2x2": 2,
    }.items():
        raw = np.dtype(f"u{size}")
        types.append(Type(name, Kind.PACKED, size, raw, raw))
    boolean = np.dtype(bool)
    types.append(Type("pred", Kind.PREDICATE, 1, boolean, boolean))
    return {type.name: type for type in types}


TYPES = _make()

U8, U16, U32, U64 = (TYPES[name] for name in ("u8", "u16", "u32", "u64"))
S32, S64 = TYPES["s32"], TYPES["s64"]
B16, B32, B64 = TYPES["b16"], TYPES["b32"], TYPES["b64"]
F16, BF16, F32, F64 = (TYPES[name] for name in ("f16", "bf16", "f32", "f64"))
PREDICATE = TYPES["pred"]
