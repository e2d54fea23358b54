"""What `host.py` measured, as JSON and as the rows of tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import exp, log
from statistics import median
from typing import Literal, get_args

from host_readers import OURS, REFERENCE, UNFUSED, WINOGRAD

OTHERS = (REFERENCE, "OpenVINO", "torch", "Inductor")
RUNNERS = (OURS, UNFUSED, WINOGRAD, *OTHERS)

Kind = Literal["networks", "int8 networks", "contractions", "memory-bound patterns"]


@dataclass(frozen=True)
class Machine:
    """Where and how it was measured."""

    cpu: str
    cores: int
    """Those that the process may use."""
    caches: dict[str, int]
    system: str
    versions: dict[str, str]
    """By package."""
    date: str
    command: str
    turns: int


@dataclass
class Measured:
    """One case with one number of threads."""

    case: str
    is_network: bool
    is_quantized: bool
    threads: int
    operations: int
    moved: int
    """Bytes of inputs, outputs and constants."""
    place: str
    """The first cache that holds those, or `memory`."""
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Medians by who ran it."""
    missing: dict[str, str] = field(default_factory=dict[str, str])
    """Why there is no time of the others."""
    peak: float = 0.0
    """Operations a second, measured in the same turns."""
    bandwidth: float = 0.0
    """Bytes a second that a copy of `moved` reads and writes, likewise."""

    @property
    def kind(self) -> Kind:
        if self.is_network:
            return "int8 networks" if self.is_quantized else "networks"
        if self.bound > self.moving:
            return "contractions"
        return "memory-bound patterns"

    @property
    def moving(self) -> float:
        """Seconds that a copy of as many bytes takes; 0 where none was measured."""
        return self.moved / self.bandwidth if self.bandwidth else 0.0

    @property
    def bound(self) -> float:
        """The least seconds that the ceilings allow."""
        return max(self.moving, self.operations / self.peak)

    def ratio(self, *names: str) -> float | None:
        """The time of the quickest of `names` over ours; None without either."""
        others = [self.seconds[name] for name in names if name in self.seconds]
        if OURS not in self.seconds or not others:
            return None
        return min(others) / self.seconds[OURS]


@dataclass
class BuildCost:
    """Of making a case ready, in processes of their own."""

    case: str
    seconds: dict[str, float]
    """By who did it; ours with an empty cache."""
    cached: float | None
    """Ours, a second time."""
    memory: dict[str, int | None]
    """Bytes that the process grew by."""
    missing: dict[str, str]
    """Why there are no figures of the others."""


@dataclass(frozen=True)
class Record:
    """All of one run of `host.py`."""

    machine: Machine
    measured: list[Measured]
    built: list[BuildCost]

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @staticmethod
    def of_text(text: str) -> Record:
        fields = json.loads(text)
        return Record(
            Machine(**fields["machine"]),
            [Measured(**entry) for entry in fields["measured"]],
            [BuildCost(**entry) for entry in fields["built"]],
        )


TIMES_HEADER = (
    "case",
    "threads",
    *RUNNERS,
    "onnxruntime/ours",
    "best/ours",
    "no fusion/ours",
    "ours reaches",
    "of the bound",
)


def times_row(found: Measured) -> list[str]:
    """Milliseconds; then ratios above 1 where we are quicker."""
    ours = found.seconds.get(OURS)
    return [
        found.case,
        str(found.threads),
        *(_number(found.seconds.get(name), 1e3, ".3f") for name in RUNNERS),
        _number(found.ratio(REFERENCE)),
        _number(found.ratio(*OTHERS)),
        _number(found.ratio(UNFUSED)),
        "-" if ours is None else _rate(found, ours),
        "-" if ours is None else f"{found.bound / ours:.0%}",
    ]


def _rate(found: Measured, seconds: float) -> str:
    if found.kind == "memory-bound patterns":
        return f"{found.moved / seconds / 1e9:.1f} GB/s of {found.place}"
    unit = "GOP/s" if found.is_quantized else "GFLOP/s"
    return f"{found.operations / seconds / 1e9:.0f} {unit}"


def ceilings(measured: Sequence[Measured]) -> str:
    """What was measured beside the cases: medians over them."""
    f32 = [found.peak for found in measured if not found.is_quantized]
    int8 = [found.peak for found in measured if found.is_quantized]
    parts: list[str] = []
    if f32:
        parts.append(f"multiply-adds {median(f32) / 1e9:.0f} GFLOP/s")
    if int8:
        parts.append(f"of int8 {median(int8) / 1e9:.0f} GOP/s")
    for place in sorted({found.place for found in measured}):
        rates = [f.bandwidth for f in measured if f.place == place and f.bandwidth]
        if rates:
            parts.append(f"copies in {place} {median(rates) / 1e9:.0f} GB/s")
    return f"Ceilings: {', '.join(parts)}."


BUILD_HEADER = (
    "case",
    *(f"{name}, s" for name in (OURS, "from cache", REFERENCE, "OpenVINO")),
    *(f"{name}, MB" for name in (OURS, REFERENCE, "OpenVINO")),
)


def build_row(cost: BuildCost) -> list[str]:
    seconds = [cost.seconds.get(name) for name in (OURS, REFERENCE, "OpenVINO")]
    seconds.insert(1, cost.cached)
    memory = [cost.memory.get(name) for name in (OURS, REFERENCE, "OpenVINO")]
    return [
        cost.case,
        *(_number(value) for value in seconds),
        *(_number(value, 1e-6, ".0f") for value in memory),
    ]


def _number(value: float | None, factor: float = 1.0, form: str = ".2f") -> str:
    return "-" if value is None else format(value * factor, form)


MEANS_HEADER = ("geometric means", "threads", "cases", "onnxruntime/ours", "best/ours")


def means_rows(measured: Sequence[Measured]) -> list[list[str]]:
    """By kind and threads, of the cases that we have a time of."""
    rows: list[list[str]] = []
    for kind in get_args(Kind):
        for threads in sorted({found.threads for found in measured}):
            group = [f for f in measured if (f.kind, f.threads) == (kind, threads)]
            timed = [found for found in group if OURS in found.seconds]
            if timed:
                first = _mean(timed, lambda found: found.ratio(REFERENCE))
                best = _mean(timed, lambda found: found.ratio(*OTHERS))
                count = f"{len(timed)} of {len(group)}"
                rows.append([kind, str(threads), count, first, best])
    return rows


def _mean(group: Iterable[Measured], ratio: Callable[[Measured], float | None]) -> str:
    logs = [log(value) for found in group if (value := ratio(found)) is not None]
    return f"{exp(sum(logs) / len(logs)):.2f}" if logs else "-"


def reasons(measured: Sequence[Measured | BuildCost]) -> list[str]:
    """Why there is a `-`, each reason with the cases that it holds for."""
    cases: dict[tuple[str, str], list[str]] = {}
    for found in measured:
        for name, reason in found.missing.items():
            cases.setdefault((name, reason), []).append(found.case)
    return [
        f"{name}: {reason} ({', '.join(dict.fromkeys(names))})"
        for (name, reason), names in cases.items()
    ]
