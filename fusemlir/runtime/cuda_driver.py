"""Calls of the CUDA driver, each checked; what it refuses is a `CudaError`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class CudaError(RuntimeError):
    """The driver refused something; the message names the call, the code and why."""


@dataclass(frozen=True)
class Driver:
    """The functions of `cuda.bindings.driver`, each call checked."""

    functions: Any

    def call(self, doing: str, name: str, *arguments: Any) -> Any:
        """The results of the driver function `name`: none, one or a tuple.

        Raises `CudaError` that begins with `doing`.
        """
        code, *results = getattr(self.functions, name)(*arguments)
        if int(code):
            raise CudaError(f"{doing}: {name} gave {describe(code)}")
        return results[0] if len(results) == 1 else tuple(results)


def describe(code: Any) -> str:
    """`CUDA_ERROR_NO_DEVICE (100)`."""
    return f"{getattr(code, 'name', 'CUDA_ERROR')} ({int(code)})"
