"""What a PTX module is made of, once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from fusemlir.emulator.types import Type


@dataclass(frozen=True)
class Name:
    """A register, a special register, a variable, a label or the sink `_`."""

    text: str
    negated: bool = False


@dataclass(frozen=True)
class Immediate:
    """A literal as it is written, with its sign."""

    text: str


@dataclass(frozen=True)
class Address:
    """`[base+offset]`; without a base, the offset is the address."""

    base: str | None
    offset: int


@dataclass(frozen=True)
class Vector:
    """`{a, b}`, or the parenthesised lists of a call."""

    items: tuple[Operand, ...]


@dataclass(frozen=True)
class Pair:
    """`d|p`: two results."""

    first: Name
    second: Name


Operand: TypeAlias = Name | Immediate | Address | Vector | Pair


@dataclass(frozen=True)
class Instruction:
    """One instruction; `modifiers` are what stands between its dots."""

    line: int
    text: str
    opcode: str
    modifiers: tuple[str, ...]
    operands: tuple[Operand, ...]
    guard: Name | None = None

    @property
    def mnemonic(self) -> str:
        """`mul.lo.s32`."""
        return ".".join((self.opcode, *self.modifiers))


@dataclass(frozen=True)
class Variable:
    """A variable or parameter: `count` elements of a type, none for `name[]`."""

    line: int
    space: str
    name: str
    type: Type
    count: int | None = 1
    align: int = 1
    data: bytes | None = None
    is_register: bool = False

    @property
    def size(self) -> int:
        """In bytes; of what has no size yet, none."""
        return self.type.size * (self.count or 0)


@dataclass
class Function:
    """A kernel or a function that kernels call."""

    line: int
    name: str
    is_kernel: bool
    parameters: tuple[Variable, ...] = ()
    returns: tuple[Variable, ...] = ()
    registers: dict[str, Type] = field(default_factory=dict[str, Type])
    variables: dict[str, Variable] = field(default_factory=dict[str, Variable])
    instructions: list[Instruction] = field(default_factory=list[Instruction])
    labels: dict[str, int] = field(default_factory=dict[str, int])
    """By label, how many instructions stand before it."""
    max_threads: int | None = None
    required_block: tuple[int, ...] | None = None


@dataclass
class ModuleSyntax:
    """All that a PTX text declares."""

    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    variables: dict[str, Variable] = field(default_factory=dict[str, Variable])
