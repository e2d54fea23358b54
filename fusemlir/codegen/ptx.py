"""LLVM IR text → PTX by LLVM's NVPTX backend, and PTX → machine code by ptxas if found.

PTX is made for the oldest ISA version that knows the target, so that the oldest driver
that knows it accepts it too. No CUDA toolkit is needed; ptxas only checks and reports.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from fusemlir.diagnostics import (
    Diagnostic,
    DiagnosticError,
    Severity,
    SourceLocation,
)
from fusemlir.lowering.llvm_intrinsics import (
    CPU_FEATURES_BY_INTRINSIC,
    MINIMUM_SM_BY_INTRINSIC,
)

PTX_VERSION_BY_SM = {
    "75": 70,
    "80": 70,
    "86": 71,
    "87": 74,
    "89": 78,
    "90": 78,
    "90a": 80,
    "100": 86,
    "100a": 86,
    "103": 88,
    "120": 87,
    "120a": 87,
}
"""The oldest PTX ISA version, times ten, that has a target and what we ask of it."""

NEWEST_PTX_VERSION = 90
"""LLVM 22 knows none newer, and takes its own default instead of refusing."""


class CodegenError(DiagnosticError):
    """No machine code: `tool` refused what it was given, or there is none such."""

    def __init__(self, tool: str, message: str) -> None:
        place = SourceLocation(file=tool)
        super().__init__(Diagnostic(Severity.ERROR, place, message))


def normalize_sm(sm: str) -> str:
    """`80` from `80` or `sm_80`; raises `CodegenError` for a target not known."""
    number = sm.removeprefix("sm_")
    if number not in PTX_VERSION_BY_SM:
        known = ", ".join(f"sm_{name}" for name in PTX_VERSION_BY_SM)
        raise CodegenError("ptx", f"wanted one of {known}, found sm_{number}")
    return number


def check_intrinsics(llvm_text: str, number: str) -> None:
    """Raises `CodegenError` for an intrinsic that the target `number` is too old for.

    LLVM would end the process instead.
    """
    generation = int(number.rstrip("a"))
    for name in declared_intrinsics(llvm_text):
        if name in CPU_FEATURES_BY_INTRINSIC:
            raise CodegenError("ptx", f"{name} is for a CPU, found sm_{number}")
        minimum = MINIMUM_SM_BY_INTRINSIC.get(name, 0)
        if generation < minimum:
            raise CodegenError(
                "ptx", f"{name} wants sm_{minimum} or newer, found sm_{number}"
            )


def declared_intrinsics(llvm_text: str) -> list[str]:
    return re.findall(r"^declare .* @(llvm\.[\w.]+)\(", llvm_text, re.MULTILINE)


@cache
def llvm_binding() -> Any:
    """llvmlite's binding, which has no types, with LLVM's targets registered."""
    binding = import_module("llvmlite.binding")
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    return binding


def emit_ptx(llvm_text: str, sm: str, ptx_version: int | None = None) -> str:
    """PTX for `sm` (`80`, `sm_90a`) of LLVM IR, optimised at O3.

    `ptx_version` is the ISA version times ten, 78 for 7.8; the default is the oldest
    that knows the target. Raises `CodegenError` with the message where LLVM has one.
    """
    number = normalize_sm(sm)
    version = ptx_version or PTX_VERSION_BY_SM[number]
    if not PTX_VERSION_BY_SM[number] <= version <= NEWEST_PTX_VERSION:
        raise CodegenError(
            "ptx",
            f"sm_{number}: wanted a PTX version from {PTX_VERSION_BY_SM[number]} "
            f"to {NEWEST_PTX_VERSION}, found {version}",
        )
    check_intrinsics(llvm_text, number)
    binding = llvm_binding()
    target = binding.Target.from_triple("nvptx64-nvidia-cuda")
    machine = target.create_target_machine(
        cpu=f"sm_{number}", features=f"+ptx{version}", opt=3
    )
    try:
        module = binding.parse_assembly(llvm_text)
        module.triple = "nvptx64-nvidia-cuda"
        module.data_layout = str(machine.target_data)
        module.verify()
    except RuntimeError as error:
        raise CodegenError(
            "llvm", f"cannot read the IR of these kernels: {error}"
        ) from error
    tuning = binding.create_pipeline_tuning_options(3)
    builder = binding.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_assembly(module)


def find_ptxas() -> Path | None:
    """ptxas on the PATH, else that of the package nvidia-cuda-nvcc, else nothing."""
    found = shutil.which("ptxas")
    if found is not None:
        return Path(found)
    packages = Path(sysconfig.get_path("purelib")) / "nvidia"
    return next(iter(sorted(packages.glob("*/bin/ptxas"))), None)


@dataclass(frozen=True)
class AssembledKernel:
    """What ptxas says that a kernel needs: registers a thread, the rest in bytes."""

    name: str
    registers: int
    spill_stores: int
    spill_loads: int
    shared_memory: int


@dataclass(frozen=True)
class Assembly:
    """Machine code for one target, and what each kernel in it needs."""

    cubin: bytes
    kernels: tuple[AssembledKernel, ...]

    def kernel(self, name: str) -> AssembledKernel:
        """The kernel `name`; raises `KeyError` where there is none."""
        for kernel in self.kernels:
            if kernel.name == name:
                return kernel
        raise KeyError(name)


def assemble(ptx: str, sm: str) -> Assembly:
    """Machine code of `ptx` for `sm` by ptxas.

    Raises `CodegenError` with ptxas' log where it refuses, or when there is no ptxas.
    """
    ptxas = find_ptxas()
    if ptxas is None:
        raise CodegenError(
            "ptxas",
            "none on the PATH nor in the package nvidia-cuda-nvcc; "
            "PTX is complete without it, the driver assembles it when loading",
        )
    with tempfile.TemporaryDirectory() as folder:
        source, cubin = Path(folder) / "kernels.ptx", Path(folder) / "kernels.cubin"
        source.write_text(ptx)
        arch = f"-arch=sm_{normalize_sm(sm)}"
        done = subprocess.run(
            [ptxas, arch, "-v", source, "-o", cubin],
            capture_output=True,
            text=True,
            check=False,
        )
        log = done.stdout + done.stderr
        if done.returncode:
            raise CodegenError("ptxas", f"{arch} refuses the PTX:\n{log}")
        return Assembly(cubin.read_bytes(), parse_ptxas_log(log))


def parse_ptxas_log(log: str) -> tuple[AssembledKernel, ...]:
    """The kernels of a `ptxas -v` log, in its order."""
    parts = re.split(r"Compiling entry function '([^']+)'", log)[1:]
    return tuple(
        AssembledKernel(
            name,
            registers=count(r"Used (\d+) registers", text),
            spill_stores=count(r"(\d+) bytes spill stores", text),
            spill_loads=count(r"(\d+) bytes spill loads", text),
            shared_memory=count(r"(\d+) bytes smem", text),
        )
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    )


def count(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return 0 if found is None else int(found[1])
