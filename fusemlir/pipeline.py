"""The walk of a network from model to engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp, NameLoc
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException, VerifyException

import fusemlir.transforms as transforms
from fusemlir.codegen.compiling import HERE, Compiling, processors
from fusemlir.decision_log import logging_to
from fusemlir.diagnostics import DiagnosticError, lower_first, nearest_or_known
from fusemlir.logger import ILogger
from fusemlir.network import functions, kernels, name_layers, nodes
from fusemlir.remarks import Remark, collect
from fusemlir.runtime import cuda
from fusemlir.runtime.device import (
    DEVICES,
    Device,
    Executor,
    ReferenceExecutor,
)
from fusemlir.runtime.engine import Engine
from fusemlir.runtime.kernel import list_kernels
from fusemlir.runtime.signature import Signature
from fusemlir.source_network import SourceNetwork, usage_error
from fusemlir.stages import HOST_PROGRAM, MACHINE_CODE, run_lowerings, run_passes
from fusemlir.target import Target
from fusemlir.transforms.forbid_fusion import ForbidFusionPass
from fusemlir.transforms.trt_fuse import TrtFusePass, switch_rules
from fusemlir.weights import Weights

if TYPE_CHECKING:
    from fusemlir.runtime.cuda_executor import CudaExecutor
    from fusemlir.runtime.gpu_program import GpuProgram

FUSE = ("practice", "strict", "none")
"""Which fusions: those that users expect, those of the catalog alone, or no pass."""


def fusion_passes(
    fuse: str = "practice",
    rules: Sequence[str] | None = None,
    disable_rules: Collection[str] = (),
    only_rules: Collection[str] = (),
    no_fuse_at: Collection[str] = (),
) -> list[ModulePass]:
    """The passes to run, in order.

    `fuse` picks what `trt-fuse` does: the catalog alone, what users expect as well, or
    for `none` no pass at all. `rules` names the passes to run instead, in that order
    and no others. `disable_rules` takes passes out of either, `only_rules` all others
    out; `no_fuse_at` names layers to leave as they are, or patterns of names. Raises
    `DiagnosticError` for a name that is not known, with the nearest that is.
    """
    if fuse not in FUSE:
        raise _unknown("choice of fusions", fuse, FUSE)
    for name in (*(rules or ()), *disable_rules, *only_rules):
        if name not in transforms.PASS_NAMES:
            raise _unknown("rule", name, transforms.PASS_NAMES)
    if rules is not None:
        passes = [transforms.load_pass(name)() for name in rules]
    elif fuse == "none":
        passes = []
    else:
        passes = [TrtFusePass(mode=fuse)]
    try:
        chosen = switch_rules(passes, disable_rules, only_rules)
    except ValueError as error:
        raise usage_error(str(error)) from error
    return [*([ForbidFusionPass(tuple(no_fuse_at))] if no_fuse_at else []), *chosen]


def _unknown(what: str, name: str, known: Sequence[str]) -> DiagnosticError:
    return usage_error(f"unknown {what} '{name}'{nearest_or_known(name, known)}")


TUNE = ("off", "quick", "full")
"""How many schedules of a kernel for the CPU are tried: none, those that should be
quickest, or all."""


@dataclass(frozen=True)
class OnHost:
    """How a network is built for the CPU."""

    threads: int | None
    tune: str
    compiling: Compiling


@dataclass(frozen=True)
class Fused:
    """A network with its fusions done."""

    network: SourceNetwork
    layers_before: int
    """Launches that the network would have cost, one a layer."""
    remarks: tuple[Remark, ...]
    nodes_of_layers: Mapping[str, str]
    """By layer id, the name of the node of the model that it came from."""


def fuse_network(network: SourceNetwork, passes: Sequence[ModulePass]) -> Fused:
    """Run `passes` over the network, which they change."""
    module = network.module
    origins: dict[str, str] = {}
    for function in functions(module):
        name_layers(function)
        for node in nodes(function):
            if isinstance(node.location, NameLoc):
                origins |= dict.fromkeys(node.layer_ids, node.location.desc.data)
    before = len(kernels(module))
    return Fused(network, before, run_passes(module, passes), origins)


def compile_network(
    network: SourceNetwork,
    passes: Sequence[ModulePass],
    *,
    device: str = "auto",
    threads: int | None = None,
    target: str | None = None,
    graph: bool = False,
    tf32: bool = False,
    winograd: bool = False,
    tune: str = "off",
    compiling: Compiling = HERE,
    logger: ILogger | None = None,
) -> Engine:
    """The engine of `network`, which `passes` change, for `device`.

    `graph` and `tf32` are for a GPU: all launches start as one, and f32 is multiplied
    on tensor cores; `winograd` is for the CPU: convolutions of 3x3 may be computed by
    Winograd's transformation. `tune`, one of `TUNE`, is how many schedules
    kernels for the CPU are tried with, `compiling` where they are compiled. `logger`
    hears what was fused and tuned.
    Raises `DiagnosticError` where the device is not known or cannot run the network.
    """
    wanted, ordinal = _device(device)
    if threads is not None and threads < 1:
        raise usage_error(f"threads must be 1 or more, found {threads}")
    if graph and wanted not in ("auto", "cuda"):
        raise usage_error(f"a CUDA graph is for device cuda, found {device}")
    if tf32 and wanted in ("host", "reference"):
        raise usage_error(f"tf32 is for a GPU and its emulator, found {device}")
    if winograd and wanted not in ("auto", "host"):
        raise usage_error(f"winograd is for device host, found {device}")
    if tune not in TUNE:
        raise _unknown("level of tuning", tune, TUNE)
    if tune != "off" and wanted not in ("auto", "host"):
        raise usage_error(f"tuning is for device host, found {device}")
    gpu = cuda.probe(ordinal=ordinal) if wanted in ("auto", "cuda") else None
    if wanted == "cuda" and isinstance(gpu, cuda.CudaUnavailable):
        raise usage_error(f"device {device} cannot be used: {gpu.reason}")
    if target is None and isinstance(gpu, cuda.CudaDevice):
        target = f"sm_{gpu.sm}"
    if target is not None:
        network.set_target(target)
    if tf32:
        network.allow_tf32()
    if winograd:
        network.allow_winograd()
    signature = _signature(network)
    with logging_to(logger):
        fused = fuse_network(network, passes)
        host = OnHost(threads, tune, compiling)
        with collect() as tuned:
            place, executor = _place(
                network.module, signature, wanted, gpu, graph, host
            )
    if threads is not None and place.name != "host":
        place = replace(place, reason=f"{place.reason}; it has no use for threads")
    if tune != "off" and place.name != "host":
        place = replace(place, reason=f"{place.reason}; nothing is tuned for it")
    return Engine(
        signature,
        network.module,
        list_kernels(network.module, fused.nodes_of_layers),
        fused.layers_before,
        (*fused.remarks, *tuned),
        place,
        executor,
        (network.folder,),
    )


def _device(text: str) -> tuple[str, int]:
    """The kind of a device and its number: of `cuda:1` the second GPU."""
    name, colon, number = text.partition(":")
    if name not in DEVICES:
        raise _unknown("device", text, DEVICES)
    if colon and not (name == "cuda" and number.isdecimal()):
        raise usage_error(f"wanted a device with its number as cuda:1, found '{text}'")
    return name, int(number or 0)


def _signature(network: SourceNetwork) -> Signature:
    function = _only_function(network.module)
    try:
        return Signature.of_function(function, network.name)
    except (ValueError, VerifyException) as error:
        reason = f"'{function.sym_name.data}' is no network: {lower_first(str(error))}"
        raise DiagnosticError.at(function.location, reason) from error


def _only_function(module: ModuleOp) -> FuncOp:
    found = list(functions(module))
    if len(found) != 1:
        names = ", ".join(f"'{function.sym_name.data}'" for function in found)
        raise DiagnosticError.at(
            module.location,
            f"one function is run as the network, found {names or 'none'}",
        )
    return found[0]


def _place(
    module: ModuleOp,
    signature: Signature,
    wanted: str,
    gpu: cuda.CudaDevice | cuda.CudaUnavailable | None,
    graph: bool,
    host: OnHost,
) -> tuple[Device, Executor]:
    """Put a fused network on the device that was asked for, or on the best there is."""
    weights = Weights.of_module(module)
    if wanted == "emu":
        return _on_emulator(module, signature, weights)
    if wanted == "host":
        return _on_host(module, signature, weights, host, "as asked")
    if gpu is None:
        return _on_reference(module, weights, "as asked")
    if isinstance(gpu, cuda.CudaUnavailable):
        return _without_gpu(module, signature, weights, host, gpu.reason)
    try:
        executor = _on_gpu(gpu, module, signature, weights, graph)
    except DiagnosticError as error:
        if wanted == "cuda":
            raise
        reason = f"{gpu.name} answers, but {_first_of(error)}"
        return _without_gpu(module, signature, weights, host, reason)
    reason = "as asked" if wanted == "cuda" else "it answers"
    detail = f"{gpu.name}, sm_{gpu.sm}{', one CUDA graph' if graph else ''}"
    return Device("cuda", detail, reason), executor


def _first_of(error: DiagnosticError) -> str:
    """One of them is enough to say why; asking for the device lists them all."""
    return error.diagnostics[0].message


def _without_gpu(
    module: ModuleOp,
    signature: Signature,
    weights: Weights,
    host: OnHost,
    reason: str,
) -> tuple[Device, Executor]:
    """On the CPU; what has no kernel there runs in the reference, which takes all."""
    try:
        return _on_host(module, signature, weights, host, reason)
    except DiagnosticError as error:
        return _on_reference(module, weights, f"{reason}; host: {_first_of(error)}")


def _on_reference(
    module: ModuleOp, weights: Weights, reason: str
) -> tuple[Device, Executor]:
    executor = ReferenceExecutor(_only_function(module), weights)
    return Device("reference", "numpy, slow", reason), executor


def _on_gpu(
    gpu: cuda.CudaDevice,
    module: ModuleOp,
    signature: Signature,
    weights: Weights,
    graph: bool,
) -> CudaExecutor:
    from fusemlir.runtime.cuda_executor import CudaExecutor

    program = lower_to_gpu(module, len(signature.inputs), gpu.sm)
    try:
        return CudaExecutor(gpu, program, signature.outputs, weights, graph)
    except cuda.CudaError as error:
        raise signature.error(str(error)) from error


def _on_emulator(
    module: ModuleOp, signature: Signature, weights: Weights
) -> tuple[Device, Executor]:
    from fusemlir.runtime.emu_executor import EmuExecutor

    target = Target.of_module(module)
    if target.capability is None:
        raise usage_error(f"device emu wants a GPU as target, found {target.name}")
    program = lower_to_gpu(module, len(signature.inputs), target.name)
    try:
        executor = EmuExecutor(program, signature.outputs, weights)
    except ValueError as error:
        raise signature.error(str(error)) from error
    detail = f"PTX for {target.name} on numpy, checked, slow"
    return Device("emu", detail, "as asked"), executor


def _on_host(
    module: ModuleOp,
    signature: Signature,
    weights: Weights,
    host: OnHost,
    reason: str,
) -> tuple[Device, Executor]:
    from fusemlir.codegen.native import host_cpu
    from fusemlir.native_program import native_program
    from fusemlir.runtime.host_executor import HostExecutor

    cpu = host_cpu()
    count = host.threads or processors()
    if host.tune != "off":
        from fusemlir.tuning.tuner import tune

        tune(module, cpu, count, host.tune, host.compiling)
    program = native_program(module, weights, cpu, host.compiling)
    executor = HostExecutor(program, signature.outputs, weights, count)
    plural = "" if count == 1 else "s"
    return Device("host", f"{cpu.name}, {count} thread{plural}", reason), executor


def lower_to_gpu(module: ModuleOp, inputs: int, sm: str) -> GpuProgram:
    """The program of a fused network of so many inputs, its kernels as PTX for `sm`.

    `module` stays as it is. Raises `DiagnosticError` naming all kernels that there are
    none of yet.
    """
    from fusemlir.codegen.targets import print_ptx
    from fusemlir.runtime.gpu_program import GpuProgram

    lowered = module.clone()
    run_lowerings(lowered, HOST_PROGRAM)
    function = _only_function(lowered)
    run_lowerings(lowered, MACHINE_CODE)
    try:
        ptx = print_ptx(lowered, sm)
    except DiagnosticException as error:
        raise DiagnosticError.at(module.location, lower_first(str(error))) from error
    return GpuProgram.of_function(function, inputs, ptx)
