"""The command `fuse-bisect`: finds the fusion that makes a network's answer wrong."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from fusemlir.diagnostics import DiagnosticError
from fusemlir.tools.bisect_command_line import COMMAND, FLAGS, help_page, reproduction
from fusemlir.tools.command import EXIT_OK, EXIT_USER_ERROR, run_command
from fusemlir.tools.command_line import CommandLine, integer
from fusemlir.tools.run_command_line import parse_run_line, tolerance
from fusemlir.tools.run_setup import (
    chosen_passes,
    given_inputs,
    inputs_or_random,
    read_network,
    target_of,
)
from fusemlir.tools.usage import UsageError
from fusemlir.transforms.fuel import Change, limited

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

    from fusemlir.reference.difference import Difference
    from fusemlir.runtime.engine import Engine
    from fusemlir.source_network import SourceNetwork
    from fusemlir.weights import Array


def main(words: Sequence[str] | None = None) -> int:
    """Run with the words of a command line; the exit code, see `run_command`."""
    given = sys.argv[1:] if words is None else words
    return run_command(COMMAND, lambda: _run(given))


def _run(words: Sequence[str]) -> int:
    line = parse_run_line(words, FLAGS, COMMAND)
    if line.is_on("help"):
        sys.stdout.write(help_page())
        return EXIT_OK
    if line.is_on("version"):
        from fusemlir.tools.help_text import version

        sys.stdout.write(version(COMMAND))
        return EXIT_OK
    if line.value("fuse", "") == "none":
        raise UsageError("flag '--fuse' wants practice or strict: none changes nothing")
    return _Bisection.of(line).run()


@dataclass(frozen=True)
class Probe:
    """A network with some of its changes made, as it ran on the device."""

    changes: int
    last: Change | None
    """The latest change that was made."""
    differences: tuple[Difference, ...] = ()
    fault: str = ""
    """Why it could not be built or run."""

    def agrees(self, tolerance: float) -> bool:
        within = (difference.within(tolerance) for difference in self.differences)
        return not self.fault and all(within)

    def __str__(self) -> str:
        return self.fault or "; ".join(map(str, self.differences))


@dataclass(frozen=True)
class _Bisection:
    """One run of the command, with everything on its command line looked into."""

    line: CommandLine
    network: SourceNetwork
    passes: Sequence[ModulePass]
    given: Mapping[str, Array] | None
    seed: int

    @staticmethod
    def of(line: CommandLine) -> _Bisection:
        return _Bisection(
            line,
            read_network(line),
            chosen_passes(line),
            given_inputs(line),
            integer(line, "seed", 0) or 0,
        )

    @cached_property
    def tolerance(self) -> float:
        from fusemlir.tools.comparison import default_tolerance

        asked = tolerance(self.line)
        return default_tolerance(self.network.module) if asked is None else asked

    def run(self) -> int:
        with limited(0):
            engine = self._compile()
        inputs, origin = inputs_or_random(self.given, engine.inputs, self.seed)
        print(f"{engine.name} on {engine.device}; inputs {origin}", flush=True)
        wanted = self._meaning(engine, inputs)

        def probe(limit: int | None) -> Probe:
            made = self._probe(limit, inputs, wanted)
            verdict = "agrees" if made.agrees(self.tolerance) else "wrong"
            say(f"with {made.changes} changes: {verdict}: {made}")
            return made

        none = probe(0)
        if not none.agrees(self.tolerance):
            print(f"  FAIL without any fusion, so none is to blame: {none}")
            print(f"  {self._allowed}")
            return EXIT_USER_ERROR
        every = probe(None)
        if every.agrees(self.tolerance):
            print(f"  PASS with all {every.changes} changes: {every}")
            print(f"  {self._allowed}")
            return EXIT_OK
        good, bad = narrow(none, every, probe, self.tolerance)
        self._report(good, bad, every.changes)
        return EXIT_USER_ERROR

    def _compile(self) -> Engine:
        """The network with what fuel there is."""
        from fusemlir.pipeline import compile_network

        network = replace(self.network, module=self.network.module.clone())
        device, target = self.line.value("device", "auto"), target_of(self.line)
        return compile_network(network, self.passes, device=device, target=target)

    def _meaning(self, engine: Engine, inputs: Mapping[str, Array]) -> list[Array]:
        from fusemlir.tools.comparison import meaning

        return meaning(self.network.module, engine.signature.bind(inputs))

    def _probe(
        self, limit: int | None, inputs: Mapping[str, Array], wanted: Sequence[Array]
    ) -> Probe:
        from fusemlir.tools.comparison import differences

        with limited(limit) as fuel:
            try:
                outputs = self._compile().run(inputs)
            except DiagnosticError as error:
                return Probe(fuel.spent, fuel.last, fault=str(error))
        found = differences(list(outputs), list(outputs.values()), wanted)
        return Probe(fuel.spent, fuel.last, tuple(found))

    @property
    def _allowed(self) -> str:
        return f"{self.tolerance:g} relative is allowed"

    def _report(self, good: Probe, bad: Probe, changes: int) -> None:
        command = shlex.join(reproduction(self.line, bad.changes))
        lines = (
            f"FAIL from change {bad.changes} of {changes} on: {bad.last}",
            f"with {good.changes} changes: {good}",
            f"with {bad.changes} changes: {bad}",
            f"{self._allowed}; that a wrong change stays wrong is assumed",
            f"made by: {command}",
            f"checked by: {command} --check-each-fusion",
        )
        for line in lines:
            print(f"  {line}")


def narrow(
    good: Probe, bad: Probe, probe: Callable[[int], Probe], tolerance: float
) -> tuple[Probe, Probe]:
    """Two probes a change apart, of which the first agrees and the second does not.

    If there are several such changes between `good` and `bad`, one of them.
    """
    while bad.changes - good.changes > 1:
        middle = probe((good.changes + bad.changes) // 2)
        if middle.agrees(tolerance):
            good = middle
        else:
            bad = middle
    return good, bad


def say(line: str) -> None:
    print(f"{COMMAND}: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
