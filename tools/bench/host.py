"""How fast networks and fused patterns are on this CPU, beside other runtimes.

`python tools/bench/host.py` prints medians in milliseconds, of runs that take turns in
one process. Every answer is compared with onnxruntime's before it is timed. Ceilings
are measured in the same turns: multiply-adds in registers, and a copy of as many bytes.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from host_build import build_in_process
from host_cases import CASES, Case, Network, moved_bytes, operations
from host_ceilings import Work, arithmetic, caches, copying, has_dot_product, place_of
from host_readers import (
    OURS,
    READERS,
    REFERENCE,
    UNFUSED,
    NoRunnerError,
    Ready,
    Runner,
    installed,
)
from host_record import (
    BUILD_HEADER,
    MEANS_HEADER,
    RUNNERS,
    TIMES_HEADER,
    BuildCost,
    Machine,
    Measured,
    Record,
    build_row,
    ceilings,
    means_rows,
    reasons,
    times_row,
)
from host_torch import torch_runners
from measure import in_turns, text_table
from onnx import ModelProto

from fusemlir.codegen.native import host_cpu
from fusemlir.codegen.object_cache import FOLDER_VARIABLE

TURNS = 15
PAUSE = 5e-3
"""Seconds before a turn where several threads run: OpenMP's spin for some."""


def measure(
    case: Case,
    model: ModelProto,
    path: Path,
    threads: int,
    turns: int,
    clock: Callable[[], float] = time.perf_counter,
    without: Collection[str] = (),
) -> Measured:
    """Medians of those whose answers are right; why not, for the others."""
    moved = moved_bytes(model)
    found = Measured(
        case.name,
        isinstance(case, Network),
        _is_quantized(model),
        threads,
        operations(model),
        moved,
        place_of(moved),
    )
    inputs = case.inputs(model)
    all_runners = READERS | torch_runners(case, model)
    chosen = {name: r for name, r in all_runners.items() if name not in without}
    if found.is_network and found.is_quantized and chosen.pop(UNFUSED, None):
        found.missing[UNFUSED] = "its convolutions would make their weights at each run"
    ready = _prepared(found, chosen, path, inputs)
    _keep_right(found, ready, case.tolerance)
    ceilings = _ceilings(found)
    works = {name: one.run for name, one in ready.items()}
    works |= {name: work.run for name, work in ceilings.items()}
    medians = in_turns(works, turns, PAUSE if threads > 1 else 0.0, clock)
    found.seconds = {name: medians[name] for name in ready}
    rates = {name: work.amount / medians[name] for name, work in ceilings.items()}
    found.peak = rates.pop("arithmetic")
    found.bandwidth = max(rates.values(), default=0.0)
    return found


def _prepared(
    found: Measured, runners: dict[str, Runner], path: Path, inputs: Sequence[Any]
) -> dict[str, Ready]:
    ready: dict[str, Ready] = {}
    for name, prepare in runners.items():
        try:
            ready[name] = prepare(path, inputs, found.threads)
            ready[name].run()
        except NoRunnerError as error:
            found.missing[name] = str(error)
        except Exception as error:
            # What a runtime cannot do it says in an error of its own; one of them
            # is no reason to measure nothing.
            ready.pop(name, None)
            first = str(error).strip().partition("\n")[0]
            found.missing[name] = f"{type(error).__name__}: {first}"
    return ready


def _keep_right(found: Measured, ready: dict[str, Ready], tolerance: float) -> None:
    """Take out who differs from onnxruntime."""
    if REFERENCE not in ready:
        raise SystemExit(
            f"host-bench: nothing says what is right: {found.missing[REFERENCE]}"
        )
    wanted = ready[REFERENCE].outputs()
    for name in [name for name in ready if name != REFERENCE]:
        error = difference(ready[name].outputs(), wanted)
        if not error <= tolerance:
            found.missing[name] = f"wrong by {error:.1e} of the largest output"
            del ready[name]


def difference(found: Sequence[Any], wanted: Sequence[Any]) -> float:
    """The largest of all outputs, each as a share of its largest magnitude."""
    errors: list[float] = []
    for ours, theirs in zip(found, wanted, strict=True):
        exact = np.asarray(theirs, np.float64)
        scale = float(np.abs(exact).max()) or 1.0
        errors.append(float(np.abs(np.asarray(ours, np.float64) - exact).max()) / scale)
    return float(np.max(errors))


