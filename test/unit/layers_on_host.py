"""Runs networks as native code of the CPU, in memory that is filled and guarded."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.runtime import host_executor, host_memory

MARGIN = 256
"""Bytes before and after all memory, which nothing may touch."""

FILLING = 0xA5

THREADS = (1, 3)


@contextmanager
def guarded() -> Generator[None]:
    """All memory of a network begins filled and has a margin, which is looked at in
    the end."""
    around = list[np.ndarray]()

    def empty(size: int) -> np.ndarray:
        memory = np.full(size + 3 * MARGIN, FILLING, np.uint8)
        start = MARGIN + -memory.ctypes.data % host_memory.ALIGNMENT
        around.extend((memory[:start], memory[start + size :]))
        return memory[start : start + size]

    with (
        patch.object(host_memory, "empty", empty),
        patch.object(host_executor, "empty", empty),
    ):
        yield
    assert around, "no memory was asked for"
    assert all((margin == FILLING).all() for margin in around), "a margin was written"


def run_on_host(module: ModuleOp | str, *arrays: np.ndarray) -> list[np.ndarray]:
    """The results of a network as it is; of any number of threads they are the same."""
    runs = list[list[np.ndarray]]()
    for threads in THREADS:
        source = module.clone() if isinstance(module, ModuleOp) else module
        with guarded():
            engine = fusemlir.compile(
                source, device="host", fuse="none", threads=threads
            )
            runs.append([np.array(x) for x in engine.run(list(arrays))])
    first, *others = runs
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert a.tobytes() == b.tobytes()
    return first
