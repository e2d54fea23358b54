"""The picture of docs/performance.md: the times of others over ours, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log2

from host_record import OTHERS, UNFUSED, Measured

MARKS = {
    OTHERS[0]: ("#d62728", "circle"),
    OTHERS[1]: ("#1f77b4", "square"),
    OTHERS[2]: ("#ff9f1c", "diamond"),
    OTHERS[3]: ("#7b3fa0", "triangle"),
    UNFUSED: ("#8a8a8a", "cross"),
}
NAMES, PANEL, GAP, ROW, TOP = 170, 360, 40, 20, 64
SIZE = 4.5
"""Half the width of a mark."""
WIDEST = 5
"""Powers of two that are shown; what is beyond stands at the edge."""


def picture(measured: Sequence[Measured]) -> str:
    """A panel for each number of threads, a row for each case, a mark for each who
    was measured, at its time over ours: to the right of 1 we are quicker."""
    counts = sorted({found.threads for found in measured})
    cases = list(dict.fromkeys(found.case for found in measured))
    powers = [log2(ratio) for found in measured for _, ratio in _ratios(found)]
    low = max(floor(min(powers, default=0)), -WIDEST, -3)
    high = min(max(ceil(max(powers, default=0)), low + 1), WIDEST)
    width = NAMES + len(counts) * (PANEL + GAP)
    height = TOP + ROW * len(cases) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_legend(),
        *(
            f'<rect y="{TOP + ROW * at}" width="{width}" height="{ROW}" '
            'fill="#f4f4f4"/>'
            for at in range(0, len(cases), 2)
        ),
        *(
            _text(NAMES - 10, TOP + ROW * at + 14, case, "end")
            for at, case in enumerate(cases)
        ),
    ]
    for number, count in enumerate(counts):
        left = NAMES + number * (PANEL + GAP)
        lines += _axis(left, count, low, high, len(cases))
        for found in measured:
            if found.threads == count:
                y = TOP + ROW * cases.index(found.case) + ROW / 2
                for name, ratio in _ratios(found):
                    power = min(max(log2(ratio), low), high)
                    x = left + PANEL * (power - low) / (high - low)
                    lines.append(_mark(name, x, y, f"{found.case}: {ratio:.2f}"))
    return "\n".join((*lines, "</svg>")) + "\n"


def _ratios(found: Measured) -> Iterator[tuple[str, float]]:
    for name in MARKS:
        ratio = found.ratio(name)
        if ratio is not None:
            yield name, ratio


def _legend() -> Iterator[str]:
    for at, name in enumerate(MARKS):
        x = NAMES + 110 * at
        yield _mark(name, x, 16, name)
        yield _text(x + 10, 20, name)


def _axis(left: int, threads: int, low: int, high: int, rows: int) -> Iterator[str]:
    bottom = TOP + ROW * rows
    plural = "" if threads == 1 else "s"
    title = f"{threads} thread{plural}: time over ours"
    yield _text(left + PANEL / 2, TOP - 14, title, "middle")
    for power in range(low, high + 1):
        x = left + PANEL * (power - low) / (high - low)
        style = ("#000000", 1.5) if power == 0 else ("#dddddd", 1)
        yield (
            f'<line x1="{x:g}" y1="{TOP}" x2="{x:g}" y2="{bottom}" '
            f'stroke="{style[0]}" stroke-width="{style[1]}"/>'
        )
        label = str(2**power) if power >= 0 else f"1/{2**-power}"
        yield _text(x, bottom + 18, label, "middle")


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _mark(name: str, x: float, y: float, title: str) -> str:
    colour, shape = MARKS[name]
    corners = {
        "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
        "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
        "triangle": [(0, -1.2), (1.2, 1), (-1.2, 1)],
        "cross": [(-1, -1), (1, 1), (0, 0), (-1, 1), (1, -1), (0, 0)],
    }
    style = f'fill="{colour}" fill-opacity="0.8" stroke="{colour}"'
    if shape == "circle":
        body = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{SIZE}" {style}>'
    else:
        points = " ".join(
            f"{x + SIZE * dx:.1f},{y + SIZE * dy:.1f}" for dx, dy in corners[shape]
        )
        body = f'<polygon points="{points}" {style}>'
    kind = "circle" if shape == "circle" else "polygon"
    return f"{body}<title>{escape(title)}</title></{kind}>"
