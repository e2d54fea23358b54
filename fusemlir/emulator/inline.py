"""Calls replaced by what they call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fusemlir.emulator.errors import PtxError
from fusemlir.emulator.syntax import (
    Address,
    Function,
    Instruction,
    ModuleSyntax,
    Name,
    Operand,
    Pair,
    Variable,
    Vector,
)


def inline_calls(function: Function, module: ModuleSyntax) -> Function:
    """The function without calls; raises `PtxError` for one that calls itself."""
    if not any(i.opcode == "call" for i in function.instructions):
        return function
    return _Inliner(module).flat(function, ())


class _Inliner:
    def __init__(self, module: ModuleSyntax):
        self.module = module
        self.count = 0

    def flat(self, function: Function, callers: Sequence[str]) -> Function:
        """A copy without calls, made of copies of what it calls."""
        result = replace(
            function,
            registers=dict(function.registers),
            variables=dict(function.variables),
            instructions=[],
            labels={},
        )
        places: dict[int, int] = {}
        for number, instruction in enumerate(function.instructions):
            places[number] = len(result.instructions)
            if instruction.opcode == "call":
                self.insert(result, instruction, (*callers, function.name))
            else:
                result.instructions.append(instruction)
        places[len(function.instructions)] = len(result.instructions)
        for label, number in function.labels.items():
            result.labels[label] = places[number]
        return result

    def insert(self, into: Function, call: Instruction, callers: Sequence[str]) -> None:
        if call.guard is not None:
            raise PtxError(call.line, "the emulator does not know guarded calls")
        name, returned, given = _parts(call)
        callee = self.module.functions.get(name)
        if callee is None or not callee.instructions:
            raise PtxError(call.line, f"there is no function '{name}' to call")
        if name in callers:
            raise PtxError(call.line, f"function '{name}' calls itself")
        wanted = len(callee.returns), len(callee.parameters)
        if (len(returned), len(given)) != wanted:
            raise PtxError(
                call.line,
                f"'{name}' gives {wanted[0]} and takes {wanted[1]}, "
                f"found {len(returned)} and {len(given)}",
            )
        self.count += 1
        prefix = f"{name}#{self.count}:"
        body = self.flat(callee, callers)
        names = {name: prefix + name for name in (*body.registers, *body.variables)}
        names |= {label: prefix + label for label in body.labels}
        for formal, actual in (
            *zip(callee.parameters, given, strict=True),
            *zip(callee.returns, returned, strict=True),
        ):
            if not formal.is_register:
                if not isinstance(actual, Name):
                    raise PtxError(call.line, "wanted the name of a .param variable")
                names[formal.name] = actual.text
        for register, type in body.registers.items():
            into.registers[names[register]] = type
        for variable in body.variables.values():
            if variable.name in names and names[variable.name].startswith(prefix):
                new = names[variable.name]
                into.variables[new] = replace(variable, name=new)
        for formal, actual in zip(callee.parameters, given, strict=True):
            if formal.is_register:
                target = Name(names[formal.name])
                into.instructions.append(_move(call, formal, target, actual))
        self._append(into, body, names, prefix)
        for formal, actual in zip(callee.returns, returned, strict=True):
            if formal.is_register:
                source = Name(names[formal.name])
                into.instructions.append(_move(call, formal, actual, source))

    @staticmethod
    def _append(
        into: Function, body: Function, names: Mapping[str, str], prefix: str
    ) -> None:
        start, end = len(into.instructions), f"{prefix}end"
        for instruction in body.instructions:
            new = _renamed(instruction, names)
            if instruction.opcode == "ret":
                new = replace(new, opcode="bra", operands=(Name(end),))
            into.instructions.append(new)
        for label, number in body.labels.items():
            into.labels[names[label]] = start + number
        into.labels[end] = len(into.instructions)


def _parts(call: Instruction) -> tuple[str, tuple[Operand, ...], tuple[Operand, ...]]:
    """The function, what it gives and what it takes."""
    operands = list(call.operands)
    returned: tuple[Operand, ...] = ()
    given: tuple[Operand, ...] = ()
    if operands and isinstance(first := operands[0], Vector):
        returned = first.items
        del operands[0]
    if not operands or not isinstance(operands[0], Name):
        raise PtxError(call.line, "wanted the name of a function")
    name = operands[0].text
    match operands[1:]:
        case []:
            pass
        case [Vector(items)]:
            given = items
        case _:
            raise PtxError(call.line, "calls by address are not known")
    return name, returned, given


def _move(
    call: Instruction, formal: Variable, target: Operand, source: Operand
) -> Instruction:
    bits = "pred" if formal.type.name == "pred" else f"b{formal.type.bits}"
    return Instruction(call.line, call.text, "mov", (bits,), (target, source))


def _renamed(instruction: Instruction, names: Mapping[str, str]) -> Instruction:
    def rename(operand: Operand) -> Operand:
        match operand:
            case Name(text):
                return replace(operand, text=names.get(text, text))
            case Address(base=str(base)):
                return replace(operand, base=names.get(base, base))
            case Vector(items):
                return Vector(tuple(map(rename, items)))
            case Pair(first, second):
                return Pair(
                    Name(names.get(first.text, first.text)),
                    Name(names.get(second.text, second.text)),
                )
            case _:
                return operand

    operands = tuple(map(rename, instruction.operands))
    guard = instruction.guard
    if guard is not None:
        guard = replace(guard, text=names.get(guard.text, guard.text))
    return replace(instruction, operands=operands, guard=guard)
