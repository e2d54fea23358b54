"""Atomic operations; those that meet happen in the order of the threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator.access import split
from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Binary, Decoder, Function, Step
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.semantics import floating
from fusemlir.emulator.semantics.memory import ORDERS, SCOPES, SPACES
from fusemlir.emulator.syntax import Name
from fusemlir.emulator.tables import ByteTable
from fusemlir.emulator.types import F32, TYPES, Array, Type, choose


def _increment(old: Array, limit: Array) -> Array:
    return choose(old >= limit, old.dtype.type(0), old + old.dtype.type(1))


def _decrement(old: Array, limit: Array) -> Array:
    wraps = (old == 0) | (old > limit)
    return choose(wraps, limit, old - old.dtype.type(1))


def _exchange(old: Array, new: Array) -> Array:
    return np.broadcast_to(new, old.shape)


def _swap(old: Array, expected: Array, new: Array) -> Array:
    return choose(old == expected, new, old)


INTEGER: Mapping[str, Binary] = {
    "add": np.add,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "inc": _increment,
    "dec": _decrement,
    "exch": _exchange,
}
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "add": ("u32", "s32", "u64", "f32", "f64", "f16", "bf16", "f16x2", "bf16x2"),
    "min": ("u32", "s32", "u64", "s64", "f16", "bf16", "f16x2", "bf16x2"),
    "max": ("u32", "s32", "u64", "s64", "f16", "bf16", "f16x2", "bf16x2"),
    "and": ("b32", "b64"),
    "or": ("b32", "b64"),
    "xor": ("b32", "b64"),
    "inc": ("u32",),
    "dec": ("u32",),
    "exch": ("b32", "b64"),
    "cas": ("b16", "b32", "b64"),
}


def build_atom(form: Form, decoder: Decoder) -> Step:
    """`atom d, [a], b{, c}`, and `red [a], b`, which gives nothing."""
    gives = form.instruction.opcode == "atom"
    form.choice(*ORDERS, "acq_rel")
    form.choice(*SCOPES)
    space = SPACES.get(form.choice("global", "shared", "shared::cta") or "", "generic")
    name = form.required(*ALLOWED)
    as_is = form.flag("noftz")
    type = form.type(*ALLOWED[name])
    if as_is and (name, type.name[-5:].lstrip("b")) not in {
        ("add", "f16"),
        ("add", "f16x2"),
        ("min", "f16"),
        ("max", "f16"),
        ("min", "f16x2"),
        ("max", "f16x2"),
    }:
        raise form.error(f".noftz is not of {type.name}")
    form.expect_operands(gives + (3 if name == "cas" else 2))
    place, *values = form.operands[gives:]
    address = decoder.address(form, place)
    reads = [decoder.read(form, value, type) for value in values]
    write = decoder.write(form, form.operands[0] if gives else Name("_"), type)
    updates = {space: _update(name, type, space) for space in ("global", "shared")}

    def step(batch: Batch, lanes: Lanes) -> None:
        members = lanes.members
        addresses = np.broadcast_to(address(batch, members), (members.count,))
        arguments = [
            np.broadcast_to(read(batch, members), (members.count,)) for read in reads
        ]
        old = _run(batch, members, space, addresses, arguments, updates, type)
        write(batch, members, old)

    return step


def _update(name: str, type: Type, space: str) -> Function:
    """From the old values and the operands to the new ones."""
    if name == "cas":
        return _swap
    scalar = TYPES[type.name.removesuffix("x2")]
    if not scalar.is_float:
        return INTEGER[name]
    picked = {
        "add": lambda: floating.add(scalar, "rn"),
        "min": lambda: floating.minimum(scalar, False),
        "max": lambda: floating.maximum(scalar, False),
    }[name]()
    if scalar is F32 and space == "global":
        # There, sums of f32 have no subnormals.
        return floating.flushing(picked, F32)
    return picked if scalar is type else floating.packed(picked, scalar)


def _run(
    batch: Batch,
    lanes: Lanes,
    space: str,
    addresses: Array,
    arguments: list[Array],
    updates: Mapping[str, Function],
    type: Type,
) -> Array:
    """What stood there before each thread's operation."""
    if space == "generic":
        old = np.zeros(lanes.count, type.raw)
        for some, positions, name, local in split(batch, lanes, addresses):
            chosen = [argument[positions] for argument in arguments]
            old[positions] = _run(batch, some, name, local, chosen, updates, type)
        return old
    width = type.size
    if space == "shared":
        batch.meter.shared_access(lanes, addresses, width)
        offsets = batch.shared.offsets(lanes, addresses, width, "changes")
        if batch.shared.checks:
            batch.shared.check_atomic(lanes, offsets, width)
        return _apply(batch.shared.table, offsets, arguments, updates[space], type)
    old = np.zeros(lanes.count, type.raw)
    blocks = lanes.pick(batch.geometry.grid_blocks)
    for part in batch.memory.parts(lanes, addresses, width, "changes"):
        at = slice(None) if part.positions is None else part.positions
        batch.memory.check_write(lanes, part, None, width, blocks[at])
        chosen = [argument[at] for argument in arguments]
        table = part.placed.buffer.table
        old[at] = _apply(table, part.offsets, chosen, updates[space], type)
        batch.meter.traffic(part.placed.name, lanes, addresses, width, True)
    return old


def _apply(
    table: ByteTable,
    offsets: Array,
    arguments: list[Array],
    update: Function,
    type: Type,
) -> Array:
    """In rounds, each with the first operation left at every place."""
    old = np.zeros(offsets.size, type.raw)
    left = np.arange(offsets.size)
    while left.size:
        _, first = np.unique(offsets[left], return_index=True)
        now = np.sort(left[first])
        before = table.load(offsets[now], type.dtype, 1)
        after = update(before, *(argument[now] for argument in arguments))
        table.store(offsets[now], np.ascontiguousarray(after).view(type.dtype))
        old[now] = before.view(type.raw)
        left = np.setdiff1d(left, now, assume_unique=True)
    return old


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {"atom": build_atom, "red": build_atom}
