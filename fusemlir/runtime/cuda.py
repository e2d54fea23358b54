"""The CUDA driver: what a GPU run needs of it, and nothing else here imports `cuda`.

Every failure is a `CudaError` that says what was being done, on which kernel. A fault
inside a kernel shows when the kernels are waited for; with CUDA_LAUNCH_BLOCKING=1 in
the environment it shows at the launch, which names the kernel.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Any, Self

from fusemlir.runtime.cuda_driver import CudaError, Driver, describe
from fusemlir.runtime.cuda_memory import DeviceMemory, DeviceSpan, PinnedMemory
from fusemlir.runtime.cuda_stream import CudaStream

NO_DEVICE = 100
"""CUDA_ERROR_NO_DEVICE."""

LOG_SIZE = 1 << 14

Extent = tuple[int, int, int]


@dataclass(frozen=True)
class CudaUnavailable:
    """No GPU answers here."""

    reason: str


@dataclass(frozen=True)
class CudaDevice:
    """A GPU that answered."""

    driver: Driver
    ordinal: int
    name: str
    capability: tuple[int, int]
    """Major and minor compute capability."""

    @property
    def sm(self) -> str:
        """The target name `80` of capability (8, 0)."""
        major, minor = self.capability
        return f"{major}{minor}"

    def open(self) -> CudaContext:
        """The device ready for use, until its `with` block ends."""
        return CudaContext(self)


def import_driver() -> Any:
    return import_module("cuda.bindings.driver")


def probe(
    load: Callable[[], Any] = import_driver, ordinal: int = 0
) -> CudaDevice | CudaUnavailable:
    """The GPU `ordinal`, or why there is none. Never raises for a missing GPU.

    `load` gives the module of driver functions. Without a driver library each of its
    functions raises a `RuntimeError`.
    """
    try:
        driver = Driver(load())
        (code,) = driver.functions.cuInit(0)
    except ImportError as error:
        return CudaUnavailable(f"cuda-python cannot be imported: {error}")
    except RuntimeError:
        return CudaUnavailable("no NVIDIA driver library (libcuda) is found")
    if int(code) == NO_DEVICE:
        return CudaUnavailable("an NVIDIA driver, but no GPU that it knows")
    if int(code):
        return CudaUnavailable(f"the NVIDIA driver does not start: {describe(code)}")
    try:
        return describe_device(driver, ordinal)
    except CudaError as error:
        return CudaUnavailable(str(error))


def describe_device(driver: Driver, ordinal: int) -> CudaDevice:
    doing = f"looking at GPU {ordinal}"
    count: int = driver.call(doing, "cuDeviceGetCount")
    if ordinal >= count:
        raise CudaError(f"wanted GPU {ordinal}, found {count} of them")
    handle = driver.call(doing, "cuDeviceGet", ordinal)
    name: bytes = driver.call(doing, "cuDeviceGetName", 256, handle)
    attributes = driver.functions.CUdevice_attribute
    major, minor = (
        int(driver.call(doing, "cuDeviceGetAttribute", attribute, handle))
        for attribute in (
            attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
            attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
        )
    )
    text = name.rstrip(b"\0").decode()
    return CudaDevice(driver, ordinal, text, (major, minor))


class CudaContext:
    """A device in use: its primary context is current inside the `with` block."""

    def __init__(self, device: CudaDevice):
        self.device = device
        self.driver = device.driver

    def __enter__(self) -> Self:
        doing = f"opening {self.device.name}"
        self.handle = self.driver.call(doing, "cuDeviceGet", self.device.ordinal)
        context = self.driver.call(doing, "cuDevicePrimaryCtxRetain", self.handle)
        self.driver.call(doing, "cuCtxPushCurrent", context)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        doing = f"closing {self.device.name}"
        self.driver.call(doing, "cuCtxPopCurrent")
        self.driver.call(doing, "cuDevicePrimaryCtxRelease", self.handle)

    def load(self, image: str | bytes) -> CudaModule:
        """PTX or a cubin as a module; the driver assembles PTX now.

        Raises `CudaError` with the driver's log.
        """
        data = image.encode() if isinstance(image, str) else image
        option = self.driver.functions.CUjit_option
        log = bytearray(LOG_SIZE)
        options = {
            option.CU_JIT_ERROR_LOG_BUFFER: log,
            option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES: LOG_SIZE,
        }
        try:
            handle = self.driver.call(
                f"loading kernels on {self.device.name}",
                "cuModuleLoadDataEx",
                data + b"\0",
                len(options),
                list(options.keys()),
                list(options.values()),
            )
        except CudaError as error:
            text = log.split(b"\0", 1)[0].decode(errors="replace").strip()
            raise CudaError(f"{error}\n{text}" if text else str(error)) from error
        return CudaModule(self, handle)

    def allocate(self, size: int) -> DeviceMemory:
        """`size` bytes of the device's memory."""
        return DeviceMemory(self.driver, size)

    def allocate_pinned(self, size: int) -> PinnedMemory:
        """`size` bytes of the host's memory that copies are fast from and to."""
        return PinnedMemory(self.driver, size)

    def free_memory(self) -> int:
        """The bytes of the device's memory that nobody uses."""
        free, _ = self.driver.call("asking for free memory", "cuMemGetInfo")
        return free

    def stream(self) -> CudaStream:
        """A new stream, to be destroyed before the context ends."""
        return CudaStream(self.driver)

    def synchronize(self) -> None:
        """Wait for all that was launched; here a fault inside a kernel shows."""
        self.driver.call("waiting for kernels", "cuCtxSynchronize")

    def event(self) -> CudaEvent:
        """A point in time to be recorded between launches."""
        return CudaEvent(self)


