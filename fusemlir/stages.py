"""Passes over a module one after the other, and those that lower a fused network."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

import fusemlir.lowering as lowering
from fusemlir.diagnostics import DiagnosticError, lower_first
from fusemlir.remarks import Remark, collect
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import Stage

HOST_PROGRAM: tuple[Stage, ...] = (
    Stage("convert-trt-to-gpu", "kernels, and a host program that launches them"),
)

MACHINE_CODE: tuple[Stage, ...] = (
    Stage("convert-to-llvm", "what LLVM gets; the host program stays as it is"),
)


def run_passes(
    module: ModuleOp, passes: Iterable[ModulePass], *, verified: bool = True
) -> tuple[Remark, ...]:
    """Apply `passes` to `module`; what they had to say.

    The module is verified after each, if not told otherwise. Raises `DiagnosticError`
    naming the pass that refuses it, or that broke it.
    """
    ctx = make_context()
    with collect() as remarks:
        for module_pass in passes:
            try:
                module_pass.apply(ctx, module)
                if verified:
                    module.verify()
            except DiagnosticException as error:
                raise DiagnosticError.at(
                    module.location,
                    f"pass '{module_pass.name}' failed: {lower_first(str(error))}",
                ) from error
    return tuple(remarks)


def run_lowerings(module: ModuleOp, stages: Iterable[Stage]) -> None:
    """Apply lowerings, as `run_passes` does passes."""
    run_passes(module, [lowering.load_pass(stage.name)() for stage in stages])
