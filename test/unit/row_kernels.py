"""Networks of one kernel on the emulator: what it gives, and what it moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
from kernel_arrays import tensor
from kernels_on_host import lower, machine_level, parse
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, emit_ptx
from fusemlir.dialects.trt.base import tensor_type
from fusemlir.emulator import Buffer, BufferTraffic
from fusemlir.network import functions
from fusemlir.pipeline import lower_to_gpu
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import dtype_of

SM = "80"

TARGETS = ("75", "80", "90")
"""Whose machine code is checked."""

ULP = 2.0**-23
"""Of f32, in which floats are computed."""


@dataclass(frozen=True)
class Launched:
    """The results of the one kernel that a network is, and what its launch moved."""

    results: list[np.ndarray]
    read: list[BufferTraffic]
    """Of each input."""
    written: list[BufferTraffic]
    """Of each result."""

    @property
    def result(self) -> np.ndarray:
        (result,) = self.results
        return result


def network(layers: str, results: list[np.ndarray], *inputs: np.ndarray) -> ModuleOp:
    """A network of MLIR text: layers of `%x0`, `%x1`, ... that give `%y0`, ..."""
    arguments = ", ".join(f"%x{k}: {tensor(x)}" for k, x in enumerate(inputs))
    types = ", ".join(map(tensor, results))
    values = ", ".join(f"%y{k}" for k in range(len(results)))
    return parse(
        f"func.func @main({arguments}) -> ({types}) {{\n{layers}\n"
        f"func.return {values} : {types}\n}}"
    )


def fused(module: ModuleOp) -> ModuleOp:
    TrtFusePass().apply(make_context(), module)
    return module


def launch(module: ModuleOp, *inputs: np.ndarray) -> Launched:
    """Run it by its PTX; every element of every result is written, and once."""
    (function,) = functions(module)
    types = [tensor_type(value) for value in returned(function)]
    program = lower_to_gpu(module, len(inputs), SM)
    (start,) = program.launches
    read = [Buffer(_read_only(x), f"input {k}") for k, x in enumerate(inputs)]
    results = [
        np.zeros(type.get_shape(), dtype_of(type.element_type)) for type in types
    ]
    written = [Buffer(y, f"result {k}", False) for k, y in enumerate(results)]
    numbers = [*program.inputs, *program.outputs]
    buffers = dict(zip(numbers, [*read, *written], strict=True))
    report = emulator.load(program.ptx).launch(
        start.kernel,
        start.grid,
        start.block,
        [buffers[number] for number in start.buffers],
        start.shared_bytes,
    )
    for buffer, result in zip(written, results, strict=True):
        traffic = report.buffers[buffer.name]
        assert traffic.unique_written_bytes == traffic.written_bytes == result.nbytes
    nothing = BufferTraffic()
    return Launched(
        results,
        [report.buffers.get(buffer.name, nothing) for buffer in read],
        [report.buffers[buffer.name] for buffer in written],
    )


def returned(function: FuncOp) -> Sequence[SSAValue]:
    """What a network returns."""
    last = function.body.block.last_op
    assert last is not None
    return last.operands


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = np.array(array, order="C")
    copy.flags.writeable = False
    return copy


def assert_close(
    actual: np.ndarray, exact: np.ndarray, k: float, terms: float = 1
) -> None:
    """Within k * eps * sqrt(terms) of what is near one or above, and the rounding of
    the result; what is not finite is the same."""
    found, wide = actual.astype(np.float64), exact.astype(np.float64)
    assert found.shape == wide.shape
    finite = np.isfinite(wide)
    np.testing.assert_array_equal(found[~finite], wide[~finite])
    size = np.maximum(1, np.abs(wide[finite]))
    allowed = k * ULP * np.sqrt(terms) * size
    if actual.dtype != np.float32:
        allowed += float(ml_dtypes.finfo(actual.dtype).eps) * size
    off = np.abs(found[finite] - wide[finite])
    assert (off <= allowed).all(), (off / allowed).max()


def in_turn(*axes: Iterable[Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """All combinations, each with one of `TARGETS`: of each value with all others, if
    these are three or more, there is one for each target."""
    for places in product(*(list(enumerate(axis)) for axis in axes)):
        turn = sum(number for number, _ in places) % len(TARGETS)
        yield tuple(value for _, value in places), TARGETS[turn]


def check_machine_code(module: ModuleOp, *targets: str, most: int = 800) -> None:
    """Kernels of at most so many operations, that ptxas takes without spills for the
    targets, where none is given for all."""
    lowered = lower(module)
    kernels = [op for op in lowered.walk() if isinstance(op, gpu.FuncOp)]
    assert kernels
    for kernel in kernels:
        count = len(list(kernel.walk()))
        assert count <= most, f"{count} operations"
    text = machine_level(lowered)
    for sm in targets or TARGETS:
        reports = assemble(emit_ptx(text, sm), sm).kernels
        assert len(reports) == len(kernels)
        for report in reports:
            assert (report.spill_stores, report.spill_loads) == (0, 0), sm
