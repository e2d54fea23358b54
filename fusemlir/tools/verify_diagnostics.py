"""Holds what was reported against the `// expected-error {{...}}` comments of a file.

Grammar and matching are those of `mlir-opt --verify-diagnostics`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fusemlir.diagnostics import Diagnostic, Severity, SourceLocation

_EXPECTED = re.compile(
    r"expected-(error|note|remark|warning)(-re)? *"
    r"(?:@([+-][0-9]+|above|below|unknown))? *\{\{(.*)\}\}\s*$"
)
_INNER_REGEX = re.compile(r"\{\{(.*?)\}\}")


@dataclass(eq=False)
class Expectation:
    """One comment, and whether something met it."""

    severity: Severity
    line: int
    """Where the diagnostic must be, one-based; 0 for a place that is not known."""
    written_at: SourceLocation
    text: str
    pattern: re.Pattern[str] | None
    """Searched for in the message; without one, `text` must occur in it."""
    met: bool = False

    def fits(self, message: str) -> bool:
        if self.pattern is None:
            return self.text in message
        return self.pattern.search(message) is not None


def check_diagnostics(
    file: str, lines: Sequence[str], reported: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """What was reported and not expected, then what was expected and not reported.

    `lines` is the text of `file`, or the part in question with empty lines before it.
    A note is a diagnostic of its own. Raises `re.error` via `expectations`.
    """
    expected, malformed = expectations(file, lines)
    unexpected = [
        fault
        for diagnostic in _with_notes(reported)
        if (fault := _meet(diagnostic, file, expected)) is not None
    ]
    missing = [
        Diagnostic(
            Severity.ERROR,
            each.written_at,
            f'expected {each.severity} "{each.text}" was not produced',
        )
        for each in expected
        if not each.met
    ]
    return [*malformed, *unexpected, *missing]


def expectations(
    file: str, lines: Sequence[str]
) -> tuple[list[Expectation], list[Diagnostic]]:
    """The expectations written in `lines`, and errors for those that make no sense."""
    expected: list[Expectation] = []
    malformed: list[Diagnostic] = []
    below: list[Expectation] = []
    last_plain_line = 0
    for number, line in enumerate(lines, start=1):
        match = _EXPECTED.search(line)
        if match is None:
            for each in below:
                each.line = number
            below.clear()
            last_plain_line = number
            continue
        severity, is_regex, place, text = match.groups()
        written_at = SourceLocation(file, number, match.start() + 1)
        try:
            pattern = _compile(text) if is_regex else None
        except re.error as error:
            message = f"invalid regular expression in '{text}': {error}"
            malformed.append(Diagnostic(Severity.ERROR, written_at, message))
            continue
        expectation = Expectation(Severity(severity), number, written_at, text, pattern)
        expected.append(expectation)
        if place == "unknown":
            expectation.line = 0
        elif place == "above":
            expectation.line = last_plain_line
        elif place == "below":
            below.append(expectation)
        elif place is not None:
            expectation.line = number + int(place)
    return expected, malformed


def expects(lines: Iterable[str], severity: Severity) -> bool:
    """Whether any comment in `lines` asks for a diagnostic of this severity."""
    matches = (_EXPECTED.search(line) for line in lines)
    return any(match is not None and match[1] == severity for match in matches)


def _compile(text: str) -> re.Pattern[str]:
    """`text` as a pattern: what stands in `{{...}}` is one, the rest is literal."""
    parts = _INNER_REGEX.split(text)
    literal, inner = parts[::2], parts[1::2]
    pattern = re.escape(literal[0])
    for regex, following in zip(inner, literal[1:], strict=True):
        pattern += f"(?:{regex}){re.escape(following)}"
    return re.compile(pattern)


def _with_notes(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    for diagnostic in diagnostics:
        yield diagnostic
        yield from _with_notes(diagnostic.notes)


def _meet(
    diagnostic: Diagnostic, file: str, expected: Sequence[Expectation]
) -> Diagnostic | None:
    """Mark the expectation that `diagnostic` meets; an error if there is none."""
    place = diagnostic.location
    line = place.line if place.file == file else 0
    near_miss: Expectation | None = None
    for each in expected:
        if each.met or each.line != line or not each.fits(diagnostic.message):
            continue
        if each.severity is diagnostic.severity:
            each.met = True
            return None
        near_miss = each
    kind, message = diagnostic.severity, diagnostic.message
    fault = (
        f"unexpected {kind}: {message}"
        if near_miss is None
        else f"'{kind}' diagnostic emitted when expecting a '{near_miss.severity}': "
        f"{message}"
    )
    return Diagnostic(Severity.ERROR, place, fault)
