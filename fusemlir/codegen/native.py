"""LLVM IR text → machine code of the CPU at hand, and the functions in it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import chain, count
from typing import Any

from fusemlir.codegen.ptx import CodegenError, declared_intrinsics
from fusemlir.lowering.llvm_intrinsics import CPU_FEATURES_BY_INTRINSIC

UNWANTED_FEATURES = frozenset({"avx512bf16", "avxneconvert"})
"""What converts to bf16 and takes subnormal numbers for zeros, as no other device."""

LIBRARY_NUMBERS = count()
"""Libraries of one process have names of their own."""


@dataclass(frozen=True)
class HostCpu:
    """What LLVM compiles for."""

    triple: str
    name: str
    features: tuple[str, ...]
    """Sorted, each with `+` or `-` before it."""

    @property
    def vector_bytes(self) -> int:
        """Of its widest register that holds several floats."""
        if "+avx512f" in self.features:
            return 64
        return 32 if "+avx2" in self.features else 16

    @property
    def vector_registers(self) -> int:
        is_wide = "+avx512f" in self.features or self.triple.startswith("aarch64")
        return 32 if is_wide else 16

    @property
    def has_f16_conversion(self) -> bool:
        """Whether f16 becomes f32 and back without a library's help."""
        return "+f16c" in self.features or self.triple.startswith("aarch64")

    @property
    def has_vpdpbusd(self) -> bool:
        """Whether four products of bytes are added to an i32 at once, in its vectors
        and in shorter ones."""
        sizes = (bits for bits in (128, 256, 512) if bits <= self.vector_bytes * 8)
        return all(self.has(f"llvm.x86.avx512.vpdpbusd.{bits}") for bits in sizes)

    def has(self, intrinsic: str) -> bool:
        """Whether LLVM may be given an intrinsic that is for some CPUs only."""
        return any(
            all(f"+{feature}" in self.features for feature in features.split())
            for features in CPU_FEATURES_BY_INTRINSIC[intrinsic]
        )


@cache
def native_binding() -> Any:
    """llvmlite's binding, which has no types, with the host's target registered."""
    binding = import_module("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def llvm_version() -> str:
    """`22.1.0`."""
    return ".".join(map(str, native_binding().llvm_version_info))


@cache
def host_cpu() -> HostCpu:
    """The CPU of this process."""
    binding = native_binding()
    found: Mapping[str, bool] = binding.get_host_cpu_features()
    features = (
        f"{'+' if has and name not in UNWANTED_FEATURES else '-'}{name}"
        for name, has in found.items()
    )
    return HostCpu(
        binding.get_default_triple(),
        binding.get_host_cpu_name(),
        tuple(sorted(features)),
    )


def emit_object(texts: Sequence[str], cpu: HostCpu) -> bytes:
    """An object file of texts of LLVM IR, which may call each other, optimised.

    Raises `CodegenError` with LLVM's message.

    Straight code of explicit vectors gains nothing from O3 and takes twice as long.
    """
    for name in chain.from_iterable(map(declared_intrinsics, texts)):
        if name in CPU_FEATURES_BY_INTRINSIC and not cpu.has(name):
            wanted = " or ".join(CPU_FEATURES_BY_INTRINSIC[name])
            raise CodegenError("llvm", f"{name} wants {wanted}, {cpu.name} has it not")
    binding = native_binding()
    # Each machine is used once: an engine would take it over.
    machine = binding.Target.from_triple(cpu.triple).create_target_machine(
        cpu=cpu.name, features=",".join(cpu.features), opt=2, reloc="pic", jit=True
    )
    try:
        module, *others = map(binding.parse_assembly, texts)
        for part in (module, *others):
            part.triple = cpu.triple
            part.data_layout = str(machine.target_data)
        for other in others:
            module.link_in(other)
        module.verify()
    except RuntimeError as error:
        raise CodegenError(
            "llvm", f"cannot read the IR of these kernels: {error}"
        ) from error
    tuning = binding.create_pipeline_tuning_options(2)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = False
    builder = binding.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)


class NativeLibrary:
    """Loaded machine code; its addresses hold as long as the library lives."""

    def __init__(
        self,
        images: Iterable[bytes],
        functions: Iterable[str],
        symbols: Mapping[str, int],
    ):
        """Load object files that have `functions`, and call each other's and `symbols`,
        which are given by address.

        Raises `CodegenError` where one is missing, or what is called is not there.
        """
        binding = native_binding()
        builder = binding.JITLibraryBuilder()
        for image in images:
            builder = builder.add_object_img(image)
        for name in functions:
            builder = builder.export_symbol(name)
        for name, address in symbols.items():
            builder = builder.import_symbol(name, address)
        self._jit = binding.create_lljit_compiler()
        try:
            self._tracker = builder.link(self._jit, f"fusemlir{next(LIBRARY_NUMBERS)}")
        except RuntimeError as error:
            raise CodegenError("llvm", f"cannot load the code: {error}") from error

    def address(self, name: str) -> int:
        """Where one of the exported functions begins."""
        return self._tracker[name]

    def function(self, name: str, *arguments: Any) -> Any:
        """A function that returns nothing, by ctypes types of its arguments.

        Its calls hold no lock of Python's.
        """
        return ctypes.CFUNCTYPE(None, *arguments)(self.address(name))
