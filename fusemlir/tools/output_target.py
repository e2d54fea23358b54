"""The forms in which a module can leave: MLIR, LLVM IR and PTX text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException

from fusemlir.diagnostics import DiagnosticError, did_you_mean, lower_first
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.tools.pass_options import PassCall
from fusemlir.tools.pass_pipeline import parse_pipeline
from fusemlir.tools.usage import UsageError

_DEVICE = re.compile(r"sm_\d{2,3}[af]?|host")
_SM = re.compile(r"\d{2,3}[af]?")

DEFAULT_SM = "80"
"""Compute capability that PTX is written for when none is named: major and minor."""


@dataclass(frozen=True)
class OutputTarget:
    name: str
    sm: str = DEFAULT_SM
    """For PTX: `80`, or `90a` where the features of one architecture are wanted."""
    ptx_version: int | None = None
    """For PTX: ISA version times ten; None for the oldest that knows `sm`."""

    @property
    def device(self) -> str:
        """The device that the form is for, `sm_80`; the empty text for any."""
        return f"sm_{self.sm}" if self.name == "ptx" else ""

    def text(self, module: ModuleOp, style: PrintStyle) -> str:
        """`module` in this form. Raises `DiagnosticError` where it has none."""
        try:
            return _PRINTERS[self.name](self, module, style)
        except DiagnosticException as error:
            message = f"cannot be written as {self.name}: {lower_first(str(error))}"
            raise DiagnosticError.at(module.location, message) from error


def sort_targets(words: Sequence[str]) -> tuple[OutputTarget, str]:
    """The form to write, and the device that rules may assume, `sm_75` or `host`; the
    empty text where none is named. Raises `UsageError`."""
    devices = [word for word in words if _DEVICE.fullmatch(word)]
    forms = [word for word in words if word not in devices]
    for twice in (devices, forms):
        if len(twice) > 1:
            named = " and ".join(f"'{word}'" for word in twice)
            raise UsageError(f"flag '--target' is given twice, {named}")
    device = devices[0] if devices else ""
    sm = device.removeprefix("sm_") if device.startswith("sm_") else DEFAULT_SM
    return parse_target(forms[0] if forms else "mlir", sm), device


def parse_target(text: str, default_sm: str = DEFAULT_SM) -> OutputTarget:
    """`mlir`, `llvm`, `ptx` or `ptx{sm=90a ptx-version=80}`. Raises `UsageError`."""
    calls = parse_pipeline(text)
    call = calls[0] if len(calls) == 1 else PassCall(text, {})
    if call.name not in _PRINTERS:
        known = ", ".join(_PRINTERS)
        hint = did_you_mean(call.name, _PRINTERS)
        raise UsageError(
            f"unknown target '{call.name}' (to be written, there is {known}; to be "
            f"run on, one as sm_80, or host){hint}"
        )
    if call.name != "ptx" and call.options:
        raise UsageError(f"target '{call.name}' takes no options")
    options = {key: ",".join(values) for key, values in call.options.items()}
    sm = options.pop("sm", default_sm).removeprefix("sm_")
    version = options.pop("ptx-version", None)
    for unknown in options:
        known = "it has sm and ptx-version"
        raise UsageError(f"target 'ptx' has no option '{unknown}' ({known})")
    if _SM.fullmatch(sm) is None:
        raise UsageError(f"option 'sm' of 'ptx' wants 80 or the like, got '{sm}'")
    if version is not None and not version.isdecimal():
        raise UsageError(
            f"option 'ptx-version' of 'ptx' wants 78 for 7.8, got '{version}'"
        )
    return OutputTarget(call.name, sm, None if version is None else int(version))


def _print_mlir(_: OutputTarget, module: ModuleOp, style: PrintStyle) -> str:
    return style.text(module)


def _print_llvm(_: OutputTarget, module: ModuleOp, __: PrintStyle) -> str:
    from fusemlir.codegen.targets import print_llvm

    return print_llvm(module)


def _print_ptx(target: OutputTarget, module: ModuleOp, _: PrintStyle) -> str:
    from fusemlir.codegen.targets import print_ptx

    return print_ptx(module, target.sm, target.ptx_version)


_PRINTERS: dict[str, Callable[[OutputTarget, ModuleOp, PrintStyle], str]] = {
    "mlir": _print_mlir,
    "llvm": _print_llvm,
    "ptx": _print_ptx,
}
