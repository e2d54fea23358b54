"""Where an engine can run: the devices, and how one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from xdsl.dialects.func import FuncOp

from fusemlir.reference import Mode, run
from fusemlir.runtime.device_array import DeviceArray
from fusemlir.weights import Array, Weights

Executor: TypeAlias = Callable[[Sequence[Array]], list[Array]]
"""Outputs of a network, in order, for inputs that are known to be right."""

DEVICES = ("auto", "cuda", "host", "emu", "reference")
"""What can be asked for; `auto` is `cuda` where that can be used, else `host`, and
`reference` where that lacks a kernel. `cuda:1` is the second GPU."""


@runtime_checkable
class DeviceExecutor(Protocol):
    """An executor that can take inputs where they lie, on a GPU."""

    @property
    def stream(self) -> int:
        """The stream that inputs must be ready for."""
        ...

    @property
    def ordinal(self) -> int:
        """The number of the GPU."""
        ...

    def run_on_device(self, inputs: Sequence[DeviceArray]) -> list[DeviceArray]:
        """New arrays on the GPU, for inputs that are known to be right."""
        ...


@dataclass(frozen=True)
class Device:
    """The device of an engine, and why it is that one."""

    name: str
    detail: str
    """What it is: the model of a GPU, or `numpy, slow`."""
    reason: str

    def __str__(self) -> str:
        """`reference (numpy, slow): no NVIDIA driver: ...`."""
        return f"{self.name} ({self.detail}): {self.reason}"


@dataclass(frozen=True)
class ReferenceExecutor:
    """Runs a network layer by layer in numpy, as the dialect defines it."""

    function: FuncOp
    weights: Weights
    mode: Mode = Mode.TYPED

    def __call__(self, inputs: Sequence[Array]) -> list[Array]:
        return run(self.function, inputs, self.weights, self.mode)
