"""Moves between registers, and between address spaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Decoder, Step, unary
from fusemlir.emulator.form import Form
from fusemlir.emulator.global_memory import LOCAL_REGION, REGION_BITS, SHARED_REGION
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.syntax import Vector
from fusemlir.emulator.types import PREDICATE, TYPES, Array, Type

WINDOWS = {
    "shared": SHARED_REGION << REGION_BITS,
    "shared::cta": SHARED_REGION << REGION_BITS,
    "local": LOCAL_REGION << REGION_BITS,
    "global": 0,
    "const": 0,
    "param": 0,
}
"""What is added to an address of a space to make it generic."""

MOVABLE = tuple(name for name in TYPES if not name.endswith(("8", "x2", "tf32")))


def build_mov(form: Form, decoder: Decoder) -> Step:
    type = form.type(*MOVABLE)
    form.expect_operands(2)
    target, source = form.operands
    if isinstance(source, Vector):
        return build_pack(form, decoder, source, type)
    if isinstance(target, Vector):
        return build_unpack(form, decoder, target, type)
    slots = [decoder.register_slot(operand) for operand in (target, source)]
    into, out_of = slots
    if into is not None and out_of is not None:
        # Only for what it says of types that do not match.
        decoder.read(form, source, type)
        decoder.write(form, target, type)
        return lambda batch, lanes: batch.registers.move(out_of, into, lanes)
    return unary(decoder, form, np.copy, type, type)


def _part(form: Form, type: Type, count: int) -> Type:
    name = f"b{type.bits // count}"
    if name not in TYPES or type.bits % count:
        raise form.error(f"cannot divide .{type.name} by {count}")
    return TYPES[name]


def build_pack(form: Form, decoder: Decoder, source: Vector, type: Type) -> Step:
    """The first item becomes the lowest bits."""
    part = _part(form, type, len(source.items))
    reads = decoder.read_all(form, source, part)
    write = decoder.write(form, form.operands[0], type)

    def step(batch: Batch, lanes: Lanes) -> None:
        packed: Array = np.zeros(1, type.raw)
        for position, read in enumerate(reads):
            shift = type.raw.type(position * part.bits)
            packed = packed | (read(batch, lanes).astype(type.raw) << shift)
        write(batch, lanes, packed)

    return step


def build_unpack(form: Form, decoder: Decoder, target: Vector, type: Type) -> Step:
    part = _part(form, type, len(target.items))
    writes = decoder.write_all(form, target, part)
    read = decoder.read(form, form.operands[1], type)

    def step(batch: Batch, lanes: Lanes) -> None:
        values = read(batch, lanes).view(type.raw)
        for position, write in enumerate(writes):
            shift = type.raw.type(position * part.bits)
            write(batch, lanes, (values >> shift).astype(part.raw))

    return step


def build_cvta(form: Form, decoder: Decoder) -> Step:
    to_space = form.flag("to")
    window = np.uint64(WINDOWS[form.required(*WINDOWS)])
    type = form.type("u64")
    if to_space:
        return unary(decoder, form, lambda a: a - window, type, type)
    return unary(decoder, form, lambda a: a + window, type, type)


def build_isspacep(form: Form, decoder: Decoder) -> Step:
    space = form.required("shared", "shared::cta", "local", "global")
    region = np.uint64(WINDOWS[space] >> REGION_BITS)
    special = np.uint64(SHARED_REGION)

    def inside(a: Array) -> Array:
        found = a >> np.uint64(REGION_BITS)
        return found < special if space == "global" else found == region

    return unary(decoder, form, inside, PREDICATE, TYPES["u64"])


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {
    "mov": build_mov,
    "cvta": build_cvta,
    "isspacep": build_isspacep,
}
