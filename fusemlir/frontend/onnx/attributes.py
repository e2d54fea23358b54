"""Attributes of a node, read by type; what nobody has read is not ignored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from onnx import AttributeProto, TensorProto

# onnx.AttributeProto.AttributeType
_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS = 1, 2, 3, 4, 6, 7
_TYPE_NAMES = {
    _FLOAT: "a float",
    _INT: "an integer",
    _STRING: "a string",
    _TENSOR: "a tensor",
    _FLOATS: "a list of floats",
    _INTS: "a list of integers",
}


class Unsupported(Exception):
    """A node that cannot be imported; the message says why, and what would help."""


class Attributes:
    """The attributes of one node.

    Every reader raises `Unsupported` where the attribute has another type, or where it
    is absent and no default is given.
    """

    def __init__(self, attributes: Iterable[AttributeProto]):
        self._attributes = {attribute.name: attribute for attribute in attributes}
        self._unread = set(self._attributes)

    def __contains__(self, name: str) -> bool:
        return name in self._attributes

    @property
    def unread(self) -> list[str]:
        """Names of those that no reader has asked for."""
        return sorted(self._unread)

    def ignore(self, *names: str) -> None:
        """Count attributes as read that have no bearing on inference."""
        self._unread.difference_update(names)

    def integer(self, name: str, default: int | None = None) -> int:
        found = self._find(name, _INT, default is not None)
        if found is None:
            assert default is not None
            return default
        return found.i

    def number(self, name: str, default: float | None = None) -> float:
        found = self._find(name, _FLOAT, default is not None)
        if found is None:
            assert default is not None
            return default
        return found.f

    def text(self, name: str, default: str) -> str:
        found = self._find(name, _STRING, True)
        return default if found is None else found.s.decode(errors="replace")

    @overload
    def integers(self, name: str, default: Sequence[int]) -> list[int]: ...
    @overload
    def integers(self, name: str, default: None = None) -> list[int] | None: ...
    def integers(
        self, name: str, default: Sequence[int] | None = None
    ) -> list[int] | None:
        found = self._find(name, _INTS, True)
        if found is None:
            return None if default is None else list(default)
        return list(found.ints)

    def numbers(self, name: str) -> list[float]:
        found = self._find(name, _FLOATS, False)
        return [] if found is None else list(found.floats)

    def tensor(self, name: str) -> TensorProto | None:
        found = self._find(name, _TENSOR, True)
        return None if found is None else found.t

    def _find(self, name: str, type: int, optional: bool) -> AttributeProto | None:
        self._unread.discard(name)
        if name not in self._attributes:
            if not optional:
                raise Unsupported(f"attribute '{name}' is missing")
            return None
        found = self._attributes[name]
        if found.type != type:
            raise Unsupported(f"attribute '{name}' must be {_TYPE_NAMES[type]}")
        return found
