"""The registers of all threads of a batch, and which of them have a value."""

from __future__ import annotations

import numpy as np

from fusemlir.emulator.errors import Fault
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.types import Array


class Registers:
    """Bits by register and thread, as unsigned numbers of the register's width.

    A register that has one value in all threads may be an array of one element. What
    is put in a full set is kept, not copied: it must not be changed afterwards.
    """

    def __init__(self, names: list[str]):
        self.names = names
        self._values: list[Array | None] = [None] * len(names)
        self._defined: list[Array | bool] = [False] * len(names)

    def get(self, slot: int, lanes: Lanes) -> Array:
        """The values of the set; raises `Fault` where a thread has none yet."""
        values = self._values[slot]
        if self._defined[slot] is not True:
            self._check(slot, lanes)
        assert values is not None
        if lanes.picker is None or values.size == 1:
            return values
        return values[lanes.picker]

    def _check(self, slot: int, lanes: Lanes) -> None:
        defined = self._defined[slot]
        if isinstance(defined, bool):
            missing = lanes
        else:
            known = lanes.pick(defined)
            missing = None if known.all() else lanes.where(~known)
        if missing is not None:
            message = f"register {self.names[slot]} is read before it is written"
            raise Fault(missing.first(), message)

    def put(self, slot: int, lanes: Lanes, values: Array) -> None:
        """Give the set its values: one, or as many as `Lanes` says."""
        if lanes.is_full:
            self._values[slot] = values
            self._defined[slot] = True
            return
        self._store(slot, lanes, values)
        defined = self._defined[slot]
        if defined is True:
            return
        if isinstance(defined, bool):
            defined = np.zeros(lanes.size, bool)
            self._defined[slot] = defined
        defined[lanes.mask] = True

    def _store(self, slot: int, lanes: Lanes, values: Array) -> None:
        old = self._values[slot]
        if old is None:
            old = np.zeros(lanes.size, values.dtype)
        elif old.size == 1:
            old = np.full(lanes.size, old[0])
        elif not old.flags.writeable or not old.flags.owndata:
            old = old.copy()
        self._values[slot] = old
        if lanes.picker is None:
            assert lanes.mask is not None
            np.copyto(old, values, where=lanes.mask)
        else:
            old[lanes.picker] = values

    def move(self, source: int, target: int, lanes: Lanes) -> None:
        """Copy a register; what has no value has none afterwards either."""
        values = self._values[source]
        if values is None:
            return
        if lanes.is_full and values.size > 1:
            values = values.copy()
        defined = self._defined[source]
        if lanes.is_full:
            self._values[target] = values
            copied = isinstance(defined, np.ndarray)
            self._defined[target] = defined.copy() if copied else defined
            return
        self._store(target, lanes, lanes.pick(values))
        self._spread_definedness(defined, target, lanes)

    def _spread_definedness(
        self, defined: Array | bool, target: int, lanes: Lanes
    ) -> None:
        old = self._defined[target]
        if old is True and defined is True:
            return
        if isinstance(old, bool):
            old = np.full(lanes.size, old)
            self._defined[target] = old
        old[lanes.mask] = defined if isinstance(defined, bool) else defined[lanes.mask]
