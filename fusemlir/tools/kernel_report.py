"""The table of `--kernel-stats`: the kernels of a lowered network and their costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

if TYPE_CHECKING:
    from fusemlir.codegen.kernel_statistics import KernelStatistics

_HEADER = (
    *("launches", "grid", "threads", "ops", "PTX", "regs", "shared", "spills"),
    *("to LLVM", "LLVM", "ptxas"),
)
_UNKNOWN = "-"


@dataclass
class KernelReport:
    """Keeps a module as it is when its kernels are made, to report on them later."""

    sm: str
    _lowered: ModuleOp | None = field(default=None, init=False)

    def after_pass(self, module_pass: ModulePass, module: ModuleOp) -> None:
        if module_pass.name == "convert-trt-to-gpu":
            self._lowered = module.clone()

    def text(self, module: ModuleOp) -> str:
        """The report on what became `module`, which may be one of kernels itself."""
        from xdsl.dialects import gpu

        lowered, self._lowered = self._lowered or module, None
        if not any(isinstance(op, gpu.FuncOp) for op in lowered.walk()):
            return (
                "kernel statistics: there are no kernels of the gpu dialect; "
                "--convert-trt-to-gpu makes them\n"
            )
        return kernel_report(lowered, self.sm)


def kernel_report(module: ModuleOp, sm: str) -> str:
    """The table for a module that `convert-trt-to-gpu` was run on, built for `sm`.

    Spills are bytes stored and loaded by a thread, times are milliseconds. Raises
    `DiagnosticError` for a kernel that cannot be built.
    """
    from fusemlir.codegen.kernel_statistics import arena_statistics, kernel_statistics
    from fusemlir.codegen.ptx import find_ptxas

    found = list(kernel_statistics(module, sm))
    ptxas = find_ptxas()
    arena = arena_statistics(module)
    rule = f"===-{'-' * 73}-==="
    lines = [
        rule,
        "... Kernel statistics report ...".center(len(rule)).rstrip(),
        rule,
        f"  kernels: {len(found)}, launched {sum(k.launches for k in found)} times, "
        f"built for sm_{sm}",
        f"  between kernels: {arena.size:,} bytes, {arena.separate:,} without reuse",
        "  registers and spills by " + str(ptxas)
        if ptxas is not None
        else "  registers and spills are not known: there is no ptxas here",
        "",
        *_table([(*_HEADER, "name"), *map(_row, found), _total(found)]),
    ]
    return "\n".join(lines) + "\n"


def _row(kernel: KernelStatistics) -> tuple[str, ...]:
    assembled = kernel.assembled
    return (
        str(kernel.launches),
        kernel.grid,
        kernel.threads,
        str(kernel.operations),
        str(kernel.ptx_instructions),
        _UNKNOWN if assembled is None else str(assembled.registers),
        str(kernel.shared_memory),
        _UNKNOWN
        if assembled is None
        else str(assembled.spill_stores + assembled.spill_loads),
        *_times(kernel.to_llvm_seconds, kernel.llvm_seconds, kernel.ptxas_seconds),
        kernel.name,
    )


def _total(kernels: Sequence[KernelStatistics]) -> tuple[str, ...]:
    return (
        str(sum(kernel.launches for kernel in kernels)),
        "",
        "",
        str(sum(kernel.operations for kernel in kernels)),
        str(sum(kernel.ptx_instructions for kernel in kernels)),
        *("", "", ""),
        *_times(
            sum(kernel.to_llvm_seconds for kernel in kernels),
            sum(kernel.llvm_seconds for kernel in kernels),
            sum(kernel.ptxas_seconds for kernel in kernels),
        ),
        "total",
    )


def _times(*seconds: float) -> tuple[str, ...]:
    return tuple(f"{1e3 * spent:.1f}" for spent in seconds)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join((*map(str.rjust, row[:-1], widths), row[-1])) for row in rows
    ]
