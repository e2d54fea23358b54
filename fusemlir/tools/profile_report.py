"""What each kernel takes, for a person or for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusemlir.runtime.engine import Engine
    from fusemlir.runtime.profile import KernelTime, Profile, StepTime

_HEAD = "    us      %  GFLOP/s   GB/s     #  kind                 kernel"


def profile_table(profile: Profile) -> Iterator[str]:
    """A line for each kernel, those that take longest first; below, what code of a
    kernel takes where it has several."""
    rest = profile.seconds - profile.in_steps
    runs = "1 run" if profile.runs == 1 else f"medians of {profile.runs} runs"
    yield (
        f"where the time goes, {runs}: {_ms(profile.seconds)} each, "
        f"{_ms(profile.in_steps)} in kernels, {_ms(rest)} around them"
    )
    yield _HEAD
    numbered = enumerate(profile.kernels, start=1)
    for number, timed in sorted(numbered, key=lambda each: -each[1].seconds):
        yield _row(number, timed, profile.seconds)
        if len(timed.steps) > 1:
            yield from map(_part, timed.steps)
    if profile.others:
        yield "outside kernels"
        yield from map(_part, profile.others)


def _row(number: int, timed: KernelTime, whole: float) -> str:
    share = 100 * timed.seconds / whole
    computed = _rate(timed.operations, timed.seconds)
    moved = _rate(timed.moved_bytes, timed.seconds)
    kernel = timed.kernel
    return (
        f"{timed.seconds * 1e6:8.1f} {share:5.1f} {computed:>8} {moved:>6} {number:>5}"
        f"  {kernel.kind:<20} {kernel.name}"
    )


def _part(timed: StepTime) -> str:
    return f"{timed.seconds * 1e6:8.1f} of it {' and '.join(timed.step.code)}"


def _rate(amount: float, seconds: float) -> str:
    """In 1e9 a second; nothing where there is none."""
    return f"{amount / seconds / 1e9:.1f}" if amount and seconds else ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3f} ms"


def profile_json(profile: Profile, engine: Engine) -> str:
    """All of a profile, kernels in the order in which they run."""
    entry = {
        "network": engine.name,
        "device": str(engine.device),
        "runs": profile.runs,
        "seconds": profile.seconds,
        "seconds_in_kernels": profile.in_steps,
        "kernels": [_entry(timed) for timed in profile.kernels],
        "others": _steps(profile.others),
    }
    return json.dumps(entry, indent=2) + "\n"


def _entry(timed: KernelTime) -> dict[str, object]:
    kernel = timed.kernel
    return {
        "name": kernel.name,
        "kind": kernel.kind,
        "layers": kernel.layers,
        "onnx_nodes": kernel.onnx_nodes,
        "seconds": timed.seconds,
        "operations": timed.operations,
        "moved_bytes": timed.moved_bytes,
        "steps": _steps(timed.steps),
    }


def _steps(steps: Iterable[StepTime]) -> Sequence[dict[str, object]]:
    return [{"code": each.step.code, "seconds": each.seconds} for each in steps]
