"""Which schedules won before, kept where compiled code is."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.utils.hints import isa

from fusemlir.codegen.native import HostCpu
from fusemlir.codegen.object_cache import ObjectCache
from fusemlir.codegen.program_key import state_of_package
from fusemlir.dialects.trt.schedule import ScheduleAttr

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Winner:
    schedule: ScheduleAttr
    gain: float
    """How many times as long the cost model's choice takes."""


@dataclass(frozen=True)
class Winners:
    """Those of one CPU, number of threads, and level of tuning."""

    cache: ObjectCache | None
    cpu: HostCpu
    threads: int
    level: str

    def load(self, kernel: Hashable, known: Sequence[ScheduleAttr]) -> Winner | None:
        """That of a kernel by its key, one of the `known` schedules; an entry that
        names another one is ignored with a warning."""
        key = self._key(kernel)
        parts = None if self.cache is None else self.cache.load(key, self.cpu)
        if parts is None:
            return None
        won = _read(parts)
        if won is not None and won.schedule in known:
            return won
        LOGGER.warning("a schedule that was found before is ignored: it is none")
        return None

    def store(self, kernel: Hashable, won: Winner) -> None:
        if self.cache is not None:
            text = json.dumps([dict(won.schedule.items()), won.gain])
            self.cache.store(self._key(kernel), self.cpu, [text.encode()])

    def _key(self, kernel: Hashable) -> str:
        said = (state_of_package(), self.level, self.threads, kernel)
        return hashlib.sha256(repr(said).encode()).hexdigest()


def _read(parts: Sequence[bytes]) -> Winner | None:
    """None where they are something else."""
    try:
        (text,) = parts
        sizes, gain = json.loads(text)
    except ValueError:
        return None
    if not isa(sizes, dict[str, int]) or not sizes or not isinstance(gain, float):
        return None
    return Winner(ScheduleAttr.of(sizes), gain)
