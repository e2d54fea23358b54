"""Kernels with several schedules each, compiled and timed in turns.

Between two runs of a kernel all others have run, as in a network: its weights have gone
from the nearest caches, and what it reads was read just before.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import prod
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects.builtin import MemRefType, ModuleOp, f32
from xdsl.dialects.func import FuncOp
from xdsl.utils.hints import isa

from fusemlir.codegen.compiling import Compiling
from fusemlir.codegen.native import HostCpu, NativeLibrary
from fusemlir.codegen.thread_team import (
    RUN,
    SERVE,
    TEAM,
    c_library_symbols,
    enter_program,
)
from fusemlir.dialects.trt.module_attributes import CONSTANT, OUTPUT
from fusemlir.dialects.trt.schedule import SCHEDULE, ScheduleAttr
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.host.convert_trt_to_host import add_functions
from fusemlir.lowering.host.kernel_table import HostKernelTable
from fusemlir.lowering.host.lone_kernel import PlacedKernel, convert_kernel
from fusemlir.lowering.host.schedules import HostCpuShape
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.native_objects import native_objects
from fusemlir.runtime.host_memory import aligned
from fusemlir.runtime.host_program import LAST
from fusemlir.runtime.host_threads import HostThreads
from fusemlir.weights import Array, dtype_of
from fusemlir.weights.element_types import is_floating

SEED = 5
"""Of what kernels read."""

RANDOM = 1 << 16
"""Numbers that differ; then they come again."""

LARGEST = 63
"""Of random integers."""

Buffer: TypeAlias = tuple[Hashable, MemRefType[Any]]
"""A tensor of a program: equal keys are one memory."""


@dataclass
class Contest:
    """A kernel, and the schedules that it is tried with."""

    kernel: PlacedKernel
    schedules: Sequence[ScheduleAttr]
    """The first is the one to beat."""
    times: list[list[float]] = field(init=False)
    """Seconds of each run, by schedule."""
    running: list[int] = field(init=False)
    """Which schedules still run, by number."""

    def __post_init__(self) -> None:
        self.forget()
        self.running = list(range(len(self.schedules)))

    @property
    def quartiles(self) -> list[float]:
        """Of each schedule the time that a quarter of its runs take at most: what else
        goes on in the machine only makes runs longer."""
        return [sorted(times)[len(times) // 4] for times in self.times]

    def forget(self) -> None:
        """The times so far."""
        self.times = [[] for _ in self.schedules]

    def drop(self, near: float) -> None:
        """Let those go on that take up to `near` times as long as the quickest, and the
        one to beat if another one is among them."""
        found = self.quartiles
        most = near * min(found)
        rivals = [n for n, spent in enumerate(found) if n and spent <= most]
        self.running = [0, *rivals] if rivals else []

    def winner(self, gain: float) -> tuple[ScheduleAttr, float]:
        """The quickest, and how many times as long the first one takes: the first one
        itself, if that is not `gain` times."""
        found = self.quartiles
        best = min(self.running, key=found.__getitem__, default=0)
        won = found[0] / found[best]
        return (self.schedules[best], won) if won >= gain else (self.schedules[0], 1.0)

    def programs(self, name: str, table: HostKernelTable) -> list[FuncOp]:
        """One for each schedule, which calls a kernel of `table`."""
        attributes, found = self.kernel.node.attributes, list[FuncOp]()
        for number, schedule in enumerate(self.schedules):
            attributes[SCHEDULE] = schedule
            found.append(convert_kernel(self.kernel, f"{name}_{number}", table))
        del attributes[SCHEDULE]
        return found


@dataclass(frozen=True)
class Entry:
    """A program that can be run."""

    address: int
    tensors: Array
    """Their addresses."""


@dataclass
class Track:
    """Where contests are run: code, threads and memory."""

    contests: Sequence[Contest]
    entries: Sequence[Sequence[Entry]]
    """Of each contest, by schedule."""
    threads: HostThreads
    memory: Sequence[Array]

    @staticmethod
    def of_contests(
        contests: Sequence[Contest],
        module: ModuleOp,
        cpu: HostCpu,
        threads: int,
        how: Compiling,
    ) -> Track:
        """Compile a program for each schedule of each kernel; `module` is that of the
        network."""
        table = HostKernelTable(Immediates(module), shape_of(cpu))
        programs = [
            contest.programs(f"try_{number}", table)
            for number, contest in enumerate(contests)
        ]
        every = list(chain.from_iterable(programs))
        buffers = {
            program: list(_buffers(program, number))
            for number, found in enumerate(programs)
            for program in found
        }
        memory = _memory(chain.from_iterable(buffers.values()))
        lowered = ModuleOp([])
        add_functions(lowered, table, [program.clone() for program in every])
        texts = [TEAM, *map(_enter, every)]
        images = native_objects(lowered, texts, cpu, how)
        names = [RUN, SERVE, *map(_name, every)]
        library = NativeLibrary(images, names, c_library_symbols())

        def entry(program: FuncOp) -> Entry:
            places = [memory[key].ctypes.data for key, _ in buffers[program]]
            return Entry(library.address(_name(program)), np.array(places, np.uintp))

        entries = [[entry(program) for program in found] for found in programs]
        held = list(memory.values())
        return Track(contests, entries, HostThreads(library, threads), held)

    def run(self, rounds: int) -> None:
        """Let all that still run do so as often, in turns, and note their times."""
        pairs = list(zip(self.contests, self.entries, strict=True))
        most = max(len(contest.running) for contest in self.contests)
        for number in range(rounds):
            for turn in range(most):
                for contest, entries in pairs:
                    if turn < len(contest.running):
                        at = (turn + number) % len(contest.running)
                        schedule = contest.running[at]
                        contest.times[schedule].append(self._time(entries[schedule]))

    def _time(self, entry: Entry) -> float:
        # Of one thread, what other processes take does not count.
        clock = time.thread_time if self.threads.count == 1 else time.perf_counter
        start = clock()
        self.threads.run(entry.address, entry.tensors.ctypes.data)
        return clock() - start


def shape_of(cpu: HostCpu) -> HostCpuShape:
    lanes = cpu.vector_bytes // element_bytes(f32)
    return HostCpuShape(
        lanes, cpu.vector_registers, cpu.has_vpdpbusd, cpu.products_per_clock
    )


def _name(program: FuncOp) -> str:
    return f"enter_{program.sym_name.data}"


def _enter(program: FuncOp) -> str:
    tensors = len(program.function_type.inputs) - LAST + 1
    return enter_program(program.sym_name.data, tensors, _name(program))


def _buffers(program: FuncOp, kernel: int) -> Iterator[Buffer]:
    """Of each tensor of a program: inputs are where those of other kernels are, results
    where other results are, so that nobody reads what others made of random numbers;
    constants are one kernel's, whatever its schedule."""
    *tensors, arena = program.function_type.inputs.data[: 1 - LAST]
    assert program.arg_attrs is not None
    for number, type in enumerate(tensors):
        assert isa(type, MemRefType)
        role = program.arg_attrs.data[number].data
        whose = kernel if CONSTANT in role else None
        yield (OUTPUT in role, whose, number, type.element_type), type
    assert isa(arena, MemRefType)
    yield "arena", arena


def _memory(buffers: Iterable[Buffer]) -> dict[Hashable, Array]:
    """By key: large enough for all that have it."""
    largest = dict[Hashable, MemRefType[Any]]()
    for key, type in buffers:
        if key not in largest or _count(type) > _count(largest[key]):
            largest[key] = type
    generator = np.random.default_rng(SEED)
    return {key: _random(type, generator) for key, type in largest.items()}


def _count(type: MemRefType[Any]) -> int:
    return prod(type.get_shape())


def _random(type: MemRefType[Any], generator: np.random.Generator) -> Array:
    """Numbers that no CPU is slow with."""
    dtype = dtype_of(type.element_type)
    scale = 1 if is_floating(dtype) else LARGEST
    numbers = generator.uniform(-scale, scale, RANDOM).astype(dtype)
    return aligned(np.resize(numbers, _count(type)))
