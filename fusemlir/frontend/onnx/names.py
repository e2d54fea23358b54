"""Names for layers and values, from those in the model."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_$.\-]+")


class LayerIds:
    """Unique ids of source layers.

    A node's id is its name, or `<operator>_<index>` where it has none; where an earlier
    node has that id it is followed by `#2`, `#3`, … Of the layers that one node
    becomes, the main one has the node's id, the others `<id>.1`, `<id>.2`, … in the
    order in which they are made; ids that are a node's name are passed over.
    """

    def __init__(self, node_names: Iterable[str]):
        self._reserved = set(node_names)
        self._taken: set[str] = set()

    def of_node(self, name: str, op_type: str, index: int) -> str:
        if name and name not in self._taken:
            self._taken.add(name)
            return name
        return self._next(name or f"{op_type}_{index}", "#", not name, 2)

    def beside(self, node_id: str) -> str:
        """An id for one more layer of the node `node_id`."""
        return self._next(node_id, ".", False, 1)

    def _next(self, base: str, separator: str, plain: bool, first: int) -> str:
        candidate, number = base, first
        while (candidate == base and not plain) or not self._is_free(candidate):
            candidate = f"{base}{separator}{number}"
            number += 1
        self._taken.add(candidate)
        return candidate

    def _is_free(self, candidate: str) -> bool:
        return candidate not in self._taken and candidate not in self._reserved


def value_name(tensor: str) -> str | None:
    """A tensor's name as that of an SSA value, None where nothing of it is left."""
    name = _NOT_IN_A_NAME.sub("_", tensor).strip("_")
    if not name or name[0].isdigit() or name[0] in "-.":
        name = f"t_{name}" if name else ""
    return name or None
