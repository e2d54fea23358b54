"""LLVM IR text → machine code of the CPU at hand, and the functions in it."""

from __future__ import annotations

import ctypes
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from typing import Any

from fusemlir.codegen.object_code import native_binding, optimised_object
from fusemlir.codegen.ptx import CodegenError, declared_intrinsics
from fusemlir.lowering.llvm_intrinsics import CPU_FEATURES_BY_INTRINSIC

UNWANTED_FEATURES = frozenset({"avx512bf16", "avxneconvert"})
"""What converts to bf16 and takes subnormal numbers for zeros, as no other device."""

HALF_WIDE = frozenset({"znver4"})
"""CPUs that compute vectors of 512 bits in halves, by LLVM's names."""

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
    def products_per_clock(self) -> int:
        """Fused multiply-adds of its widest vectors that start at a clock: one where
        the units are half as wide."""
        return 1 if self.name in HALF_WIDE and self.vector_bytes == 64 else 2

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
    """
    with llvm_errors():
        return optimised_object(texts, *_machine(texts, cpu))


def submit_object(texts: Sequence[str], cpu: HostCpu, where: Executor) -> Future[bytes]:
    """What `emit_object` returns, once `where` has made it; it fails with what
    `llvm_errors` translates."""
    with llvm_errors():
        return where.submit(optimised_object, texts, *_machine(texts, cpu))


@contextmanager
def llvm_errors() -> Generator[None]:
    """What LLVM says, or an executor that cannot go on, as a `CodegenError`."""
    try:
        yield
    except (RuntimeError, CancelledError) as error:
        said = str(error) or "it was cancelled"
        message = f"cannot make code of these kernels: {said}"
        raise CodegenError("llvm", message) from error


def _machine(texts: Sequence[str], cpu: HostCpu) -> tuple[str, str, str]:
    """The CPU as LLVM is told of it; raises where it has not what the texts want."""
    for name in chain.from_iterable(map(declared_intrinsics, texts)):
        if name in CPU_FEATURES_BY_INTRINSIC and not cpu.has(name):
            wanted = " or ".join(CPU_FEATURES_BY_INTRINSIC[name])
            raise CodegenError("llvm", f"{name} wants {wanted}, {cpu.name} has it not")
    return cpu.triple, cpu.name, ",".join(cpu.features)


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