def _ceilings(found: Measured) -> dict[str, Work]:
    integers = found.is_quantized and has_dot_product()
    works = {"arithmetic": arithmetic(found.threads, integers=integers)}
    if not found.is_network:
        works["copy"] = copying(found.moved, found.threads)
        works["stream"] = copying(found.moved, found.threads, past_caches=True)
    return works


def _is_quantized(model: ModelProto) -> bool:
    return any(node.op_type == "QuantizeLinear" for node in model.graph.node)


def measure_build(case: Case, path: Path, inputs: Sequence[Any]) -> BuildCost:
    """Those that read a file, each in a process with one thread; ours twice."""
    cost = BuildCost(case.name, {}, None, {}, {})
    arrays = path.with_suffix(".npz")
    np.savez(arrays, *inputs)
    with TemporaryDirectory(prefix="fusemlir-bench-") as cache:
        environment = {**os.environ, FOLDER_VARIABLE: cache}
        for name in (OURS, REFERENCE, "OpenVINO"):
            built = build_in_process(name, path, arrays, 1, environment)
            if isinstance(built, str):
                cost.missing[name] = built
            else:
                cost.seconds[name], cost.memory[name] = built.seconds, built.memory
        if OURS in cost.seconds:
            again = build_in_process(OURS, path, arrays, 1, environment)
            if isinstance(again, str):
                cost.missing["from cache"] = again
            else:
                cost.cached = again.seconds
    return cost


def this_machine(turns: int) -> Machine:
    found = installed() | {name: version(name) for name in ("llvmlite", "numpy")}
    return Machine(
        f"{_model_name()} ({host_cpu().name})",
        processors(),
        caches(),
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        found,
        datetime.now(UTC).strftime("%Y-%m-%d"),
        shlex.join(["python", *sys.argv]),
        turns,
    )


def _model_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def processors() -> int:
    """Those that this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [case.name for case in CASES]
    parser.add_argument("--only", nargs="*", metavar="CASE", choices=names)
    parser.add_argument(
        "--threads", nargs="*", type=int, help="one and all unless given"
    )
    parser.add_argument("--runs", type=int, default=TURNS, help="turns of each")
    parser.add_argument(
        "--no-build", action="store_true", help="leave out what building costs"
    )
    parser.add_argument(
        "--without",
        nargs="*",
        default=(),
        metavar="NAME",
        choices=RUNNERS,
        help=f"leave out who is not of interest: {', '.join(RUNNERS)}",
    )
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="with one thread, CPU time: where others use the machine, too",
    )
    parser.add_argument("--json", type=Path, help="write what was measured here, too")
    return parser.parse_args()


def show(record: Record) -> None:
    print(text_table(TIMES_HEADER, [times_row(one) for one in record.measured]))
    for threads in sorted({found.threads for found in record.measured}):
        group = [found for found in record.measured if found.threads == threads]
        print(f"{threads} thread{'' if threads == 1 else 's'}: {ceilings(group)}")
    print()
    means = means_rows(record.measured)
    if means:
        print(text_table(MEANS_HEADER, means))
    for line in reasons(record.measured):
        print(line)
    if record.built:
        print("\nbuilding and one run, in a process of its own\n")
        print(text_table(BUILD_HEADER, [build_row(one) for one in record.built]))
        for line in reasons(record.built):
            print(line)


def main() -> int:
    arguments = _arguments()
    threads = arguments.threads or sorted({1, processors()})
    clock = time.perf_counter
    if arguments.cpu_time:
        threads, clock = [1], time.process_time
    record = Record(this_machine(arguments.runs), [], [])
    chosen = [c for c in CASES if arguments.only is None or c.name in arguments.only]
    with TemporaryDirectory(prefix="fusemlir-bench-") as folder:
        os.environ[FOLDER_VARIABLE] = str(Path(folder) / "cache")
        for case in chosen:
            model = case.model()
            path = Path(folder) / f"{case.name}.onnx"
            path.write_bytes(model.SerializeToString())
            for count in threads:
                print(f"{case.name} on {count}", file=sys.stderr, flush=True)
                found = measure(
                    case, model, path, count, arguments.runs, clock, arguments.without
                )
                record.measured.append(found)
            if not arguments.no_build:
                cost = measure_build(case, path, case.inputs(model))
                record.built.append(cost)
            path.unlink()
            if arguments.json is not None:
                arguments.json.write_text(record.text())
    show(record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
