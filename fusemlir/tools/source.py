"""The input of a tool: a text, whole or in parts, or a model file."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.tools.usage import UsageError

SPLIT_MARKER = "// -----"

_SPLIT_LINE = re.compile(rf"^{SPLIT_MARKER}[ \t\r]*$", re.MULTILINE)
_DIMENSIONS = re.compile(r"(\d+(x\d+)*)?")


@dataclass(frozen=True)
class Source:
    """An input file, read; `text` is None for a model, which has none."""

    name: str
    text: str | None

    def chunks(self, split: bool) -> Iterator[str]:
        """The text, or its parts, each with empty lines before it in place of the rest.

        So whoever counts lines in a part counts those of the file.
        """
        assert self.text is not None, "a model has no text"
        if not split:
            yield self.text
            return
        start = 0
        for marker in _SPLIT_LINE.finditer(self.text):
            yield self._part(start, marker.start())
            start = marker.end()
        yield self._part(start, len(self.text))

    def _part(self, start: int, end: int) -> str:
        text = self.text or ""
        return "\n" * text.count("\n", 0, start) + text[start:end]


def read_source(path: str) -> Source:
    """Read `path`, `-` being stdin, up to what an ONNX model is known by.

    Raises `OSError`, or `DiagnosticError` where it is neither a model nor UTF-8.
    """
    if path == "-":
        return _decode("<stdin>", sys.stdin.buffer.read())
    if path.endswith(".onnx"):
        with open(path, "rb"):
            return Source(path, None)
    return _decode(path, Path(path).read_bytes())


def parse_shapes(words: list[str]) -> dict[str, tuple[int, ...]]:
    """`input=1x3x224x224` each; `input=` is a scalar. Raises `UsageError`."""
    shapes: dict[str, tuple[int, ...]] = {}
    for word in words:
        name, equals, dimensions = word.rpartition("=")
        if not equals or not name or _DIMENSIONS.fullmatch(dimensions) is None:
            raise UsageError(
                f"flag '--shape' wants <input>=<dims> as in input=1x3x224x224, "
                f"got '{word}'"
            )
        shapes[name] = tuple(int(part) for part in dimensions.split("x") if part)
    return shapes


def import_model(path: str, shapes: dict[str, tuple[int, ...]]) -> ModuleOp:
    """The ONNX model at `path`; `shapes` fixes dimensions of its inputs by name."""
    from fusemlir.frontend.onnx import import_model

    return import_model(path, shapes or None)


def _decode(name: str, content: bytes) -> Source:
    if _is_model(content):
        if name == "<stdin>":
            raise UsageError("an ONNX model cannot be read from stdin: name its file")
        return Source(name, None)
    try:
        return Source(name, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        place = SourceLocation(name, line, column)
        found = content[error.start]
        message = f"byte 0x{found:02x} is not UTF-8; is this MLIR text?"
        raise DiagnosticError.at(place, message) from error


def _is_model(content: bytes) -> bool:
    """A ModelProto starts with its `ir_version`, field 1, a small number."""
    return content[:1] == b"\x08" and content[1:2] < b"\x20" and b"\x00" in content
