"""The text forms that a module of converted kernels can be written in."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import emit_ptx
from fusemlir.lowering import llvm_text


def print_llvm(module: ModuleOp) -> str:
    """LLVM IR of all kernels; the module is one that `convert-to-llvm` was run on.

    Raises `DiagnosticError` naming an operation that is not known to be supported.
    """
    return llvm_text.print_llvm(module)


def print_ptx(module: ModuleOp, sm: int | str, ptx_version: int | None = None) -> str:
    """PTX of all kernels for a target (80, `90a`); see `emit_ptx` for the version.

    Raises `DiagnosticError` like `print_llvm`, and for a target not known.
    """
    return emit_ptx(llvm_text.print_llvm(module), str(sm), ptx_version)
