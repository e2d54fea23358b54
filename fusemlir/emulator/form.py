"""An instruction while it is understood: each modifier has to be taken by someone."""

from __future__ import annotations

from fusemlir.emulator.errors import PtxError
from fusemlir.emulator.syntax import Instruction, Operand
from fusemlir.emulator.types import TYPES, Type


class Form:
    """The modifiers of an instruction that are not taken yet, and its operands."""

    def __init__(self, instruction: Instruction):
        self.instruction = instruction
        self.rest = list(instruction.modifiers)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return self.instruction.operands

    def error(self, message: str) -> PtxError:
        return PtxError(
            self.instruction.line, f"'{self.instruction.mnemonic}': {message}"
        )

    def flag(self, name: str) -> bool:
        """Whether a modifier is there."""
        if name not in self.rest:
            return False
        self.rest.remove(name)
        return True

    def choice(self, *names: str) -> str | None:
        """That of some modifiers which is there."""
        return next((name for name in names if self.flag(name)), None)

    def required(self, *names: str) -> str:
        found = self.choice(*names)
        if found is None:
            raise self.error(f"wanted one of {', '.join(names)}")
        return found

    def type(self, *allowed: str) -> Type:
        """The last modifier, which must be one of the types, or any type."""
        name = self.rest.pop() if self.rest else ""
        if name not in TYPES or (allowed and name not in allowed):
            known = ", ".join(allowed) or "a type"
            raise self.error(f"wanted {known}, found '{name}'")
        return TYPES[name]

    def expect_operands(self, *counts: int) -> None:
        if len(self.operands) not in counts:
            wanted = " or ".join(map(str, counts))
            raise self.error(f"wanted {wanted} operands, found {len(self.operands)}")

    def finish(self) -> None:
        """Raises `PtxError` if a modifier is not known to whoever built this."""
        if self.rest:
            names = ", ".join(f".{name}" for name in self.rest)
            raise self.error(f"the emulator does not know {names}")
