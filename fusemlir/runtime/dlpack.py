"""DLPack capsules, by which libraries hand arrays to each other without a copy.

The layout is that of `dlpack.h` before version 1, which all libraries still take.
"""

from __future__ import annotations

import ctypes
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusemlir.weights.element_types import BFLOAT16

CPU, CUDA = 1, 2
"""Types of devices."""

_NAME, _USED = b"dltensor", b"used_dltensor"

_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
"""By kind of numpy type, DLPack's code."""

_BFLOAT = 4


class _DataType(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
    ]


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("dtype", _DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _ManagedTensor(ctypes.Structure):
    _fields_ = [
        ("tensor", _Tensor),
        ("context", ctypes.c_void_p),
        ("deleter", _DELETER),
    ]


@dataclass(frozen=True)
class Shared:
    """An array that another library holds."""

    address: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    device: tuple[int, int]
    """Type and ordinal."""
    strides: tuple[int, ...] | None
    """In elements; None where it is row-major."""


_exported: dict[int, tuple[object, ...]] = {}
"""What has to live while others use it, by the address of its description."""


@_DELETER
def _forget(address: int) -> None:
    _exported.pop(address, None)


_api = ctypes.pythonapi
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_api.PyCapsule_IsValid.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
_api.PyCapsule_SetName.argtypes = (ctypes.c_void_p, ctypes.c_char_p)


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _capsule_ends(capsule: int) -> None:
    """Of a capsule that nobody took."""
    if _api.PyCapsule_IsValid(capsule, _NAME):
        _forget(_api.PyCapsule_GetPointer(capsule, _NAME))


def give(shared: Shared, owner: object) -> Any:
    """A capsule of an array, row-major, that keeps `owner` alive while it is used."""
    rank = len(shared.shape)
    shape = (ctypes.c_int64 * rank)(*shared.shape)
    tensor = _Tensor(
        shared.address,
        *shared.device,
        rank,
        _DataType(_code(shared.dtype), shared.dtype.itemsize * 8, 1),
        ctypes.cast(shape, ctypes.POINTER(ctypes.c_int64)),
        None,
        0,
    )
    managed = _ManagedTensor(tensor, None, _forget)
    address = ctypes.addressof(managed)
    _exported[address] = (managed, shape, owner)
    return _api.PyCapsule_New(
        address, _NAME, ctypes.cast(_capsule_ends, ctypes.c_void_p)
    )


def take(capsule: Any, owner: object) -> Shared:
    """What a capsule holds; it is given back when `owner` is gone.

    Raises `ValueError` for a capsule that was taken before, and `TypeError` for
    elements that numpy has no type for.
    """
    if not _api.PyCapsule_IsValid(id(capsule), _NAME):
        raise ValueError("wanted a DLPack capsule that nobody took yet")
    address = _api.PyCapsule_GetPointer(id(capsule), _NAME)
    managed = _ManagedTensor.from_address(address)
    tensor = managed.tensor
    rank = tensor.ndim
    shared = Shared(
        (tensor.data or 0) + tensor.byte_offset,
        tuple(tensor.shape[:rank]),
        _dtype(tensor.dtype),
        (tensor.device_type, tensor.device_id),
        tuple(tensor.strides[:rank]) if tensor.strides else None,
    )
    _api.PyCapsule_SetName(id(capsule), _USED)
    if managed.deleter:
        weakref.finalize(owner, managed.deleter, address)
    return shared


def _code(dtype: np.dtype[Any]) -> int:
    return _BFLOAT if dtype == BFLOAT16 else _CODES[dtype.kind]


def _dtype(found: _DataType) -> np.dtype[Any]:
    if found.code == _BFLOAT and found.bits == 16:
        return BFLOAT16
    kinds = {code: kind for kind, code in _CODES.items()}
    if found.code not in kinds or found.bits % 8 or found.lanes != 1:
        raise TypeError(
            f"no numpy type for DLPack code {found.code} of {found.bits} bits"
        )
    return np.dtype(f"{kinds[found.code]}{found.bits // 8}")
