"""Why each fusion happened or did not, for a person or for a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from fusemlir.diagnostics import SourceLocation
from fusemlir.remarks import Remark, RemarkKind
from fusemlir.tools.fusion_report import missed_lines, passed_lines

FORMATS = ("text", "json")

_VERDICTS = {RemarkKind.PASSED: "fused", RemarkKind.MISSED: "missed"}


def explain(remarks: Sequence[Remark], format: str) -> str:
    """What `remarks` say, as text or JSON; each decision once."""
    decisions = list(dict.fromkeys(remarks))
    return as_json(decisions) if format == "json" else as_text(decisions)


def as_text(remarks: Sequence[Remark]) -> str:
    """A table of the rules, then what was fused and what was not, reasons grouped."""
    sections = [
        _switches(remarks),
        ["rule                      sites  fused  missed", *_table(remarks)],
        ["rules that applied", *passed_lines(remarks)],
        ["rules that did not, and why", *missed_lines(remarks)],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def as_json(remarks: Sequence[Remark]) -> str:
    """An array of one object a site: rule, verdict, layers, and the reason."""
    records = [_record(remark) for remark in remarks if remark.kind in _VERDICTS]
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def _switches(remarks: Sequence[Remark]) -> list[str]:
    return [r.reason for r in remarks if r.kind is RemarkKind.ANALYSIS]


def _table(remarks: Sequence[Remark]) -> Iterator[str]:
    counts = Counter((remark.rule, remark.kind) for remark in remarks)
    for rule in dict.fromkeys(r.rule for r in remarks if r.kind in _VERDICTS):
        fused = counts[rule, RemarkKind.PASSED]
        missed = counts[rule, RemarkKind.MISSED]
        yield f"{rule:<24}{fused + missed:>7}{fused:>7}{missed:>8}"


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
