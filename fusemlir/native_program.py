"""From a fused network to machine code of the CPU, compiled or found in the cache."""

from __future__ import annotations

from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region

from fusemlir.codegen.native import HostCpu, emit_object
from fusemlir.codegen.object_cache import ObjectCache
from fusemlir.codegen.program_key import program_key
from fusemlir.codegen.targets import print_llvm
from fusemlir.codegen.thread_team import TEAM, enter_program
from fusemlir.dialects.exact_printer import ExactPrinter
from fusemlir.frontend.mlir import parse_module
from fusemlir.lowering.expand_narrow_floats import ExpandNarrowFloatsPass
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass
from fusemlir.network import functions
from fusemlir.runtime.host_program import LAST, HostProgram
from fusemlir.source_network import make_context
from fusemlir.stages import run_passes
from fusemlir.weights import Weights


def native_program(module: ModuleOp, weights: Weights, cpu: HostCpu) -> HostProgram:
    """The program of a fused network of one function, its kernels as code of `cpu`.

    `module` stays as it is. Raises `DiagnosticError` naming what there is no kernel of.
    """
    cache = ObjectCache.default()
    if cache is None:
        return HostProgram.of_function(*_compiled(module, cpu))
    key = program_key(module, weights)
    known = cache.load(key, cpu)
    if known is not None:
        declaration, *images = known
        return HostProgram.of_function(_read(declaration), images)
    function, images = _compiled(module, cpu)
    cache.store(key, cpu, [_written(function), *images])
    return HostProgram.of_function(function, images)


def _compiled(module: ModuleOp, cpu: HostCpu) -> tuple[FuncOp, list[bytes]]:
    """What the program takes, as a function that does nothing, and its code."""
    lowered = module.clone()
    kernels = ConvertTrtToHostPass(
        cpu.vector_bytes, cpu.vector_registers, cpu.has_vpdpbusd
    )
    expansion = ExpandNarrowFloatsPass(f16=not cpu.has_f16_conversion)
    (network,) = functions(module)
    run_passes(lowered, [kernels])
    declaration = _declaration(lowered, network.sym_name.data)
    # LLVM verifies what comes of these, in a hundredth of the time.
    run_passes(lowered, [expansion, ConvertToLlvmPass()], verified=False)
    tensors = len(declaration.function_type.inputs) - LAST + 1
    enter = enter_program(declaration.sym_name.data, tensors)
    return declaration, [emit_object([print_llvm(lowered), TEAM, enter], cpu)]


def _declaration(lowered: ModuleOp, name: str) -> FuncOp:
    (program,) = (f for f in functions(lowered) if f.sym_name.data == name)
    types = program.function_type.inputs.data
    # xDSL does not print what it says of the arguments of a function without a body.
    body = Region(Block([ReturnOp()], arg_types=types))
    declared = FuncOp(name, (types, []), body)
    declared.arg_attrs = program.arg_attrs
    return declared


def _written(declaration: FuncOp) -> bytes:
    text = StringIO()
    ExactPrinter(text).print_op(declaration)
    return text.getvalue().encode()


def _read(declaration: bytes) -> FuncOp:
    module = parse_module(make_context(), declaration.decode(), "code cache")
    (program,) = functions(module)
    return program
