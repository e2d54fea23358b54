"""The command `fuse-run`: fuses a network, runs it, and says what came out."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fusemlir.tools.command import EXIT_OK, EXIT_USER_ERROR, run_command
from fusemlir.tools.command_line import CommandLine, integer
from fusemlir.tools.progress import counting, step
from fusemlir.tools.run_command_line import (
    help_page,
    output_path,
    parse_run_line,
    tolerance,
)
from fusemlir.tools.run_setup import (
    chosen_passes,
    given_inputs,
    inputs_or_random,
    read_network,
    target_of,
)
from fusemlir.tools.switches import reporting
from fusemlir.tools.usage import UsageError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from fusemlir.runtime.engine import Engine
    from fusemlir.source_network import SourceNetwork
    from fusemlir.weights import Array


def main(words: Sequence[str] | None = None) -> int:
    """Run with the words of a command line; the exit code, see `run_command`."""
    given = sys.argv[1:] if words is None else words
    return run_command("fuse-run", lambda: _run(given))


def _run(words: Sequence[str]) -> int:
    line = parse_run_line(words)
    if line.is_on("help"):
        sys.stdout.write(help_page())
        return EXIT_OK
    if line.is_on("version"):
        from fusemlir.tools.help_text import version

        sys.stdout.write(version("fuse-run"))
        return EXIT_OK
    with reporting(line):
        return _Run.of(line).run()


@dataclass(frozen=True)
class _Profiling:
    """What `--profile` and the flags beside it ask for."""

    runs: int | None
    file: str
    """The empty text for none."""

    @staticmethod
    def of(line: CommandLine) -> _Profiling | None:
        """None where nobody asked. Raises `UsageError`."""
        if not line.is_on("profile"):
            for flag in ("profile-runs", "profile-file"):
                if flag in line.values:
                    raise UsageError(f"flag '--{flag}' needs '--profile'")
            return None
        device = line.value("device", "auto")
        if device in ("emu", "reference"):
            raise UsageError(
                f"flag '--profile' is for devices host and cuda, found {device}"
            )
        file = output_path(line, "profile-file")
        return _Profiling(integer(line, "profile-runs", 1), file)

    def run(self, engine: Engine, inputs: Mapping[str, Array]) -> None:
        """Raises `DiagnosticError` where the device has no clock."""
        from fusemlir.runtime.profile import RUNS
        from fusemlir.tools.atomic_file import write_atomically
        from fusemlir.tools.profile_report import profile_json, profile_table

        runs = self.runs or RUNS
        with step(f"timing {runs} runs"):
            profile = engine.profile(inputs, runs)
        head, *rows = profile_table(profile)
        _print("profile", head)
        for row in rows:
            print(row)
        if self.file:
            write_atomically(self.file, profile_json(profile, engine))
            _print("written", self.file)


@dataclass(frozen=True)
class _Run:
    """One run of the command, with everything on its command line looked into."""

    line: CommandLine
    threads: int | None
    seed: int
    tolerance: float | None
    outputs: str
    """Where the outputs go, the empty text for nowhere."""
    profiling: _Profiling | None
    verbose: bool

    @staticmethod
    def of(line: CommandLine) -> _Run:
        """Raises `UsageError`, before anything is read or written."""
        if line.is_on("no-fusion") and line.value("fuse", "none") != "none":
            raise UsageError("flags '--no-fusion' and '--fuse' contradict each other")
        if line.is_on("no-fusion") and "rules" in line.values:
            raise UsageError("flags '--no-fusion' and '--rules' contradict each other")
        return _Run(
            line,
            integer(line, "threads", 1),
            integer(line, "seed", 0) or 0,
            tolerance(line),
            output_path(line, "outputs"),
            _Profiling.of(line),
            line.is_on("verbose"),
        )

    def run(self) -> int:
        given = given_inputs(self.line)
        with step(f"reading {self.line.input}", always=self.verbose):
            network = read_network(self.line)
        unfused = network.module.clone()
        engine = self._compile(network)
        self._describe(engine)
        inputs, origin = inputs_or_random(given, engine.inputs, self.seed)
        for tensor in engine.inputs:
            _print("input", f"{tensor}, {origin}")
        start = time.perf_counter()
        with step(f"running on {engine.device.name}", always=self.verbose):
            outputs = engine.run(inputs)
        _print("run", f"{time.perf_counter() - start:.3f} s")
        _print_outputs(outputs)
        self._write(outputs)
        if self.profiling is not None:
            self.profiling.run(engine, inputs)
        if not self.line.is_on("compare"):
            return EXIT_OK
        return self._compare(engine, unfused, inputs, outputs)

    def _compile(self, network: SourceNetwork) -> Engine:
        from fusemlir.codegen.compiling import Compiling
        from fusemlir.pipeline import compile_network

        fuse = "none" if self.line.is_on("no-fusion") else "practice"
        passes = chosen_passes(self.line, fuse)
        with (
            step(f"compiling {network.name}", always=self.verbose),
            counting("kernels are compiled") as progress,
        ):
            return compile_network(
                network,
                passes,
                device=self.line.value("device", "auto"),
                threads=self.threads,
                target=target_of(self.line),
                graph=self.line.is_on("cuda-graph"),
                tf32=self.line.is_on("tf32"),
                winograd=self.line.is_on("winograd"),
                tune=self.line.value("tune", "off"),
                compiling=Compiling(progress=progress),
            )

    def _describe(self, engine: Engine) -> None:
        from fusemlir.tools.fusion_report import fusion_report, headline, kernel_list

        if self.verbose:
            for remark in engine.remarks:
                print(remark)
        if self.line.is_on("summary"):
            width = _width()
            print(fusion_report(engine, width), end="\n\n")
            print(kernel_list(engine.kernels, width), end="\n\n")
        if self.line.is_on("kernel-stats"):
            sys.stderr.write(_kernel_report(engine))
        print(engine.name)
        _print("device", str(engine.device))
        _print("network", headline(engine))

    def _write(self, outputs: Mapping[str, Array]) -> None:
        from fusemlir.tools.run_data import write_arrays

        if self.outputs:
            write_arrays(self.outputs, outputs)
            _print("written", self.outputs)

    def _compare(
        self,
        engine: Engine,
        unfused: ModuleOp,
        inputs: Mapping[str, Array],
        outputs: Mapping[str, Array],
    ) -> int:
        from fusemlir.tools.comparison import default_tolerance, differences, meaning

        with step("running the network as it was read", always=self.verbose):
            wanted = meaning(unfused, engine.signature.bind(inputs))
        allowed = self.tolerance
        if allowed is None:
            allowed = default_tolerance(unfused)
        found = differences(list(outputs), list(outputs.values()), wanted)
        for difference in found:
            _print("compare", str(difference))
        for name, array in zip(outputs, wanted, strict=True):
            if array.size > 1 and (array == array.flat[0]).all():
                _print("note", f"all of {name} is one number: this proves little")
        passed = all(difference.within(allowed) for difference in found)
        verdict = "PASS" if passed else "FAIL"
        _print(verdict, f"against the network as read, {allowed:g} relative allowed")
        return EXIT_OK if passed else EXIT_USER_ERROR


def _kernel_report(engine: Engine) -> str:
    """Of the kernels for the GPU that the network was fused for; raises
    `DiagnosticError` where there are none."""
    from fusemlir.stages import HOST_PROGRAM, run_lowerings
    from fusemlir.target import Target
    from fusemlir.tools.kernel_report import kernel_report

    lowered = engine.module.clone()
    run_lowerings(lowered, HOST_PROGRAM)
    return kernel_report(lowered, Target.of_module(lowered).name.removeprefix("sm_"))


def _print(what: str, text: str) -> None:
    print(f"  {what:<9} {text}")


def _print_outputs(outputs: Mapping[str, Array]) -> None:
    from fusemlir.tools.run_data import describe_array

    for name, array in outputs.items():
        head, *rest = describe_array(name, array)
        _print("output", head)
        for line in rest:
            _print("", line)


def _width() -> int | None:
    """Columns of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


if __name__ == "__main__":
    sys.exit(main())
