"""Loads and stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator import access
from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Decoder, Step
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.syntax import Address, Operand, Vector
from fusemlir.emulator.types import Array, Type

SPACES = {
    "global": "global",
    "const": "global",
    "shared": "shared",
    "shared::cta": "shared",
    "local": "local",
    "param": "param",
    "param::entry": "param",
    "param::func": "param",
}
ORDERS = ("weak", "volatile", "relaxed", "acquire", "release")
SCOPES = ("cta", "cluster", "gpu", "sys")
CACHES = ("ca", "cg", "cs", "cv", "lu", "wb", "wt")
EVICTIONS = (
    "L1::evict_normal",
    "L1::evict_unchanged",
    "L1::evict_first",
    "L1::evict_last",
    "L1::no_allocate",
)
PREFETCHES = ("L2::64B", "L2::128B", "L2::256B")
INTEGERS = tuple(f"{kind}{bits}" for kind in "bus" for bits in (8, 16, 32, 64))
ELEMENTS = (*INTEGERS, "f16", "bf16", "f32", "f64")


def take_hints(form: Form) -> None:
    """What says how caches or other threads see an access: nothing changes here."""
    form.choice(*ORDERS)
    form.choice(*SCOPES)
    form.choice(*CACHES)
    form.choice(*EVICTIONS)
    form.choice(*PREFETCHES)


def take_shape(form: Form, operand: Operand) -> tuple[Type, int]:
    """The type of the elements and how many of them; at most 32 bytes in all."""
    type = form.type(*ELEMENTS)
    word = form.choice("v2", "v4", "v8")
    count = 1 if word is None else int(word[1])
    found = len(operand.items) if isinstance(operand, Vector) else 1
    if found != count:
        raise form.error(f"wanted {count} registers, found {found}")
    if count * type.size > 32:
        raise form.error(f"{count} of {type.name} are more than 32 bytes")
    return type, count


def space_of(form: Form, decoder: Decoder, operand: Operand) -> str:
    """The space that is accessed; parameters of called functions are local."""
    space = SPACES.get(form.choice(*SPACES) or "", "generic")
    base = operand.base if isinstance(operand, Address) else None
    if base is not None and base in decoder.symbols:
        actual = decoder.symbols[base][0]
        if space == "param":
            return actual
        if space not in ("generic", actual):
            raise form.error(f"'{base}' is in space {actual}")
        return actual
    return "global" if space == "param" else space


def build_ld(form: Form, decoder: Decoder) -> Step:
    form.expect_operands(2)
    target, source = form.operands
    take_hints(form)
    space = space_of(form, decoder, source)
    constant = form.flag("nc")
    type, count = take_shape(form, target)
    writes = decoder.write_all(form, target, type)
    if space == "param":
        return _load_parameter(decoder, form, writes, type, count)
    address = decoder.address(form, source)
    raw = type.raw

    def step(batch: Batch, lanes: Lanes) -> None:
        members = lanes.members
        addresses = address(batch, members)
        rows = access.load(batch, members, space, addresses, raw, count, constant)
        if count == 1:
            writes[0](batch, members, rows)
            return
        for column, write in enumerate(writes):
            write(batch, members, np.ascontiguousarray(rows[:, column]))

    return step


def _load_parameter(
    decoder: Decoder,
    form: Form,
    writes: list[Callable[[Batch, Lanes, Array], None]],
    type: Type,
    count: int,
) -> Step:
    """A parameter of the kernel has one value in all threads."""
    source = form.operands[1]
    assert isinstance(source, Address)
    assert source.base is not None
    start = decoder.symbols[source.base][1] + source.offset
    raw = type.raw

    def step(batch: Batch, lanes: Lanes) -> None:
        placed = batch.memory.buffers[0]
        offset = start - placed.address
        for column, write in enumerate(writes):
            at = np.array([offset + column * raw.itemsize])
            write(batch, lanes, placed.buffer.table.load(at, raw, 1))

    return step


def build_st(form: Form, decoder: Decoder) -> Step:
    form.expect_operands(2)
    target, source = form.operands
    take_hints(form)
    space = space_of(form, decoder, target)
    if space == "param":
        raise form.error("parameters of a kernel cannot be written")
    type, count = take_shape(form, source)
    reads = decoder.read_all(form, source, type)
    address = decoder.address(form, target)
    raw = type.raw

    def step(batch: Batch, lanes: Lanes) -> None:
        members = lanes.members
        shape = (members.count,)
        columns = [
            np.broadcast_to(read(batch, members).view(raw), shape) for read in reads
        ]
        rows = columns[0] if count == 1 else np.stack(columns, axis=1)
        access.store(batch, members, space, address(batch, members), rows)

    return step


def build_prefetch(form: Form, decoder: Decoder) -> Step:
    """Only a hint."""
    form.choice("global", "local")
    form.choice("L1", "L2")
    decoder.address(form, form.operands[0])
    return lambda batch, lanes: None


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {
    "ld": build_ld,
    "ldu": build_ld,
    "st": build_st,
    "prefetch": build_prefetch,
    "prefetchu": build_prefetch,
}
