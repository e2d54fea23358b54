"""Runs a lowered network as native code on the CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from threading import Lock

from fusemlir.codegen.barrier import YIELD, yield_address
from fusemlir.codegen.native import NativeLibrary
from fusemlir.runtime.host_memory import ResultMemory, aligned, empty
from fusemlir.runtime.host_program import HostProgram
from fusemlir.runtime.host_threads import HostThreads, new_barrier
from fusemlir.runtime.signature import TensorInfo
from fusemlir.weights import Array, Weights


class HostExecutor:
    """A network's code and constants, and the threads that run it.

    Inputs are read where they lie, row-major and at addresses that are multiples of an
    element's size; others are copied first. Results are new arrays to who called, in
    memory that is used again when nobody holds them. Runs come one after the other.
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
        self._results = [ResultMemory(_shape(out), out.dtype) for out in outputs]
        self._threads = HostThreads(threads)
        self._barrier = new_barrier()
        self._library = NativeLibrary(
            program.images, [program.name], {YIELD: yield_address()}
        )
        kinds = [ctypes.c_void_p] * (program.arguments + 1)
        self._function = self._library.function(
            program.name, *kinds, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
        )
        self._constants = {
            number: aligned(weights.array(value))
            for number, value in program.constants.items()
        }
        self._arena = empty(program.arena_bytes)
        self._addresses = [0] * program.arguments + [self._arena.ctypes.data]
        for number, constant in self._constants.items():
            self._addresses[number] = constant.ctypes.data
        self._lock = Lock()

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        program, count = self._program, self._threads.count
        given = [array if _is_plain(array) else array.copy("C") for array in inputs]
        results = [memory.array() for memory in self._results]
        addresses = list(self._addresses)
        for number, array in zip(program.inputs, given, strict=True):
            addresses[number] = array.ctypes.data
        for number, array in zip(program.outputs, results, strict=True):
            addresses[number] = array.ctypes.data
        barrier = self._barrier.ctypes.data
        with self._lock:
            self._threads.run(
                lambda thread: self._function(*addresses, thread, count, barrier)
            )
        return results


def _shape(tensor: TensorInfo) -> tuple[int, ...]:
    return tuple(dim or 0 for dim in tensor.shape)


def _is_plain(array: Array) -> bool:
    """Row-major, its elements aligned."""
    return array.flags.c_contiguous and array.flags.aligned
