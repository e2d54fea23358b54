"""A change of a network that is about to be made, and who wants to see it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.network import Node
from fusemlir.transforms.fusion import Contract, Network, Rewrite, Wrap


@dataclass(frozen=True)
class Replacement:
    """New layers, or a group, for nodes that stand in a network."""

    rule: str
    contract: Contract
    network: Network
    change: Wrap | Rewrite
    nodes: tuple[Node, ...]
    """What the change is about, in execution order."""
    going: tuple[Node, ...]
    """Those of `nodes` that nothing needs any more."""
    made: Sequence[Node]
    """What is new, in execution order, detached."""
    old: Sequence[SSAValue]
    new: Sequence[SSAValue]
    """What takes the place of each value of `old`."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers that it is about."""
        return tuple(id for node in self.nodes for id in node.layer_ids)


Watcher: TypeAlias = Callable[[Replacement], AbstractContextManager[None]]
"""Entered before a change is made, left after it."""

_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Generator[None]:
    """Let `watcher` see each change that is made inside the block."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def is_watched() -> bool:
    """Whether somebody sees changes, so that what is replaced must stay whole."""
    return _WATCHER.get() is not None


def watching(replacement: Replacement) -> AbstractContextManager[None]:
    """The context in which to make a change: that of the watcher, if there is one."""
    watcher = _WATCHER.get()
    return nullcontext() if watcher is None else watcher(replacement)
