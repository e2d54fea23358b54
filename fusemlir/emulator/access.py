"""Loads and stores of a set of threads, wherever their addresses lead."""

from __future__ import annotations

from typing import Any

import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.global_memory import LOCAL_REGION, REGION_BITS, SHARED_REGION
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.types import Array


def load(
    batch: Batch,
    lanes: Lanes,
    space: str,
    addresses: Array,
    dtype: np.dtype[Any],
    count: int,
    constant: bool = False,
) -> Array:
    """Rows for the members of a set: (n,) or (n, count), n being 1 for one address."""
    if space == "generic":
        return _load_generic(batch, lanes, addresses, dtype, count)
    if space == "shared":
        width = dtype.itemsize * count
        batch.meter.shared_access(lanes, addresses, width)
        return batch.shared.load(lanes, addresses, dtype, count)
    if space == "local":
        return batch.local.load(lanes, addresses, dtype, count)
    return _load_global(batch, lanes, addresses, dtype, count, constant)


def store(
    batch: Batch, lanes: Lanes, space: str, addresses: Array, values: Array
) -> None:
    """Write rows (n,) or (n, count), n being the members of the set."""
    addresses = np.broadcast_to(addresses, (lanes.count,))
    if space == "generic":
        for some, positions, name, local in split(batch, lanes, addresses):
            store(batch, some, name, local, values[positions])
        return
    width = values.dtype.itemsize * (1 if values.ndim == 1 else values.shape[1])
    if space == "shared":
        batch.meter.shared_access(lanes, addresses, width)
        batch.shared.store(lanes, addresses, values)
        return
    if space == "local":
        batch.local.store(lanes, addresses, values)
        return
    blocks = lanes.pick(batch.geometry.grid_blocks)
    for part in batch.memory.parts(lanes, addresses, width, "writes"):
        chosen = values if part.positions is None else values[part.positions]
        batch.memory.store(lanes, part, chosen, blocks)
        some = lanes if part.positions is None else chosen_lanes(lanes, part.positions)
        start = part.placed.address
        name = part.placed.name
        batch.meter.traffic(name, some, part.offsets + start, width, True)


def _load_global(
    batch: Batch,
    lanes: Lanes,
    addresses: Array,
    dtype: np.dtype[Any],
    count: int,
    constant: bool,
) -> Array:
    width = dtype.itemsize * count
    blocks = lanes.pick(batch.geometry.grid_blocks)
    rows: Array | None = None
    if addresses.size == 1 and batch.geometry.blocks > 1:
        # Who reads it has to be known of every block.
        marked = np.broadcast_to(addresses, (lanes.count,))
    else:
        marked, blocks = addresses, blocks[:1] if addresses.size == 1 else blocks
    for part in batch.memory.parts(lanes, marked, width, "reads"):
        found = batch.memory.load(lanes, part, dtype, count, blocks, constant)
        some = lanes if part.positions is None else chosen_lanes(lanes, part.positions)
        start = part.placed.address
        batch.meter.traffic(part.placed.name, some, part.offsets + start, width, False)
        if part.positions is None:
            rows = found
            break
        if rows is None:
            shape = (marked.size,) if count == 1 else (marked.size, count)
            rows = np.zeros(shape, dtype)
        rows[part.positions] = found
    assert rows is not None
    return rows[:1] if addresses.size == 1 else rows


def _load_generic(
    batch: Batch, lanes: Lanes, addresses: Array, dtype: np.dtype[Any], count: int
) -> Array:
    regions = addresses >> REGION_BITS
    if (regions == regions[0]).all():
        space, local = _window(int(regions[0]), addresses)
        return load(batch, lanes, space, local, dtype, count)
    shape = (addresses.size,) if count == 1 else (addresses.size, count)
    rows = np.zeros(shape, dtype)
    for some, positions, space, local in split(batch, lanes, addresses):
        rows[positions] = load(batch, some, space, local, dtype, count)
    return rows


def split(
    batch: Batch, lanes: Lanes, addresses: Array
) -> list[tuple[Lanes, Array, str, Array]]:
    """The members by space: their set, their positions, the space, addresses there."""
    regions = addresses >> REGION_BITS
    found: list[tuple[Lanes, Array, str, Array]] = []
    kinds = np.where(
        regions == SHARED_REGION, 1, np.where(regions == LOCAL_REGION, 2, 0)
    )
    for kind in np.unique(kinds):
        positions = np.flatnonzero(kinds == kind)
        some = (
            lanes if positions.size == lanes.count else chosen_lanes(lanes, positions)
        )
        region = (0, SHARED_REGION, LOCAL_REGION)[int(kind)]
        space, local = _window(region, addresses[positions])
        found.append((some, positions, space, local))
    return found


def _window(region: int, addresses: Array) -> tuple[str, Array]:
    if region == SHARED_REGION:
        return "shared", addresses - (SHARED_REGION << REGION_BITS)
    if region == LOCAL_REGION:
        return "local", addresses - (LOCAL_REGION << REGION_BITS)
    return "global", addresses


def chosen_lanes(lanes: Lanes, positions: Array) -> Lanes:
    """Some members of a set, by their positions in it."""
    index = lanes.index[positions]
    mask = np.zeros(lanes.size, bool)
    mask[index] = True
    return Lanes(lanes.size, mask, index, index.size)
