"""Networks of one kernel of rows on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from kernel_arrays import random
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.network import functions
from fusemlir.source_network import make_context

POISON = 0xFF
"""Of a float of any type, not a number."""


def poisoned(size: int) -> Any:
    """Memory in which what a kernel does not write is no number that it should have
    written."""
    memory = np.full(size + 64, POISON, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size]


def kernels(module: ModuleOp) -> list[str]:
    """The names of the kernels that a network calls, in order."""
    lowered = module.clone()
    ConvertTrtToHostPass(64, 32).apply(make_context(), lowered)
    (program,) = (f for f in functions(lowered) if f.sym_visibility is None)
    calls = [op for op in program.walk() if op.name == "func.call"]
    names = [str(op.properties["callee"]).removeprefix("@") for op in calls]
    return [name for name in names if name != "wait_for_all"]


def run(module: ModuleOp, *inputs: np.ndarray) -> Any:
    """The one result of a network of one kernel, the same for any number of threads."""
    assert len(kernels(module)) == 1
    first, *others = (results(module, inputs, threads) for threads in (1, 2, 3))
    for other in others:
        assert first.tobytes() == other.tobytes()
    return first


def results(module: ModuleOp, inputs: Sequence[np.ndarray], threads: int) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fusemlir.runtime.host_memory.empty", poisoned)
        engine = fusemlir.compile(
            module.clone(), device="host", fuse="none", threads=threads
        )
        (result,) = engine.run(list(inputs))
    return result


SPECIAL = ([np.nan], [np.inf], [-np.inf], [np.inf, -np.inf], [-np.nan, np.inf])


def with_specials(shape: tuple[int, int], axis: int) -> Any:
    """Seven rows along an axis, of which one is all -inf, and two are of numbers."""
    x = random(shape)
    for at, values in enumerate(SPECIAL):
        x[at, 3 : 3 + len(values)] = values
    x[5] = -np.inf
    return np.ascontiguousarray(x if axis else x.T)
