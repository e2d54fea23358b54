"""Asynchronous copies from global to shared memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fusemlir.emulator import access
from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Decoder, Step
from fusemlir.emulator.errors import Fault
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.semantics.memory import PREFETCHES
from fusemlir.emulator.syntax import Immediate
from fusemlir.emulator.tables import check_alignment, first_fault, lane_at
from fusemlir.emulator.types import U32, Array


def build_cp(form: Form, decoder: Decoder) -> Step:
    form.required("async")
    if form.flag("commit_group"):
        form.expect_operands(0)
        return lambda batch, lanes: batch.copies.close_group(lanes)
    if form.flag("wait_all"):
        form.expect_operands(0)
        return lambda batch, lanes: batch.copies.wait(lanes, None, batch.shared)
    if form.flag("wait_group"):
        return build_wait(form)
    return build_copy(form, decoder)


def build_wait(form: Form) -> Step:
    form.expect_operands(1)
    pending = _literal(form, 0)
    return lambda batch, lanes: batch.copies.wait(lanes, pending, batch.shared)


def _literal(form: Form, position: int) -> int:
    operand = form.operands[position]
    if not isinstance(operand, Immediate):
        raise form.error("wanted a number")
    return int(operand.text, 0)


def build_copy(form: Form, decoder: Decoder) -> Step:
    """`cp.async.cg.shared.global [d], [s], size{, bytes}`; zeros beyond the bytes."""
    whole_lines = form.required("ca", "cg") == "cg"
    form.required("shared", "shared::cta")
    form.required("global")
    form.choice(*PREFETCHES)
    form.expect_operands(3, 4)
    size = _literal(form, 2)
    if size not in ((16,) if whole_lines else (4, 8, 16)):
        raise form.error(f"cannot copy {size} bytes")
    target = decoder.address(form, form.operands[0])
    source = decoder.address(form, form.operands[1])
    last = form.operands[3] if len(form.operands) == 4 else Immediate(str(size))
    read_count = decoder.read(form, last, U32)

    def step(batch: Batch, lanes: Lanes) -> None:
        members = lanes.members
        to, out_of, counts = (
            np.broadcast_to(read(batch, members), (members.count,))
            for read in (target, source, read_count)
        )
        shared = batch.shared
        offsets = shared.offsets(members, to, size, "writes")
        if (counts > size).any():
            at = first_fault(counts > size)
            message = f"copies {int(counts[at])} bytes to {size}"
            raise Fault(lane_at(members, counts, at), message)
        check_alignment(members, out_of, size, "copies")
        data = _fetch(batch, members, out_of, counts, size)
        batch.meter.shared_access(members, to, size)
        if shared.checks:
            shared.check_write(members, offsets, size, None)
        batch.copies.begin(members, offsets, data, shared)

    return step


def _fetch(
    batch: Batch, members: Lanes, addresses: Array, counts: Array, size: int
) -> Array:
    """Rows of `size` bytes, read as far as each count says."""
    data = np.zeros((members.count, size), np.uint8)
    for count in np.unique(counts):
        if count == 0:
            continue
        positions = np.flatnonzero(counts == count)
        some = members
        if positions.size != members.count:
            some = access.chosen_lanes(members, positions)
        found = addresses[positions]
        # In powers of two, as other accesses are.
        start = 0
        while start < count:
            width = 1 << (int(count) - start).bit_length() - 1
            rows = access.load(
                batch, some, "global", found + start, np.dtype(np.uint8), width
            )
            data[positions, start : start + width] = rows.reshape(-1, width)
            start += width
    return data


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {"cp": build_cp}
