"""PTX modules that can be launched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from fusemlir.emulator.batch import Batch, Extent, Geometry
from fusemlir.emulator.global_memory import (
    NOBODY,
    Buffer,
    GlobalMemory,
    buffer_address,
)
from fusemlir.emulator.inline import inline_calls
from fusemlir.emulator.lanes import WARP
from fusemlir.emulator.local_memory import LocalMemory
from fusemlir.emulator.machine import MAXIMUM_CLOCK, Machine
from fusemlir.emulator.meter import BufferTraffic, Meter, Report
from fusemlir.emulator.parser import parse
from fusemlir.emulator.program import compile_program
from fusemlir.emulator.registers import Registers
from fusemlir.emulator.shared_memory import SharedMemory
from fusemlir.emulator.syntax import Address, Function, Name, Variable, Vector
from fusemlir.emulator.types import Array

Argument: TypeAlias = "Buffer | Array | bytes | int | float | np.generic"

LANES = 32768
"""About how many threads run side by side: their registers should fit a cache."""

MOST_SHARED = 232448
"""Bytes of shared memory that a block can have, on the GPUs that have most."""

MOST_THREADS = 1024

PARAMETERS = "the parameters"


def load(ptx: str) -> Module:
    """The module of a PTX text; raises `PtxError` at what is not understood."""
    return Module(ptx)


class Module:
    """Kernels, and the global variables that they share between launches."""

    def __init__(self, ptx: str):
        self._syntax = parse(ptx)
        self._programs: dict[str, _Layout] = {}
        self._globals: dict[str, Buffer] = {}
        for name, variable in self._syntax.variables.items():
            if variable.space in ("global", "const"):
                self._globals[name] = _variable_buffer(variable)

    @property
    def kernels(self) -> tuple[str, ...]:
        """The names of the kernels, in the order of the text."""
        functions = self._syntax.functions.values()
        return tuple(f.name for f in functions if f.is_kernel)

    def variable(self, name: str) -> Array:
        """The bytes of a global variable."""
        return self._globals[name].bytes

    def launch(
        self,
        kernel: str,
        grid: Sequence[int],
        block: Sequence[int],
        arguments: Sequence[Argument],
        shared_bytes: int = 0,
        *,
        checks: bool = True,
        metrics: bool = True,
        limit: int = MAXIMUM_CLOCK,
    ) -> Report:
        """Run a kernel on a grid of blocks; what it did, counted.

        Arrays are memory of the device, changed in place; numbers become what the
        parameter's type is; bytes are a parameter in memory. `checks` off leaves races
        and what is never written unseen; `metrics` off leaves sectors, bank conflicts
        and unique bytes uncounted (unique bytes want both).

        Raises `PtxError` where the kernel says what is not known, `ValueError` where
        the launch does not fit it, and `EmulationError` for a fault.
        """
        layout = self._layout(kernel)
        extents = _extent(grid), _extent(block)
        layout.check(extents[1], shared_bytes)
        program = layout.program
        memory = GlobalMemory(program.global_shift, checks, metrics)
        report = Report(kernel)
        meter = Meter(report, metrics)
        values = layout.place(memory, self._globals, arguments)
        memory.buffers[0].buffer.bytes[: len(values)] = np.frombuffer(values, np.uint8)
        total = math.prod(extents[0])
        lanes = -(-math.prod(extents[1]) // WARP) * WARP
        step = max(1, LANES // lanes)
        for first in range(0, total, step):
            geometry = Geometry(*extents, first, min(step, total - first))
            report.threads += geometry.threads * geometry.blocks
            batch = layout.batch(geometry, memory, meter, shared_bytes, checks)
            Machine(program, batch, limit).run()
        meter.sum_up([block.mnemonics for block in program.blocks])
        if metrics:
            _count_unique(report, memory)
        return report

    def _layout(self, kernel: str) -> _Layout:
        if kernel not in self._programs:
            if kernel not in self.kernels:
                known = ", ".join(self.kernels) or "none"
                raise ValueError(f"no kernel '{kernel}', there are: {known}")
            function = inline_calls(self._syntax.functions[kernel], self._syntax)
            self._programs[kernel] = _Layout(function, self._syntax.variables)
        return self._programs[kernel]


def _extent(sizes: Sequence[int]) -> Extent:
    padded = (*(int(size) for size in sizes), 1, 1)
    if len(sizes) > 3 or min(padded) < 1:
        raise ValueError(f"wanted one to three sizes of at least 1, found {sizes}")
    return padded[0], padded[1], padded[2]


def _variable_buffer(variable: Variable) -> Buffer:
    data = np.zeros(max(variable.size, 1), np.uint8)
    if variable.data is not None:
        data[: len(variable.data)] = np.frombuffer(variable.data, np.uint8)
    return Buffer(data, variable.name)


def _count_unique(report: Report, memory: GlobalMemory) -> None:
    for placed in memory.buffers[1:]:
        traffic = report.buffers.setdefault(placed.name, BufferTraffic())
        size = 1 << memory.shift
        read = int(np.count_nonzero(placed.readers != NOBODY)) * size
        traffic.unique_read_bytes = min(read, placed.size)
        if placed.writers is not None:
            written = int(np.count_nonzero(placed.writers != NOBODY)) * size
            traffic.unique_written_bytes = min(written, placed.size)


class _Layout:
    """Where the variables of a kernel are, and its program."""

    def __init__(self, function: Function, variables: Mapping[str, Variable]):
        self.function = function
        self.global_names = [
            name for name, v in variables.items() if v.space in ("global", "const")
        ]
        symbols: dict[str, tuple[str, int]] = {}
        for number, name in enumerate(self.global_names):
            symbols[name] = ("global", buffer_address(number + 1))
        self.parameter_size = self._place_parameters(symbols)
        used = _names(function)
        own = [v for v in variables.values() if v.space == "shared" and v.name in used]
        own += [v for v in function.variables.values() if v.space == "shared"]
        self.shared_size = _place(symbols, own)
        local = [
            v
            for v in function.variables.values()
            if v.space in ("local", "param") and v.name not in symbols
        ]
        self.local_size = _place(symbols, local)
        self.program = compile_program(function, symbols)

    def _place_parameters(self, symbols: dict[str, tuple[str, int]]) -> int:
        end = 0
        for parameter in self.function.parameters:
            end = -(-end // parameter.align) * parameter.align
            symbols[parameter.name] = ("param", buffer_address(0) + end)
            end += parameter.size
        return end

    def check(self, block: Extent, shared_bytes: int) -> None:
        """Raises `ValueError` for a launch that a GPU would refuse."""
        name, threads = self.function.name, math.prod(block)
        most = self.function.max_threads or MOST_THREADS
        if threads > most:
            raise ValueError(f"kernel '{name}' takes {most} threads, found {threads}")
        required = self.function.required_block
        if required is not None and required != block:
            raise ValueError(f"kernel '{name}' wants a block {required}, found {block}")
        if self.shared_size + shared_bytes > MOST_SHARED:
            found = self.shared_size + shared_bytes
            raise ValueError(
                f"kernel '{name}' wants {found} bytes of shared memory, "
                f"there are at most {MOST_SHARED}"
            )

    def place(
        self,
        memory: GlobalMemory,
        variables: Mapping[str, Buffer],
        arguments: Sequence[Argument],
    ) -> bytes:
        """Put parameters, variables and buffers into memory; the parameters' bytes."""
        parameters = self.function.parameters
        if len(arguments) != len(parameters):
            raise ValueError(
                f"kernel '{self.function.name}' takes {len(parameters)} arguments, "
                f"found {len(arguments)}"
            )
        block = np.zeros(max(self.parameter_size, 1), np.uint8)
        memory.place(Buffer(block, PARAMETERS), PARAMETERS, read_only=True)
        for name in self.global_names:
            memory.place(variables[name], name)
        known: dict[tuple[int, int], Buffer] = {}
        found = bytearray(self.parameter_size)
        for parameter, argument in zip(parameters, arguments, strict=True):
            if isinstance(argument, np.ndarray):
                argument = _same_buffer(known, argument, parameter.name)
            data = _argument_bytes(memory, parameter, argument)
            start = self._offset(parameter)
            found[start : start + len(data)] = data
        return bytes(found)

    def _offset(self, parameter: Variable) -> int:
        symbols = self.program.decoder.symbols
        return symbols[parameter.name][1] - buffer_address(0)

    def batch(
        self,
        geometry: Geometry,
        memory: GlobalMemory,
        meter: Meter,
        shared_bytes: int,
        checks: bool,
    ) -> Batch:
        """The state of some blocks before they run."""
        registers = Registers(list(self.program.decoder.slots))
        shared = SharedMemory(
            geometry.blocks,
            geometry.lanes_per_block,
            self.shared_size + shared_bytes,
            shared_bytes,
            self.program.shared_shift,
            checks,
            self.program.orders_warps,
        )
        local = LocalMemory(geometry.lanes, self.local_size)
        return Batch(geometry, registers, memory, shared, local, meter)


