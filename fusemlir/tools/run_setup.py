"""What the commands that run a network read from their command line: which network,
which passes, which inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fusemlir.tools.command_line import CommandLine
from fusemlir.tools.source import parse_shapes, read_source
from fusemlir.tools.switches import names
from fusemlir.tools.usage import UsageError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.passes import ModulePass

    from fusemlir.runtime.signature import TensorInfo
    from fusemlir.source_network import SourceNetwork
    from fusemlir.weights import Array


def read_network(line: CommandLine) -> SourceNetwork:
    """The network that is named, `-` being stdin, as `--shape`, `--function` and
    `--weights` want it. Raises `UsageError`, `DiagnosticError`, `OSError`."""
    from fusemlir.source_network import SourceNetwork, make_context

    shapes = parse_shapes(line.values.get("shape", []))
    if line.input != "-":
        network = SourceNetwork.read(line.input, shapes)
    else:
        from fusemlir.frontend.mlir import parse_module

        text = read_source(line.input).text or ""
        module = parse_module(make_context(), text, "<stdin>")
        network = SourceNetwork.read(module, shapes)
    if "function" in line.values:
        keep_only(network.module, line.value("function", ""))
    if "weights" in line.values:
        network.set_weights(line.value("weights", ""))
    return network


def keep_only(module: ModuleOp, name: str) -> None:
    """Erase all networks of `module` but that one; raises `UsageError` where there is
    none of that name."""
    from fusemlir.network import functions

    found = {function.sym_name.data: function for function in functions(module)}
    if name not in found:
        known = ", ".join(found) or "none"
        raise UsageError(f"there is no function '{name}'; there is {known}")
    for function in found.values():
        if function is not found[name]:
            function.detach()
            function.erase()


def chosen_passes(line: CommandLine, fuse: str = "practice") -> list[ModulePass]:
    """What `--fuse`, by default `fuse`, and the flags about rules ask for."""
    from fusemlir.pipeline import fusion_passes

    return fusion_passes(
        line.value("fuse", fuse),
        names(line, "rules") if "rules" in line.values else None,
        names(line, "disable-rules"),
        names(line, "only-rules"),
        names(line, "no-fuse-at"),
    )


def target_of(line: CommandLine) -> str | None:
    """The value of `--target`, None where it is not given."""
    return line.value("target", "") or None


def given_inputs(line: CommandLine) -> Mapping[str, Array] | None:
    """The arrays of `--inputs`, None without it."""
    from fusemlir.tools.run_data import read_arrays

    path = line.value("inputs", "")
    return read_arrays(path) if path else None


def inputs_or_random(
    given: Mapping[str, Array] | None, tensors: Sequence[TensorInfo], seed: int
) -> tuple[Mapping[str, Array], str]:
    """What to run on, and where it comes from."""
    from fusemlir.tools.run_data import random_inputs

    if given is not None:
        return given, "given"
    return random_inputs(tensors, seed), f"random, seed {seed}"
