"""What it costs to make a model ready and run it once, in a process of its own.

`python tools/bench/host_build.py NAME MODEL INPUTS THREADS` prints JSON; NAME is one of
those in `host_readers.READERS`, INPUTS an .npz file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from host_readers import READERS

STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Built:
    """Of one process."""

    seconds: float
    """On the clock, until it can be run; importing the package is part of it."""
    memory: int | None
    """Bytes by which the process grew at most, one run included; None where the
    system does not say."""


def build(name: str, model: Path, inputs: Path, threads: int) -> Built:
    """Measure in this process, which has done nothing else yet."""
    with np.load(inputs) as file:
        arrays = [file[key] for key in file.files]
    before = _memory("VmRSS")
    start = time.perf_counter()
    ready = READERS[name](model, arrays, threads)
    seconds = time.perf_counter() - start
    ready.run()
    peak = _memory("VmHWM")
    grown = None if before is None or peak is None else peak - before
    return Built(seconds, grown)


def _memory(field: str) -> int | None:
    """Bytes, from what Linux says of this process."""
    if not STATUS.exists():
        return None
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return next(int(line[1]) << 10 for line in lines if line[0] == f"{field}:")


def build_in_process(
    name: str, model: Path, inputs: Path, threads: int, environment: dict[str, str]
) -> Built | str:
    """`build` in a new process; what it said where it failed."""
    command = [sys.executable, __file__, name, str(model), str(inputs), str(threads)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return Built(**json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    name, model, inputs, threads = sys.argv[1:]
    print(json.dumps(asdict(build(name, Path(model), Path(inputs), int(threads)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
