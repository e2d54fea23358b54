"""Runs a lowered network on a GPU."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from fusemlir.runtime.cuda import CudaContext, CudaDevice, CudaKernel, DeviceMemory
from fusemlir.runtime.gpu_program import GpuProgram
from fusemlir.runtime.signature import TensorInfo
from fusemlir.weights import Array, Weights


class CudaExecutor:
    """A network's kernels and constants on a GPU, there until the executor is gone.

    Every tensor has memory of its own; runs come one after the other.
    """

    def __init__(
        self,
        device: CudaDevice,
        program: GpuProgram,
        outputs: Sequence[TensorInfo],
        weights: Weights,
    ):
        """Load kernels and constants; raises `CudaError` where the driver refuses."""
        self._device = device
        self._program = program
        self._outputs = outputs
        with ExitStack() as stack:
            context = stack.enter_context(device.open())
            module = context.load(program.ptx)
            stack.callback(module.unload)
            names = dict.fromkeys(launch.kernel for launch in program.launches)
            self._kernels: dict[str, CudaKernel] = {n: module.kernel(n) for n in names}
            self._memory = [_allocate(context, stack, s) for s in program.sizes]
            for number, value in program.constants.items():
                self._upload(number, weights.array(value))
            self._finalizer = weakref.finalize(self, stack.pop_all().close)

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        with self._device.open() as context:
            for number, array in zip(self._program.inputs, inputs, strict=True):
                self._upload(number, array)
            for launch in self._program.launches:
                arguments = [self._memory[number] for number in launch.buffers]
                kernel = self._kernels[launch.kernel]
                kernel.launch(launch.grid, launch.block, arguments)
            context.synchronize()
            pairs = zip(self._program.outputs, self._outputs, strict=True)
            return [self._download(number, tensor) for number, tensor in pairs]

    def _upload(self, number: int, array: Array) -> None:
        if array.size:
            # Weights may be mapped at an odd address: the driver wants no such array.
            self._memory[number].copy_from(np.require(array, requirements=["C", "A"]))

    def _download(self, number: int, tensor: TensorInfo) -> Array:
        array = np.empty([dim or 0 for dim in tensor.shape], tensor.dtype)
        if array.size:
            self._memory[number].copy_to(array)
        return array


def _allocate(context: CudaContext, stack: ExitStack, size: int) -> DeviceMemory:
    # The driver has no memory of no bytes.
    return stack.enter_context(context.allocate(max(size, 1)))
