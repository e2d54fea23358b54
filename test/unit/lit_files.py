"""Lit files of the transforms, run in this process: what `lit` does, but faster."""

from __future__ import annotations

import io
import shlex
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import parse_argv_options
from filecheck.parser import Parser
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from fusemlir.dialects import get_all_dialects
from fusemlir.frontend.mlir import parse_module
from fusemlir.tools.command_line import parse_command_line
from fusemlir.tools.fuse_opt import main
from fusemlir.tools.pass_registry import PassRegistry
from fusemlir.tools.source import read_source

TRANSFORMS = Path(__file__).parents[1] / "filecheck" / "transforms"


@dataclass(frozen=True)
class Run:
    """One RUN line, `fuse-opt ... | FileCheck ...`, as the words of both commands."""

    path: Path
    fuse_opt: tuple[str, ...]
    filecheck: tuple[str, ...]

    def passes(self) -> bool:
        """Whether both commands succeed."""
        output, messages = io.StringIO(), io.StringIO()
        with redirect_stdout(output), redirect_stderr(messages):
            return main(self.fuse_opt) == 0 and self._matches(output.getvalue())

    def _matches(self, text: str) -> bool:
        options = parse_argv_options(["filecheck", *self.filecheck])
        matcher = Matcher(options, FInput("<stdin>", text), Parser.from_opts(options))
        return matcher.run() == 0

    def make_passes(self) -> tuple[ModulePass, ...]:
        """The passes that the line asks for, in order."""
        registry = PassRegistry()
        return registry.build(parse_command_line(self.fuse_opt, registry).passes)


def runs(path: Path) -> list[Run]:
    """The RUN lines of a file, but for those of commands that are to fail."""
    found: list[Run] = []
    for line in path.read_text().splitlines():
        _, marker, command = line.partition("// RUN: ")
        if not marker or command.startswith("not "):
            continue
        words = shlex.split(command.replace("%s", str(path)))
        bar = words.index("|")
        assert (words[0], words[bar + 1]) == ("fuse-opt", "FileCheck"), line
        found.append(Run(path, tuple(words[1:bar]), tuple(words[bar + 2 :])))
    return found


def files_of(pass_name: str) -> list[Path]:
    """The files about a pass: the one named after it, and those that add to it."""
    stem = pass_name.replace("-", "_")
    return sorted(TRANSFORMS.glob(f"{stem}*.mlir"))


def context() -> Context:
    ctx = Context()
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    return ctx


def parts_of(path: Path) -> list[str]:
    """The texts between the `// -----` lines of a file."""
    return list(read_source(str(path)).chunks(split=True))


def parse(text: str) -> ModuleOp:
    return parse_module(context(), text, "test.mlir")
