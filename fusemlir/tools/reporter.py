"""Where diagnostics and remarks go: to stderr, or to be checked against the input."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from fusemlir.diagnostics import Diagnostic, DiagnosticError, Severity, SourceLocation
from fusemlir.remarks import Remark, RemarkKind
from fusemlir.tools.verify_diagnostics import check_diagnostics, expects


class Reporter:
    """Collects what is said about the input, one part of it after the other."""

    failed: bool
    """Whether an error was printed."""
    remarks: list[Remark]
    """All that were made, printed or not."""

    def __init__(self, verify: bool, remark_kinds: frozenset[RemarkKind]) -> None:
        self.failed = False
        self.remarks = []
        self._verify = verify
        self._remark_kinds = remark_kinds
        self._reported: list[Diagnostic] = []
        self._file = ""
        self._lines: list[str] = []

    @contextmanager
    def part(self, file: str, text: str) -> Generator[None]:
        """While the block runs, the input is `text`, part of `file`, in its lines.

        A `DiagnosticError` in the block is reported and ends it, nothing else.
        """
        self._file, self._lines = file, text.split("\n")
        self._reported.clear()
        try:
            yield
        except DiagnosticError as error:
            for diagnostic in error.diagnostics:
                self._report(diagnostic)
        if self._verify:
            for fault in check_diagnostics(file, self._lines, self._reported):
                self._print(fault)

    def remark(self, remark: Remark) -> None:
        self.remarks.append(remark)
        expected = self._verify and expects(self._lines, Severity.REMARK)
        if not expected and remark.kind not in self._remark_kinds:
            return
        place = SourceLocation.of(remark.location)
        self._report(Diagnostic(Severity.REMARK, place, str(remark)))

    def _report(self, diagnostic: Diagnostic) -> None:
        if not diagnostic.location.file and diagnostic.location.name:
            # A name written in the text, or that of a node of the model.
            place = replace(diagnostic.location, file=self._file)
            diagnostic = replace(diagnostic, location=place)
        if self._verify:
            self._reported.append(diagnostic)
        else:
            self._print(diagnostic)

    def _print(self, diagnostic: Diagnostic) -> None:
        self.failed |= diagnostic.severity is Severity.ERROR
        print(diagnostic.with_source(self._file, self._lines), file=sys.stderr)
