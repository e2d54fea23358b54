"""Where the time of a run goes: what each kernel takes, and what it does for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from xdsl.dialects.builtin import ModuleOp

from fusemlir.network import kernels
from fusemlir.runtime.kernel import Kernel
from fusemlir.runtime.timing import Step, Times
from fusemlir.runtime.work import moved_bytes, operations

RUNS = 20
"""How many are timed where nobody says."""


@dataclass(frozen=True)
class StepTime:
    step: Step
    seconds: float
    """The median of all runs."""


@dataclass(frozen=True)
class KernelTime:
    """What a kernel takes, what is done for it alone included: copies of its inputs in
    another layout, and the like."""

    kernel: Kernel
    steps: tuple[StepTime, ...]
    """None where others do its work: parts are written where a concatenation wants
    them."""
    operations: int
    """Of convolutions and matrix products, a multiplication and a sum being two."""
    moved_bytes: int
    """Of what it reads and writes, each tensor once."""

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True)
class Profile:
    """Medians of `runs` runs."""

    kernels: tuple[KernelTime, ...]
    """In the order in which they run."""
    others: tuple[StepTime, ...]
    """What no kernel needs: copies between views, and of constants to outputs."""
    seconds: float
    """What a run takes, from the call to its return."""
    runs: int

    @property
    def in_steps(self) -> float:
        """Seconds of a run that the device works."""
        return sum(timed.seconds for timed in (*self.kernels, *self.others))


def profile_of(
    module: ModuleOp, listed: Sequence[Kernel], steps: Sequence[Step], times: Times
) -> Profile:
    """What the times of a network's steps say of its kernels; `listed` are those of
    `module`."""
    # A group that was computed layer by layer is one kernel of the network.
    owners = {id: kernel for kernel in listed for id in kernel.layers}
    owned: dict[Kernel | None, list[StepTime]] = {}
    for step, seconds in zip(steps, zip(*times.steps, strict=True), strict=True):
        owner = owners.get(step.layers[0]) if step.layers else None
        owned.setdefault(owner, []).append(StepTime(step, median(seconds)))
    found = (
        KernelTime(
            kernel,
            tuple(owned.get(kernel, ())),
            operations(group),
            moved_bytes(group),
        )
        for kernel, group in zip(listed, kernels(module), strict=True)
    )
    others = tuple(owned.get(None, ()))
    return Profile(tuple(found), others, median(times.runs), len(times.runs))
