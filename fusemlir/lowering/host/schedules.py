"""How a product is cut into tiles that stay in a CPU's registers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

FMA_LATENCY = 4
"""Clocks from a fused multiply-add to one that needs it."""

PER_CLOCK = 2
"""Fused multiply-adds that start at a clock, and as many loads."""

NOT_HIDDEN = 0.125
"""Of the time of loads, behind products: what loads as often as it multiplies reaches
three quarters of the peak."""

MAX_PIXELS, MAX_VECTORS = 28, 8

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

    def for_features(self, count: int) -> HostCpuShape:
        """With vectors that are no longer than `count`, the features of a group."""
        longest = 1 << (count.bit_length() - 1)
        return replace(self, lanes=min(self.lanes, longest))


@dataclass(frozen=True)
class TileSchedule:
    """A tile of `pixels` rows by `vectors` vectors of features is summed at once."""

    pixels: int
    vectors: int
    lanes: int

    @property
    def features(self) -> int:
        return self.vectors * self.lanes

    def unroll(self, depth: int) -> int:
        """Steps of depth in straight code: a divisor of `depth`."""
        most = max(1, STRAIGHT_PRODUCTS // (self.pixels * self.vectors))
        return next(step for step in (8, 4, 2, 1) if step <= most and depth % step == 0)

    def clocks(self, pixels: int, features: int) -> float:
        """Of a step of depth for all tiles of so many pixels side by side."""
        blocks = -(-features // self.features)
        whole, rest = divmod(pixels, self.pixels)
        return blocks * (
            whole * _clocks(self.pixels, self.vectors) + _clocks(rest, self.vectors)
        )

    @staticmethod
    def choose(pixels: int, features: int, cpu: HostCpuShape) -> TileSchedule:
        """The quickest for rows of `pixels`; of equals one of least packed weights, and
        of these the one that loads least."""
        tiles = (
            TileSchedule(height, width, cpu.lanes)
            for height, width in product(
                range(1, min(pixels, MAX_PIXELS) + 1), range(1, MAX_VECTORS + 1)
            )
            if height * width + width + 1 <= cpu.registers
            and (width == 1 or width * cpu.lanes <= features)
        )

        def rank(tile: TileSchedule) -> tuple[float, int, float]:
            packed = -(-features // tile.features) * tile.features
            loads = (tile.pixels + tile.vectors) / (tile.pixels * tile.vectors)
            return tile.clocks(pixels, features), packed, loads

        return min(tiles, key=rank)


def _clocks(pixels: int, vectors: int) -> float:
    """Of one step of depth of a tile."""
    if not pixels:
        return 0
    products = -(-pixels * vectors // PER_CLOCK)
    loads = -(-(pixels + vectors) // PER_CLOCK)
    return max(products, loads, FMA_LATENCY) + loads * NOT_HIDDEN
