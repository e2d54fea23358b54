"""Which steps a run has, and what a device says that they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fusemlir.weights import Array


@dataclass(frozen=True)
class Step:
    """Code that a device runs, all of it done before the next step."""

    code: tuple[str, ...]
    """Functions that run side by side."""
    layers: tuple[str, ...]
    """Ids of the layers that it is for."""


@dataclass(frozen=True)
class Times:
    """Of some runs, in seconds."""

    runs: Sequence[float]
    """What each took from its beginning to its end."""
    steps: Sequence[Sequence[float]]
    """Of each run, what its steps took, in order."""


@runtime_checkable
class TimedExecutor(Protocol):
    """An executor that can say where its time goes."""

    def __call__(self, inputs: Sequence[Array]) -> list[Array]: ...

    @property
    def steps(self) -> Sequence[Step]: ...

    def times(self, inputs: Sequence[Array], runs: int) -> Times:
        """Of so many runs, for inputs that are known to be right."""
        ...
