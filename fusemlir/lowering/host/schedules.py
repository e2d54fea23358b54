"""How a product is cut into tiles that stay in a CPU's registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Generic, Protocol, TypeVar

from xdsl.utils.exceptions import VerifyException

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt.schedule import SCHEDULE, ScheduleAttr, schedule_of
from fusemlir.network import Node, label

FMA_LATENCY = 4
"""Clocks from a fused multiply-add to one that needs it."""

PER_CLOCK = 2
"""Fused multiply-adds that start at a clock, and as many loads."""

NOT_HIDDEN = 0.125
"""Of the time of loads, behind products of which two start at a clock: what loads as
often as it multiplies reaches three quarters of the peak."""

FETCH = 3
"""Clocks in which a vector of weights comes from a cache of the second level, where one
product starts at a clock; loads are hidden there."""

LOAD, RUN, BURST = 0.06, 2, 0.15
"""Clocks there beside those of products: of a load; of storing what a pixel has of a
tile, which lies side by side; and, for each other sum of the tile, of storing a sum,
because much comes at once. So the shallower a product is, the smaller its best tiles
are. Measured on an EPYC of Zen 4."""

DEEP = 256
"""Steps of depth, where nobody says how many."""

MAX_PIXELS, MAX_VECTORS = 28, 8

ROW_PIXELS = 8
"""Of a tile of one vector that reads its image once: enough sums to wait for none, and
few enough for the smallest CPU."""

STRAIGHT_PRODUCTS = 56
"""Multiply-adds of one turn of the innermost loop, at most."""


@dataclass(frozen=True)
class HostCpuShape:
    """What a schedule asks of a CPU."""

    lanes: int
    """Elements of f32 in a vector register."""
    registers: int
    vpdpbusd: bool = False
    """Whether an instruction adds four products of bytes to each i32 of a vector."""
    per_clock: int = PER_CLOCK
    """Fused multiply-adds of such vectors that start at a clock, and loads of them."""

    def for_features(self, count: int) -> HostCpuShape:
        """With vectors that are no longer than `count`, the features of a group."""
        longest = 1 << (count.bit_length() - 1)
        if longest >= self.lanes:
            return self
        return replace(self, lanes=longest, per_clock=PER_CLOCK)


class Schedule(Protocol):
    """Sizes of a kernel that may be chosen."""

    @property
    def attribute(self) -> ScheduleAttr: ...


ScheduleT = TypeVar("ScheduleT", bound=Schedule, covariant=True)


@dataclass(frozen=True)
class Choices(Generic[ScheduleT]):
    """The schedules that a kernel may have."""

    ranked: Sequence[ScheduleT]
    """The one that should be the quickest first."""
    allowed: str
    """Which they are, to who wrote another one."""

    def of(self, node: Node) -> ScheduleT:
        """The one that the node asks for, else the first; raises `DiagnosticError`
        where what it asks for is none of them."""
        try:
            wanted = schedule_of(node.attributes)
        except VerifyException as error:
            raise DiagnosticError.at(node.location, str(error)) from error
        if wanted is None:
            return self.ranked[0]
        for schedule in self.ranked:
            if schedule.attribute == wanted:
                return schedule
        message = f"{label(node)} is cut into {self.allowed}, found {wanted}"
        raise DiagnosticError.at(node.location, message)


@dataclass(frozen=True)
class TileSchedule:
    """A tile of `pixels` rows by `vectors` vectors of features is summed at once."""

    pixels: int
    vectors: int
    lanes: int
    per_clock: int = PER_CLOCK
    """Vectors of products that start at a clock."""

    @property
    def features(self) -> int:
        return self.vectors * self.lanes

    @property
    def registers(self) -> int:
        """For the sums, the factors of a step, and a number of a pixel."""
        return self.vectors * (self.pixels + 1) + 1

    def unroll(self, depth: int) -> int:
        """Steps of depth in straight code: a divisor of `depth`."""
        most = max(1, STRAIGHT_PRODUCTS // (self.pixels * self.vectors))
        return next(step for step in (8, 4, 2, 1) if step <= most and depth % step == 0)

    def clocks(self, pixels: int, features: int, depth: int = DEEP) -> float:
        """Of a step of depth for all tiles of so many pixels side by side."""
        blocks = -(-features // self.features)
        whole, rest = divmod(pixels, self.pixels)
        each = self._clocks(self.pixels, depth)
        return blocks * (whole * each + self._clocks(rest, depth))

    def _clocks(self, pixels: int, depth: int) -> float:
        """Of one step of depth of a tile of so many pixels."""
        if not pixels:
            return 0
        sums = pixels * self.vectors
        products = -(-sums // self.per_clock)
        if self.per_clock < PER_CLOCK:
            busy = max(products, self.vectors * FETCH, FMA_LATENCY)
            loads = pixels + self.vectors
            return busy + LOAD * loads + (RUN * pixels + BURST * sums**2) / depth
        loads = -(-(pixels + self.vectors) // PER_CLOCK)
        return max(products, loads, FMA_LATENCY) + loads * NOT_HIDDEN

    @property
    def attribute(self) -> ScheduleAttr:
        return ScheduleAttr.of({"pixels": self.pixels, "vectors": self.vectors})

    @staticmethod
    def choices(
        pixels: int, features: int, cpu: HostCpuShape, depth: int = DEEP
    ) -> Choices[TileSchedule]:
        """For rows of `pixels`: the quickest first; of equals one of least packed
        weights, and of these the one that loads least."""
        height, width = min(pixels, MAX_PIXELS), min(MAX_VECTORS, features // cpu.lanes)
        tiles = (
            TileSchedule(*sizes, cpu.lanes, cpu.per_clock)
            for sizes in product(range(1, height + 1), range(1, max(1, width) + 1))
        )

        def rank(tile: TileSchedule) -> tuple[float, int, float]:
            packed = -(-features // tile.features) * tile.features
            loads = (tile.pixels + tile.vectors) / (tile.pixels * tile.vectors)
            return tile.clocks(pixels, features, depth), packed, loads

        return Choices(
            sorted((t for t in tiles if t.registers <= cpu.registers), key=rank),
            f"pixels of 1 to {height} and vectors of 1 to {max(1, width)} that need no "
            f"more than {cpu.registers} registers, vectors * (pixels + 1) + 1",
        )


def no_choice(node: Node) -> DiagnosticError:
    """What to say of a schedule where there is nothing to choose."""
    found = node.attributes[SCHEDULE]
    message = f"the kernel of {label(node)} has no choice of schedules, found {found}"
    return DiagnosticError.at(node.location, message)


def row_choices(columns: int, lanes: int) -> Choices[TileSchedule]:
    """For rows of `columns`, of tiles of one vector: as few as may be, of one size."""
    tiles = -(-columns // ROW_PIXELS)
    most, first = min(columns, ROW_PIXELS), -(-columns // tiles)
    sizes = sorted(range(1, most + 1), key=lambda pixels: abs(pixels - first))
    return Choices(
        [TileSchedule(pixels, 1, lanes) for pixels in sizes],
        f"pixels of 1 to {most} and vectors of 1",
    )
