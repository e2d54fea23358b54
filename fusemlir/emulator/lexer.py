"""PTX text to tokens with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fusemlir.emulator.errors import PtxError

# `.loc` and `.file` end with their line, as nothing else does.
_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|\.(?:loc|file)\b[^\n]*)
    |(?P<string>"[^"\n]*")
    |(?P<number>0[fF][0-9a-fA-F]{8}\b|0[dD][0-9a-fA-F]{16}\b|0[xX][0-9a-fA-F]+U?\b
      |0[bB][01]+U?\b|\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+U?)
    |(?P<word>[.%$_A-Za-z][\w$%]*(?:(?:\.|::)[\w$]+)*)
    |(?P<mark>[\[\]{}(),;:@!|+\-=<>])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A word, a number, a string or a mark of punctuation; `end` once at the end."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a PTX text; raises `PtxError` at what is none."""
    line, at = 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            shown = text[at : at + 20].splitlines()[0]
            raise PtxError(line, f"cannot read '{shown}'")
        kind = found.lastgroup or ""
        if kind != "skip":
            yield Token(kind, found[0], line)
        line += found[0].count("\n")
        at = found.end()
    yield Token("end", "the end of the text", line)
