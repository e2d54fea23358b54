"""A compiled network that can be run, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp

from fusemlir.remarks import Remark
from fusemlir.runtime.cuda_driver import CudaError
from fusemlir.runtime.device import Device, DeviceExecutor, Executor
from fusemlir.runtime.device_array import DeviceArray, device_array
from fusemlir.runtime.kernel import Kernel
from fusemlir.runtime.profile import RUNS, Profile, profile_of
from fusemlir.runtime.signature import Signature, TensorInfo
from fusemlir.runtime.timing import TimedExecutor
from fusemlir.weights import Array


@dataclass(frozen=True)
class Engine:
    """A network compiled for one device."""

    signature: Signature
    module: ModuleOp
    """The network with its fusions done."""
    kernels: tuple[Kernel, ...]
    layers_before: int
    """Launches that the network would cost without fusions."""
    remarks: tuple[Remark, ...]
    """What was fused, and what was not and why."""
    device: Device
    executor: Executor
    resources: tuple[object, ...] = ()
    """What must live as long as the engine."""

    @property
    def name(self) -> str:
        return self.signature.network

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        return self.signature.inputs

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        return self.signature.outputs

    def __call__(self, *inputs: npt.ArrayLike) -> Array | list[Array]:
        """The output for the inputs in order; a list where there are several."""
        outputs = self.run(inputs)
        return outputs[0] if len(outputs) == 1 else outputs

    @overload
    def run(self, inputs: Mapping[str, npt.ArrayLike]) -> dict[str, Array]: ...
    @overload
    def run(self, inputs: Sequence[npt.ArrayLike]) -> list[Array]: ...

    def run(
        self, inputs: Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike]
    ) -> list[Array] | dict[str, Array]:
        """The outputs: in order for inputs in order, by name for inputs by name.

        Nothing is converted: raises `DiagnosticError` where a name, a shape or an
        element type is not what the network takes, and where the device fails.
        """
        given = self.signature.bind(inputs)
        try:
            arrays = self.executor(given)
        except (ValueError, CudaError) as error:
            # What only shows with the data: an index out of range, sizes that differ.
            raise self.signature.error(str(error)) from error
        if not isinstance(inputs, Mapping):
            return arrays
        names = (tensor.name for tensor in self.outputs)
        return dict(zip(names, arrays, strict=True))

    def profile(
        self,
        inputs: Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike],
        runs: int = RUNS,
    ) -> Profile:
        """What each kernel takes, as the medians of so many runs after one more.

        Raises `DiagnosticError` as `run` does, and where the device has no clock.
        """
        executor = self.executor
        if not isinstance(executor, TimedExecutor):
            raise self.signature.error(
                "kernels are timed on devices host and cuda, this engine is on "
                f"{self.device}"
            )
        if runs < 1:
            raise self.signature.error(f"wanted 1 or more runs, found {runs}")
        given = self.signature.bind(inputs)
        try:
            executor(given)
            times = executor.times(given, runs)
        except (ValueError, CudaError) as error:
            raise self.signature.error(str(error)) from error
        return profile_of(self.module, self.kernels, executor.steps, times)

    def run_on_device(self, inputs: Sequence[object]) -> list[DeviceArray]:
        """The outputs on the GPU, for inputs in order that lie there already.

        Inputs are arrays of any library that has `__dlpack__` or
        `__cuda_array_interface__`; `torch.from_dlpack` and the like take the outputs.
        Raises `DiagnosticError` as `run` does, and where the engine is on no GPU.
        """
        executor = self.executor
        if not isinstance(executor, DeviceExecutor):
            raise self.signature.error(
                f"arrays on a GPU are for device cuda, this engine is on {self.device}"
            )
        try:
            arrays = [
                device_array(given, executor.stream, executor.ordinal)
                for given in inputs
            ]
            self.signature.check_types([(a.shape, a.dtype) for a in arrays])
            return executor.run_on_device(arrays)
        except (ValueError, CudaError) as error:
            raise self.signature.error(str(error)) from error

    def __repr__(self) -> str:
        takes = ", ".join(map(str, self.inputs))
        gives = ", ".join(map(str, self.outputs))
        return (
            f"<Engine {self.name} on {self.device.name}: {takes} -> {gives}; "
            f"{len(self.kernels)} kernels>"
        )
