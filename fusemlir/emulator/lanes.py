"""Sets of the threads that run side by side."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from fusemlir.emulator.types import Array

WARP = 32

DENSE = 4
"""A set of at least one in so many lanes is computed on all, and kept on its own."""


class Lanes:
    """Some of the `size` threads of a batch, which is a multiple of the warp.

    Values of a set are arrays over all threads where `whole`, else over its members in
    order; an array of one element stands for the same value in all.
    """

    __slots__ = ("__dict__", "count", "is_full", "mask", "picker", "size", "whole")

    def __init__(
        self, size: int, mask: Array | None, picker: slice | Array | None, count: int
    ):
        self.size = size
        self.mask = mask
        """Of all threads; none where the set is full."""
        self.picker = picker
        """What takes the members out of an array of all; none where `whole`."""
        self.count = count
        self.is_full = mask is None
        self.whole = picker is None

    @staticmethod
    def full(size: int) -> Lanes:
        return Lanes(size, None, None, size)

    @staticmethod
    def of_mask(mask: Array) -> Lanes | None:
        """The set of a boolean array, in the form that is fastest; none if empty."""
        size, count = mask.size, int(np.count_nonzero(mask))
        if count == size:
            return Lanes.full(size)
        if count == 0:
            return None
        first = int(mask.argmax())
        last = size - int(mask[::-1].argmax())
        if last - first == count:
            return Lanes(size, mask, slice(first, last), count)
        if count * DENSE >= size:
            return Lanes(size, mask, None, count)
        return Lanes(size, mask, np.flatnonzero(mask), count)

    @cached_property
    def members(self) -> Lanes:
        """The same set, with values over its members unless it is full."""
        if self.is_full or not self.whole:
            return self
        return Lanes(self.size, self.mask, self.index, self.count)

    @cached_property
    def index(self) -> Array:
        """The numbers of the members."""
        if self.mask is None:
            return np.arange(self.size)
        return np.flatnonzero(self.mask)

    @cached_property
    def table(self) -> Array:
        """Membership by warp and lane."""
        mask = np.ones(self.size, bool) if self.mask is None else self.mask
        return mask.reshape(-1, WARP)

    @cached_property
    def warps(self) -> int:
        """How many warps have a member."""
        if self.mask is None:
            return self.size // WARP
        return int(np.count_nonzero(self.table.any(axis=1)))

    @cached_property
    def warp_index(self) -> Array:
        """The warps that have a member."""
        return np.flatnonzero(self.table.any(axis=1))

    @property
    def has_whole_warps(self) -> bool:
        return self.count == self.warps * WARP

    def pick(self, array: Array) -> Array:
        """The values of the members out of those of all threads."""
        if self.picker is None or array.size == 1:
            return array
        return array[self.picker]

    def spread(self, values: Array) -> Array:
        """Values of the members over all threads; what others have says nothing."""
        if values.size == 1:
            return np.broadcast_to(values, (self.size,))
        if self.picker is None:
            return values
        wide = np.zeros(self.size, values.dtype)
        wide[self.picker] = values
        return wide

    def where(self, condition: Array) -> Lanes | None:
        """The members of which a condition, an array of their values, holds."""
        if condition.size == 1:
            return self if condition[0] else None
        if self.mask is None:
            # A register may hold the array, and change it later.
            return Lanes.of_mask(condition.copy())
        if self.picker is None:
            return Lanes.of_mask(self.mask & condition)
        mask = np.zeros(self.size, bool)
        mask[self.picker] = condition
        return Lanes.of_mask(mask)

    def without(self, other: Lanes) -> Lanes | None:
        """The members that are not in `other`."""
        if other.mask is None:
            return None
        if self.mask is None:
            return Lanes.of_mask(~other.mask)
        return Lanes.of_mask(self.mask & ~other.mask)

    def joined(self, other: Lanes) -> Lanes:
        """The members of either."""
        if self.mask is None:
            return self
        if other.mask is None:
            return other
        both = Lanes.of_mask(self.mask | other.mask)
        assert both is not None
        return both

    def lane(self, position: int) -> int:
        """The number of the member whose value stands at `position`."""
        if self.whole:
            return position
        return int(self.index[position])

    def first(self) -> int:
        return 0 if self.mask is None else int(self.mask.argmax())
