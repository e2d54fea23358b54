"""Memory for native code: where cache lines begin, and used again for results."""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from math import prod
from typing import Any, cast

import numpy as np

from fusemlir.codegen.compiling import processors
from fusemlir.weights import Array

ALIGNMENT = 64
"""In bytes: a cache line, and the widest register."""

WAITING = 8
"""Arrays that are held until they are copied."""

KEPT = 4
"""Pieces of memory that wait to be a result again."""


def empty(size: int) -> Array:
    """Bytes that begin at a multiple of `ALIGNMENT`."""
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size]


def aligned(array: Array) -> Array:
    """The array itself where it is row-major and aligned, else a copy that is."""
    return array if _is_aligned(array) else _copied(array, empty(array.nbytes))


def _is_aligned(array: Array) -> bool:
    return array.flags.c_contiguous and array.ctypes.data % ALIGNMENT == 0


def _copied(array: Array, memory: Array) -> Array:
    copy = memory.view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


class ConstantMemory(AbstractContextManager["ConstantMemory"]):
    """One piece of memory for arrays that stay: few large pages, not many small ones.

    `with ConstantMemory(sizes) as memory:` arrays are copied side by side, as reading
    them in another order takes longer than memory does; all are there in the end. What
    is never written to takes no memory.
    """

    def __init__(self, sizes: Iterable[int]):
        """For arrays of so many bytes."""
        self._memory = empty(sum(map(_whole_lines, sizes)))
        self._used = 0
        self._pool = ThreadPoolExecutor(processors())
        self._copies = deque[Future[Array]]()

    def __exit__(self, *error: object) -> None:
        with self._pool:
            while self._copies:
                self._copies.popleft().result()

    def aligned(self, array: Array) -> Array:
        """The array itself where it is row-major and aligned, else a copy here."""
        if _is_aligned(array):
            return array
        if len(self._copies) == WAITING:
            self._copies.popleft().result()
        start = self._used
        self._used += _whole_lines(array.nbytes)
        memory = self._memory[start : start + array.nbytes]
        self._copies.append(self._pool.submit(_copied, array, memory))
        return memory.view(array.dtype).reshape(array.shape)


def _whole_lines(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def address_of(array: Array) -> int:
    """Where the elements of a row-major array begin."""
    if array.flags.carray:
        try:
            return ctypes.addressof(ctypes.c_char.from_buffer(cast(Any, array)))
        except (BufferError, ValueError):
            # There is no first byte, or other languages do not know the type.
            pass
    # The same, but three times as slow where a network has just run: numpy computes it
    # in Python, and nothing of that is left in the caches.
    return array.ctypes.data


class _Piece:
    """Memory of one result after the other."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self.memory = empty(prod(shape) * dtype.itemsize)
        self.address = address_of(self.memory)
        self.interface = {
            "shape": shape,
            "typestr": dtype.str,
            "data": (self.address, False),
            "version": 3,
        }


class _Lease:
    """Stands for a piece of memory while an array, or a view of one, looks at it."""

    __slots__ = ("__array_interface__", "_free", "_piece")

    def __init__(self, piece: _Piece, free: list[_Piece]):
        self.__array_interface__ = piece.interface
        self._piece, self._free = piece, free

    def __del__(self) -> None:
        if len(self._free) < KEPT:
            self._free.append(self._piece)


class ResultMemory:
    """Arrays of one shape, whose memory comes back when nobody looks at it any more.

    New memory costs a page fault for every 4 KiB that is written, which can take longer
    than the kernel that writes it.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self._shape, self._dtype = shape, dtype
        self._free: list[_Piece] = []

    def array(self) -> tuple[Array, int]:
        """A new array, not initialised, and its address."""
        try:
            piece = self._free.pop()
        except IndexError:
            piece = _Piece(self._shape, self._dtype)
        array = np.asarray(_Lease(piece, self._free))
        if array.dtype != self._dtype:
            # Types that are not numpy's own have no name there.
            array = array.view(self._dtype)
        return array, piece.address