@dataclass(frozen=True)
class CudaModule:
    """Loaded kernels."""

    context: CudaContext
    handle: Any

    def kernel(self, name: str) -> CudaKernel:
        """The kernel `name`; raises `CudaError` where the module has none."""
        function = self.context.driver.call(
            f"kernel `{name}`", "cuModuleGetFunction", self.handle, name.encode()
        )
        return CudaKernel(self.context, name, function)

    def unload(self) -> None:
        self.context.driver.call("unloading kernels", "cuModuleUnload", self.handle)


@dataclass(frozen=True)
class CudaKernel:
    """One function of a module."""

    context: CudaContext
    name: str
    function: Any

    def allow_shared_memory(self, size: int) -> None:
        """Let launches ask for `size` bytes of dynamic shared memory.

        Without, 48 KiB are the most. Raises `CudaError` where the GPU has less.
        """
        attributes = self.context.driver.functions.CUfunction_attribute
        self.context.driver.call(
            f"kernel `{self.name}`, {size} bytes of shared memory",
            "cuFuncSetAttribute",
            self.function,
            attributes.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
            size,
        )

    def launch(
        self,
        grid: Extent,
        block: Extent,
        arguments: Sequence[DeviceSpan],
        shared_memory: int = 0,
        stream: Any = 0,
    ) -> None:
        """Start `grid` blocks of `block` threads; every argument is a bare pointer.

        `shared_memory` is the dynamic part, in bytes. Does not wait.
        """
        addresses = tuple(int(memory.address) for memory in arguments)
        types = (ctypes.c_void_p,) * len(addresses)
        self.context.driver.call(
            f"kernel `{self.name}`",
            "cuLaunchKernel",
            self.function,
            *grid,
            *block,
            shared_memory,
            stream,
            (addresses, types),
            0,
        )


class CudaEvent:
    """A point in time between launches."""

    def __init__(self, context: CudaContext):
        self.driver = context.driver
        self.handle = self.driver.call("timing", "cuEventCreate", 0)

    def record(self, stream: Any = 0) -> None:
        """Mark the point after all that was launched on `stream`."""
        self.driver.call("timing", "cuEventRecord", self.handle, stream)

    def seconds_since(self, start: CudaEvent) -> float:
        """Device time between two recorded events; waits for the second."""
        self.driver.call("timing", "cuEventSynchronize", self.handle)
        milliseconds: float = self.driver.call(
            "timing", "cuEventElapsedTime", start.handle, self.handle
        )
        return milliseconds * 1e-3

    def destroy(self) -> None:
        self.driver.call("timing", "cuEventDestroy", self.handle)
