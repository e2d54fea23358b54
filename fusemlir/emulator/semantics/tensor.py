"""Products of small matrices by warps, and the loads that feed them.

Products are exact and are added in f64, then rounded once to the accumulator: hardware
rounds more often, in an order that is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from fusemlir.emulator.batch import Batch
from fusemlir.emulator.decoder import Decoder, Reader, Step
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import WARP, Lanes
from fusemlir.emulator.participants import check_whole_warps
from fusemlir.emulator.semantics.memory import SPACES
from fusemlir.emulator.syntax import Vector
from fusemlir.emulator.types import B32, F32, S32, Array, Type

Decode = Callable[[Array], Array]
"""From 32-bit registers (n,) to the numbers in them (n, count), as f64."""


def _as(dtype: Any) -> Decode:
    return lambda bits: (
        bits.view(np.dtype(dtype)).reshape(bits.size, -1).astype(np.float64)
    )


def _tf32(bits: Array) -> Array:
    """The low 13 bits of an f32 are not looked at."""
    kept = bits & np.uint32(0xFFFFE000)
    return kept.view(np.float32).astype(np.float64)[:, None]


OPERANDS: Mapping[str, tuple[int, Decode]] = {
    "f16": (2, _as(np.float16)),
    "bf16": (2, _as(ml_dtypes.bfloat16)),
    "tf32": (1, _tf32),
    "s8": (4, _as(np.int8)),
    "u8": (4, _as(np.uint8)),
    "e4m3": (4, _as(ml_dtypes.float8_e4m3fn)),
    "e5m2": (4, _as(ml_dtypes.float8_e5m2)),
}
"""How many numbers one register has, and which."""

SHAPES = {
    ("m16n8k8", "f16"),
    ("m16n8k16", "f16"),
    ("m16n8k8", "bf16"),
    ("m16n8k16", "bf16"),
    ("m16n8k4", "tf32"),
    ("m16n8k8", "tf32"),
    ("m16n8k16", "s8"),
    ("m16n8k32", "s8"),
    ("m16n8k16", "u8"),
    ("m16n8k32", "u8"),
    ("m16n8k32", "e4m3"),
    ("m16n8k32", "e5m2"),
}

_GROUP, _IN_GROUP = np.arange(WARP) // 4, np.arange(WARP) % 4


def build_mma(form: Form, decoder: Decoder) -> Step:
    for name in ("sync", "aligned"):
        form.required(name)
    shape = form.required(*{name for name, _ in SHAPES})
    form.required("row")
    form.required("col")
    clamps = form.flag("satfinite")
    names = form.rest
    if len(names) != 4 or names[1] not in OPERANDS or names[2] not in OPERANDS:
        raise form.error("the emulator does not know these types")
    result, left, right, addend = names
    form.rest = []
    accumulator = S32 if left in ("s8", "u8") else F32
    if (shape, left) not in SHAPES or {result, addend} != {accumulator.name}:
        raise form.error("the emulator does not know this shape of these types")
    if OPERANDS[left][0] != OPERANDS[right][0] or (
        left != right and left not in ("s8", "u8", "e4m3", "e5m2")
    ):
        raise form.error(f"{left} and {right} are not multiplied")
    return _Product(form, decoder, shape, left, right, accumulator, clamps).step


class _Product:
    """d = a @ b + c for each warp: a (16, k) and b (k, 8) in fragments by lane."""

    def __init__(
        self,
        form: Form,
        decoder: Decoder,
        shape: str,
        left: str,
        right: str,
        accumulator: Type,
        clamps: bool,
    ):
        form.expect_operands(4)
        self.inner = int(shape.split("k")[1])
        self.each, self.decode_a = OPERANDS[left]
        _, self.decode_b = OPERANDS[right]
        self.type = accumulator
        self.clamps = clamps
        d, a, b, c = form.operands
        self.write = decoder.write_all(form, d, accumulator)
        self.read_a = decoder.read_all(form, a, B32)
        self.read_b = decoder.read_all(form, b, B32)
        self.read_c = decoder.read_all(form, c, accumulator)
        columns = self.inner // (4 * self.each)
        found = [len(x) for x in (self.write, self.read_a, self.read_b, self.read_c)]
        if found != [4, 2 * columns, columns, 4]:
            wanted = f"4, {2 * columns}, {columns} and 4"
            raise form.error(f"wanted {wanted} registers, found {found}")

    def step(self, batch: Batch, lanes: Lanes) -> None:
        check_whole_warps(lanes)
        members = lanes.members
        warps = members.count // WARP
        a = np.zeros((warps, 16, self.inner))
        b = np.zeros((warps, self.inner, 8))
        within = _IN_GROUP[:, None] * self.each + np.arange(self.each)
        rows = _GROUP[:, None]
        for number, read in enumerate(self.read_a):
            values = self._values(self.decode_a, read, batch, members)
            row = rows + 8 * (number % 2)
            a[:, row, within + 4 * self.each * (number // 2)] = values
        for number, read in enumerate(self.read_b):
            values = self._values(self.decode_b, read, batch, members)
            b[:, within + 4 * self.each * number, rows] = values
        products = a @ b
        for number, (read, write) in enumerate(
            zip(self.read_c, self.write, strict=True)
        ):
            row, column = _GROUP + 8 * (number // 2), 2 * _IN_GROUP + number % 2
            addend = _per_lane(read(batch, members), members)
            total = products[:, row, column].reshape(-1) + addend
            write(batch, members, self._rounded(total))

    def _values(
        self, decode: Decode, read: Reader, batch: Batch, members: Lanes
    ) -> Array:
        bits = np.ascontiguousarray(_per_lane(read(batch, members), members))
        return decode(bits).reshape(-1, WARP, self.each)

    def _rounded(self, total: Array) -> Array:
        if self.type is F32:
            return total.astype(np.float32).view(np.uint32)
        if self.clamps:
            total = total.clip(-(2**31), 2**31 - 1)
        return total.astype(np.int64).astype(np.uint32)


def _per_lane(values: Array, members: Lanes) -> Array:
    return np.broadcast_to(values, (members.count,))


def build_ldmatrix(form: Form, decoder: Decoder) -> Step:
    """Matrices of 8 rows of 16 bytes; lane 8 * k + r has the address of row r of k."""
    for name in ("sync", "aligned", "m8n8"):
        form.required(name)
    count = int(form.required("x1", "x2", "x4")[1])
    transposes = form.flag("trans")
    if SPACES.get(form.choice(*SPACES) or "") != "shared":
        raise form.error("wanted .shared")
    form.type("b16")
    form.expect_operands(2)
    target, source = form.operands
    writes = decoder.write_all(form, target, B32)
    if len(writes) != count:
        raise form.error(f"wanted {count} registers, found {len(writes)}")
    address = decoder.address(form, source)

    def step(batch: Batch, lanes: Lanes) -> None:
        check_whole_warps(lanes)
        members, addresses = _row_lanes(lanes, address(batch, lanes), count)
        shared = batch.shared
        offsets = shared.offsets(members, addresses, 16, "reads")
        batch.meter.shared_access(members, addresses, 16)
        if shared.checks:
            shared.check_read(members, offsets, 16)
            # Other lanes get what this one's row holds.
            shared.check_read(_neighbours(members), offsets, 16)
        rows = shared.table.load(offsets, np.dtype(np.uint16), 8)
        matrices = rows.reshape(-1, count, 8, 8)
        if transposes:
            matrices = matrices.swapaxes(2, 3)
        pairs = np.ascontiguousarray(matrices).view(np.uint32)
        for number, write in enumerate(writes):
            found = pairs[:, number].reshape(-1)
            write(batch, lanes.members, found)

    return step


def _row_lanes(lanes: Lanes, addresses: Array, count: int) -> tuple[Lanes, Array]:
    """The lanes whose addresses count, and these."""
    used = (np.arange(lanes.size) % WARP < 8 * count) & lanes.table.reshape(-1)
    found = Lanes.of_mask(used)
    assert found is not None
    return found.members, lanes.spread(addresses)[found.index]


def _neighbours(lanes: Lanes) -> Lanes:
    """The same rows as if the lane beside each had read them."""
    index = lanes.index ^ 1
    return Lanes(lanes.size, np.ones(lanes.size, bool), index, index.size)


def build_stmatrix(form: Form, decoder: Decoder) -> Step:
    for name in ("sync", "aligned", "m8n8"):
        form.required(name)
    count = int(form.required("x1", "x2", "x4")[1])
    transposes = form.flag("trans")
    if SPACES.get(form.choice(*SPACES) or "") != "shared":
        raise form.error("wanted .shared")
    form.type("b16")
    form.expect_operands(2)
    target, source = form.operands
    if not isinstance(source, Vector) or len(source.items) != count:
        raise form.error(f"wanted {count} registers")
    reads = decoder.read_all(form, source, B32)
    address = decoder.address(form, target)

    def step(batch: Batch, lanes: Lanes) -> None:
        check_whole_warps(lanes)
        every = lanes.members
        pairs = [_per_lane(read(batch, every), every) for read in reads]
        warps = every.count // WARP
        stacked = np.stack([pair.reshape(warps, WARP) for pair in pairs], axis=1)
        matrices = np.ascontiguousarray(stacked).view(np.uint16)
        matrices = matrices.reshape(warps, count, 8, 8)
        if transposes:
            matrices = matrices.swapaxes(2, 3)
        rows = np.ascontiguousarray(matrices).reshape(-1, 8)
        members, addresses = _row_lanes(lanes, address(batch, lanes), count)
        batch.meter.shared_access(members, addresses, 16)
        batch.shared.store(members, addresses, rows)

    return step


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = {
    "mma": build_mma,
    "ldmatrix": build_ldmatrix,
    "stmatrix": build_stmatrix,
}
