"""Fences and waits that order nothing here, where all happens in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fusemlir.emulator.decoder import Decoder, Step
from fusemlir.emulator.form import Form

ARGUMENTS = {
    "membar": ("cta", "gl", "sys", "level"),
    "fence": ("sc", "acq_rel", "acquire", "release", "cta", "cluster", "gpu", "sys"),
    "griddepcontrol": ("wait", "launch_dependents"),
    "nanosleep": ("u32",),
}


def build_nothing(form: Form, decoder: Decoder) -> Step:
    for name in ARGUMENTS[form.instruction.opcode]:
        form.flag(name)
    return lambda batch, lanes: None


Builder = Callable[[Form, Decoder], Step]

BUILDERS: Mapping[str, Builder] = dict.fromkeys(ARGUMENTS, build_nothing)
