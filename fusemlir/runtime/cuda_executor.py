"""Runs a lowered network on a GPU."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fusemlir.runtime.cuda import CudaContext, CudaDevice, CudaEvent, CudaKernel
from fusemlir.runtime.cuda_memory import DeviceMemory, DeviceSpan, PinnedMemory
from fusemlir.runtime.cuda_stream import CudaGraph
from fusemlir.runtime.device_array import DeviceArray
from fusemlir.runtime.gpu_program import GpuProgram, Launch
from fusemlir.runtime.signature import TensorInfo
from fusemlir.runtime.timing import Step, Times
from fusemlir.weights import Array, Weights

STATIC_SHARED_LIMIT = 48 * 1024
"""Bytes of dynamic shared memory that a launch may ask for just so."""


class CudaExecutor:
    """A network's kernels and constants on a GPU, there until the executor is gone.

    Tensors between kernels share an arena; runs come one after the other, on a stream
    of their own. With `graph` the launches are recorded once and start as one.
    """

    def __init__(
        self,
        device: CudaDevice,
        program: GpuProgram,
        outputs: Sequence[TensorInfo],
        weights: Weights,
        graph: bool = False,
    ):
        """Load kernels and constants; raises `CudaError` where the driver refuses."""
        self._device = device
        self._program = program
        self._outputs = outputs
        with ExitStack() as stack:
            context = stack.enter_context(device.open())
            self._stream = context.stream()
            stack.callback(self._stream.destroy)
            self._kernels = _kernels(context, stack, program)
            self._memory = _allocate(context, stack, program)
            self._pinned = _allocate_pinned(context, stack, program)
            for number, value in program.constants.items():
                # Weights may be mapped at an odd address: the driver wants none such.
                array = np.require(weights.array(value), requirements=["C", "A"])
                if array.size:
                    self._memory[number].copy_from(array)
            context.synchronize()
            self._graph = self._recorded() if graph and program.launches else None
            self._finalizer = weakref.finalize(self, stack.pop_all().close)

    @property
    def stream(self) -> int:
        """The handle of the stream that all work is on."""
        return int(self._stream.handle)

    @property
    def ordinal(self) -> int:
        """The number of the GPU."""
        return self._device.ordinal

    @property
    def steps(self) -> Sequence[Step]:
        """The launches, started one by one, with a graph as well."""
        return [Step((each.kernel,), each.layers) for each in self._program.launches]

    def times(self, inputs: Sequence[Array], runs: int) -> Times:
        """What the launches took on the device, and together; without copies."""
        with self._device.open() as context:
            self._begin_upload(inputs)
            marks = [context.event() for _ in range(len(self._program.launches) + 1)]
            of_steps = [self._times_between(marks) for _ in range(runs)]
            for mark in marks:
                mark.destroy()
        return Times([sum(each) for each in of_steps], of_steps)

    def _times_between(self, marks: Sequence[CudaEvent]) -> list[float]:
        first, *others = marks
        first.record(self._stream.handle)
        for launch, mark in zip(self._program.launches, others, strict=True):
            self._begin(launch)
            mark.record(self._stream.handle)
        self._wait()
        return [end.seconds_since(start) for start, end in pairwise(marks)]

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        stream, program = self._stream.handle, self._program
        with self._device.open():
            self._begin_upload(inputs)
            self._launch()
            for number in dict.fromkeys(program.outputs):
                if program.sizes[number]:
                    self._memory[number].begin_download(self._pinned[number], stream)
            self._wait()
        return [
            self._pinned[number].take(_shape(tensor), tensor.dtype)
            for number, tensor in zip(program.outputs, self._outputs, strict=True)
        ]

    def _begin_upload(self, inputs: Sequence[Array]) -> None:
        for number, array in zip(self._program.inputs, inputs, strict=True):
            if array.size:
                memory, pinned = self._memory[number], self._pinned[number]
                pinned.put(array)
                memory.begin_upload(pinned, self._stream.handle)

    def run_on_device(self, inputs: Sequence[DeviceArray]) -> list[DeviceArray]:
        """Like a call, for arrays on this GPU; outputs stay there, in new memory."""
        with self._device.open() as context:
            for number, array in zip(self._program.inputs, inputs, strict=True):
                if array.size:
                    memory = self._memory[number]
                    memory.begin_copy(array.address, self._stream.handle)
            self._launch()
            pairs = zip(self._program.outputs, self._outputs, strict=True)
            found = [self._copied(context, *pair) for pair in pairs]
            self._wait()
            return found

    def seconds_of_runs(self, count: int) -> list[float]:
        """What the launches of a run take on the device, for each of `count` runs.

        They compute with what is in the inputs' memory; nothing is copied.
        """
        with self._device.open() as context:
            marks = [context.event() for _ in range(count + 1)]
            marks[0].record(self._stream.handle)
            for mark in marks[1:]:
                self._launch()
                mark.record(self._stream.handle)
            self._wait()
            seconds = [end.seconds_since(start) for start, end in pairwise(marks)]
            for mark in marks:
                mark.destroy()
            return seconds

    def _copied(
        self, context: CudaContext, number: int, tensor: TensorInfo
    ) -> DeviceArray:
        source = self._memory[number]
        memory = context.allocate(source.size)
        owner = _OutputMemory(self)
        weakref.finalize(owner, _free, self._device, memory)
        memory.begin_copy(int(source.address), self._stream.handle)
        address = int(memory.address)
        return DeviceArray(address, _shape(tensor), tensor.dtype, self.ordinal, owner)

    def _recorded(self) -> CudaGraph:
        with self._stream.recorded() as graph:
            self._launch_each()
        return graph

    def _launch(self) -> None:
        if self._graph is None:
            self._launch_each()
        else:
            self._graph.launch(self._stream)

    def _launch_each(self) -> None:
        for launch in self._program.launches:
            self._begin(launch)

    def _begin(self, launch: Launch) -> None:
        self._kernels[launch.kernel].launch(
            launch.grid,
            launch.block,
            [self._memory[number] for number in launch.buffers],
            launch.shared_bytes,
            self._stream.handle,
        )

    def _wait(self) -> None:
        what = "copies"
        if self._kernels:
            first, *_, last = (next(iter(self._kernels)), *self._kernels)
            what = f"one of {len(self._kernels)} kernels, `{first}` to `{last}`"
        self._stream.synchronize(f"waiting for {what}")


@dataclass(eq=False)
class _OutputMemory:
    """Keeps the device in use, and what its finalizer frees, while it lives."""

    executor: CudaExecutor


def _free(device: CudaDevice, memory: DeviceMemory) -> None:
    with device.open():
        memory.free()


def _kernels(
    context: CudaContext, stack: ExitStack, program: GpuProgram
) -> dict[str, CudaKernel]:
    """The kernels by name, each allowed the shared memory that it is launched with."""
    module = context.load(program.ptx)
    stack.callback(module.unload)
    shared: dict[str, int] = {}
    for launch in program.launches:
        most = max(shared.get(launch.kernel, 0), launch.shared_bytes)
        shared[launch.kernel] = most
    kernels = {name: module.kernel(name) for name in shared}
    for name, size in shared.items():
        if size > STATIC_SHARED_LIMIT:
            kernels[name].allow_shared_memory(size)
    return kernels


def _allocate(
    context: CudaContext, stack: ExitStack, program: GpuProgram
) -> list[DeviceSpan]:
    """Memory of each buffer, that of views in the buffer that they are a part of."""
    found: list[DeviceSpan] = []
    for number, size in enumerate(program.sizes):
        if number in program.views:
            whole, start = program.views[number]
            found.append(found[whole].part(start, size))
        else:
            found.append(stack.enter_context(context.allocate(_at_least_one(size))))
    return found


def _allocate_pinned(
    context: CudaContext, stack: ExitStack, program: GpuProgram
) -> dict[int, PinnedMemory]:
    """Pages of the host that inputs and outputs are copied through."""
    return {
        number: stack.enter_context(
            context.allocate_pinned(_at_least_one(program.sizes[number]))
        )
        for number in dict.fromkeys((*program.inputs, *program.outputs))
    }


def _at_least_one(size: int) -> int:
    # The driver has no memory of no bytes.
    return max(size, 1)


def _shape(tensor: TensorInfo) -> tuple[int, ...]:
    return tuple(dim or 0 for dim in tensor.shape)
