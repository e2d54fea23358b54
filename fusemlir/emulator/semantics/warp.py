"""Instructions in which the lanes of a warp work together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Decoder, Step
from fusemlir.emulator.errors import Fault
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.participants import bits_of, check_members
from fusemlir.emulator.syntax import Name, Pair
from fusemlir.emulator.types import B32, PREDICATE, S32, U32, Array

_LANE = np.arange(WARP, dtype=np.int64)


def build_shfl(form: Form, decoder: Decoder) -> Step:
    if not form.flag("sync"):
        raise form.error("only .sync is known")
    mode = form.required("up", "down", "bfly", "idx")
    form.type("b32")
    form.expect_operands(5)
    target, *sources = form.operands
    first, second = (
        (target.first, target.second)
        if isinstance(target, Pair)
        else (target, Name("_"))
    )
    write = decoder.write(form, first, B32)
    write_valid = decoder.write(form, second, PREDICATE)
    types = (B32, U32, U32, U32)
    reads = [
        decoder.read(form, source, type)
        for source, type in zip(sources, types, strict=True)
    ]

    def step(batch: Batch, lanes: Lanes) -> None:
        value, shift, clamp, mask = (read(batch, lanes) for read in reads)
        check_members(batch, lanes, mask)
        table = lanes.spread(value).reshape(-1, WARP)
        wanted, valid = _source(mode, *(_wide(lanes, x) for x in (shift, clamp)))
        here = np.take_along_axis(lanes.table, wanted, axis=1) | ~lanes.table
        if not here.all():
            lane = int((~here).argmax())
            source = int(wanted.reshape(-1)[lane])
            raise Fault(lane, f"takes the value of lane {source}, which is not here")
        found = np.take_along_axis(table, wanted, axis=1).reshape(-1)
        write(batch, lanes, lanes.pick(found))
        write_valid(batch, lanes, lanes.pick(valid.reshape(-1)))

    return step


def _wide(lanes: Lanes, values: Array) -> Array:
    return lanes.spread(values).reshape(-1, WARP).astype(np.int64)


def _source(mode: str, shift: Array, clamp: Array) -> tuple[Array, Array]:
    """By lane, the lane it takes from, and whether that is inside its segment."""
    by, limit, segment = shift & 31, clamp & 31, clamp >> 8 & 31
    most = (_LANE & segment) | (limit & ~segment)
    wanted = {
        "up": lambda: _LANE - by,
        "down": lambda: _LANE + by,
        "bfly": lambda: _LANE ^ by,
        "idx": lambda: (_LANE & segment) | (by & ~segment),
    }[mode]()
    valid = wanted >= most if mode == "up" else wanted <= most
    return np.where(valid, wanted, _LANE), valid


def build_vote(form: Form, decoder: Decoder) -> Step:
    if not form.flag("sync"):
        raise form.error("only .sync is known")
    mode = form.required("ballot", "all", "any", "uni")
    result = form.type("b32" if mode == "ballot" else "pred")
    form.expect_operands(3)
    write = decoder.write(form, form.operands[0], result)
    read = decoder.read(form, form.operands[1], PREDICATE)
    read_mask = decoder.read(form, form.operands[2], U32)

    def step(batch: Batch, lanes: Lanes) -> None:
        masks = check_members(batch, lanes, read_mask(batch, lanes))
        says = lanes.spread(read(batch, lanes)).reshape(-1, WARP) & lanes.table
        masks = masks & bits_of(lanes.table)[:, None]
        yes = bits_of(says)[:, None] & masks
        found = {
            "ballot": lambda: yes,
            "all": lambda: yes == masks,
            "any": lambda: yes != 0,
            "uni": lambda: (yes == masks) | (yes == 0),
        }[mode]()
        write(batch, lanes, lanes.pick(found.reshape(-1)))

    return step


def build_match(form: Form, decoder: Decoder) -> Step:
    """`match.any`: the lanes that hold the same value."""
    mode = form.required("any", "all")
    if not form.flag("sync"):
        raise form.error("only .sync is known")
    type = form.type("b32", "b64")
    form.expect_operands(3)
    target = form.operands[0]
    first, second = (
        (target.first, target.second)
        if isinstance(target, Pair)
        else (target, Name("_"))
    )
    write = decoder.write(form, first, B32)
    write_same = decoder.write(form, second, PREDICATE)
    read = decoder.read(form, form.operands[1], type)
    read_mask = decoder.read(form, form.operands[2], U32)

    def step(batch: Batch, lanes: Lanes) -> None:
        masks = check_members(batch, lanes, read_mask(batch, lanes))
        masks = masks & bits_of(lanes.table)[:, None]
        values = lanes.spread(read(batch, lanes)).reshape(-1, WARP)
        equal = values[:, :, None] == values[:, None, :]
        bits = (equal.astype(np.uint32) << np.arange(WARP, dtype=np.uint32)).sum(
            axis=2, dtype=np.uint32
        )
        found = bits & masks
        same = found == masks
        if mode == "all":
            found = np.where(same, found, np.uint32(0))
        write(batch, lanes, lanes.pick(found.reshape(-1)))
        write_same(batch, lanes, lanes.pick(same.reshape(-1)))

    return step


REDUCTIONS: Mapping[str, tuple[np.ufunc, int, int]] = {
    "add": (np.add, 0, 0),
    "min": (np.minimum, (1 << 32) - 1, (1 << 31) - 1),
    "max": (np.maximum, 0, -(1 << 31)),
    "and": (np.bitwise_and, (1 << 32) - 1, -1),
    "or": (np.bitwise_or, 0, 0),
    "xor": (np.bitwise_xor, 0, 0),
}
"""By name the operation, and what changes nothing as u32 and as s32."""


def build_redux(form: Form, decoder: Decoder) -> Step:
    if not form.flag("sync"):
        raise form.error("only .sync is known")
    name = form.required(*REDUCTIONS)
    logic = name in ("and", "or", "xor")
    type = form.type(*(("b32",) if logic else ("u32", "s32")))
    form.expect_operands(3)
    write = decoder.write(form, form.operands[0], type)
    read = decoder.read(form, form.operands[1], type)
    read_mask = decoder.read(form, form.operands[2], U32)
    function, unsigned, signed = REDUCTIONS[name]
    nothing = type.dtype.type(signed if type is S32 else unsigned)

    def step(batch: Batch, lanes: Lanes) -> None:
        masks = check_members(batch, lanes, read_mask(batch, lanes))
        masks = masks & bits_of(lanes.table)[:, None]
        values = lanes.spread(read(batch, lanes)).reshape(-1, WARP)
        bits = np.arange(WARP, dtype=np.uint32)
        named = (masks[:, :, None] >> bits & np.uint32(1)) != 0
        chosen = np.where(named, values[:, None, :], nothing)
        found = function.reduce(chosen, axis=2, dtype=type.dtype)
        write(batch, lanes, lanes.pick(found.reshape(-1)).view(type.raw))

    return step


def build_activemask(form: Form, decoder: Decoder) -> Step:
    form.type("b32")
    form.expect_operands(1)
    write = decoder.write(form, form.operands[0], B32)

    def step(batch: Batch, lanes: Lanes) -> None:
        bits = np.repeat(bits_of(lanes.table), WARP)
        write(batch, lanes, lanes.pick(bits))

    return step


def build_elect(form: Form, decoder: Decoder) -> Step:
    """The lowest lane of the mask is elected."""
    if not form.flag("sync"):
        raise form.error("only .sync is known")
    form.expect_operands(2)
    target = form.operands[0]
    if not isinstance(target, Pair):
        raise form.error("wanted two results, d|p")
    write = decoder.write(form, target.first, B32)
    write_elected = decoder.write(form, target.second, PREDICATE)
    read_mask = decoder.read(form, form.operands[1], U32)

    def step(batch: Batch, lanes: Lanes) -> None:
        masks = check_members(batch, lanes, read_mask(batch, lanes))
        masks = masks & bits_of(lanes.table)[:, None]
        lowest = masks & (~masks + np.uint32(1))
        leader = np.bitwise_count(lowest - np.uint32(1)).astype(np.uint32)
        elected = leader == np.arange(WARP, dtype=np.uint32)
        write(batch, lanes, lanes.pick(leader.reshape(-1)))
        write_elected(batch, lanes, lanes.pick(elected.reshape(-1)))

    return step


def build_warp_barrier(form: Form, decoder: Decoder) -> Step:
    """`bar.warp.sync`: memory of the warps whose lanes are all in the mask is in
    order afterwards."""
    if not (form.flag("warp") and form.flag("sync")):
        raise form.error("only bar.warp.sync is known here")
    form.expect_operands(1)
    read_mask = decoder.read(form, form.operands[0], U32)

    def step(batch: Batch, lanes: Lanes) -> None:
        masks = check_members(batch, lanes, read_mask(batch, lanes))
        live = batch.live
        assert live is not None
        alive = bits_of(live.table)
        whole = ((masks & alive[:, None]) == alive[:, None]) | ~lanes.table
        synced = whole.all(axis=1) & lanes.table.any(axis=1)
        batch.shared.order_warps(synced.reshape(batch.geometry.blocks, -1))

    return step


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {
    "shfl": build_shfl,
    "vote": build_vote,
    "match": build_match,
    "redux": build_redux,
    "activemask": build_activemask,
    "elect": build_elect,
    "bar": build_warp_barrier,
}