def _place(symbols: dict[str, tuple[str, int]], variables: Sequence[Variable]) -> int:
    """Give variables addresses; those without a size share what is behind all."""
    end = 0
    sized = [v for v in variables if v.count is not None]
    for variable in (*sized, *(v for v in variables if v.count is None)):
        end = -(-end // variable.align) * variable.align
        space = "local" if variable.space == "param" else variable.space
        symbols[variable.name] = (space, end)
        end += variable.size
    return end


def _names(function: Function) -> set[str]:
    """All names that instructions mention."""
    found: set[str] = set()
    work = [op for i in function.instructions for op in i.operands]
    while work:
        match work.pop():
            case Name(text):
                found.add(text)
            case Address(base=str(base)):
                found.add(base)
            case Vector(items):
                work.extend(items)
            case _:
                pass
    return found


def _same_buffer(
    known: dict[tuple[int, int], Buffer], array: Array, name: str
) -> Buffer:
    """An array given twice is one buffer."""
    key = (array.__array_interface__["data"][0], array.nbytes)
    if key not in known:
        known[key] = Buffer(array, name)
    return known[key]


def _argument_bytes(
    memory: GlobalMemory, parameter: Variable, argument: Argument
) -> bytes:
    type = parameter.type
    if isinstance(argument, bytes):
        if len(argument) != parameter.size:
            raise ValueError(
                f"parameter '{parameter.name}' has {parameter.size} bytes, "
                f"found {len(argument)}"
            )
        return argument
    if isinstance(argument, Buffer):
        if type.size != 8:
            raise ValueError(f"parameter '{parameter.name}' is no pointer")
        address = memory.place(argument, argument.name or parameter.name)
        return address.to_bytes(8, "little")
    if parameter.count != 1:
        raise ValueError(f"parameter '{parameter.name}' wants {parameter.size} bytes")
    if isinstance(argument, np.generic):
        if argument.dtype.itemsize != type.size:
            raise ValueError(
                f"parameter '{parameter.name}' is .{type.name}, "
                f"found {argument.dtype.name}"
            )
        return argument.tobytes()
    if isinstance(argument, float):
        return np.array(argument).astype(type.dtype).tobytes()
    return (int(argument) & ((1 << type.bits) - 1)).to_bytes(type.size, "little")
