"""The text forms that a module of converted kernels can be written in."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import emit_ptx
from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering import llvm_text
from fusemlir.network import functions, is_kernel, label, nodes


def print_llvm(module: ModuleOp) -> str:
    """LLVM IR of all kernels; the module is one that `convert-to-llvm` was run on.

    Raises `DiagnosticError` naming an operation that is not known to be supported, or
    a layer that is no kernel yet.
    """
    check_has_no_layers(module)
    return llvm_text.print_llvm(module)


def print_ptx(module: ModuleOp, sm: int | str, ptx_version: int | None = None) -> str:
    """PTX of all kernels for a target (80, `90a`); see `emit_ptx` for the version.

    Raises `DiagnosticError` like `print_llvm`, and for a target not known.
    """
    return emit_ptx(print_llvm(module), str(sm), ptx_version)


def check_has_no_layers(module: ModuleOp) -> None:
    """Raises for the first layer of a network that was not lowered.

    The constants and views that a host program holds are none.
    """
    for function in functions(module):
        layer = next(filter(is_kernel, nodes(function)), None)
        if layer is not None:
            raise DiagnosticError.at(
                layer.location,
                f"{label(layer)} is not lowered to a kernel; run convert-trt-to-gpu "
                "and convert-to-llvm before",
            )
