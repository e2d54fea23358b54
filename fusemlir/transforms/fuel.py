"""A limit on how many changes the passes of a run may make, all of them together.

With the wrong answer after n changes and the right one after n - 1, it is the n-th that
is wrong: `fuse-bisect` looks for that n.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from xdsl.dialects.builtin import UnknownLoc
from xdsl.ir import Attribute

from fusemlir.remarks import Remark, RemarkKind, emit


@dataclass(frozen=True)
class Change:
    """What a unit of fuel was burned for."""

    rule: str
    layers: tuple[str, ...]
    """Ids of the layers that were changed."""

    def __str__(self) -> str:
        """`fuse-conv-relu at conv1, relu1`."""
        return f"{self.rule} at {', '.join(self.layers) or 'a constant'}"


@dataclass
class Fuel:
    """How many changes were made, of how many that may be."""

    limit: int | None = None
    """None where there is none."""
    spent: int = 0
    last: Change | None = None
    """The latest change that was made."""
    refused: Change | None = None
    """The first one that there was no fuel for."""

    def burn(self, change: Change, location: Attribute) -> bool:
        """Whether `change` may be made, which is then counted; the first that may not
        is told in a remark."""
        if self.limit is None or self.spent < self.limit:
            self.spent += 1
            self.last = change
            return True
        if self.refused is None:
            self.refused = change
            reason = f"out of fuel after {self.spent} changes: this is the next one"
            layers, kind = change.layers, RemarkKind.ANALYSIS
            emit(Remark(kind, change.rule, layers, reason, location=location))
        return False


_FUEL: ContextVar[Fuel | None] = ContextVar("fuel", default=None)


@contextmanager
def limited(limit: int | None) -> Generator[Fuel]:
    """Let the passes that run inside the block make `limit` changes, and count them.

    All of a rewrite, a grouping or a merge is one change; erasing what nobody uses is
    none. Without such a block there is no limit.
    """
    fuel = Fuel(limit)
    token = _FUEL.set(fuel)
    try:
        yield fuel
    finally:
        _FUEL.reset(token)


def burn(rule: str, layers: tuple[str, ...], location: Attribute | None = None) -> bool:
    """Whether `rule` may make the change of `layers` that it is about to make."""
    fuel = _FUEL.get()
    return fuel is None or fuel.burn(Change(rule, layers), location or UnknownLoc())
