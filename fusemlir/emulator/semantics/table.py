"""All instructions that the emulator knows, by opcode."""

from __future__ import annotations

from fusemlir.emulator.decoder import Decoder, Step
from fusemlir.emulator.form import Form
from fusemlir.emulator.semantics import (
    atomics,
    bits,
    compare,
    convert,
    copies,
    fences,
    floating,
    integer,
    memory,
    moves,
    tensor,
    warp,
)

FAMILIES = (
    integer.BUILDERS,
    bits.BUILDERS,
    compare.BUILDERS,
    convert.BUILDERS,
    moves.BUILDERS,
    memory.BUILDERS,
    atomics.BUILDERS,
    warp.BUILDERS,
    tensor.BUILDERS,
    copies.BUILDERS,
    fences.BUILDERS,
)

BUILDERS = {name: build for family in FAMILIES for name, build in family.items()}


def build(form: Form, decoder: Decoder) -> Step:
    """What an instruction does; raises `PtxError` where that is not known."""
    opcode = form.instruction.opcode
    builders = BUILDERS
    if opcode in floating.BUILDERS and (
        opcode not in builders or floating.is_float(form)
    ):
        builders = floating.BUILDERS
    if opcode not in builders:
        raise form.error("the emulator does not know this instruction")
    step = builders[opcode](form, decoder)
    form.finish()
    return step
