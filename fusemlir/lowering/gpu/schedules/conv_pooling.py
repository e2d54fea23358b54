"""Schedules of convolutions with a pooling on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from math import prod
from typing import TypeAlias, TypeVar

from fusemlir.lowering.gpu.schedules.contraction import (
    LOAD_INSTRUCTIONS,
    TILES,
    ContractionSchedule,
    ProductSize,
    clocks_of_single_elements,
)
from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.schedules.tensor_core import TensorCoreSchedule, schedules
from fusemlir.target import Target

_ScheduleT = TypeVar("_ScheduleT", ContractionSchedule, TensorCoreSchedule)


@dataclass(frozen=True)
class PooledAxis:
    """A spatial axis of a pooling, and of the convolution under it."""

    size: int
    """Of what is pooled."""
    count: int
    """Windows."""
    window: int
    stride: int

    def seen(self, windows: int) -> int:
        """How much is under neighbouring windows; of padding there may be less."""
        return min((windows - 1) * self.stride + self.window, self.size)


@dataclass(frozen=True)
class PoolingTile:
    """Neighbouring windows, along each axis."""

    axes: tuple[PooledAxis, ...]
    windows: tuple[int, ...]

    @cached_property
    def seen(self) -> tuple[int, ...]:
        """What of the convolution is computed for them, along each axis."""
        pairs = zip(self.axes, self.windows, strict=True)
        return tuple(axis.seen(windows) for axis, windows in pairs)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many such tiles there are, along each axis."""
        pairs = zip(self.axes, self.windows, strict=True)
        return tuple(ceil_divide(axis.count, windows) for axis, windows in pairs)

    @staticmethod
    def choose(axes: tuple[PooledAxis, ...], room: int) -> PoolingTile | None:
        """The one of which the fewest cover all windows, wide rather than high, and
        under which there are no more than `room`; None where there is none."""

        def rank(tile: PoolingTile) -> tuple[int, int, int]:
            return prod(tile.counts), -tile.windows[-1], prod(tile.seen)

        tiles = (PoolingTile(axes, windows) for windows in _fitting(axes, room))
        return min(tiles, key=rank, default=None)


def _fitting(axes: tuple[PooledAxis, ...], room: int) -> Iterator[tuple[int, ...]]:
    if not axes:
        yield ()
        return
    first, *rest = axes
    for windows in range(1, first.count + 1):
        left = room // max(first.seen(windows), 1)
        if not left:
            return
        for others in _fitting(tuple(rest), left):
            yield windows, *others


Contraction: TypeAlias = "ContractionSchedule | TensorCoreSchedule"


@dataclass(frozen=True)
class SizedWords:
    """What a convolution multiplies, by threads or by tensor cores."""

    size_of: Callable[[int], ProductSize]
    """Of all that it gives, for tiles of so many words of depth."""
    bytes: int


@dataclass(frozen=True)
class ConvPoolingSchedule:
    """A block computes a tile of features by what is under a tile of windows."""

    contraction: Contraction
    tile: PoolingTile

    @staticmethod
    def choose(
        images: int,
        axes: tuple[PooledAxis, ...],
        words: SizedWords,
        fragments: SizedWords | None,
        target: Target,
    ) -> ConvPoolingSchedule | None:
        """The quickest for a convolution of `words`, or, on tensor cores that multiply
        them as exactly, of `fragments`.

        None where a thread for each window is estimated to be quicker.
        """
        processors = processors_of(target)
        windows = images * prod(axis.count for axis in axes)
        size = words.size_of(1)
        if not windows * size.elements * size.depth:
            return None
        choice = _Choice(images, axes, processors)
        found = [choice.of_threads(words)]
        if fragments is not None:
            found.append(choice.of_tensor_cores(fragments))
        ranked = [each for each in found if each is not None]
        seen = windows * prod(axis.window for axis in axes)
        alone = clocks_of_single_elements(replace(size, columns=seen), processors)
        best = min(ranked, key=lambda each: each.clocks, default=None)
        return best.schedule if best is not None and best.clocks <= alone else None


@dataclass(frozen=True)
class _Ranked:
    schedule: ConvPoolingSchedule
    loads: float
    """Instructions to load a pair of tiles."""
    clocks: int

    @property
    def rank(self) -> tuple[float, int]:
        return max(self.loads, LOAD_INSTRUCTIONS), self.clocks


@dataclass(frozen=True)
class _Choice:
    """The tiles of windows that blocks of so many columns hold, and what they cost."""

    images: int
    axes: tuple[PooledAxis, ...]
    processors: int

    def of_threads(self, words: SizedWords) -> _Ranked | None:
        sizes = cache(words.size_of)

        def ranked(chosen: ContractionSchedule, tile: PoolingTile) -> _Ranked:
            size = self._tiled(sizes(chosen.block_k), chosen, tile)
            loads = chosen.load_instructions(size)
            clocks = chosen.clocks(size, self.processors)
            return _Ranked(ConvPoolingSchedule(chosen, tile), loads, clocks)

        found = (ContractionSchedule(*numbers) for numbers in TILES)
        held = (ranked(each, tile) for each, tile in self._held(found))
        return min(held, key=lambda each: each.rank, default=None)

    def of_tensor_cores(self, words: SizedWords) -> _Ranked | None:
        sizes = cache(words.size_of)

        def ranked(chosen: TensorCoreSchedule, tile: PoolingTile) -> _Ranked:
            size = self._tiled(sizes(chosen.words(words.bytes)), chosen, tile)
            loads = chosen.load_instructions(size, words.bytes)
            clocks = chosen.clocks(size, words.bytes, self.processors)
            return _Ranked(ConvPoolingSchedule(chosen, tile), loads, clocks)

        found = (each for each in schedules() if each.gives_work(words.bytes))
        held = (ranked(each, tile) for each, tile in self._held(found))
        return min(held, key=lambda each: each.rank, default=None)

    def _held(
        self, found: Iterable[_ScheduleT]
    ) -> Iterator[tuple[_ScheduleT, PoolingTile]]:
        tiles = cache(partial(PoolingTile.choose, self.axes))
        for chosen in found:
            tile = tiles(chosen.block_n)
            if tile is not None:
                yield chosen, tile

    def _tiled(
        self, size: ProductSize, chosen: Contraction, tile: PoolingTile
    ) -> ProductSize:
        columns = self.images * prod(tile.counts) * chosen.block_n
        return replace(size, columns=columns)
