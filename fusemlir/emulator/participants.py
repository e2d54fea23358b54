"""Instructions of whole warps: who has to be there."""

from __future__ import annotations

import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.types import Array

EVERYONE = np.uint32(0xFFFFFFFF)

_BITS = np.arange(WARP, dtype=np.uint32)


def bits_of(table: Array) -> Array:
    """By row of 32 booleans, a number with the bits that are set."""
    return (table.astype(np.uint32) << _BITS).sum(axis=1, dtype=np.uint32)


def check_members(batch: Batch, lanes: Lanes, masks: Array) -> Array:
    """The member mask (warps, 32) of each lane: all it names and that live are here.

    Raises `Fault` for a lane that is not in its own mask, or waits for one elsewhere.
    """
    spread = lanes.spread(masks).reshape(-1, WARP)
    live = batch.live
    assert live is not None
    if masks.size == 1 and masks[0] == EVERYONE and lanes.count == live.count:
        return spread
    here, alive = bits_of(lanes.table), bits_of(live.table)
    itself = (spread >> _BITS) & np.uint32(1)
    bad = lanes.table & (itself == 0)
    if bad.any():
        raise Fault(int(bad.argmax()), "the member mask does not name the lane itself")
    missing = spread & alive[:, None] & ~here[:, None]
    bad = lanes.table & (missing != 0)
    if bad.any():
        lane = int(bad.argmax())
        absent = int(missing.reshape(-1)[lane])
        names = [str(k) for k in range(WARP) if absent >> k & 1]
        raise Fault(
            lane,
            f"the member mask names lanes {', '.join(names)}, which did not come here",
        )
    return spread


def check_whole_warps(lanes: Lanes) -> None:
    """Raises `Fault` where a warp is here with some of its lanes only."""
    if lanes.has_whole_warps:
        return
    table = lanes.table
    partial = np.any(table, axis=1) & ~np.all(table, axis=1)
    first = int((table & partial[:, None]).argmax())
    raise Fault(first, "wanted all 32 lanes of the warp, some are not here")
