"""Writes what was measured into docs/performance.md, and its picture.

`python tools/bench/host.py --json docs/performance.json` measures,
`python tools/bench/performance.py` writes the page, `--check` says whether it is stale.
The page is written anew between its two marks; the rest is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from host_record import (
    BUILD_HEADER,
    MEANS_HEADER,
    OTHERS,
    TIMES_HEADER,
    BuildCost,
    Measured,
    Record,
    build_row,
    ceilings,
    means_rows,
    reasons,
    times_row,
)
from measure import markdown_table
from models import ROOT
from performance_picture import picture

RECORD, PAGE, PICTURE = (
    ROOT / "docs" / f"performance.{s}" for s in ("json", "md", "svg")
)
BEGIN = "<!-- What follows is written by `make docs` from performance.json. -->"
END = "<!-- What follows is written by hand. -->"


def measured_part(record: Record) -> Iterator[str]:
    """What stands between the marks, in paragraphs."""
    machine = record.machine
    caches = ", ".join(f"{k} {size >> 10} KiB" for k, size in machine.caches.items())
    versions = ", ".join(f"{k} {number}" for k, number in machine.versions.items())
    yield (
        f"Measured on {machine.date} by `{machine.command}`: {machine.cpu}, "
        f"{machine.cores} cores, {caches}; {machine.system}; {versions}; medians of "
        f"{machine.turns} turns, in milliseconds."
    )
    yield f"![Times of others over ours]({PICTURE.name})"
    for threads in sorted({found.threads for found in record.measured}):
        group = [found for found in record.measured if found.threads == threads]
        header = (TIMES_HEADER[0], *TIMES_HEADER[2:])
        rows = [(row[0], *row[2:]) for row in map(times_row, group)]
        plural = "" if threads == 1 else "s"
        yield f"### {threads} thread{plural}"
        yield ceilings(group)
        yield markdown_table(header, rows).rstrip()
        yield _behind(group)
    yield "### Together"
    yield markdown_table(MEANS_HEADER, means_rows(record.measured)).rstrip()
    yield from _why_not(record.measured)
    if record.built:
        yield "### Building"
        yield markdown_table(BUILD_HEADER, list(map(build_row, record.built))).rstrip()
        yield from _why_not(record.built)


def _why_not(found: Sequence[Measured | BuildCost]) -> Iterator[str]:
    lines = reasons(found)
    if lines:
        yield "A `-` above:"
        yield "\n".join(f"- {line}" for line in lines)


def _behind(group: Sequence[Measured]) -> str:
    """Who is quicker than we are, and where."""
    behind: list[str] = []
    for found in group:
        ratio = found.ratio(*OTHERS)
        if ratio is not None and ratio < 1:
            best = min(OTHERS, key=lambda name: found.seconds.get(name, float("inf")))
            behind.append(f"{found.case} {ratio:.2f} ({best})")
    return f"Behind the best of the others: {', '.join(behind) or 'nowhere'}."


def page(before: str, record: Record) -> str:
    """The page `before` with what stands between its marks written anew."""
    head, found, rest = before.partition(BEGIN)
    _, ends, tail = rest.partition(END)
    if not (found and ends):
        raise SystemExit(f"{PAGE.name} lacks '{BEGIN}' or '{END}' after it")
    return "\n\n".join((head + BEGIN, *measured_part(record), END + tail))


def main(arguments: Sequence[str]) -> int:
    record = Record.of_text(RECORD.read_text())
    made = {
        PAGE: page(PAGE.read_text(), record),
        PICTURE: picture(record.measured),
    }
    if list(arguments) != ["--check"]:
        for path, text in made.items():
            path.write_text(text)
        return 0
    stale = [p for p, text in made.items() if not p.exists() or p.read_text() != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} is stale: run make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
