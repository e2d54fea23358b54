"""docs/kernel_counts.md tells of the kernels that the networks are known to become."""

from __future__ import annotations

from pathlib import Path

from kernel_counts import golden_counts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kernel_counts.md"


def counts_on_page(column: str) -> dict[str, int]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]
    header, _, *rows = cells
    at = header.index(column)
    return {row[0]: int(row[at]) for row in rows}


def test_the_page_has_our_counts():
    golden = {name: sum(kinds.values()) for name, kinds in golden_counts().items()}
    assert counts_on_page("practice") == golden, (
        "run tools/bench/openvino_kernels.py, which writes docs/kernel_counts.md"
    )


def test_no_network_has_more_kernels_than_openvino_executes():
    theirs = counts_on_page("OpenVINO")
    ours = counts_on_page("practice")
    assert {name: n for name, n in ours.items() if n > theirs[name]} == {}
