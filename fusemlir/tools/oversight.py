"""What watches over the passes of a run: a limit of changes, and a look at each."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fusemlir.tools.atomic_file import write_atomically
from fusemlir.tools.command_line import CommandLine, integer
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.tools.pass_options import parse_options
from fusemlir.tools.usage import UsageError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

CHECK = "check-each-fusion"

_LONGEST_NAME = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Oversight:
    """How many changes may be made, and whether each is checked."""

    fuel: int | None
    """None for as many as there are."""
    seed: int | None
    """Of the inputs that a change is checked with; None for no check."""
    folder: Path
    """Where the layers of a wrong change are written to."""

    @staticmethod
    def of(line: CommandLine) -> Oversight:
        """As a command line asks for; raises `UsageError`."""
        output = line.value("o", "-")
        beside = Path(line.input if output == "-" else output)
        folder = Path() if str(beside) == "-" else beside.parent
        return Oversight(integer(line, "fuel", 0), _seed(line), folder)

    @contextmanager
    def over_passes(self) -> Generator[None]:
        """Watch the passes that run inside the block."""
        with ExitStack() as stack:
            if self.fuel is not None:
                from fusemlir.transforms.fuel import limited

                stack.enter_context(limited(self.fuel))
            if self.seed is not None:
                from fusemlir.transforms.check_each_fusion import CheckEachFusion
                from fusemlir.transforms.replacement import watched_by

                check = CheckEachFusion(self.seed, self._save)
                stack.enter_context(watched_by(check))
            yield

    def _save(self, name: str, module: ModuleOp) -> str:
        """Write `module` to a file called like `name`; its path, or why there is
        none."""
        stem = _UNSAFE.sub("_", name)[:_LONGEST_NAME]
        path = str(self.folder / f"{stem}.mlir")
        try:
            write_atomically(path, PrintStyle().text(module))
        except OSError as error:
            # What was found is worth more than the file.
            return f"'{path}' cannot be written ({error.strerror})"
        return path


def _seed(line: CommandLine) -> int | None:
    """The seed of `--check-each-fusion`, None where it is not given."""
    if CHECK not in line.values:
        return None
    options = parse_options(line.value(CHECK, ""), of=CHECK)
    seed = ",".join(options.pop("seed", ("0",)))
    for unknown in options:
        raise UsageError(f"flag '--{CHECK}' has no option '{unknown}' (it has seed)")
    if not seed.isdecimal():
        raise UsageError(f"option 'seed' of '{CHECK}' wants 0 or more, got '{seed}'")
    return int(seed)
