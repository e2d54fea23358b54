"""Memory that a GPU reaches: its own, and pages of the host that stay where they are.

Copies that take a stream only begin here; they are over when the stream is.
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fusemlir.runtime.cuda_driver import Driver


class DeviceSpan:
    """A stretch of the device's memory that someone else gives back."""

    def __init__(self, driver: Driver, address: Any, size: int):
        self.driver = driver
        self.address = address
        self.size = size

    def part(self, start: int, size: int) -> DeviceSpan:
        """`size` bytes of it, from byte `start`."""
        return DeviceSpan(self.driver, int(self.address) + start, size)

    def copy_from(self, array: NDArray[Any]) -> None:
        """Fill the memory from a contiguous host array of its size in bytes."""
        self.check(array)
        doing = f"copying {self.size} bytes to the device"
        source = array.ctypes.data
        self.driver.call(doing, "cuMemcpyHtoD", self.address, source, self.size)

    def copy_to(self, array: NDArray[Any]) -> None:
        """Fill a contiguous host array, of its size in bytes, from the memory."""
        self.check(array)
        doing = f"copying {self.size} bytes from the device"
        target = array.ctypes.data
        self.driver.call(doing, "cuMemcpyDtoH", target, self.address, self.size)

    def begin_upload(self, source: PinnedMemory, stream: Any) -> None:
        """Fill the memory from pinned memory that is at least as large."""
        doing = f"copying {self.size} bytes to the device"
        arguments = (self.address, source.address, self.size, stream)
        self.driver.call(doing, "cuMemcpyHtoDAsync", *arguments)

    def begin_download(self, target: PinnedMemory, stream: Any) -> None:
        """Copy the memory into pinned memory that is at least as large."""
        doing = f"copying {self.size} bytes from the device"
        arguments = (target.address, self.address, self.size, stream)
        self.driver.call(doing, "cuMemcpyDtoHAsync", *arguments)

    def begin_copy(self, source: int, stream: Any) -> None:
        """Fill the memory from an address of the same device."""
        doing = f"copying {self.size} bytes on the device"
        arguments = (self.address, source, self.size, stream)
        self.driver.call(doing, "cuMemcpyDtoDAsync", *arguments)

    def check(self, array: NDArray[Any]) -> None:
        if array.nbytes != self.size or not array.flags.c_contiguous:
            raise ValueError(
                f"wanted a contiguous array of {self.size} bytes, found "
                f"{array.dtype}{list(np.shape(array))} of {array.nbytes}"
            )


class DeviceMemory(DeviceSpan):
    """Bytes on the device, given back when the `with` block ends."""

    def __init__(self, driver: Driver, size: int):
        address = driver.call(f"allocating {size} bytes", "cuMemAlloc", size)
        super().__init__(driver, address, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.free()

    def free(self) -> None:
        self.driver.call(f"freeing {self.size} bytes", "cuMemFree", self.address)


class PinnedMemory:
    """Bytes of the host that the device copies without the driver's help."""

    def __init__(self, driver: Driver, size: int):
        self.driver = driver
        doing = f"allocating {size} pinned bytes"
        self.address: int = driver.call(doing, "cuMemHostAlloc", size, 0)
        held = memoryview((ctypes.c_uint8 * size).from_address(self.address))
        self.bytes: NDArray[np.uint8] = np.frombuffer(held, np.uint8)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        doing = f"freeing {self.bytes.size} pinned bytes"
        self.driver.call(doing, "cuMemFreeHost", self.address)

    def put(self, array: NDArray[Any]) -> None:
        """Copy an array, of any layout, to the start, row-major."""
        self.bytes[: array.nbytes].view(array.dtype).reshape(array.shape)[...] = array

    def take(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """A copy of the array of that type at the start."""
        array = np.empty(shape, dtype)
        array.reshape(-1)[...] = self.bytes[: array.nbytes].view(dtype)
        return array
