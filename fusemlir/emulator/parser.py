"""PTX tokens to instructions, registers and variables."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fusemlir.emulator.errors import PtxError
from fusemlir.emulator.lexer import Token, tokens
from fusemlir.emulator.literals import immediate_value
from fusemlir.emulator.syntax import (
    Address,
    Function,
    Immediate,
    Instruction,
    ModuleSyntax,
    Name,
    Operand,
    Pair,
    Variable,
    Vector,
)
from fusemlir.emulator.types import TYPES, Type

LINKAGE = (".visible", ".extern", ".weak", ".common")
SPACES = (".global", ".const", ".shared", ".local", ".param")
MODULE_NOTES = (".version", ".target", ".address_size")
KERNEL_NOTES = (
    ".maxntid",
    ".reqntid",
    ".minnctapersm",
    ".maxnreg",
    ".noreturn",
    ".pragma",
)

Scope = tuple[int, ...]
"""Which of the nested braces of a body, counted at each depth."""


def parse(text: str) -> ModuleSyntax:
    """The module of a PTX text; raises `PtxError` at what is not understood."""
    return _Parser(text).module()


class _Parser:
    def __init__(self, text: str):
        self.lines = text.splitlines()
        self.tokens = list(tokens(text))
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, text: str) -> bool:
        if self.next.text != text or self.next.kind == "string":
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> Token:
        if self.next.text != text:
            raise self.error(f"wanted '{text}', found '{self.next.text}'")
        return self.take()

    def word(self) -> str:
        if self.next.kind != "word":
            raise self.error(f"wanted a name, found '{self.next.text}'")
        return self.take().text

    def integer(self) -> int:
        sign = -1 if self.accept("-") else 1
        token = self.take()
        if token.kind != "number":
            raise PtxError(token.line, f"wanted a number, found '{token.text}'")
        try:
            return sign * int(token.text.rstrip("U"), 0)
        except ValueError:
            raise PtxError(token.line, f"wanted an integer: '{token.text}'") from None

    def error(self, message: str) -> PtxError:
        return PtxError(self.next.line, message)

    def module(self) -> ModuleSyntax:
        module = ModuleSyntax()
        while self.next.kind != "end":
            if self.next.text in MODULE_NOTES:
                self.module_note()
                continue
            while self.next.text in LINKAGE:
                self.take()
            if self.next.text in (".entry", ".func"):
                function = self.function()
                # A declaration stands before its definition.
                if function.instructions or function.name not in module.functions:
                    module.functions[function.name] = function
            elif self.next.text in SPACES:
                for variable in self.variables():
                    module.variables[variable.name] = variable
            elif self.accept(".pragma"):
                self.skip_to_semicolon()
            else:
                raise self.error(f"does not belong at the top: '{self.next.text}'")
        return module

    def module_note(self) -> None:
        note = self.take()
        while self.next.line == note.line and self.next.kind != "end":
            self.take()

    def skip_to_semicolon(self) -> None:
        while not self.accept(";"):
            if self.next.kind == "end":
                raise self.error("wanted ';', found the end of the text")
            self.take()

    def function(self) -> Function:
        start = self.take()
        returns = self.parameter_list() if self.next.text == "(" else ()
        function = Function(start.line, self.word(), start.text == ".entry")
        function.returns = returns
        if self.next.text == "(":
            function.parameters = self.parameter_list()
        while self.next.text in KERNEL_NOTES:
            self.kernel_note(function)
        if not self.accept(";"):
            _Body(self, function).parse()
        return function

    def kernel_note(self, function: Function) -> None:
        note = self.take().text
        if note == ".pragma":
            self.skip_to_semicolon()
            return
        values: list[int] = []
        while self.next.kind == "number":
            values.append(self.integer())
            self.accept(",")
        if note == ".maxntid":
            function.max_threads = math.prod(values)
        elif note == ".reqntid":
            function.required_block = (*values, 1, 1)[:3]

    def parameter_list(self) -> tuple[Variable, ...]:
        self.expect("(")
        found: list[Variable] = []
        while not self.accept(")"):
            found.append(self.parameter())
            self.accept(",")
        return tuple(found)

    def parameter(self) -> Variable:
        line, space = self.next.line, self.word()
        if space not in (".param", ".reg"):
            raise PtxError(line, f"wanted '.param' or '.reg', found '{space}'")
        type, align = self.type_and_align()
        if self.accept(".ptr"):
            while self.next.text.startswith("."):
                if self.take().text == ".align":
                    self.integer()
        return self.declarator(line, space, type, align)

    def type_and_align(self) -> tuple[Type, int]:
        type, align, lanes = None, 0, 1
        while self.next.text.startswith(".") and self.next.text != ".ptr":
            word = self.take()
            name = word.text[1:]
            if name == "align":
                align = self.integer()
            elif name in ("v2", "v4"):
                lanes = int(name[1])
            elif name in TYPES and type is None:
                type = TYPES[name]
            else:
                raise PtxError(word.line, f"no type or attribute known: '{word.text}'")
        if type is None:
            raise self.error(f"wanted a type, found '{self.next.text}'")
        if lanes != 1:
            raise self.error("variables of vector types are not known")
        return type, align or type.size

    def declarator(self, line: int, space: str, type: Type, align: int) -> Variable:
        name, count = self.word(), 1
        while self.accept("["):
            if self.accept("]"):
                count = None
                continue
            count = (count or 1) * self.integer()
            self.expect("]")
        register = space == ".reg"
        return Variable(line, space[1:], name, type, count, align, None, register)

    def variables(self) -> list[Variable]:
        """One declaration, which may be of several variables."""
        line, space = self.next.line, self.take().text
        type, align = self.type_and_align()
        found: list[Variable] = []
        while True:
            variable = self.declarator(line, space, type, align)
            if self.accept("="):
                variable = replace(variable, data=self.initialiser(variable))
            found.append(variable)
            if self.accept(";"):
                return found
            self.expect(",")

    def initialiser(self, variable: Variable) -> bytes:
        values: list[int] = []
        depth = 0
        while True:
            if self.accept("{"):
                depth += 1
            elif self.accept("}"):
                depth -= 1
            elif not self.accept(","):
                operand = self.operand()
                if not isinstance(operand, Immediate):
                    message = f"'{variable.name}' is not initialised by numbers"
                    raise PtxError(variable.line, message)
                values.append(immediate_value(operand.text, variable.type))
            if depth == 0:
                break
        count = max(variable.count or 0, len(values))
        padded = values + [0] * (count - len(values))
        return np.array(padded, variable.type.raw).tobytes()

    def operand(self) -> Operand:
        if self.accept("["):
            return self.address()
        if self.accept("{"):
            return self.vector("}")
        if self.accept("("):
            return self.vector(")")
        if self.accept("-"):
            return Immediate("-" + self.take().text)
        if self.next.kind == "number":
            return Immediate(self.take().text)
        negated = self.accept("!")
        name = Name(self.word(), negated)
        if self.accept("|"):
            return Pair(name, Name(self.word()))
        if self.next.text in ("+", "-"):
            sign = 1 if self.take().text == "+" else -1
            return Address(name.text, sign * self.integer())
        return name

    def address(self) -> Address:
        base = self.word() if self.next.kind == "word" else None
        offset = 0 if base is not None else self.integer()
        while self.next.text in ("+", "-"):
            sign = 1 if self.take().text == "+" else -1
            offset += sign * self.integer()
        self.expect("]")
        return Address(base, offset)

    def vector(self, end: str) -> Vector:
        items: list[Operand] = []
        while not self.accept(end):
            items.append(self.operand())
            self.accept(",")
        return Vector(tuple(items))


class _Body:
    """The braces of a function: names in inner braces hide those outside."""

    def __init__(self, parser: _Parser, function: Function):
        self.parser = parser
        self.function = function
        self.declared: set[tuple[Scope, str]] = set()
        self.scopes: list[Scope] = []
        """By instruction."""
        self.opened = 0

    def parse(self) -> None:
        for parameter in (*self.function.parameters, *self.function.returns):
            self.declare((), parameter)
        self.parser.expect("{")
        self.block(())
        instructions = self.function.instructions
        for number, scope in enumerate(self.scopes):
            if self.opened:
                instructions[number] = self.resolved(instructions[number], scope)

    def block(self, scope: Scope) -> None:
        parser = self.parser
        while not parser.accept("}"):
            if parser.accept("{"):
                self.opened += 1
                self.block((*scope, self.opened))
            elif parser.next.text == ".reg":
                self.registers(scope)
            elif parser.next.text in SPACES:
                for variable in parser.variables():
                    self.declare(scope, variable)
            elif parser.accept(".pragma"):
                parser.skip_to_semicolon()
            elif parser.tokens[parser.at + 1].text == ":":
                label = parser.word()
                parser.expect(":")
                self.declared.add((scope, label))
                name = unique(scope, label)
                self.function.labels[name] = len(self.function.instructions)
            else:
                self.function.instructions.append(self.instruction())
                self.scopes.append(scope)

    def declare(self, scope: Scope, variable: Variable) -> None:
        self.declared.add((scope, variable.name))
        name = unique(scope, variable.name)
        if variable.is_register:
            self.function.registers[name] = variable.type
        else:
            self.function.variables[name] = replace(variable, name=name)

    def registers(self, scope: Scope) -> None:
        parser = self.parser
        parser.expect(".reg")
        type, _ = parser.type_and_align()
        while True:
            name = parser.word()
            names = [name]
            if parser.accept("<"):
                names = [f"{name}{number}" for number in range(parser.integer())]
                parser.expect(">")
            for each in names:
                self.declared.add((scope, each))
                self.function.registers[unique(scope, each)] = type
            if parser.accept(";"):
                return
            parser.expect(",")

    def instruction(self) -> Instruction:
        parser = self.parser
        line = parser.next.line
        guard = None
        if parser.accept("@"):
            negated = parser.accept("!")
            guard = Name(parser.word(), negated)
        if parser.next.kind != "word" or parser.next.text.startswith("."):
            raise parser.error(f"wanted an instruction, found '{parser.next.text}'")
        opcode, *modifiers = parser.word().split(".")
        operands: list[Operand] = []
        while not parser.accept(";"):
            operands.append(parser.operand())
            if parser.next.text != ";":
                parser.expect(",")
        text = parser.lines[line - 1].strip()
        return Instruction(line, text, opcode, tuple(modifiers), tuple(operands), guard)

    def resolved(self, instruction: Instruction, scope: Scope) -> Instruction:
        operands = tuple(self.renamed(op, scope) for op in instruction.operands)
        guard = instruction.guard
        if guard is not None:
            guard = replace(guard, text=self.lookup(guard.text, scope))
        return replace(instruction, operands=operands, guard=guard)

    def renamed(self, operand: Operand, scope: Scope) -> Operand:
        match operand:
            case Name():
                return replace(operand, text=self.lookup(operand.text, scope))
            case Address() if operand.base is not None:
                return replace(operand, base=self.lookup(operand.base, scope))
            case Vector():
                return Vector(tuple(self.renamed(i, scope) for i in operand.items))
            case Pair():
                first = Name(self.lookup(operand.first.text, scope))
                return Pair(first, Name(self.lookup(operand.second.text, scope)))
            case _:
                return operand

    def lookup(self, name: str, scope: Scope) -> str:
        for depth in range(len(scope), 0, -1):
            if (scope[:depth], name) in self.declared:
                return unique(scope[:depth], name)
        return name


def unique(scope: Scope, name: str) -> str:
    """A name that no other brace has; those of the outermost stay as they are."""
    return f"{name}@{scope[-1]}" if scope else name
