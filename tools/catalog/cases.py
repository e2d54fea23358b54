"""What the lit files of the transforms show, found by running them."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.frontend.mlir import parse_module
from fusemlir.network import functions
from fusemlir.remarks import Remark, RemarkKind, collect
from fusemlir.source_network import make_context
from fusemlir.tools.command_line import parse_command_line
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.tools.pass_options import PassCall
from fusemlir.tools.pass_registry import PassRegistry
from fusemlir.tools.source import read_source

LIT = Path("test/filecheck/transforms")

_RUN = re.compile(r"^// RUN: fuse-opt %s (.*?) \|", re.MULTILINE)
_FUNCTION = re.compile(r"func\.func @([\w$.-]+)")


@dataclass(frozen=True)
class Case:
    """One function of a lit file."""

    file: Path
    function: str
    line: int

    def __str__(self) -> str:
        """A link to it, as seen from the folder of the page."""
        return f"[{self.function}](../{self.file}#L{self.line})"


@dataclass(frozen=True)
class Example:
    """A network and what a pass made of it, as MLIR text."""

    before: str
    after: str
    case: Case


@dataclass
class Cases:
    """The cases of all lit files, by what they show."""

    fused: defaultdict[str, list[Case]] = field(
        default_factory=lambda: defaultdict[str, list[Case]](list)
    )
    """By rule."""
    missed: defaultdict[tuple[str, str], list[Case]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], list[Case]](list)
    )
    """By rule and constraint."""
    examples: dict[str, Example] = field(default_factory=dict[str, Example])
    """By rule, the first network that its own file has for it."""

    def add(self, remark: Remark, case: Case) -> None:
        if remark.kind is RemarkKind.PASSED:
            found = self.fused[remark.rule]
        else:
            found = self.missed[remark.rule, remark.constraint]
        if case not in found:
            found.append(case)

    def refused_by(self, constraint: str) -> list[Case]:
        """The cases that a constraint of this name refuses, whatever the rule."""
        every = (
            found for (_, name), found in self.missed.items() if name == constraint
        )
        return [case for found in every for case in found]


def run_cases(root: Path) -> Cases:
    """Run the lit files of the checkout at `root`, each chunk through its passes."""
    cases, registry = Cases(), PassRegistry()
    for path in sorted((root / LIT).glob("*.mlir")):
        source = read_source(str(path))
        for flags in _RUN.findall(source.text or ""):
            line = parse_command_line([str(path), *shlex.split(flags)], registry)
            for chunk in source.chunks(split="--split-input-file" in flags):
                _run_chunk(cases, path.relative_to(root), chunk, registry, line.passes)
    return cases


def _run_chunk(
    cases: Cases,
    file: Path,
    chunk: str,
    registry: PassRegistry,
    passes: Sequence[PassCall],
) -> None:
    module = parse_module(make_context(), chunk, file.name)
    before = _text(module)
    try:
        with collect() as remarks:
            for module_pass in registry.build(passes):
                module_pass.apply(make_context(), module)
    except (DiagnosticError, VerifyException):
        # An error on purpose, which the file expects: no rule decided anything.
        return
    rule = file.stem.replace("_", "-")
    for remark in remarks:
        if remark.kind is RemarkKind.ANALYSIS:
            continue
        case = _case_at(SourceLocation.of(remark.location).line, file, chunk)
        cases.add(remark, case)
        alone = len(list(functions(module))) == 1
        if remark.kind is RemarkKind.PASSED and remark.rule == rule and alone:
            cases.examples.setdefault(rule, Example(before, _text(module), case))


def _case_at(line: int, file: Path, chunk: str) -> Case:
    """The function of `chunk` that line `line` of the file is in."""
    starts = [
        Case(file, match[1], number)
        for number, text in enumerate(chunk.splitlines(), start=1)
        if (match := _FUNCTION.search(text))
    ]
    return next((case for case in reversed(starts) if case.line <= line), starts[0])


def _text(module: ModuleOp) -> str:
    """The network alone: what is around it says nothing about a fusion."""
    lines = PrintStyle().text(module).splitlines()
    return "\n".join(line.removeprefix("  ") for line in lines[1:-1])
