"""Computes a value once: what a kernel has computed already is used again.

Numbering while a kernel is written costs less than an operation that is made, converted
and only then found to be superfluous. What is known in a block is known in those nested
in it, and forgotten with it; constants stand at the head of the kernel.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from xdsl.builder import ImplicitBuilder
from xdsl.ir import Block, Operation, SSAValue


@dataclass(frozen=True)
class _Scope:
    """What may be used where the implicit builder stands."""

    head: Block
    """The entry of the kernel."""
    known: ChainMap[Hashable, SSAValue]
    """The innermost block first."""


_SCOPE: ContextVar[_Scope | None] = ContextVar("scope", default=None)


@contextmanager
def kernel_scope(entry: Block) -> Generator[None]:
    """`with kernel_scope(block):` operations are put into `entry` of a new kernel."""
    with _within(entry, _Scope(entry, ChainMap())):
        yield


@contextmanager
def nested_scope(block: Block) -> Generator[None]:
    """Operations are put into `block`, which sees what the blocks around it know.

    Outside of a kernel nothing is known.
    """
    around = _SCOPE.get()
    inner = around and _Scope(around.head, around.known.new_child())
    with _within(block, inner):
        yield


@contextmanager
def _within(block: Block, scope: _Scope | None) -> Generator[None]:
    token = _SCOPE.set(scope)
    try:
        with ImplicitBuilder(block):
            yield
    finally:
        _SCOPE.reset(token)


def once(key: Hashable, make: Callable[[], SSAValue]) -> SSAValue:
    """What `make` makes, or made before for an equal `key`.

    The key has to say all that the value depends on: the operation and its operands.
    """
    scope = _SCOPE.get()
    if scope is None:
        return make()
    value = scope.known.get(key)
    if value is None:
        value = scope.known[key] = make()
    return value


def constant(key: Hashable, make: Callable[[], SSAValue]) -> SSAValue:
    """As `once`, for what has no operands: it is seen in all of the kernel."""
    scope = _SCOPE.get()
    if scope is None:
        return make()
    everywhere = scope.known.maps[-1]
    value = everywhere.get(key)
    if value is None:
        value = everywhere[key] = make()
        _move_to(scope.head, value)
    return value


def _move_to(head: Block, value: SSAValue) -> None:
    made = value.owner
    assert isinstance(made, Operation)
    made.detach()
    if head.first_op is None:
        head.add_op(made)
    else:
        head.insert_op_before(made, head.first_op)
