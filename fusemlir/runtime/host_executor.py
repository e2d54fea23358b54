"""Runs a lowered network as native code on the CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np

from fusemlir.codegen.barrier import YIELD, yield_address
from fusemlir.codegen.native import NativeLibrary
from fusemlir.runtime.host_program import HostProgram
from fusemlir.runtime.host_threads import HostThreads, new_barrier
from fusemlir.runtime.signature import TensorInfo
from fusemlir.weights import Array, Weights

ALIGNMENT = 64
"""Of all memory, in bytes: a cache line, and the widest register."""

COUNTS = 3
"""Arguments after the memory: the thread, the number of threads, the barrier."""


class HostExecutor:
    """A network's code and constants, and the threads that run it.

    Inputs are read where they lie if they are aligned, else copied first. Runs come
    one after the other.
    """

    def __init__(
        self,
        program: HostProgram,
        outputs: Sequence[TensorInfo],
        weights: Weights,
        threads: int = 1,
    ):
        """Load the code and the constants as kernels have them stored."""
        self._program = program
        self._outputs = outputs
        self._threads = HostThreads(threads)
        self._barrier = new_barrier()
        self._library = NativeLibrary(
            program.image, [program.name], {YIELD: yield_address()}
        )
        kinds = [ctypes.c_void_p] * (program.arguments + 1)
        self._function = self._library.function(
            program.name, *kinds, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
        )
        self._constants = {
            number: _aligned(weights.array(value))
            for number, value in program.constants.items()
        }
        self._arena = _empty(program.arena_bytes)

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        program, count = self._program, self._threads.count
        given = [_aligned(array) for array in inputs]
        results = [
            _empty(int(np.prod(_shape(tensor))) * tensor.dtype.itemsize)
            for tensor in self._outputs
        ]
        memory = dict(self._constants)
        memory.update(zip(program.inputs, given, strict=True))
        memory.update(zip(program.outputs, results, strict=True))
        addresses = [memory[number].ctypes.data for number in range(program.arguments)]
        addresses.append(self._arena.ctypes.data)
        barrier = self._barrier.ctypes.data
        self._threads.run(
            lambda thread: self._function(*addresses, thread, count, barrier)
        )
        return [
            result.view(tensor.dtype).reshape(_shape(tensor))
            for result, tensor in zip(results, self._outputs, strict=True)
        ]


def _shape(tensor: TensorInfo) -> tuple[int, ...]:
    return tuple(dim or 0 for dim in tensor.shape)


def _empty(size: int) -> Array:
    """Bytes that begin at a multiple of `ALIGNMENT`."""
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size]


def _aligned(array: Array) -> Array:
    """The array itself where it is row-major and aligned, else a copy that is."""
    if array.flags.c_contiguous and array.ctypes.data % ALIGNMENT == 0:
        return array
    memory = _empty(array.nbytes)
    memory.view(array.dtype).reshape(array.shape)[...] = array
    return memory
