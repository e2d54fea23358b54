"""How fast kernels of each family are on a GPU, beside torch and what the GPU can do.

`python tools/bench/gpu.py` prints medians in microseconds. Ceilings are measured in the
same run: a copy within the device's memory, and torch's matrix product.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from gpu_cases import CASES, Case
from measure import text_table

import fusemlir
from fusemlir.diagnostics import DiagnosticError
from fusemlir.frontend.mlir import parse_module
from fusemlir.runtime import cuda
from fusemlir.runtime.cuda_executor import CudaExecutor
from fusemlir.source_network import make_context

REPEATS, WARM_UP = 50, 10

COPIED = 1 << 30
"""Bytes of the copy that bandwidth is measured by: far more than a cache."""

EDGE = 8192
"""Of the matrices by whose product arithmetic is measured."""


@dataclass
class Ceilings:
    """What the GPU reaches in this run."""

    bytes_a_second: float
    flops: float | None
    """None without torch, which has the product."""


@dataclass
class Measured:
    """Medians in seconds by who computed; why not, for those that did not."""

    family: str
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    missing: dict[str, str] = field(default_factory=dict[str, str])
    bound: float = 0.0
    """The least that the ceilings allow."""


def measure(case: Case, torch: Any, ceilings: Ceilings) -> Measured:
    found = Measured(case.family, bound=_bound(case, ceilings))
    try:
        found.seconds["fusemlir"] = _ours(case)
    except DiagnosticError as error:
        found.missing["fusemlir"] = error.diagnostics[0].message
    if torch is None:
        found.missing["torch"] = "torch is not installed"
        return found
    inputs = _torch_inputs(case, torch)

    def eager(*given: Any) -> Any:
        return case.torch(torch, *given)

    found.seconds["torch"] = _torch_seconds(torch, lambda: eager(*inputs))
    try:
        compiled = torch.compile(eager)
        found.seconds["torch.compile"] = _torch_seconds(
            torch, lambda: compiled(*inputs)
        )
    except Exception as error:
        # Its back end wants a compiler, and more, of the machine.
        found.missing["torch.compile"] = str(error).partition("\n")[0]
    return found


def _bound(case: Case, ceilings: Ceilings) -> float:
    moving = case.moved / ceilings.bytes_a_second
    if ceilings.flops is None or not case.computed:
        return moving
    return max(moving, case.computed / ceilings.flops)


def _ours(case: Case) -> float:
    module = parse_module(make_context(), case.text, case.family)
    engine = fusemlir.compile(module, device="cuda", rules=case.rules)
    rng = np.random.default_rng(0)
    engine.run([_ordinary(rng, t.shape, t.dtype) for t in engine.inputs])
    assert isinstance(engine.executor, CudaExecutor)
    return median(engine.executor.seconds_of_runs(REPEATS + WARM_UP)[WARM_UP:])


def _ordinary(rng: Any, shape: Sequence[int | None], dtype: Any) -> Any:
    """Numbers of no special size; what is multiplied has an influence on power."""
    known = [dim or 1 for dim in shape]
    return (rng.random(known, np.float32) - np.float32(0.5)).astype(dtype)


def _torch_inputs(case: Case, torch: Any) -> list[Any]:
    module = parse_module(make_context(), case.text, case.family)
    engine = fusemlir.compile(module, device="reference", fuse="none")
    rng = np.random.default_rng(0)
    return [
        torch.from_numpy(_ordinary(rng, t.shape, t.dtype)).cuda() for t in engine.inputs
    ]


def _torch_seconds(torch: Any, work: Callable[[], Any]) -> float:
    for _ in range(WARM_UP):
        work()
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(REPEATS + 1)]
    marks[0].record()
    for mark in marks[1:]:
        work()
        mark.record()
    torch.cuda.synchronize()
    pairs = pairwise(marks)
    return median(start.elapsed_time(end) for start, end in pairs) * 1e-3


def measure_ceilings(gpu: cuda.CudaDevice, torch: Any) -> Ceilings:
    """A copy reads and writes each byte; a product of matrices of halves."""
    with gpu.open() as context:
        stream = context.stream()
        with context.allocate(COPIED) as source, context.allocate(COPIED) as target:
            seconds: list[float] = []
            for _ in range(REPEATS):
                start, end = context.event(), context.event()
                start.record(stream.handle)
                target.begin_copy(int(source.address), stream.handle)
                end.record(stream.handle)
                seconds.append(end.seconds_since(start))
        stream.destroy()
    flops = None
    if torch is not None:
        a, b = (torch.rand(EDGE, EDGE, device="cuda").half() for _ in range(2))
        flops = 2 * EDGE**3 / _torch_seconds(torch, lambda: a @ b)
    return Ceilings(2 * COPIED / median(seconds[WARM_UP:]), flops)


def _row(found: Measured) -> list[str]:
    ours = found.seconds.get("fusemlir")
    names = ("fusemlir", "torch", "torch.compile")
    times = [_microseconds(found.seconds.get(name)) for name in names]
    others = [found.seconds[name] for name in names[1:] if name in found.seconds]
    ratio = f"{min(others) / ours:.2f}" if others and ours else "-"
    share = f"{found.bound / ours:.0%}" if ours else "-"
    return [found.family, *times, _microseconds(found.bound), ratio, share]


def _microseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e6:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="write what was measured here, too")
    parser.add_argument("--cases", nargs="*", choices=[case.family for case in CASES])
    arguments = parser.parse_args()
    gpu = cuda.probe()
    if isinstance(gpu, cuda.CudaUnavailable):
        print(f"gpu-bench: nothing is measured, no GPU answers: {gpu.reason}")
        return 0
    torch = import_module("torch") if find_spec("torch") else None
    ceilings = measure_ceilings(gpu, torch)
    flops = (
        "not known without torch"
        if ceilings.flops is None
        else (f"{ceilings.flops / 1e12:.0f} TFLOP/s in f16")
    )
    print(
        f"{gpu.name}, sm_{gpu.sm}: {ceilings.bytes_a_second / 1e9:.0f} GB/s copied, "
        f"matrix product {flops}\n"
    )
    chosen = [
        c for c in CASES if arguments.cases is None or c.family in arguments.cases
    ]
    found = [measure(case, torch, ceilings) for case in chosen]
    header = ("family", "fusemlir", "torch", "torch.compile", "bound")
    print(text_table((*header, "torch/ours", "of bound"), [_row(one) for one in found]))
    for one in found:
        for name, reason in one.missing.items():
            print(f"{one.family}: no time of {name}: {reason}")
    if arguments.json is not None:
        record = {
            "gpu": gpu.name,
            "ceilings": asdict(ceilings),
            "measured": [asdict(one) for one in found],
        }
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
