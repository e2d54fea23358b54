"""The CUDA runtime against a driver that only writes down what it is asked."""

from __future__ import annotations

import ctypes
import importlib.util
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fusemlir.runtime.cuda import (
    CudaDevice,
    CudaError,
    CudaUnavailable,
    Driver,
    import_driver,
    probe,
)


class Code(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_PTX = 218
    CUDA_ERROR_ILLEGAL_ADDRESS = 700


class FakeDriver:
    """Answers every driver function; those in `failures` with the given code."""

    CUdevice_attribute = SimpleNamespace(
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR=75,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR=76,
    )
    CUjit_option = SimpleNamespace(
        CU_JIT_ERROR_LOG_BUFFER=5, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES=6
    )
    CUstreamCaptureMode = SimpleNamespace(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL=1)
    CUfunction_attribute = SimpleNamespace(
        CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES=8
    )

    def __init__(self, **failures: Code):
        self.failures = failures
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("cu"):
            raise AttributeError(name)

        def function(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append((name, *arguments))
            code = self.failures.get(name, Code.CUDA_SUCCESS)
            return code, *self.results(name, arguments)

        return function

    def results(self, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        match name:
            case "cuDeviceGetCount" | "cuEventCreate":
                return (1,)
            case "cuDeviceGetName":
                return (b"Fake GPU\0\0\0",)
            case "cuDeviceGetAttribute":
                return ({75: 9, 76: 0}[arguments[0]],)
            case "cuMemAlloc":
                return (0x1000 * len(self.calls),)
            case "cuEventElapsedTime":
                return (2.5,)
            case "cuModuleLoadDataEx":
                log = b"line 3: no such instruction\0"
                arguments[3][0][: len(log)] = log
                return (11,)
            case "cuDeviceGet" | "cuDevicePrimaryCtxRetain" | "cuModuleGetFunction":
                return (12,)
            case "cuStreamCreate":
                return (13,)
            case "cuStreamEndCapture" | "cuGraphInstantiate":
                return (14,)
            case _:
                return ()

    def names(self) -> list[str]:
        return [name for name, *_ in self.calls]


def device(driver: FakeDriver) -> CudaDevice:
    found = probe(lambda: driver)
    assert isinstance(found, CudaDevice)
    driver.calls.clear()
    return found


def test_a_gpu_that_answers_is_described():
    found = probe(FakeDriver)
    assert isinstance(found, CudaDevice)
    assert (found.name, found.capability, found.sm) == ("Fake GPU", (9, 0), "90")


def test_a_missing_package_is_the_reason():
    def load() -> Any:
        raise ImportError("No module named 'cuda'")

    assert probe(load) == CudaUnavailable(
        "cuda-python cannot be imported: No module named 'cuda'"
    )


def test_a_driver_library_that_is_not_there_is_the_reason():
    class NoLibrary:
        def cuInit(self, flags: int) -> Any:
            raise RuntimeError("libcuda.so not found")

    assert probe(NoLibrary) == CudaUnavailable(
        "no NVIDIA driver library (libcuda) is found"
    )


def test_a_driver_without_a_gpu_is_the_reason():
    found = probe(lambda: FakeDriver(cuInit=Code.CUDA_ERROR_NO_DEVICE))
    assert found == CudaUnavailable("an NVIDIA driver, but no GPU that it knows")


def test_another_refusal_to_start_is_the_reason():
    found = probe(lambda: FakeDriver(cuInit=Code.CUDA_ERROR_OUT_OF_MEMORY))
    assert isinstance(found, CudaUnavailable)
    assert found.reason.endswith("CUDA_ERROR_OUT_OF_MEMORY (2)")


def test_a_gpu_number_that_is_too_high_is_the_reason():
    found = probe(FakeDriver, ordinal=1)
    assert found == CudaUnavailable("wanted GPU 1, found 1 of them")


def test_the_context_is_current_inside_its_block_only():
    driver = FakeDriver()
    with device(driver).open():
        assert driver.names()[-1] == "cuCtxPushCurrent"
    assert driver.names()[-2:] == ["cuCtxPopCurrent", "cuDevicePrimaryCtxRelease"]


def test_a_kernel_is_launched_on_the_addresses_of_its_arguments():
    driver = FakeDriver()
    with device(driver).open() as context:
        kernel = context.load("ptx text").kernel("k")
        with context.allocate(8) as x, context.allocate(8) as y:
            x.copy_from(np.zeros(2, np.float32))
            kernel.launch((2, 1, 1), (128, 1, 1), [x, y], shared_memory=64)
            addresses = (x.address, y.address)
    name, function, *geometry, shared, stream, arguments, extra = next(
        call for call in driver.calls if call[0] == "cuLaunchKernel"
    )
    assert (name, function, geometry) == ("cuLaunchKernel", 12, [2, 1, 1, 128, 1, 1])
    assert (shared, stream, extra) == (64, 0, 0)
    assert arguments == (addresses, (ctypes.c_void_p, ctypes.c_void_p))
    assert driver.names().count("cuMemFree") == 2


def test_text_is_loaded_with_its_end_marked():
    driver = FakeDriver()
    with device(driver).open() as context:
        context.load("ptx text")
    [image] = [call[1] for call in driver.calls if call[0] == "cuModuleLoadDataEx"]
    assert image == b"ptx text\0"


def test_ptx_that_does_not_load_is_reported_with_the_log_of_the_driver():
    driver = FakeDriver(cuModuleLoadDataEx=Code.CUDA_ERROR_INVALID_PTX)
    message = r"(?s)CUDA_ERROR_INVALID_PTX \(218\).*line 3: no such instruction"
    with device(driver).open() as context, pytest.raises(CudaError, match=message):
        context.load("ptx text")


def test_a_failed_launch_names_its_kernel():
    driver = FakeDriver(cuLaunchKernel=Code.CUDA_ERROR_ILLEGAL_ADDRESS)
    message = "kernel `conv1`: cuLaunchKernel gave CUDA_ERROR_ILLEGAL_ADDRESS"
    with device(driver).open() as context, pytest.raises(CudaError, match=message):
        context.load("").kernel("conv1").launch((1, 1, 1), (1, 1, 1), [])


def test_a_copy_wants_an_array_of_the_size_of_the_memory():
    driver = FakeDriver()
    with device(driver).open() as context, context.allocate(8) as memory:
        message = r"contiguous array of 8 bytes, found float64\[2\] of 16"
        with pytest.raises(ValueError, match=message):
            memory.copy_from(np.zeros(2))
        with pytest.raises(ValueError, match="contiguous"):
            memory.copy_to(np.zeros((2, 2), np.float32)[:, 0])
    assert "cuMemcpyHtoD" not in driver.names()


def test_a_kernel_is_allowed_shared_memory_by_its_name():
    driver = FakeDriver(cuFuncSetAttribute=Code.CUDA_ERROR_OUT_OF_MEMORY)
    message = "kernel `conv1`, 300000 bytes of shared memory: cuFuncSetAttribute gave"
    with device(driver).open() as context, pytest.raises(CudaError, match=message):
        context.load("").kernel("conv1").allow_shared_memory(300_000)
    assert driver.calls[-3] == ("cuFuncSetAttribute", 12, 8, 300_000)


def test_what_is_recorded_starts_as_one():
    driver = FakeDriver()
    with device(driver).open() as context:
        kernel, stream = context.load("").kernel("k"), context.stream()
        with stream.recorded() as graph:
            kernel.launch((1, 1, 1), (1, 1, 1), [], stream=stream.handle)
        graph.launch(stream)
        stream.destroy()
    assert driver.names()[5:-2] == [
        "cuStreamCreate",
        "cuStreamBeginCapture",
        "cuLaunchKernel",
        "cuStreamEndCapture",
        "cuGraphInstantiate",
        "cuGraphLaunch",
        "cuGraphExecDestroy",
        "cuGraphDestroy",
        "cuStreamDestroy",
    ]


def test_a_launch_that_cannot_be_recorded_ends_the_recording():
    driver = FakeDriver(cuLaunchKernel=Code.CUDA_ERROR_ILLEGAL_ADDRESS)
    with device(driver).open() as context:
        kernel, stream = context.load("").kernel("conv1"), context.stream()
        with pytest.raises(CudaError, match="kernel `conv1`"), stream.recorded():
            kernel.launch((1, 1, 1), (1, 1, 1), [], stream=stream.handle)
        stream.destroy()
    assert driver.names().count("cuStreamEndCapture") == 1
    assert "cuGraphInstantiate" not in driver.names()


def test_events_measure_seconds():
    driver = FakeDriver()
    with device(driver).open() as context:
        start, end = context.event(), context.event()
        start.record()
        end.record()
        assert end.seconds_since(start) == 2.5e-3


@pytest.mark.skipif(
    importlib.util.find_spec("cuda") is None, reason="cuda-python is not installed"
)
@pytest.mark.skipif(
    Path("/dev/nvidiactl").exists(), reason="the driver would be called in earnest"
)
def test_the_real_bindings_take_the_arguments_that_are_passed():
    """Each function converts its arguments, with a `TypeError`, before it looks for the
    driver's library, which is not there.
    """
    functions = import_driver()
    driver = Driver(functions)
    options = functions.CUjit_option
    keys = [
        options.CU_JIT_ERROR_LOG_BUFFER,
        options.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
    ]
    launch = ((1, 2), (ctypes.c_void_p, ctypes.c_void_p))
    stream = functions.CUstream()
    mode = functions.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
    attributes = functions.CUfunction_attribute
    shared = attributes.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    calls: list[tuple[Any, ...]] = [
        ("cuModuleLoadDataEx", b"\0", 2, keys, [bytearray(8), 8]),
        ("cuLaunchKernel", functions.CUfunction(), *[1] * 6, 0, 0, launch, 0),
        ("cuMemcpyHtoD", functions.CUdeviceptr(1), 1, 8),
        ("cuMemcpyDtoH", 1, functions.CUdeviceptr(1), 8),
        ("cuModuleGetFunction", functions.CUmodule(), b"k"),
        ("cuEventRecord", functions.CUevent(), 0),
        ("cuEventCreate", 0),
        ("cuMemGetInfo",),
        ("cuStreamCreate", 0),
        ("cuStreamSynchronize", stream),
        ("cuStreamDestroy", stream),
        ("cuStreamBeginCapture", stream, mode),
        ("cuStreamEndCapture", stream),
        ("cuGraphInstantiate", functions.CUgraph(), 0),
        ("cuGraphLaunch", functions.CUgraphExec(), stream),
        ("cuGraphExecDestroy", functions.CUgraphExec()),
        ("cuGraphDestroy", functions.CUgraph()),
        ("cuMemHostAlloc", 8, 0),
        ("cuMemFreeHost", 1),
        ("cuMemcpyHtoDAsync", functions.CUdeviceptr(1), 1, 8, stream),
        ("cuMemcpyHtoDAsync", 1, 1, 8, stream),
        ("cuMemcpyDtoHAsync", 1, functions.CUdeviceptr(1), 8, stream),
        ("cuMemcpyDtoDAsync", functions.CUdeviceptr(1), 1, 8, stream),
        ("cuFuncSetAttribute", functions.CUfunction(), shared, 8),
    ]
    for name, *arguments in calls:
        with pytest.raises(RuntimeError, match="NVIDIA driver library"):
            driver.call("trying", name, *arguments)
