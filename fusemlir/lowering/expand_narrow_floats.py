"""bf16, and f16 on a CPU that does not convert it, as integers of the same bits.

LLVM calls a library to round to these types that no process need have, even where it
only moves them; and may compute in bf16 what is written in f32. Results are rounded
half to even; subnormal numbers are kept, what is too large is infinite, a NaN stays
one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    FunctionType,
    MemRefType,
    ModuleOp,
    VectorType,
    bf16,
    f16,
    f32,
    i16,
    i32,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.hints import isa

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.expand_math import Constants, entry_block
from fusemlir.lowering.float32_builder import Float32Builder

SIGN, MAGNITUDE, INFINITY = -(2**31), 2**31 - 1, 0xFF << 23
"""Bits of an f32."""

DROPPED = 13
"""Bits of an f32's significand that an f16's has not."""

REBIAS = (127 - 15) << 23
"""Between the exponents of an f16 and of an f32, where the latter has its exponent."""

F16_INFINITY, F16_NAN = 0x7C00, 0x7E00

Expansion: TypeAlias = Callable[[Float32Builder, SSAValue], SSAValue]
"""From an f32 to bits, an i16, or back."""


def to_bf16(b: Float32Builder, x: SSAValue) -> SSAValue:
    """The upper half of an f32 after half a unit of it is added."""
    bits = b.bits(x)
    upper = b.shift_right_unsigned(bits, 16)
    half = b.int_add(b.bit_and(upper, 1), 2**15 - 1)
    rounded = b.shift_right_unsigned(b.int_add(bits, half), 16)
    quiet = b.bit_or(upper, 0x40)
    chosen = b.select_integer(b.compare("uno", x, x), quiet, rounded)
    return b.insert(arith.TruncIOp(chosen, i16))


def from_bf16(b: Float32Builder, x: SSAValue) -> SSAValue:
    held = b.insert(arith.ExtUIOp(x, i32))
    return b.from_bits(b.shift_left(held, 16))


def to_f16(b: Float32Builder, x: SSAValue) -> SSAValue:
    """The bits of a normal number move; those of a subnormal one are where an addition
    of 1/2 shifts them, and rounds them too."""
    bits = b.bits(x)
    size = b.bit_and(bits, MAGNITUDE)
    odd = b.bit_and(b.shift_right_unsigned(size, DROPPED), 1)
    half = b.int_add(odd, 2 ** (DROPPED - 1) - 1 - REBIAS)
    normal = b.shift_right_unsigned(b.int_add(size, half), DROPPED)
    aligned = b.bits(b.add(b.from_bits(size), 0.5))
    subnormal = b.int_sub(aligned, 126 << 23)
    is_small = b.int_compare("ult", size, REBIAS + (1 << 23))
    is_large = b.int_compare("uge", size, (127 + 16) << 23)
    is_nan = b.int_compare("ugt", size, INFINITY)
    chosen = b.select_integer(is_small, subnormal, normal)
    chosen = b.select_integer(is_large, F16_INFINITY, chosen)
    chosen = b.select_integer(is_nan, F16_NAN, chosen)
    signed = b.bit_or(b.shift_right_unsigned(b.bit_and(bits, SIGN), 16), chosen)
    return b.insert(arith.TruncIOp(signed, i16))


def from_f16(b: Float32Builder, x: SSAValue) -> SSAValue:
    """A subnormal number is what remains when the least normal one is taken from it
    with an implied bit."""
    held = b.insert(arith.ExtUIOp(x, i32))
    moved = b.shift_left(b.bit_and(held, 0x7FFF), DROPPED)
    normal = b.int_add(moved, REBIAS)
    with_bit = b.from_bits(b.int_add(normal, 1 << 23))
    subnormal = b.bits(b.sub(with_bit, 2.0**-14))
    is_small = b.int_compare("ult", moved, 1 << 23)
    is_none = b.int_compare("uge", moved, F16_INFINITY << DROPPED)
    chosen = b.select_integer(is_small, subnormal, normal)
    chosen = b.select_integer(is_none, b.int_add(normal, REBIAS), chosen)
    sign = b.shift_left(b.bit_and(held, 0x8000), 16)
    return b.from_bits(b.bit_or(chosen, sign))


@dataclass(frozen=True)
class ExpandNarrowFloatsPass(ModulePass):
    """Hold bf16 as the i16 that its bits are, and write out what converts it from and
    to f32; f16 too where `f16` says that the CPU does not convert it."""

    name = "expand-narrow-floats"

    f16: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        narrow = (bf16, f16) if self.f16 else (bf16,)
        conversions = [
            (inner, expansion)
            for inner in op.walk()
            if (expansion := expansion_of(inner, narrow)) is not None
        ]
        hold_as_bits(op, narrow)
        constants_by_home = defaultdict[Block, Constants](dict)
        for conversion, expansion in conversions:
            home = entry_block(conversion)
            expand(conversion, expansion, home, constants_by_home[home])


def expansion_of(op: Operation, narrow: Sequence[Attribute]) -> Expansion | None:
    """What writes out a conversion from or to one of the types `narrow`."""
    match op:
        case arith.TruncFOp() if (target := _element(op.result.type)) in narrow:
            return to_bf16 if target == bf16 else to_f16
        case arith.ExtFOp() if (source := _element(op.input.type)) in narrow:
            return from_bf16 if source == bf16 else from_f16
        case _:
            return None


def _element(type: Attribute) -> Attribute:
    return type.element_type if isa(type, VectorType) else type


def hold_as_bits(root: ModuleOp, narrow: Sequence[Attribute]) -> None:
    """Give all values inside `root`, of the types `narrow` or memrefs of them, i16."""
    held: dict[Attribute, Attribute] = dict.fromkeys(narrow, i16)

    def convert(value: SSAValue) -> None:
        type = value.type
        if type not in held:
            held[type] = _of_bits(type, narrow)
        if held[type] != type:
            Rewriter.replace_value_with_new_type(value, held[type])

    for op in root.walk():
        for value in chain(op.results, *(b.args for r in op.regions for b in r.blocks)):
            convert(value)
        if isinstance(op, FuncOp) and not op.is_declaration:
            results = [held.get(type, type) for type in op.function_type.outputs]
            op.properties["function_type"] = FunctionType.from_lists(
                [argument.type for argument in op.args], results
            )


def _of_bits(type: Attribute, narrow: Sequence[Attribute]) -> Attribute:
    if isa(type, MemRefType) and type.element_type in narrow:
        return MemRefType(i16, type.get_shape(), type.layout, type.memory_space)
    return type


def expand(
    op: Operation, expansion: Expansion, home: Block, constants: Constants
) -> None:
    """Replace `op` by its expansion, its constants at the head of the block `home`.

    Raises `DiagnosticError` for types other than scalars, and for f64.
    """
    source, target = op.operands[0], op.results[0].type
    wide = source.type if isinstance(op, arith.TruncFOp) else target
    if wide != f32:
        raise DiagnosticError.at(
            op.location, f"{op.name}: wanted a scalar of f32 on one side, found {wide}"
        )
    value = expansion(Float32Builder(op, home, constants), source)
    Rewriter.replace_op(op, [], [value])
