"""Runs a lowered network's PTX on numpy, with all that the emulator checks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fusemlir import emulator
from fusemlir.runtime.gpu_program import GpuProgram
from fusemlir.runtime.signature import TensorInfo
from fusemlir.weights import Array, Weights

VECTOR = 16
"""Bytes of the widest access."""


class EmuExecutor:
    """A network's kernels and constants on the emulator.

    Constants and inputs cannot be written, and what a kernel is to write cannot be
    read before it has.
    """

    def __init__(
        self,
        program: GpuProgram,
        outputs: Sequence[TensorInfo],
        weights: Weights,
        metrics: bool = False,
    ):
        """Read kernels and constants; raises `ValueError` for PTX not understood."""
        self._program = program
        self._outputs = outputs
        self._metrics = metrics
        self._module = emulator.load(program.ptx)
        self._constants = {
            number: _read_only(weights.array(value), f"constant {number}")
            for number, value in program.constants.items()
        }
        self.reports: list[emulator.Report] = []
        """What each launch of the last run did."""

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs; raises `ValueError` that names the fault of a kernel."""
        buffers = self._buffers(inputs)
        self.reports = []
        for launch in self._program.launches:
            arguments = [buffers[number] for number in launch.buffers]
            try:
                report = self._module.launch(
                    launch.kernel,
                    launch.grid,
                    launch.block,
                    arguments,
                    launch.shared_bytes,
                    metrics=self._metrics,
                )
            except emulator.EmulationError as error:
                raise ValueError(f"emulated {error}") from error
            self.reports.append(report)
        pairs = zip(self._program.outputs, self._outputs, strict=True)
        return [_tensor(buffers[number], tensor) for number, tensor in pairs]

    def _buffers(self, inputs: Sequence[Array]) -> list[emulator.Buffer]:
        given = dict(zip(self._program.inputs, inputs, strict=True))
        found: list[emulator.Buffer] = []
        for number, size in enumerate(self._program.sizes):
            if number in self._constants:
                found.append(self._constants[number])
            elif number in given:
                found.append(_read_only(given[number], f"input {number}"))
            else:
                memory, tail = self._memory(number, size, found)
                name = f"tensor {number}"
                found.append(emulator.Buffer(memory, name, False, tail))
        return found

    def _memory(
        self, number: int, size: int, found: Sequence[emulator.Buffer]
    ) -> tuple[Array, int]:
        """Memory to write to, and how much is added behind it: of a view, what lies
        there in the buffer that it is a part of."""
        if number not in self._program.views:
            return _padded(np.zeros(size, np.uint8))
        whole, start = self._program.views[number]
        tail = -size % VECTOR
        return found[whole].bytes[start : start + size + tail], tail


def _read_only(array: Array, name: str) -> emulator.Buffer:
    copied, tail = _padded(np.array(array, order="C").reshape(-1).view(np.uint8))
    copied.flags.writeable = False
    return emulator.Buffer(copied, name, tail=tail)


def _padded(data: Array) -> tuple[Array, int]:
    """Bytes as a driver allocates them, up to whole vectors, and how many were added.

    LLVM reads whole vectors where the alignment says that nothing can go wrong; what
    is behind the end has all bits set, so that who uses it makes no number of it.
    """
    tail = -data.size % VECTOR
    return np.concatenate([data, np.full(tail, 0xFF, np.uint8)]), tail


def _tensor(buffer: emulator.Buffer, tensor: TensorInfo) -> Array:
    shape = [dim or 0 for dim in tensor.shape]
    data = buffer.bytes[: buffer.bytes.size - buffer.tail]
    return data.view(tensor.dtype).reshape(shape).copy()
