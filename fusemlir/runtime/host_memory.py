"""Memory for native code: where cache lines begin, and used again for results."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np

from fusemlir.weights import Array

ALIGNMENT = 64
"""In bytes: a cache line, and the widest register."""

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
    memory.view(array.dtype).reshape(array.shape)[...] = array
    return memory


class ConstantMemory:
    """One piece of memory for arrays that stay: few large pages, not many small ones.

    What is never written to takes no memory.
    """

    def __init__(self, sizes: Iterable[int]):
        """For arrays of so many bytes."""
        self._memory = empty(sum(map(_whole_lines, sizes)))
        self._used = 0

    def aligned(self, array: Array) -> Array:
        """The array itself where it is row-major and aligned, else a copy here."""
        if _is_aligned(array):
            return array
        start = self._used
        self._used += _whole_lines(array.nbytes)
        return _copied(array, self._memory[start : start + array.nbytes])


def _whole_lines(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


class _Lease:
    """Stands for a piece of memory while an array, or a view of one, looks at it."""

    def __init__(self, memory: Array):
        self.__array_interface__: dict[str, Any] = {
            "shape": memory.shape,
            "typestr": "|u1",
            "data": (memory.ctypes.data, False),
            "version": 3,
        }


class ResultMemory:
    """Arrays of one shape, whose memory comes back when nobody looks at it any more.

    New memory costs a page fault for every 4 KiB that is written, which can take longer
    than the kernel that writes it.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self._shape, self._dtype = shape, dtype
        self._bytes = prod(shape) * dtype.itemsize
        self._free: list[Array] = []

    def array(self) -> Array:
        """A new array, not initialised."""
        try:
            memory = self._free.pop()
        except IndexError:
            memory = empty(self._bytes)
        lease = _Lease(memory)
        weakref.finalize(lease, _give_back, self._free, memory).atexit = False
        return np.asarray(lease).view(self._dtype).reshape(self._shape)


def _give_back(free: list[Array], memory: Array) -> None:
    if len(free) < KEPT:
        free.append(memory)
