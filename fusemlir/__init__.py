"""fusemlir: an open layer-fusion compiler for inference."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fusemlir.garbage_collection import rare_collections
from fusemlir.logger import ILogger, Logger, Severity

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from onnx import ModelProto
    from xdsl.dialects.builtin import ModuleOp

    from fusemlir.runtime.engine import Engine

__all__ = ["ILogger", "Logger", "Severity", "compile"]


def compile(
    model: str | Path | ModelProto | ModuleOp,
    *,
    device: str = "auto",
    threads: int | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    target: str | None = None,
    fuse: Literal["practice", "strict", "none"] = "practice",
    rules: Sequence[str] | None = None,
    disable_rules: Collection[str] = (),
    only_rules: Collection[str] = (),
    no_fuse_at: Collection[str] = (),
    graph: bool = False,
    tf32: bool = False,
    winograd: bool = False,
    tune: Literal["off", "quick", "full"] = "off",
    executor: Executor | None = None,
    logger: ILogger | None = None,
) -> Engine:
    """Fuse a network and make it ready to run.

    `model` is the path of an .onnx or .mlir file, an `onnx.ModelProto`, or a module of
    one network, which is copied. `device` is one of `auto`, `cuda`, `host`, `emu`,
    `reference`; `auto` says in `Engine.device` what it chose and why, any other is used
    or refused; `cuda:1` is the second GPU. `graph` lets a GPU start all launches as
    one, `tf32` lets it multiply f32 on tensor cores, which see 10 bits of each
    fraction. `threads` is for the host's processor, and so is `winograd`, which lets it
    compute convolutions of 3x3 by fewer products and less exactly. `tune` lets kernels
    for it be tried with several schedules when the network is built: with those that
    should be quickest, or with all; what was found is kept. On `executor`, as of
    `concurrent.futures`, kernels for the processor are compiled that no cache has; by
    default they are in this process and in some that it starts. `shapes` fixes the
    shapes of a model's inputs by name. `target` is the GPU that rules may assume, as
    `sm_90`; the default is that of the device. `fuse` picks the fusions; `rules` names
    passes to run instead, `disable_rules` leaves some out, `only_rules` all others.
    `no_fuse_at` names layers to leave as they are, or patterns, as `block2/*`.
    `logger` hears what was fused and, at `VERBOSE`, what was not and why; nothing is
    printed without one, and what it raises ends the call.

    Raises `fusemlir.diagnostics.DiagnosticError` for all that is wrong with the input
    or the arguments, `OSError` where a file cannot be read.
    """
    with rare_collections():
        # A network is read and run without the rest of the compiler being imported.
        from fusemlir.codegen.compiling import Compiling
        from fusemlir.pipeline import compile_network, fusion_passes
        from fusemlir.source_network import SourceNetwork

        passes = fusion_passes(fuse, rules, disable_rules, only_rules, no_fuse_at)
        network = SourceNetwork.read(model, shapes)
        return compile_network(
            network,
            passes,
            device=device,
            threads=threads,
            target=target,
            graph=graph,
            tf32=tf32,
            winograd=winograd,
            tune=tune,
            compiling=Compiling(executor),
            logger=logger,
        )
