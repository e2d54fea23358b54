"""Machine code that was compiled before, kept in files by what it was made from.

An entry is a line of JSON, with the CPU it is for and a hash of what follows, and the
parts that make a program: what its function takes, and object files. What is not whole,
or for another CPU, is ignored with a warning.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from xdsl.utils.hints import isa

from fusemlir.codegen.native import HostCpu, llvm_version

FOLDER_VARIABLE = "FUSEMLIR_CACHE"
"""Of the environment: the folder; empty for no cache."""

LOGGER = logging.getLogger(__name__)


def default_folder() -> Path | None:
    """Where entries are if nobody says otherwise: in the user's cache. None for no
    cache."""
    said = os.environ.get(FOLDER_VARIABLE)
    if said == "":
        return None
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(said or f"{caches}/fusemlir").expanduser()
    except RuntimeError:
        # Some containers run as users who have no home.
        return None


@dataclass(frozen=True)
class ObjectCache:
    """The entries of one folder, which need not exist yet."""

    folder: Path

    @staticmethod
    def default() -> ObjectCache | None:
        folder = default_folder()
        return None if folder is None else ObjectCache(folder)

    def load(self, key: str, cpu: HostCpu) -> tuple[bytes, ...] | None:
        """The parts that were kept under `key`, if there is an entry that is whole."""
        place = self._place(key, cpu)
        try:
            head, rest = place.read_bytes().split(b"\n", 1)
            entry = json.loads(head)
        except FileNotFoundError:
            return None
        except OSError as error:
            return _ignored(place, str(error.strerror))
        except ValueError:
            return _ignored(place, "it is no entry of this cache")
        sizes = entry.get("sizes") if isa(entry, dict[str, object]) else None
        if not isa(sizes, list[int]) or entry != _header(rest, sizes, cpu):
            return _ignored(place, "it is cut off, or for another CPU")
        cuts = pairwise(accumulate(sizes, initial=0))
        return tuple(rest[begin:end] for begin, end in cuts)

    def store(self, key: str, cpu: HostCpu, parts: Sequence[bytes]) -> None:
        """Keep some parts; a folder that cannot be written to is only warned of."""
        place, rest = self._place(key, cpu), b"".join(parts)
        head = json.dumps(_header(rest, list(map(len, parts)), cpu)).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(head + b"\n" + rest)
            # In one step: another process sees all of it or nothing.
            Path(file.name).replace(place)
        except OSError as error:
            LOGGER.warning("cannot keep compiled code in %s: %s", self.folder, error)

    def _place(self, key: str, cpu: HostCpu) -> Path:
        parts = (llvm_version(), cpu.triple, cpu.name, *cpu.features, key)
        name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return self.folder / f"{name}.object"


def _header(rest: bytes, sizes: Sequence[object], cpu: HostCpu) -> Mapping[str, object]:
    return {
        "cpu": cpu.name,
        "features": list(cpu.features),
        "sizes": sizes,
        "sha256": hashlib.sha256(rest).hexdigest(),
    }


def _ignored(place: Path, why: str) -> None:
    LOGGER.warning("compiled code in %s is ignored: %s", place, why)
