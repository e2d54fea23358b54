"""Why each fusion happened or did not, for a person or for a program."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp

from fusemlir.diagnostics import SourceLocation
from fusemlir.remarks import TAKEN, Remark, RemarkKind
from fusemlir.tools.atomic_file import write_atomically
from fusemlir.tools.command_line import CommandLine
from fusemlir.tools.fusion_report import (
    missed_lines,
    passed_lines,
    sizes,
    switch_lines,
    taken_section,
    target_of,
)
from fusemlir.tools.usage import UsageError

FORMATS = ("text", "json")

_VERDICTS = {RemarkKind.PASSED: "fused", RemarkKind.MISSED: "missed"}


@dataclass
class Explanation:
    """Of one run of a command: asked for before it, written after it."""

    format: str
    path: str
    """`-` for stderr."""
    networks: list[str] = field(default_factory=list[str])
    """A line each: its size before and after, and the target."""

    @staticmethod
    def of(line: CommandLine) -> Explanation | None:
        """What `--explain` asks for; None where nobody asked. Raises `UsageError`."""
        if "explain" not in line.values:
            if "explain-file" in line.values:
                raise UsageError("flag '--explain-file' needs '--explain'")
            return None
        wanted = line.value("explain", "") or "text"
        if wanted not in FORMATS:
            raise UsageError(f"flag '--explain' wants text or json, got '{wanted}'")
        return Explanation(wanted, line.value("explain-file", "-"))

    @contextmanager
    def over(self, module: ModuleOp) -> Generator[None]:
        """Note what becomes of `module` inside the block."""
        before = _count_kernels(module)
        yield
        if before:
            size = sizes(before, _count_kernels(module))
            self.networks.append(f"{size}, target {target_of(module)}")

    def write(self, remarks: Sequence[Remark], failed: bool) -> None:
        """To a file only where nothing failed."""
        text = explain(remarks, self.format, self.networks)
        if self.path == "-":
            sys.stderr.write(text)
        elif not failed:
            write_atomically(self.path, text)


def explain(
    remarks: Sequence[Remark], format: str, networks: Sequence[str] = ()
) -> str:
    """What `remarks` say, as text or JSON; each decision once.

    The text begins with the lines of `networks`.
    """
    decisions = list(dict.fromkeys(remarks))
    if format == "json":
        return as_json(decisions)
    return as_text(decisions, networks)


def as_text(remarks: Sequence[Remark], networks: Sequence[str] = ()) -> str:
    """A table of the rules, then what was fused and what was not, reasons grouped."""
    sections = [
        [*networks, *switch_lines(remarks)],
        [_row("rule", "sites", "fused", "taken", "missed"), *_table(remarks)],
        ["rules that applied", *passed_lines(remarks)],
        ["rules that did not, and why", *missed_lines(remarks)],
        [*taken_section(remarks)],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def as_json(remarks: Sequence[Remark]) -> str:
    """An array of one object a site: rule, verdict, layers, and the reason."""
    records = [_record(remark) for remark in remarks if remark.kind in _VERDICTS]
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def _table(remarks: Sequence[Remark]) -> Iterator[str]:
    counts = Counter(
        (remark.rule, remark.kind, remark.constraint == TAKEN) for remark in remarks
    )
    for rule in dict.fromkeys(r.rule for r in remarks if r.kind in _VERDICTS):
        fused = counts[rule, RemarkKind.PASSED, False]
        taken = counts[rule, RemarkKind.MISSED, True]
        missed = counts[rule, RemarkKind.MISSED, False]
        yield _row(rule, fused + taken + missed, fused, taken, missed)


def _row(rule: str, *numbers: object) -> str:
    return f"{rule:<24}" + "".join(f"{number:>8}" for number in numbers)


def _count_kernels(module: ModuleOp) -> int:
    """Of the functions that are networks; the others have none."""
    from fusemlir.network import functions, is_kernel, nodes

    networks = (f for f in functions(module) if len(f.body.blocks) == 1)
    return sum(is_kernel(node) for network in networks for node in nodes(network))


def _record(remark: Remark) -> dict[str, str | list[str]]:
    return {
        "rule": remark.rule,
        "verdict": _VERDICTS[remark.kind],
        "layers": list(remark.layers),
        "name": remark.name,
        "reason": remark.reason,
        "constraint": remark.constraint,
        "required": remark.required,
        "observed": remark.observed,
        "blocker": remark.blocker,
        "suggestion": remark.suggestion,
        "location": str(SourceLocation.of(remark.location)),
    }
