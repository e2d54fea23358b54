"""Comparison and selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Binary, Decoder, Reader, Step, binary, ternary
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.rounding import flush
from fusemlir.emulator.syntax import Name, Operand, Pair
from fusemlir.emulator.types import F32, PREDICATE, TYPES, Array, Type, choose

ORDERED: Mapping[str, Binary] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "lo": np.less,
    "ls": np.less_equal,
    "hi": np.greater,
    "hs": np.greater_equal,
}
UNORDERED = ("equ", "neu", "ltu", "leu", "gtu", "geu")
COMBINED: Mapping[str, Binary] = {
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
}
TYPES_OF_NUMBERS = ("b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64")
FLOATS = ("f16", "bf16", "f32", "f64")


def comparison(form: Form, type: Type) -> Binary:
    """The comparison that a modifier names, false or true on what is no number."""
    numbers = ("num", "nan", *UNORDERED) if type.is_float else ()
    name = form.required(*numbers, *ORDERED)
    if name in ("lo", "ls", "hi", "hs") and type.is_signed:
        raise form.error(f".{name} is of unsigned numbers")
    if not type.is_float:
        return ORDERED[name]
    if name == "num":
        return lambda a, b: ~(np.isnan(a) | np.isnan(b))
    if name == "nan":
        return lambda a, b: np.isnan(a) | np.isnan(b)
    if name in UNORDERED:
        inner = ORDERED[name[:-1]]
        return lambda a, b: inner(a, b) | np.isnan(a) | np.isnan(b)
    if name == "ne":
        # Ordered, as opposed to numpy's: false where one is no number.
        return lambda a, b: (a != b) & ~(np.isnan(a) | np.isnan(b))
    return ORDERED[name]


def _comparison_type(form: Form) -> tuple[Type, bool]:
    type = form.type(*TYPES_OF_NUMBERS, *FLOATS)
    flushes = form.flag("ftz")
    if flushes and type is not F32:
        raise form.error("only f32 has .ftz")
    return type, flushes


def _flushed(function: Binary) -> Binary:
    return lambda a, b: function(flush(a), flush(b))


def build_setp(form: Form, decoder: Decoder) -> Step:
    """`setp p|q, a, b, c`: p is the comparison, combined with c, q the opposite."""
    type, flushes = _comparison_type(form)
    combine = form.choice(*COMBINED)
    compare = comparison(form, type)
    if flushes:
        compare = _flushed(compare)
    form.expect_operands(3 if combine is None else 4)
    first, second = _targets(form.operands[0])
    read_a, read_b = (decoder.read(form, x, type) for x in form.operands[1:3])
    write = decoder.write(form, first, PREDICATE)
    if combine is None and second is None:
        return lambda batch, lanes: write(
            batch, lanes, compare(read_a(batch, lanes), read_b(batch, lanes))
        )
    other = decoder.write(form, second or Name("_"), PREDICATE)
    read_c = _third(form, decoder, combine)
    join = COMBINED[combine or "and"]

    def step(batch: Batch, lanes: Lanes) -> None:
        holds = compare(read_a(batch, lanes), read_b(batch, lanes))
        third = read_c(batch, lanes)
        write(batch, lanes, join(holds, third))
        other(batch, lanes, join(~holds, third))

    return step


def _targets(operand: Operand) -> tuple[Operand, Name | None]:
    if isinstance(operand, Pair):
        return operand.first, operand.second
    return operand, None


def _third(form: Form, decoder: Decoder, combine: str | None) -> Reader:
    if combine is None:
        true = np.ones(1, bool)
        return lambda batch, lanes: true
    return decoder.read(form, form.operands[3], PREDICATE)


def build_set(form: Form, decoder: Decoder) -> Step:
    """`set`: all ones, or 1.0, where the comparison holds."""
    type, flushes = _comparison_type(form)
    result = form.type("u32", "s32", "f32")
    combine = form.choice(*COMBINED)
    compare = comparison(form, type)
    if flushes:
        compare = _flushed(compare)
    true = result.dtype.type(1.0 if result is F32 else 0)
    if result is not F32:
        true = (~result.raw.type(0)).view(result.dtype)
    false = result.dtype.type(0)
    if combine is None:
        return binary(
            decoder,
            form,
            lambda a, b: choose(compare(a, b), true, false),
            result,
            type,
            type,
        )
    join = COMBINED[combine]
    return ternary(
        decoder,
        form,
        lambda a, b, c: choose(join(compare(a, b), c), true, false),
        result,
        type,
        type,
        PREDICATE,
    )


def build_selp(form: Form, decoder: Decoder) -> Step:
    name = form.rest.pop() if form.rest else ""
    if name not in (*TYPES_OF_NUMBERS, *FLOATS, "pred"):
        raise form.error(f"wanted a type, found '{name}'")
    type = TYPES[name]
    return ternary(
        decoder,
        form,
        lambda a, b, chosen: choose(chosen, a, b),
        type,
        type,
        type,
        PREDICATE,
    )


def build_slct(form: Form, decoder: Decoder) -> Step:
    """The first where the third is not negative."""
    decided = form.type("s32", "f32")
    type = form.type(*TYPES_OF_NUMBERS, "f32", "f64")
    flushes = form.flag("ftz")

    def select(a: Array, b: Array, c: Array) -> Array:
        return choose((flush(c) if flushes else c) >= 0, a, b)

    return ternary(decoder, form, select, type, type, type, decided)


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {
    "setp": build_setp,
    "set": build_set,
    "selp": build_selp,
    "slct": build_slct,
}
