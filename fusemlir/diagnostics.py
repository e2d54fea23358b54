"""What the compiler has to say to the person who runs it, and where it points.

The text is that of MLIR and clang: `file:line:col: error: message`, then the source
line and a caret.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    NameLoc,
)
from xdsl.ir import Attribute


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    REMARK = "remark"
    NOTE = "note"


@dataclass(frozen=True)
class SourceLocation:
    """A place in a file: a line and column of a text, or a named node of a model."""

    file: str = ""
    line: int = 0
    """One-based; 0 where the file has no lines or the place is unknown."""
    column: int = 0
    """One-based, in characters; 0 where only the line is known."""
    name: str = ""
    """Name of a node, for files without lines."""

    @staticmethod
    def of(location: Attribute) -> SourceLocation:
        """The place a location attribute stands for, the innermost one of several.

        A call site counts as its callee, a fused location as its first known part.
        """
        match location:
            case FileLineColLoc():
                return SourceLocation(
                    location.filename.data, location.line.data, location.column.data
                )
            case NameLoc():
                inner = SourceLocation.of(location.location)
                return replace(inner, name=location.desc.data)
            case CallSiteLoc():
                return SourceLocation.of(location.callee)
            case FusedLoc(locations=ArrayAttr(data=parts)):
                places = (SourceLocation.of(part) for part in parts)
                return next((p for p in places if p.is_known), SourceLocation())
            case _:
                return SourceLocation()

    @property
    def is_known(self) -> bool:
        return self != SourceLocation()

    def __str__(self) -> str:
        place = self.file or "<unknown>"
        if self.line:
            place += f":{self.line}"
        if self.line and self.column:
            place += f":{self.column}"
        return f"{place}: '{self.name}'" if self.name and not self.line else place


@dataclass(frozen=True)
class Diagnostic:
    """One message about one place, with the notes that explain it."""

    severity: Severity
    location: SourceLocation
    message: str
    source_line: str = ""
    """Text of the line the location points at, without its end; empty if unknown."""
    notes: tuple[Diagnostic, ...] = ()

    def with_source(self, file: str, lines: Sequence[str]) -> Diagnostic:
        """The same with its source line, and its notes', looked up in `file`'s text."""
        notes = tuple(note.with_source(file, lines) for note in self.notes)
        place = self.location
        if self.source_line or place.file != file or not 0 < place.line <= len(lines):
            return replace(self, notes=notes)
        line = lines[place.line - 1].rstrip("\r")
        return replace(self, source_line=line, notes=notes)

    def __str__(self) -> str:
        return "\n".join(self._text())

    def _text(self) -> Iterator[str]:
        yield f"{self.location}: {self.severity}: {self.message}"
        if self.source_line.strip():
            yield self.source_line
        if self.source_line.strip() and self.location.column:
            before = self.source_line[: self.location.column - 1]
            # A tab is as wide as the reader's terminal makes it, so it is repeated.
            yield "".join("\t" if char == "\t" else " " for char in before) + "^"
        for note in self.notes:
            yield str(note)


class DiagnosticError(Exception):
    """A fault of the input, not of the program: one or more errors, ready to print."""

    diagnostics: tuple[Diagnostic, ...]

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    @staticmethod
    def at(location: Attribute | SourceLocation, message: str) -> DiagnosticError:
        """An error at the place of an op's `location` attribute."""
        if isinstance(location, Attribute):
            location = SourceLocation.of(location)
        return DiagnosticError(Diagnostic(Severity.ERROR, location, message))

    def __str__(self) -> str:
        return "\n".join(str(diagnostic) for diagnostic in self.diagnostics)


SHOWN_NAMES = 8
"""Of those that there are, where none is near to the one that was asked for."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest of `known`, or nothing."""
    # Only who made a mistake waits for it to load.
    from difflib import get_close_matches

    nearest = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


def nearest_or_known(name: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, or `; known: a, b`, the first of many."""
    shown = ", ".join(list(known)[:SHOWN_NAMES])
    more = len(known) - SHOWN_NAMES
    rest = f" and {more} more" if more > 0 else ""
    return did_you_mean(name, known) or f"; known: {shown}{rest}"


def lower_first(message: str) -> str:
    """Our messages start in lower case, xDSL's do not; an abbreviation stays."""
    is_word = message[1:2].islower() or message[1:2] == " "
    return message[0].lower() + message[1:] if is_word else message
