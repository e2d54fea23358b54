"""Runs a lowered network as native code on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from time import perf_counter

import numpy as np

from fusemlir.codegen.native import NativeLibrary
from fusemlir.codegen.thread_team import ENTER, RUN, SERVE, c_library_symbols
from fusemlir.runtime.host_memory import (
    ConstantMemory,
    ResultMemory,
    address_of,
    empty,
)
from fusemlir.runtime.host_program import HostProgram
from fusemlir.runtime.host_threads import HostThreads
from fusemlir.runtime.signature import TensorInfo
from fusemlir.runtime.timing import Step, Times
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
        library = NativeLibrary(
            program.images, [ENTER, RUN, SERVE], c_library_symbols()
        )
        self._enter = library.address(ENTER)
        self._threads = HostThreads(library, threads)
        sizes = map(weights.size, program.constants.values())
        with ConstantMemory(sizes) as memory:
            self._constants = {
                number: memory.aligned(weights.elements(value))
                for number, value in program.constants.items()
            }
        self._arena = empty(program.arena_bytes)
        self._addresses = np.zeros(program.arguments + 1, np.uintp)
        self._addresses[-1] = address_of(self._arena)
        for number, constant in self._constants.items():
            self._addresses[number] = address_of(constant)
        self._arguments = address_of(self._addresses)
        self._lock = Lock()

    @property
    def steps(self) -> Sequence[Step]:
        return self._program.steps

    def times(self, inputs: Sequence[Array], runs: int) -> Times:
        """What each of `runs` runs and its steps took."""
        of_runs, of_steps = list[float](), list[list[float]]()

        def run_timed(function: int, arguments: int) -> None:
            count = len(self.steps)
            of_steps.append(self._threads.run_timed(function, arguments, count))

        for _ in range(runs):
            start = perf_counter()
            self._run(inputs, run_timed)
            of_runs.append(perf_counter() - start)
        return Times(of_runs, of_steps)

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        return self._run(inputs, self._threads.run)

    def _run(
        self, inputs: Sequence[Array], start: Callable[[int, int], None]
    ) -> list[Array]:
        program, addresses = self._program, self._addresses
        given = [array if _is_plain(array) else array.copy("C") for array in inputs]
        results = [memory.array() for memory in self._results]
        with self._lock:
            for number, array in zip(program.inputs, given, strict=True):
                addresses[number] = address_of(array)
            for number, (_, address) in zip(program.outputs, results, strict=True):
                addresses[number] = address
            start(self._enter, self._arguments)
        return [array for array, _ in results]


def _shape(tensor: TensorInfo) -> tuple[int, ...]:
    return tuple(dim or 0 for dim in tensor.shape)


def _is_plain(array: Array) -> bool:
    """Row-major, its elements aligned."""
    return array.flags.c_contiguous and array.flags.aligned
