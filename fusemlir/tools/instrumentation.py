"""What is watched while passes run: prints of the module, and time."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import TextIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from fusemlir.dialects.exact_printer import ExactPrinter


@dataclass(frozen=True)
class PrintStyle:
    generic: bool = False
    debuginfo: bool = False

    def text(self, module: ModuleOp) -> str:
        """The module as MLIR text that ends in a newline."""
        stream = StringIO()
        printer = ExactPrinter(
            stream, print_generic_format=self.generic, print_debuginfo=self.debuginfo
        )
        printer.print_op(module)
        return stream.getvalue() + "\n"


@dataclass
class IRPrinting:
    """Prints the module around passes; `before` and `after` hold names of passes."""

    style: PrintStyle
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    before_all: bool = False
    after_all: bool = False
    only_changes: bool = False
    after_failure: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _text_before: str = field(default="", init=False)

    def pass_starts(self, module_pass: ModulePass, module: ModuleOp) -> None:
        is_printed = self.before_all or module_pass.name in self.before
        if not is_printed and not (self.only_changes and self._follows(module_pass)):
            return
        self._text_before = self.style.text(module)
        if is_printed:
            self._print("Before", module_pass, self._text_before)

    def pass_ended(self, module_pass: ModulePass, module: ModuleOp) -> None:
        if not self._follows(module_pass):
            return
        text = self.style.text(module)
        if not self.only_changes or text != self._text_before:
            self._print("After", module_pass, text)

    def pass_failed(self, module_pass: ModulePass, module: ModuleOp) -> None:
        if self.after_failure or self._follows(module_pass):
            # What a failed pass leaves may not have a custom form to print.
            text = PrintStyle(generic=True, debuginfo=self.style.debuginfo).text(module)
            self._print("After", module_pass, text, outcome=" Failed")

    def _follows(self, module_pass: ModulePass) -> bool:
        is_named = module_pass.name in self.after
        only_changes_asked = self.only_changes and not self.after
        return self.after_all or is_named or only_changes_asked

    def _print(
        self, when: str, module_pass: ModulePass, text: str, outcome: str = ""
    ) -> None:
        title = f"{type(module_pass).__name__}{outcome} ({module_pass.name})"
        banner = f"// -----// IR Dump {when} {title} //----- //"
        self.stream.write(f"{banner}\n{text}\n")


@dataclass
class Timing:
    """Wall time of named parts of a run, in the order in which they first ran."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def of(self, name: str) -> Generator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def report(self) -> str:
        """The table that mlir-opt prints, with the parts and what is left."""
        total = time.perf_counter() - self.started
        rest = max(0.0, total - sum(self.seconds.values()))
        rows = [*self.seconds.items(), ("Rest", rest), ("Total", total)]
        rule = f"===-{'-' * 73}-==="
        lines = [
            rule,
            "... Execution time report ...".center(len(rule)).rstrip(),
            rule,
            f"  Total Execution Time: {total:.4f} seconds",
            "",
            "  ----Wall Time----  ----Name----",
            *(
                f"  {spent:8.4f} ({100 * spent / total:5.1f}%)  {name}"
                for name, spent in rows
            ),
        ]
        return "\n".join(lines) + "\n"
