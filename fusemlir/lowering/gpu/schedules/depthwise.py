"""Schedules of depthwise convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import gcd, prod
from typing import TypeAlias

from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES, WARP, ceil_divide

MOST_ITEMS = 256
"""Threads of a block."""
FEWEST_ITEMS = 64
"""Below which blocks are not made smaller to have more of them."""
SHARED_BYTES = 24 * 1024
"""Of a block, so that several are on a multiprocessor."""
MAX_OPERATIONS = 500
"""Operations of one thread that are unrolled, about: compiling them bounds it."""
LAYER_OPERATIONS = 6
"""Of one element, about."""
MOST_NEIGHBOURS = 8
MOST_ROWS = 4
COLUMNS = (128, 64, 32, 16)
"""Of a tile that is narrower than the result: whatever is loaded at once divides it."""

Tile: TypeAlias = "tuple[int, int, int]"
"""How many results along depth, height and width."""


@dataclass(frozen=True)
class WindowAxis:
    """A spatial axis of a convolution."""

    size: int
    """Of the input."""
    count: int
    """Of results."""
    window: int
    stride: int
    dilation: int
    before: int
    """Padding."""

    @property
    def extent(self) -> int:
        """How much of the input one window spans."""
        return 1 + self.dilation * (self.window - 1)

    def seen(self, results: int) -> int:
        """How much of the input neighbouring results span."""
        return (results - 1) * self.stride + self.extent


Axes: TypeAlias = "tuple[WindowAxis, WindowAxis, WindowAxis]"
"""Depth, height and width; of an image the first is of size one."""


@dataclass(frozen=True)
class DepthwiseSchedule:
    """A block computes what a tile of some channels of the input gives, and reads that
    tile into shared memory first."""

    channels: int
    tile: Tile
    rows: int
    """Neighbours of which a thread computes results."""
    width: int
    """Results in a row that a thread computes; their number divides all rows."""
    vector: int
    """Elements of a row of the input that are loaded at once."""
    is_unrolled: bool
    """Whether a thread's code has all of the window, else one row of it."""

    @staticmethod
    def choose(
        planes: int,
        axes: Axes,
        element_bytes: int,
        most: int,
        layers: int,
        processors: int,
    ) -> DepthwiseSchedule | None:
        """For so many channels of all images, in elements of so many bytes, of whose
        results `most` are made at once by so many layers.

        None where a window is too large to be unrolled or to be held.
        """
        base = _thread(axes, most, layers)
        if base is None:
            return None
        rows, width, is_unrolled = base
        vector = gcd(ACCESS_BYTES // element_bytes, axes[-1].size)
        room = SHARED_BYTES // element_bytes

        def scheduled(channels: int, tile: Tile) -> DepthwiseSchedule:
            return DepthwiseSchedule(channels, tile, rows, width, vector, is_unrolled)

        def fits(chosen: DepthwiseSchedule) -> bool:
            held = prod(chosen.seen(axes)) * chosen.channels
            return held <= room and chosen.items <= MOST_ITEMS

        smallest = (scheduled(1, (1, rows, c)) for c in _columns(axes[-1], width))
        best = next(filter(fits, smallest), None)
        if best is None:
            return None
        for larger in _growing(best, axes, planes):
            if not fits(larger):
                continue
            few = larger.blocks(axes, planes) < processors
            if few and larger.items > FEWEST_ITEMS:
                break
            best = larger
        return best

    @property
    def items(self) -> int:
        """Parts of the result that one thread computes each."""
        depth, height, columns = self.tile
        across = columns // self.width
        return self.channels * depth * (height // self.rows) * across

    @property
    def threads(self) -> int:
        return ceil_divide(self.items, WARP) * WARP

    def blocks(self, axes: Axes, planes: int) -> int:
        return ceil_divide(planes, self.channels) * prod(self.tiles(axes))

    def tiles(self, axes: Axes) -> Tile:
        """How many tiles there are along each axis."""
        z, y, x = (
            ceil_divide(a.count, n) for a, n in zip(axes, self.tile, strict=True)
        )
        return z, y, x

    def lead(self, axes: Axes) -> int:
        """Columns in front of what a tile sees, so that whole vectors are loaded."""
        return -axes[-1].before % self.vector

    def shared_vector(self, axes: Axes) -> int:
        """Elements of a row of the tile that a thread reads at once."""
        return gcd(self.width * axes[-1].stride, 4)

    def seen(self, axes: Axes) -> Tile:
        """Sizes of a channel's part of the input in shared memory."""
        z, y, x = (a.seen(n) for a, n in zip(axes, self.tile, strict=True))
        unit = max(self.vector, self.shared_vector(axes))
        return z, y, ceil_divide(self.lead(axes) + x, unit) * unit


def _thread(axes: Axes, most: int, layers: int) -> tuple[int, int, bool] | None:
    """Rows, neighbours and whether the window is unrolled."""
    width = gcd(min(most, MOST_NEIGHBOURS), axes[-1].count)
    windows = [(prod(axis.window for axis in axes), True), (axes[-1].window, False)]
    for taps, is_unrolled in windows:
        cost = width * (taps + LAYER_OPERATIONS * layers)
        for rows in (MOST_ROWS, 2, 1):
            is_wasteful = rows > 1 and rows >= 2 * axes[1].count
            if not is_wasteful and rows * cost <= MAX_OPERATIONS:
                return rows, width, is_unrolled
    return None


def _columns(axis: WindowAxis, width: int) -> Iterator[int]:
    if axis.count <= COLUMNS[0]:
        yield axis.count
    yield from (columns for columns in COLUMNS if columns < axis.count)


def _growing(
    start: DepthwiseSchedule, axes: Axes, planes: int
) -> Iterator[DepthwiseSchedule]:
    """Taller tiles, then deeper ones of all rows, then ones of more channels."""
    unit, columns = start.rows, start.tile[-1]
    depth, height = axes[0].count, ceil_divide(axes[1].count, unit) * unit
    for rows in range(unit, height + 1, unit):
        yield replace(start, tile=(1, rows, columns))
    for layers in range(2, depth + 1):
        yield replace(start, tile=(layers, height, columns))
    for channels in range(2, planes + 1):
        if channels * start.items > MOST_ITEMS:
            return
        yield replace(start, channels=channels, tile=(depth, height, columns))
