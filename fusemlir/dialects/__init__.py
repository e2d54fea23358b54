"""The dialects that can be read and written, each loaded only when it is met."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import get_all_dialects as get_all_xdsl_dialects
from xdsl.ir import Dialect


def get_all_dialects() -> dict[str, Callable[[], Dialect]]:
    """What makes each dialect, by name: xDSL's, and ours, which replace theirs."""
    return get_all_xdsl_dialects() | {
        "gpu": _gpu,
        "llvm": _llvm,
        "memref": _memref,
        "nvgpu": _nvgpu,
        "nvvm": _nvvm,
        "trt": _trt,
        "vector": _vector,
    }


def _gpu() -> Dialect:
    from fusemlir.dialects.gpu import GPU

    return GPU


def _llvm() -> Dialect:
    from fusemlir.dialects.llvm import LLVM

    return LLVM


def _memref() -> Dialect:
    from fusemlir.dialects.memref import MEMREF

    return MEMREF


def _nvgpu() -> Dialect:
    from fusemlir.dialects.nvgpu import NVGPU

    return NVGPU


def _nvvm() -> Dialect:
    from fusemlir.dialects.nvvm import NVVM

    return NVVM


def _trt() -> Dialect:
    from fusemlir.dialects.trt import TRT

    return TRT


def _vector() -> Dialect:
    from fusemlir.dialects.vector import VECTOR

    return VECTOR
