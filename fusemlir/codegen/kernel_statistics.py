"""What each kernel of a module costs: its size at each level, and the time to build it.

Kernels are built one by one, on copies: the module stays as it is.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from xdsl.dialects import arith, gpu, memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp, StringAttr
from xdsl.ir import Block, Region, SSAValue
from xdsl.utils.hints import isa

from fusemlir.codegen.ptx import AssembledKernel, assemble, emit_ptx, find_ptxas
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.llvm_text import print_llvm
from fusemlir.lowering.to_llvm.convert_to_llvm import convert_kernels

ResultT = TypeVar("ResultT")

_INSTRUCTION = re.compile(r"^\s+(@!?%\w+\s+)?[a-z][\w.:]*(\s[^;]*)?;", re.MULTILINE)
"""A line that begins with a mnemonic: a directive begins with a dot, a label ends in a
colon."""


@dataclass(frozen=True)
class KernelStatistics:
    """One kernel; sizes in bytes, times in seconds."""

    name: str
    launches: int
    grid: str
    """`784x1x1`, or `various`."""
    threads: str
    operations: int
    """At the level of the gpu dialect, those inside others too."""
    ptx_instructions: int
    shared_memory: int
    """Of a block, the dynamic part included."""
    assembled: AssembledKernel | None
    """What ptxas says; None where there is none."""
    to_llvm_seconds: float
    llvm_seconds: float
    """From LLVM IR to PTX, parsing and optimisation included."""
    ptxas_seconds: float


@dataclass(frozen=True)
class ArenaStatistics:
    """The memory between kernels, in bytes."""

    size: int
    separate: int
    """What the tensors would take if none shared memory."""


def arena_statistics(module: ModuleOp) -> ArenaStatistics:
    """Of all host programs of a module together."""
    ops = list(module.walk())
    arenas = (op.result for op in ops if isinstance(op, gpu.AllocOp))
    views = (
        op.result
        for op in ops
        if isinstance(op, memref.ViewOp) and isinstance(op.source.owner, gpu.AllocOp)
    )
    return ArenaStatistics(sum(map(_bytes, arenas)), sum(map(_bytes, views)))


def kernel_statistics(module: ModuleOp, sm: str) -> Iterator[KernelStatistics]:
    """All kernels of a module that `convert-trt-to-gpu` was run on, in order.

    Raises `DiagnosticError` for a kernel that cannot be built for `sm`.
    """
    launches: defaultdict[str, list[gpu.LaunchFuncOp]] = defaultdict(list)
    for op in module.walk():
        if isinstance(op, gpu.LaunchFuncOp):
            launches[op.kernel.string_value()].append(op)
    for kernels in module.ops:
        if not isinstance(kernels, gpu.ModuleOp):
            continue
        for function in kernels.body.block.ops:
            if isinstance(function, gpu.FuncOp):
                symbol = f"{kernels.sym_name.data}.{function.sym_name.data}"
                yield _statistics(kernels, function, launches[symbol], sm)


def count_instructions(ptx: str) -> int:
    """The instructions of PTX as LLVM writes it, one a line."""
    return len(_INSTRUCTION.findall(ptx))


def _statistics(
    kernels: gpu.ModuleOp,
    function: gpu.FuncOp,
    launches: list[gpu.LaunchFuncOp],
    sm: str,
) -> KernelStatistics:
    alone, arrays = isolated(kernels, function)
    to_llvm, _ = _timed(lambda: convert_kernels(next(iter(alone.ops))))
    llvm, ptx = _timed(lambda: emit_ptx(print_llvm(alone), sm))
    ptxas, assembled = _timed(lambda: _assembled(ptx, sm))
    dynamic = max((_shared_memory(op) for op in launches), default=0)
    return KernelStatistics(
        function.sym_name.data,
        len(launches),
        _one_of(_extent(op.gridSizeX, op.gridSizeY, op.gridSizeZ) for op in launches),
        _one_of(
            _extent(op.blockSizeX, op.blockSizeY, op.blockSizeZ) for op in launches
        ),
        sum(1 for _ in function.body.walk()),
        count_instructions(ptx),
        dynamic + sum(map(_array_bytes, arrays)),
        assembled,
        to_llvm,
        llvm,
        ptxas if assembled is not None else 0.0,
    )


def isolated(
    kernels: gpu.ModuleOp, function: gpu.FuncOp
) -> tuple[ModuleOp, list[memref.GlobalOp]]:
    """A copy of a kernel in a module of its own, and what it has in shared memory."""
    used = {
        op.name_.string_value()
        for op in function.walk()
        if isinstance(op, memref.GetGlobalOp)
    }
    arrays = [
        op
        for op in kernels.body.block.ops
        if isinstance(op, memref.GlobalOp) and op.sym_name.data in used
    ]
    copies = [op.clone() for op in (*arrays, function)]
    alone = gpu.ModuleOp.build(
        properties={"sym_name": StringAttr(kernels.sym_name.data)},
        regions=[Region(Block(copies))],
    )
    return ModuleOp([alone]), arrays


def _assembled(ptx: str, sm: str) -> AssembledKernel | None:
    return assemble(ptx, sm).kernels[0] if find_ptxas() is not None else None


def _timed(work: Callable[[], ResultT]) -> tuple[float, ResultT]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _one_of(extents: Iterator[str]) -> str:
    found = set(extents)
    return found.pop() if len(found) == 1 else "various" if found else "-"


def _extent(*sizes: SSAValue) -> str:
    return "x".join(str(_integer(size)) for size in sizes)


def _shared_memory(launch: gpu.LaunchFuncOp) -> int:
    size = launch.dynamicSharedMemorySize
    return 0 if size is None else _integer(size)


def _integer(value: SSAValue) -> int:
    constant = value.owner
    assert isinstance(constant, arith.ConstantOp)
    assert isinstance(constant.value, IntegerAttr)
    return constant.value.value.data


def _array_bytes(array: memref.GlobalOp) -> int:
    return _size(array.type)


def _bytes(value: SSAValue) -> int:
    return _size(value.type)


def _size(type: object) -> int:
    assert isa(type, MemRefType)
    return type.element_count() * element_bytes(type.element_type)
