"""Arrays in memory of a GPU, to and from other libraries without a copy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusemlir.runtime import dlpack
from fusemlir.weights.element_types import BFLOAT16


@dataclass(frozen=True)
class DeviceArray:
    """A row-major array in memory of the GPU `ordinal`.

    `torch.from_dlpack(array)` and what takes `__cuda_array_interface__` share it; it
    is whole, so that none of them has to wait.
    """

    address: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    ordinal: int
    owner: object
    """What has to live as long as the memory is used."""

    @property
    def size(self) -> int:
        """In bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, self.ordinal

    def __dlpack__(self, **_: Any) -> Any:
        return dlpack.give(self.shared, self)

    @property
    def shared(self) -> dlpack.Shared:
        device = self.__dlpack_device__()
        return dlpack.Shared(self.address, self.shape, self.dtype, device, None)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        if self.dtype == BFLOAT16:
            raise AttributeError("numpy has no name for bfloat16; take __dlpack__")
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.address, False),
            "strides": None,
            "version": 3,
            "stream": None,
        }


@dataclass(eq=False)
class _Borrowed:
    """What keeps an array of another library where it is."""

    given: object


def is_on_device(given: object) -> bool:
    """Whether `given` is an array that lies in memory of a GPU."""
    if isinstance(given, np.ndarray):
        return False
    device = getattr(given, "__dlpack_device__", None)
    if device is not None:
        return int(device()[0]) == dlpack.CUDA
    return hasattr(given, "__cuda_array_interface__")


def device_array(given: Any, stream: int, ordinal: int) -> DeviceArray:
    """What another library has on the GPU `ordinal`, ready for work on `stream`.

    Raises `ValueError` for what is elsewhere, or not row-major.
    """
    if isinstance(given, DeviceArray):
        shared, owner = given.shared, given
    elif not is_on_device(given):
        raise ValueError(
            f"wanted an array on a GPU, with __dlpack__ or __cuda_array_interface__, "
            f"found {type(given).__name__}"
        )
    else:
        owner = _Borrowed(given)
        shared = _shared(given, owner, stream, ordinal)
    if shared.device[1] != ordinal:
        raise ValueError(f"wanted an array on GPU {ordinal}, found {shared.device[1]}")
    if not _is_row_major(shared):
        raise ValueError(
            f"wanted a contiguous array, found shape {list(shared.shape)} with strides "
            f"{list(shared.strides or ())}"
        )
    return DeviceArray(shared.address, shared.shape, shared.dtype, ordinal, owner)


def _shared(given: Any, owner: object, stream: int, ordinal: int) -> dlpack.Shared:
    if hasattr(given, "__dlpack__"):
        return dlpack.take(given.__dlpack__(stream=stream), owner)
    interface = given.__cuda_array_interface__
    if interface.get("stream") is not None:
        raise ValueError("wanted an array that is whole, found one of another stream")
    dtype = np.dtype(interface["typestr"])
    strides = interface.get("strides")
    return dlpack.Shared(
        int(interface["data"][0]),
        tuple(interface["shape"]),
        dtype,
        # The interface does not say which one.
        (dlpack.CUDA, ordinal),
        None if strides is None else tuple(s // dtype.itemsize for s in strides),
    )


def _is_row_major(shared: dlpack.Shared) -> bool:
    if shared.strides is None:
        return True
    expected = 1
    for size, stride in zip(
        reversed(shared.shape), reversed(shared.strides), strict=True
    ):
        if size > 1 and stride != expected:
            return False
        expected *= size
    return True
