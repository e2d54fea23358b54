"""Runs passes over a module and says which one is to blame when something breaks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from fusemlir.diagnostics import Diagnostic, DiagnosticError, lower_first
from fusemlir.frontend.verifier import verify_module
from fusemlir.remarks import Remark, collect
from fusemlir.tools.instrumentation import IRPrinting, Timing


class InternalError(Exception):
    """A fault of the program, not of its input; the cause is what was raised."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


@contextmanager
def blamed_on(stage: str) -> Generator[None]:
    """Turn what nobody expected into an `InternalError` that names the stage."""
    try:
        yield
    except (DiagnosticError, InternalError, OSError):
        raise
    except Exception as error:
        raise InternalError(stage) from error


@dataclass(frozen=True)
class PassManager:
    """Passes and what is to be done around each of them."""

    passes: Sequence[ModulePass]
    printing: IRPrinting
    timing: Timing
    verify_each: bool
    on_remark: Callable[[Remark], None]
    after_pass: Callable[[ModulePass, ModuleOp], None] | None = None
    """What else is to be done after each pass; None for nothing."""

    def run(self, ctx: Context, module: ModuleOp) -> None:
        """Apply the passes in order.

        Raises `DiagnosticError` where a pass refuses the module or leaves it invalid,
        `InternalError` where one breaks down.
        """
        for module_pass in self.passes:
            self.printing.pass_starts(module_pass, module)
            try:
                self._apply(module_pass, ctx, module)
                self._verify_after(module_pass, module)
            except (DiagnosticError, InternalError):
                self.printing.pass_failed(module_pass, module)
                raise
            self.printing.pass_ended(module_pass, module)
            if self.after_pass is not None:
                self.after_pass(module_pass, module)

    def _apply(self, module_pass: ModulePass, ctx: Context, module: ModuleOp) -> None:
        name = module_pass.name
        with collect() as remarks:
            try:
                with blamed_on(f"pass '{name}'"), self.timing.of(name):
                    _refuse_with_place(module_pass, ctx, module)
            finally:
                for remark in remarks:
                    self.on_remark(remark)

    def _verify_after(self, module_pass: ModulePass, module: ModuleOp) -> None:
        if not self.verify_each:
            return
        name = module_pass.name
        try:
            with (
                blamed_on(f"verification after pass '{name}'"),
                self.timing.of("Verifier"),
            ):
                verify_module(module)
        except DiagnosticError as error:
            raise DiagnosticError(
                *(_after(name, d) for d in error.diagnostics)
            ) from error


def _refuse_with_place(module_pass: ModulePass, ctx: Context, module: ModuleOp) -> None:
    """Apply the pass; a refusal that xDSL raises without a place gets the module's."""
    try:
        module_pass.apply(ctx, module)
    except DiagnosticException as error:
        message = f"pass '{module_pass.name}' failed: {lower_first(str(error))}"
        raise DiagnosticError.at(module.location, message) from error


def _after(pass_name: str, diagnostic: Diagnostic) -> Diagnostic:
    message = f"{diagnostic.message} (after pass '{pass_name}')"
    return replace(diagnostic, message=message)
