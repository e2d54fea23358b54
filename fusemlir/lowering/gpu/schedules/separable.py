"""Schedules of depthwise-separable convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import gcd, prod

from fusemlir.lowering.gpu.schedules.depthwise import Axes, Tile
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide

SHARED_BYTES = 48 * 1024
WORD = 4
"""Channels that are multiplied at once."""
THREADS = 256
MOST_ROWS, MOST_WIDTH = 2, 4
WIDEST, NARROWEST = 64, 8
"""Results along a tile, all features of each."""
FEWEST_FEATURES = 64
"""Below which the depthwise convolution, which each block computes, costs too much."""


@dataclass(frozen=True)
class Sizes:
    """Of the convolution that follows the depthwise one."""

    axes: Axes
    images: int
    groups: int
    channels: int
    """Of a group."""
    features: int
    """Of all groups."""

    @property
    def words(self) -> int:
        """That the channels of a group take."""
        return ceil_divide(self.channels, WORD)


@dataclass(frozen=True)
class SeparableSchedule:
    """A block computes all channels that a tile of results sees, then those results."""

    tile: Tile
    features: int
    """That a block computes."""
    rows: int
    """Features that a thread computes at once."""
    width: int
    """Neighbouring results that a thread computes at once; their number divides all
    rows."""
    depth: int
    """Words that a thread loads at once of a feature's weights."""

    @staticmethod
    def choose(sizes: Sizes, most: int, processors: int) -> SeparableSchedule | None:
        """For results of which `most` are made at once; None where what one of them
        sees is too large to be held."""
        width = gcd(most, sizes.axes[-1].count, MOST_WIDTH)
        rows = gcd(sizes.features // sizes.groups, MOST_ROWS)
        is_whole = sizes.channels % WORD == 0 and _is_pointwise(sizes.axes)
        depth = gcd(sizes.words, WORD) if is_whole else 1
        best = None
        for tile in _tiles(sizes.axes, width):
            chosen = SeparableSchedule(tile, sizes.features, rows, width, depth)
            if chosen.shared_bytes(sizes) > SHARED_BYTES:
                continue
            best = chosen
            if chosen.blocks(sizes) >= processors or max(tile) <= NARROWEST:
                break
        while best is not None and best.blocks(sizes) < processors:
            fewer = ceil_divide(ceil_divide(best.features, 2), rows) * rows
            if fewer < FEWEST_FEATURES:
                break
            best = replace(best, features=fewer)
        return best

    def seen(self, axes: Axes) -> Tile:
        """Of the depthwise convolution's results, along each axis."""
        z, y, x = (axis.seen(n) for axis, n in zip(axes, self.tile, strict=True))
        return z, y, x

    def pitch(self, axes: Axes) -> int:
        """Words from those of some channels to those of the next."""
        return ceil_divide(prod(self.seen(axes)), WORD) * WORD

    def shared_bytes(self, sizes: Sizes) -> int:
        return sizes.groups * sizes.words * WORD * self.pitch(sizes.axes)

    def tiles(self, axes: Axes) -> Tile:
        """How many tiles there are along each axis."""
        z, y, x = (
            ceil_divide(a.count, n) for a, n in zip(axes, self.tile, strict=True)
        )
        return z, y, x

    def blocks(self, sizes: Sizes) -> int:
        parts = ceil_divide(sizes.features, self.features)
        return sizes.images * prod(self.tiles(sizes.axes)) * parts


def _is_pointwise(axes: Axes) -> bool:
    return all(axis.window == 1 for axis in axes)


def _tiles(axes: Axes, width: int) -> Iterator[Tile]:
    """Ever smaller ones of neighbours, down to what one thread computes."""
    _, height, across = axes
    rows = 1 if height.count == 1 else NARROWEST
    columns = WIDEST // rows
    while True:
        yield 1, min(rows, height.count), _multiple(min(columns, across.count), width)
        if rows == 1 and columns <= width:
            return
        if rows > columns or columns <= width:
            rows //= 2
        else:
            columns //= 2


def _multiple(size: int, unit: int) -> int:
    return ceil_divide(size, unit) * unit
