"""Writes docs/catalog.md from the rules, their lit files, and what these give.

`python tools/catalog/page.py` writes the page anew, `--check` says whether it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from inspect import getdoc
from pathlib import Path
from typing import Any

from cases import Case, Cases, run_cases
from statements import STATEMENTS

from fusemlir.tools.command import EXIT_OK, EXIT_USER_ERROR
from fusemlir.transforms import PASS_NAMES, load_pass, load_rules
from fusemlir.transforms.driver import TYPES
from fusemlir.transforms.epilogue import table_rows
from fusemlir.transforms.fusion import Constraint, Contract, Fusion
from fusemlir.transforms.guards import GUARDS
from fusemlir.transforms.trt_fuse import FUSIONS, PREPARATION, RUN_ALONE, Stage

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "catalog.md"
_CONTRACTS = {
    Contract.EXACT: "the values stay what they were.",
    Contract.EXACT_IF_FINITE: "the values stay what they were where all are finite.",
    Contract.REAL_ALGEBRA: "equal over the reals, so values differ by rounding.",
}
SHOWN_CASES = 4
"""Of those that show one thing; the lit files have the others."""


def main(arguments: Sequence[str]) -> int:
    text = "\n".join(page_lines(run_cases(ROOT))) + "\n"
    if list(arguments) == ["--check"]:
        if PAGE.exists() and PAGE.read_text() == text:
            return EXIT_OK
        print(f"{PAGE.relative_to(ROOT)} is stale: run make docs", file=sys.stderr)
        return EXIT_USER_ERROR
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    return EXIT_OK


def page_lines(cases: Cases) -> Iterator[str]:
    yield from _introduction()
    yield from _stages()
    yield from _epilogues()
    yield from _guards(cases)
    yield "## The rules"
    for name in PASS_NAMES:
        rules = load_rules(name)
        if rules:
            yield from _pass(name, rules, cases)
    yield from _coverage(cases)


def _introduction() -> Iterator[str]:
    yield "# The catalog"
    yield ""
    yield "<!-- Written by `make docs`: edit the rules instead. -->"
    yield ""
    yield (
        "Every fusion is a rule with a pass and a flag of its own, "
        "`fuse-opt --fuse-conv-relu in.mlir`; `--trt-fuse` runs all of them in order. "
        "This page is made from the rules and from running their lit files: each "
        "network, remark and test below is what the tool gave. What a rule refuses it "
        "says in a remark that names the constraint: `--explain` shows them."
    )
    yield ""


def _stages() -> Iterator[str]:
    yield "## The order of `--trt-fuse`"
    yield ""
    yield "First, again and again until nothing changes:"
    yield ""
    yield from _stage_table(PREPARATION)
    yield ""
    yield "Then, once:"
    yield ""
    yield from _stage_table(FUSIONS)
    yield ""
    yield "Only where it is named:"
    yield ""
    alone = (Stage(name, reason) for name, reason in RUN_ALONE.items())
    yield from _stage_table(alone)
    yield ""


def _stage_table(stages: Iterable[Stage]) -> Iterator[str]:
    yield from _table(
        ("pass", "why here"), ((f"`{stage.name}`", stage.reason) for stage in stages)
    )


def _epilogues() -> Iterator[str]:
    yield "## What a convolution or product takes on"
    yield ""
    yield (
        "By what follows it already and the layer that comes next: **strict**, in both "
        "modes, as the catalog lists it; **practice**, the default mode only, as users "
        "expect it; or never."
    )
    yield ""
    rows = list(table_rows())
    for contraction in dict.fromkeys(row[0] for row in rows):
        ours = [row[1:] for row in rows if row[0] == contraction]
        layers = list(dict.fromkeys(layer for _, layer, _ in ours))
        modes = {(state, layer): mode for state, layer, mode in ours}
        states = dict.fromkeys(state for state, _, _ in ours)
        yield from _table(
            (f"{contraction} with", *layers),
            (
                (state, *(_mode(modes[state, layer]) for layer in layers))
                for state in states
            ),
        )
        yield ""


def _mode(mode: str) -> str:
    return "**strict**" if mode == "strict" else mode


def _guards(cases: Cases) -> Iterator[str]:
    yield "## What holds for every fusion"
    yield ""
    yield "The driver asks these of each rule, before anything changes."
    yield ""
    guards: list[Constraint[Any]] = [*GUARDS, TYPES]
    yield from _table(
        ("guard", "why", "wanted", "refused"),
        (
            (
                f"`{guard.name}`",
                guard.sentence,
                guard.required,
                _links(cases.refused_by(guard.name)),
            )
            for guard in guards
        ),
    )
    yield ""


def _pass(name: str, rules: Sequence[type[Fusion[Any]]], cases: Cases) -> Iterator[str]:
    yield ""
    yield f"### `--{name}`"
    yield ""
    yield _paragraphs(getdoc(load_pass(name)) or "")
    for rule in rules:
        yield from _rule(rule, cases)
    answers = [s.says for s in STATEMENTS if name in map(_rule_of, s.held_by)]
    if answers:
        yield ""
        yield f"The catalog: {' '.join(dict.fromkeys(answers))}"
    example = cases.examples.get(name)
    if example is not None:
        yield ""
        yield f"Fused: {_shown(name, cases)}. For {example.case},"
        yield from _code(example.before)
        yield "becomes"
        yield from _code(example.after)


def _rule(rule: type[Fusion[Any]], cases: Cases) -> Iterator[str]:
    summary, _, details = (getdoc(rule) or "").partition("\n\n")
    yield ""
    yield f"`{' '.join(summary.split())}`"
    if details:
        yield ""
        yield _paragraphs(details)
    yield ""
    yield f"Contract: {_CONTRACTS[rule.contract]}"
    if not rule.constraints:
        return
    yield ""
    yield from _table(
        ("constraint", "why", "wanted", "refused"),
        (
            (
                f"`{constraint.name}`",
                constraint.sentence,
                constraint.required,
                _shown(f"{rule.name}/{constraint.name}", cases),
            )
            for constraint in rule.constraints
        ),
    )


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _coverage(cases: Cases) -> Iterator[str]:
    yield ""
    yield "## The catalog, statement by statement"
    yield ""
    yield (
        "What TensorRT's catalog says, in our words, and what holds it: a rule with "
        "cases that fuse, a constraint with cases that it refuses, or a test. That no "
        "constraint can be left out is what "
        "[test_mutations.py](../test/unit/test_mutations.py) shows."
    )
    yield ""
    yield from _table(
        ("entry", "says", "held by"),
        (
            (s.entry, s.says, "<br>".join(_holder(h, cases) for h in s.held_by))
            for s in STATEMENTS
        ),
    )


def _rule_of(holder: str) -> str:
    return holder.partition("/")[0]


def _holder(holder: str, cases: Cases) -> str:
    """A holder and the cases that show it; raises `LookupError` where there is none."""
    if holder.endswith(".py"):
        if not (ROOT / holder).exists():
            raise LookupError(f"there is no {holder}")
        return f"[{Path(holder).name}](../{holder})"
    return f"`{holder}`: {_shown(holder, cases)}"


def _shown(holder: str, cases: Cases) -> str:
    """The cases that show a rule, or a constraint of one."""
    rule, _, constraint = holder.partition("/")
    found = cases.missed[rule, constraint] if constraint else cases.fused[rule]
    if not found:
        raise LookupError(f"no lit case shows {holder}")
    return _links(found)


def _links(cases: Sequence[Case]) -> str:
    shown = ", ".join(map(str, cases[:SHOWN_CASES]))
    more = len(cases) - SHOWN_CASES
    return f"{shown} and {more} more" if more > 0 else shown


def _code(text: str) -> Iterator[str]:
    yield "```mlir"
    yield text
    yield "```"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
