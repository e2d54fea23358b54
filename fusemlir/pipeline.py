"""The stages that a network goes through, in order, and the walk from model to engine.

The table is the whole order; why a stage stands where it does stands beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from xdsl.dialects.builtin import ModuleOp, NameLoc
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException, VerifyException

import fusemlir.lowering as lowering
import fusemlir.transforms as transforms
from fusemlir.diagnostics import DiagnosticError, lower_first
from fusemlir.network import functions, kernels, name_layers, nodes
from fusemlir.remarks import Remark, collect
from fusemlir.runtime import cuda
from fusemlir.runtime.cuda_executor import CudaExecutor
from fusemlir.runtime.device import (
    DEVICES,
    Device,
    Executor,
    ReferenceExecutor,
    reference_device,
)
from fusemlir.runtime.engine import Engine, list_kernels
from fusemlir.runtime.gpu_program import GpuProgram
from fusemlir.runtime.signature import Signature
from fusemlir.source_network import SourceNetwork, make_context, usage_error
from fusemlir.transforms.trt_fuse import Stage, TrtFusePass
from fusemlir.weights import Weights

FUSE = ("practice", "strict", "none")
"""Which fusions: those that users expect, those of the catalog alone, or no pass."""


HOST_PROGRAM: tuple[Stage, ...] = (
    Stage("convert-trt-to-gpu", "kernels, and a host program that launches them"),
)

MACHINE_CODE: tuple[Stage, ...] = (
    Stage("convert-to-llvm", "what LLVM gets; the host program stays as it is"),
)


def fusion_passes(
    fuse: str = "practice",
    rules: Sequence[str] | None = None,
    disable_rules: Collection[str] = (),
) -> list[ModulePass]:
    """The passes to run, in order.

    `fuse` picks what `trt-fuse` does: the catalog alone, what users expect as well, or
    for `none` no pass at all. `rules` names the passes to run instead, in that order
    and no others. `disable_rules` takes passes out of either. Raises `DiagnosticError`
    for a name that is not known, with the nearest that is.
    """
    if fuse not in FUSE:
        raise _unknown("choice of fusions", fuse, FUSE)
    for name in (*(rules or ()), *disable_rules):
        if name not in transforms.PASS_NAMES:
            raise _unknown("rule", name, transforms.PASS_NAMES)
    if rules is not None:
        names = (name for name in rules if name not in disable_rules)
        return [transforms.load_pass(name)() for name in names]
    if fuse == "none":
        return []
    return [TrtFusePass(mode=fuse, disable_rules=tuple(disable_rules))]


def _unknown(what: str, name: str, known: Sequence[str]) -> DiagnosticError:
    nearest = get_close_matches(name, known, n=1)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"known: {', '.join(known)}"
    return usage_error(f"unknown {what} '{name}'; {hint}")


def run_passes(module: ModuleOp, passes: Iterable[ModulePass]) -> tuple[Remark, ...]:
    """Apply `passes` to `module`; what they had to say.

    The module is verified after each. Raises `DiagnosticError` naming the pass that
    refuses it, or that broke it.
    """
    ctx = make_context()
    with collect() as remarks:
        for module_pass in passes:
            try:
                module_pass.apply(ctx, module)
                module.verify()
            except DiagnosticException as error:
                raise DiagnosticError.at(
                    module.location,
                    f"pass '{module_pass.name}' failed: {lower_first(str(error))}",
                ) from error
    return tuple(remarks)


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
) -> Engine:
    """The engine of `network`, which `passes` change, for `device`.

    Raises `DiagnosticError` where the device is not known or cannot run the network.
    """
    if device not in DEVICES:
        raise _unknown("device", device, DEVICES)
    if threads is not None and threads < 1:
        raise usage_error(f"threads must be 1 or more, found {threads}")
    gpu = None if device == "reference" else cuda.probe()
    if device == "cuda" and isinstance(gpu, cuda.CudaUnavailable):
        raise usage_error(f"device cuda cannot be used: {gpu.reason}")
    if target is None and isinstance(gpu, cuda.CudaDevice):
        target = f"sm_{gpu.sm}"
    if target is not None:
        network.set_target(target)
    signature = _signature(network)
    fused = fuse_network(network, passes)
    place, executor = _place(network.module, signature, device, gpu)
    if threads is not None:
        place = replace(place, reason=f"{place.reason}; it has no use for threads")
    return Engine(
        signature,
        network.module,
        list_kernels(network.module, fused.nodes_of_layers),
        fused.layers_before,
        fused.remarks,
        place,
        executor,
        (network.folder,),
    )


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
) -> tuple[Device, Executor]:
    """Put a fused network on the device that was asked for, or on the best there is."""
    weights = Weights.of_module(module)
    reference = ReferenceExecutor(_only_function(module), weights)
    if gpu is None:
        return reference_device("as asked"), reference
    if isinstance(gpu, cuda.CudaUnavailable):
        return reference_device(gpu.reason), reference
    try:
        executor = _on_gpu(gpu, module, signature, weights)
    except DiagnosticError as error:
        if wanted == "cuda":
            raise
        # One of them is enough to say why; --device=cuda lists them all.
        first = error.diagnostics[0].message
        return reference_device(f"{gpu.name} answers, but {first}"), reference
    reason = "as asked" if wanted == "cuda" else "it answers"
    return Device("cuda", f"{gpu.name}, sm_{gpu.sm}", reason), executor


def _on_gpu(
    gpu: cuda.CudaDevice, module: ModuleOp, signature: Signature, weights: Weights
) -> CudaExecutor:
    program = lower_to_gpu(module, len(signature.inputs), gpu.sm)
    try:
        return CudaExecutor(gpu, program, signature.outputs, weights)
    except cuda.CudaError as error:
        raise signature.error(str(error)) from error


def lower_to_gpu(module: ModuleOp, inputs: int, sm: str) -> GpuProgram:
    """The program of a fused network of so many inputs, its kernels as PTX for `sm`.

    `module` stays as it is. Raises `DiagnosticError` naming all kernels that there are
    none of yet.
    """
    from fusemlir.codegen.targets import print_ptx

    lowered = module.clone()
    run_lowerings(lowered, HOST_PROGRAM)
    function = _only_function(lowered)
    run_lowerings(lowered, MACHINE_CODE)
    try:
        ptx = print_ptx(lowered, sm)
    except DiagnosticException as error:
        raise DiagnosticError.at(module.location, lower_first(str(error))) from error
    return GpuProgram.of_function(function, inputs, ptx)


def run_lowerings(module: ModuleOp, stages: Iterable[Stage]) -> None:
    """Apply lowerings, as `run_passes` does passes."""
    run_passes(module, [lowering.load_pass(stage.name)() for stage in stages])
