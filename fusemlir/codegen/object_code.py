"""LLVM IR text → an object file, by nothing but LLVM.

A process that compiles needs this alone: it starts in a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any


@cache
def native_binding() -> Any:
    """llvmlite's binding, which has no types, with the host's target registered."""
    binding = import_module("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def optimised_object(
    texts: Sequence[str], triple: str, cpu: str, features: str
) -> bytes:
    """An object file of texts of LLVM IR, which may call each other, optimised.

    Raises `RuntimeError` with LLVM's message.

    Straight code of explicit vectors gains nothing from O3 and takes twice as long.
    """
    binding = native_binding()
    # Each machine is used once: an engine would take it over.
    machine = binding.Target.from_triple(triple).create_target_machine(
        cpu=cpu, features=features, opt=2, reloc="pic", jit=True
    )
    module, *others = map(binding.parse_assembly, texts)
    for part in (module, *others):
        part.triple = triple
        part.data_layout = str(machine.target_data)
    for other in others:
        module.link_in(other)
    module.verify()
    tuning = binding.create_pipeline_tuning_options(2)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = False
    builder = binding.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)
