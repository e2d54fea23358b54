"""Operands of instructions to functions that read and write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from fusemlir.emulator.batch import KNOWN_SPECIALS, Batch
from fusemlir.emulator.form import Form
from fusemlir.emulator.lanes import Lanes
from fusemlir.emulator.literals import immediate_value
from fusemlir.emulator.syntax import Address, Immediate, Name, Operand, Vector
from fusemlir.emulator.types import S64, U64, Array, Kind, Type

Step: TypeAlias = Callable[[Batch, Lanes], None]
"""What an instruction does, for a set of threads."""

Reader: TypeAlias = Callable[[Batch, Lanes], Array]
"""The values of an operand: one, or as many as `Lanes` says."""

Writer: TypeAlias = Callable[[Batch, Lanes, Array], None]


class Decoder:
    """What names mean in one kernel."""

    def __init__(
        self, registers: Mapping[str, Type], symbols: Mapping[str, tuple[str, int]]
    ):
        self.types = registers
        self.slots = {name: slot for slot, name in enumerate(registers)}
        self.symbols = symbols
        """By variable, its space and its address there."""

    def read(self, form: Form, operand: Operand, type: Type) -> Reader:
        """Values of `type`; of a wider register, its low bits."""
        match operand:
            case Immediate(text):
                return constant(self.bits(form, text, type), type)
            case Name(name) if name in self.slots:
                return self._register(form, operand, type)
            case Name(name) if name in self.symbols:
                return constant(self.symbols[name][1], type)
            case Name(name) if name in KNOWN_SPECIALS:
                return self._special(name, type)
            case Address(str(base), offset) if base in self.symbols:
                return constant(self.symbols[base][1] + offset, type)
            case _:
                raise form.error(f"cannot read operand {operand}")

    def bits(self, form: Form, text: str, type: Type) -> int:
        try:
            return immediate_value(text, type)
        except (ValueError, OverflowError) as error:
            raise form.error(f"literal '{text}' is no {type.name}: {error}") from error

    def _register(self, form: Form, operand: Name, type: Type) -> Reader:
        slot, register = self.slots[operand.text], self.types[operand.text]
        predicates = [t.kind is Kind.PREDICATE for t in (register, type)]
        if predicates[0] != predicates[1] or register.size < type.size:
            raise form.error(
                f"register {operand.text} is .{register.name}, wanted .{type.name}"
            )
        dtype, raw = type.dtype, type.raw
        if operand.negated:
            return lambda batch, lanes: ~batch.registers.get(slot, lanes)
        if register.size > type.size:
            return lambda batch, lanes: (
                batch.registers.get(slot, lanes).astype(raw).view(dtype)
            )
        if dtype == raw:
            return lambda batch, lanes: batch.registers.get(slot, lanes)
        return lambda batch, lanes: batch.registers.get(slot, lanes).view(dtype)

    def _special(self, name: str, type: Type) -> Reader:
        dtype, raw = type.dtype, type.raw

        def read(batch: Batch, lanes: Lanes) -> Array:
            return lanes.pick(batch.special(name)).astype(raw).view(dtype)

        return read

    def register_slot(self, operand: Operand) -> int | None:
        """The number of an operand that is a plain register."""
        if isinstance(operand, Name) and not operand.negated:
            return self.slots.get(operand.text)
        return None

    def write(self, form: Form, operand: Operand, type: Type) -> Writer:
        """Takes bits of `type`; a wider register gets them extended by their sign."""
        if isinstance(operand, Name) and operand.text == "_":
            return lambda batch, lanes, values: None
        slot = self.register_slot(operand)
        if slot is None or not isinstance(operand, Name):
            raise form.error(f"cannot write to operand {operand}")
        register = self.types[operand.text]
        predicates = [t.kind is Kind.PREDICATE for t in (register, type)]
        if predicates[0] != predicates[1] or register.size < type.size:
            raise form.error(
                f"register {operand.text} is .{register.name}, wanted .{type.name}"
            )
        if register.size == type.size:
            return lambda batch, lanes, values: batch.registers.put(slot, lanes, values)
        wide, dtype = register.raw, type.dtype if type.is_signed else type.raw

        def extend(batch: Batch, lanes: Lanes, values: Array) -> None:
            extended = values.view(dtype).astype(wide)
            batch.registers.put(slot, lanes, extended)

        return extend

    def read_all(self, form: Form, operand: Operand, type: Type) -> list[Reader]:
        """Of a vector operand, or of a single one."""
        items = operand.items if isinstance(operand, Vector) else (operand,)
        return [self.read(form, item, type) for item in items]

    def write_all(self, form: Form, operand: Operand, type: Type) -> list[Writer]:
        items = operand.items if isinstance(operand, Vector) else (operand,)
        return [self.write(form, item, type) for item in items]

    def address(self, form: Form, operand: Operand) -> Reader:
        """Addresses as s64, of `[register+offset]`, `[variable+offset]` or `[4]`."""
        if not isinstance(operand, Address):
            raise form.error(f"wanted an address, found {operand}")
        base, offset = operand.base, operand.offset
        if base is None:
            return constant(offset, S64)
        if base in self.symbols:
            return constant(self.symbols[base][1] + offset, S64)
        if base not in self.types:
            raise form.error(f"nothing is called '{base}'")
        register = self.types[base]
        if register.size < 4 or register.kind is Kind.PREDICATE:
            raise form.error(f"register {base} is too narrow for an address")
        slot, wide = self.slots[base], np.int64
        if register.size == 8:

            def read64(batch: Batch, lanes: Lanes) -> Array:
                values = batch.registers.get(slot, lanes).view(wide)
                return values + offset if offset else values

            return read64
        return lambda batch, lanes: (
            batch.registers.get(slot, lanes).astype(wide) + offset
        )


def constant(bits: int, type: Type) -> Reader:
    """Reads one value, the same in all threads."""
    number = bits & ((1 << 64) - 1)
    value = np.array([number], U64.raw).astype(type.raw).view(type.dtype)
    value.flags.writeable = False
    return lambda batch, lanes: value


Unary: TypeAlias = Callable[[Array], Array]
Binary: TypeAlias = Callable[[Array, Array], Array]
Ternary: TypeAlias = Callable[[Array, Array, Array], Array]
Function: TypeAlias = Callable[..., Array]


def unary(
    decoder: Decoder, form: Form, function: Unary, result: Type, source: Type
) -> Step:
    """`elementwise` of one operand."""
    return elementwise(decoder, form, function, result, source)


def binary(
    decoder: Decoder,
    form: Form,
    function: Binary,
    result: Type,
    first: Type,
    second: Type,
) -> Step:
    """`elementwise` of two operands."""
    return elementwise(decoder, form, function, result, first, second)


def ternary(
    decoder: Decoder,
    form: Form,
    function: Ternary,
    result: Type,
    first: Type,
    second: Type,
    third: Type,
) -> Step:
    """`elementwise` of three operands."""
    return elementwise(decoder, form, function, result, first, second, third)


def elementwise(
    decoder: Decoder,
    form: Form,
    function: Function,
    result: Type,
    *sources: Type,
) -> Step:
    """A step that applies a function of arrays: the first operand from the others.

    `function` takes values of `sources` and gives fresh values of `result`.
    """
    form.expect_operands(1 + len(sources))
    write = decoder.write(form, form.operands[0], result)
    pairs = zip(form.operands[1:], sources, strict=True)
    reads = [decoder.read(form, operand, type) for operand, type in pairs]
    raw = result.raw
    match reads:
        case [first]:
            return lambda batch, lanes: write(
                batch, lanes, function(first(batch, lanes)).view(raw)
            )
        case [first, second]:
            return lambda batch, lanes: write(
                batch,
                lanes,
                function(first(batch, lanes), second(batch, lanes)).view(raw),
            )
        case _:

            def step(batch: Batch, lanes: Lanes) -> None:
                values = function(*[read(batch, lanes) for read in reads])
                write(batch, lanes, values.view(raw))

            return step
