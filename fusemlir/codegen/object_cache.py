"""Machine code that was compiled before, kept in files by what it was made from.

An entry is a line of JSON, with the CPU it is for and a hash of what follows, and the
object file. What is not whole, or for another CPU, is ignored with a warning.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fusemlir.codegen.native import HostCpu, llvm_version

FOLDER_VARIABLE = "FUSEMLIR_CACHE"
"""Of the environment: the folder; empty for no cache."""

LOGGER = logging.getLogger(__name__)


def default_folder() -> Path | None:
    """Where entries are if nobody says otherwise: in the user's cache."""
    said = os.environ.get(FOLDER_VARIABLE)
    if said is not None:
        return Path(said) if said else None
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "fusemlir"


@dataclass(frozen=True)
class ObjectCache:
    """The entries of one folder, which need not exist yet."""

    folder: Path

    def load(self, llvm_text: str, cpu: HostCpu) -> bytes | None:
        """The object file of `llvm_text`, if there is an entry that is whole."""
        place = self._place(llvm_text, cpu)
        try:
            head, image = place.read_bytes().split(b"\n", 1)
            entry = json.loads(head)
        except FileNotFoundError:
            return None
        except OSError as error:
            return _ignored(place, str(error.strerror))
        except ValueError:
            return _ignored(place, "it is no entry of this cache")
        if not isinstance(entry, dict) or entry != _header(image, cpu):
            return _ignored(place, "it is cut off, or for another CPU")
        return image

    def store(self, llvm_text: str, cpu: HostCpu, image: bytes) -> None:
        """Keep an object file; a folder that cannot be written to is only warned of."""
        place = self._place(llvm_text, cpu)
        head = json.dumps(_header(image, cpu)).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(head + b"\n" + image)
            # In one step: another process sees all of it or nothing.
            Path(file.name).replace(place)
        except OSError as error:
            LOGGER.warning("cannot keep compiled code in %s: %s", self.folder, error)

    def _place(self, llvm_text: str, cpu: HostCpu) -> Path:
        parts = (llvm_version(), cpu.triple, cpu.name, *cpu.features, llvm_text)
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return self.folder / f"{key}.object"


def _header(image: bytes, cpu: HostCpu) -> Mapping[str, object]:
    return {
        "cpu": cpu.name,
        "features": list(cpu.features),
        "sha256": hashlib.sha256(image).hexdigest(),
    }


def _ignored(place: Path, why: str) -> None:
    LOGGER.warning("compiled code in %s is ignored: %s", place, why)
