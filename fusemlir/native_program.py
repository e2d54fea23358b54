"""From a fused network to machine code of the CPU, compiled or found in the cache."""

from __future__ import annotations

from dataclasses import replace

from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.compiling import HERE, Compiling
from fusemlir.codegen.native import HostCpu
from fusemlir.codegen.object_cache import ObjectCache
from fusemlir.codegen.program_key import program_key
from fusemlir.codegen.thread_team import TEAM, enter_program
from fusemlir.network import functions
from fusemlir.runtime.host_program import HostProgram
from fusemlir.runtime.program_record import read_program, write_program
from fusemlir.stages import run_passes
from fusemlir.weights import Weights

VERIFIED = False
"""Whether kernels are verified when they are written. LLVM verifies what comes of them
in a hundredth of the time, if not in our words."""


def native_program(
    module: ModuleOp, weights: Weights, cpu: HostCpu, how: Compiling = HERE
) -> HostProgram:
    """The program of a fused network of one function, its kernels as code of `cpu`.

    `module` stays as it is. Raises `DiagnosticError` naming what there is no kernel of.
    """
    cache = ObjectCache.default()
    if cache is None:
        return _compiled(module, cpu, how)
    key = program_key(module, weights)
    known = cache.load(key, cpu)
    if known is not None:
        record, *images = known
        return read_program(record, images)
    program = _compiled(module, cpu, how)
    cache.store(key, cpu, [write_program(program), *program.images])
    return program


def _compiled(module: ModuleOp, cpu: HostCpu, how: Compiling) -> HostProgram:
    # What is found in the cache is run without these.
    from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
    from fusemlir.native_objects import native_objects

    lowered = module.clone()
    kernels = ConvertTrtToHostPass(
        cpu.vector_bytes,
        cpu.vector_registers,
        cpu.has_vpdpbusd,
        cpu.products_per_clock,
    )
    (network,) = functions(module)
    run_passes(lowered, [kernels], verified=VERIFIED)
    name = network.sym_name.data
    (function,) = (f for f in functions(lowered) if f.sym_name.data == name)
    program = HostProgram.of_function(function)
    # The last one is memory.
    enter = enter_program(name, program.arguments + 1)
    images = native_objects(lowered, [TEAM, enter], cpu, how)
    return replace(program, images=tuple(images))
