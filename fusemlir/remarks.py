"""What a pass has to say: one record per fusion that happened or did not.

The text form is that of MLIR's remark engine, so that tools which read those read ours.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from xdsl.dialects.builtin import UnknownLoc
from xdsl.ir import Attribute


class RemarkKind(StrEnum):
    PASSED = "Passed"
    MISSED = "Missed"
    ANALYSIS = "Analysis"


TAKEN = "available"
"""The constraint of a site whose layers another rule took before."""


@dataclass(frozen=True)
class Remark:
    """One decision of one pass at one site."""

    kind: RemarkKind
    rule: str
    """Name of the pass, `fuse-conv-relu`."""
    layers: tuple[str, ...]
    """Ids of the layers it is about, the anchor first."""
    reason: str
    name: str = ""
    """Display name of what was made, `conv1 + relu1`; empty when nothing was."""
    parts: tuple[str, ...] = ()
    """Display names of what it was made of, in execution order; none unless passed."""
    constraint: str = ""
    """Name of the constraint that failed; empty unless missed."""
    required: str = ""
    observed: str = ""
    blocker: str = ""
    suggestion: str = ""
    location: Attribute = field(default_factory=UnknownLoc)

    def __str__(self) -> str:
        """`[Missed] fuse-conv-relu | Category:fusion | Reason="..."`."""
        fields = {
            "Reason": self.reason,
            "Constraint": self.constraint,
            "Blocker": self.blocker,
            "Suggestion": self.suggestion,
        }
        text = ", ".join(f'{key}="{value}"' for key, value in fields.items() if value)
        return f"[{self.kind}] {self.rule} | Category:fusion | {text}"


_SINK: ContextVar[list[Remark] | None] = ContextVar("remarks", default=None)
_LISTENER: ContextVar[Callable[[Remark], None] | None] = ContextVar(
    "listener", default=None
)


@contextmanager
def collect() -> Generator[list[Remark]]:
    """Gather what is emitted inside the block, in order."""
    gathered: list[Remark] = []
    token = _SINK.set(gathered)
    try:
        yield gathered
    finally:
        _SINK.reset(token)


@contextmanager
def listen(listener: Callable[[Remark], None]) -> Generator[None]:
    """Tell `listener` each remark at the moment it is made inside the block."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def is_wanted() -> bool:
    """Whether anybody collects remarks, so that costly ones are worth making."""
    return _SINK.get() is not None


def emit(remark: Remark) -> None:
    """Say something for the first time: tell who listens, and hand it to `collect`."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(remark)
    pass_on([remark])


def pass_on(remarks: Iterable[Remark]) -> None:
    """Hand remarks to the innermost `collect`; without one they are dropped."""
    sink = _SINK.get()
    if sink is not None:
        sink.extend(remarks)
