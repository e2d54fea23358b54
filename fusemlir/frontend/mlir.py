"""MLIR text to a module whose ops know where in the text they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NoReturn

from xdsl.context import Context
from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    AnyFloat,
    ComplexType,
    FileLineColLoc,
    IndexType,
    IntAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import (
    AttributeInvT,
    Block,
    Operation,
    Region,
    SSAValue,
    TypeAttribute,
)
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.exceptions import (
    BuilderNotFoundException,
    DiagnosticException,
    InvalidIRException,
    MultipleSpansParseError,
    ParseError,
    UnregisteredConstructException,
)
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRTokenKind, StringLiteral

from fusemlir.diagnostics import (
    Diagnostic,
    DiagnosticError,
    Severity,
    SourceLocation,
    did_you_mean,
    lower_first,
)
from fusemlir.frontend.verifier import verify_module

_FAULTS_OF_TEXT = (
    BuilderNotFoundException,
    DiagnosticException,
    InvalidIRException,
    OverflowError,
    UnregisteredConstructException,
    ValueError,
)
"""What xDSL raises, beside its ParseError, when an attribute or op cannot be built."""


def parse_module(
    ctx: Context,
    text: str,
    filename: str,
    *,
    allow_implicit_module: bool = True,
    verify: bool = True,
) -> ModuleOp:
    """The module that `text` spells, every op with its line and column in `filename`.

    An explicit `loc(...)` is kept. Without `allow_implicit_module` the text must be one
    `builtin.module`. Raises `DiagnosticError`, with source lines, on everything that is
    wrong with the text: its characters, its syntax, unknown names, types, values that
    are used above their definition, and (unless not `verify`) what the ops' verifiers
    refuse.
    """
    lines = text.split("\n")
    try:
        parser = _start(ctx, text, filename)
        module = parser.parse(allow_implicit_module)
        if verify:
            verify_module(module, parser.forward_names)
    except DiagnosticError as error:
        located = (d.with_source(filename, lines) for d in error.diagnostics)
        raise DiagnosticError(*located) from error.__cause__
    return module


class LocatingParser(Parser):
    """xDSL's parser; ops get locations, isolated regions their own names as in MLIR."""

    class _TensorLiteralElement(  # the parser makes its elements from this name
        Parser._TensorLiteralElement  # pyright: ignore[reportPrivateUsage]
    ):
        def to_type(
            self,
            parser: AttrParser,
            type: AnyFloat | IntegerType | IndexType | ComplexType,
        ) -> float | int | tuple[float, float] | tuple[int, int]:
            """As in MLIR, a hexadecimal number is the bits of a float, not its value.

            It is how infinities and NaNs are printed.
            """
            if not isinstance(type, AnyFloat) or not isinstance(self.value, int):
                return super().to_type(parser, type)
            if not self.span.text.lower().startswith("0x"):
                return super().to_type(parser, type)
            raw = self.value.to_bytes(type.compile_time_size, "little")
            return next(type.iter_unpack(raw))

    forward_names: dict[SSAValue, str]
    """Names of the values that were used before the text defined them."""

    def __init__(self, ctx: Context, text: str, filename: str) -> None:
        self._file = StringAttr(filename)
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._open_ops: list[tuple[int, type[Operation]]] = []
        self._first_uses: dict[str, Span] = {}
        self._tensor_types: dict[str, TypeAttribute] = {}
        self.forward_names = {}
        super().__init__(ctx, text, filename)

    def parse(self, allow_implicit_module: bool) -> ModuleOp:
        """The whole input as a module; faults of the text as `DiagnosticError`."""
        try:
            module = self._parse_module(allow_implicit_module)
        except ParseError as error:
            raise _syntax_error(self._undefined_at_end() or error) from error
        except RecursionError as error:
            raise self._error_here("nested too deeply to be read") from error
        except _FAULTS_OF_TEXT as error:
            raise self._error_here(lower_first(str(error))) from error
        return module

    def _parse_module(self, allow_implicit_module: bool) -> ModuleOp:
        at_end = self._current_token.kind is MLIRTokenKind.EOF
        if at_end and allow_implicit_module:
            module = ModuleOp([])
        else:
            module = super().parse_module(allow_implicit_module)
        if module.location is UNKNOWN_LOC:
            module.location = self._location(0)
        if not allow_implicit_module and self.pos < self.lexer.input.len:
            self.raise_error("expected the end of the file after the module")
        return module

    def parse_operation(self) -> Operation:
        start = self.pos
        self._open_ops.append((start, Operation))
        op = super().parse_operation()
        self._open_ops.pop()
        # Identity: a `loc(unknown)` that was written out is kept as one.
        if op.location is UNKNOWN_LOC:
            op.location = self._location(start)
        for region in op.regions:
            for block in region.blocks:
                # Terminators that the syntax leaves out are made without a location.
                if block.last_op is not None and block.last_op.location is UNKNOWN_LOC:
                    block.last_op.location = op.location
        return op

    def parse_optional_type(self) -> TypeAttribute | None:
        """As xDSL does; tensor types are remembered by their text, since networks have
        few of them and name them often."""
        if self._current_token.text != "tensor":
            return super().parse_optional_type()
        start, content = self.pos, self.lexer.input.content
        end = content.find(">", start) + 1
        text = content[start:end]
        if text in self._tensor_types:
            self._resume_from(end)
            return self._tensor_types[text]
        type = super().parse_optional_type()
        # Inside an encoding there could be another '>'.
        if type is not None and text.count("<") == 1:
            self._tensor_types[text] = type
        return type

    def parse_optional_region(
        self, arguments: Iterable[Parser.Argument] | None = None
    ) -> Region | None:
        if not self._open_ops or not self._open_ops[-1][1].has_trait(IsolatedFromAbove):
            return super().parse_optional_region(arguments)
        values, references = self.ssa_values, self.forward_ssa_references
        self.ssa_values, self.forward_ssa_references = {}, {}
        region = super().parse_optional_region(arguments)
        self._refuse_undefined(values)
        self.ssa_values, self.forward_ssa_references = values, references
        return region

    def parse_optional_str_literal(self) -> str | None:
        """As in MLIR a literal is a string, escaped or not; what is no UTF-8 is bytes.

        xDSL takes a literal with escapes for bytes where it holds more than ASCII.
        """
        token = self._current_token
        if token.kind is not MLIRTokenKind.BYTES_LIT:
            return super().parse_optional_str_literal()
        try:
            text = StringLiteral.from_span(token.span).string_contents
        except UnicodeDecodeError:
            return None
        self._consume_token()
        return text

    def _parse_block(self) -> Block:
        if self._current_token.kind is not MLIRTokenKind.CARET_IDENT:
            self.raise_error("expected an operation, a block label or '}'")
        return super()._parse_block()

    def resolve_operand(
        self, operand: UnresolvedOperand, type: AttributeInvT
    ) -> SSAValue[AttributeInvT]:
        name = operand.operand_name
        if name not in self.ssa_values and name not in self.forward_ssa_references:
            self._first_uses[name] = operand.span
        return super().resolve_operand(operand, type)

    def _register_ssa_definition(
        self, name: str, values: Sequence[SSAValue], span: Span
    ) -> None:
        if name in self.forward_ssa_references:
            self.forward_names.update(dict.fromkeys(values, name))
        super()._register_ssa_definition(name, values, span)

    def _get_op_by_name(self, name: str) -> type[Operation]:
        stack = self._parser_state.dialect_stack
        op_type = self.ctx.get_optional_op(name, dialect_stack=stack)
        start, _ = self._open_ops[-1]
        if op_type is None:
            self._refuse_unknown_op(name, start)
        self._open_ops[-1] = (start, op_type)
        return op_type

    def _refuse_unknown_op(self, name: str, start: int) -> NoReturn:
        position = self.lexer.input.content.find(name, start)
        dialect, dot, _ = name.partition(".")
        if dot and self.ctx.get_optional_dialect(dialect) is None:
            self.raise_error(
                f"unknown dialect '{dialect}' of operation '{name}' "
                "(--allow-unregistered-dialect reads it all the same)",
                position,
            )
        hint = did_you_mean(name, (op.name for op in self.ctx.loaded_ops))
        self.raise_error(f"unknown operation '{name}'{hint}", position)

    def _refuse_undefined(self, outer: dict[str, tuple[SSAValue, ...]]) -> None:
        """Raise at the first use of a name that the region just read left undefined."""
        if not self.forward_ssa_references:
            return
        _, holder = self._open_ops[-1]
        name, span = self._first_undefined()
        if name in outer:
            reason = f"is defined outside '{holder.name}', which is isolated from above"
            self.raise_error(f"value '%{name}' {reason}", span)
        self.raise_error(f"value '%{name}' is used but not defined", span)

    def _undefined_at_end(self) -> ParseError | None:
        """At the end of the input, the error that xDSL reports only there."""
        if self._open_ops or not self.forward_ssa_references:
            return None
        if self._current_token.kind is not MLIRTokenKind.EOF:
            return None
        name, span = self._first_undefined()
        return ParseError(span, f"value '%{name}' is used but not defined")

    def _first_undefined(self) -> tuple[str, Span]:
        spans = ((name, self._first_uses[name]) for name in self.forward_ssa_references)
        return min(spans, key=lambda item: item[1].start)

    def _location(self, position: int) -> FileLineColLoc:
        line = bisect_right(self._line_starts, position)
        column = position - self._line_starts[line - 1] + 1
        return FileLineColLoc(self._file, IntAttr(line), IntAttr(column))

    def _error_here(self, message: str) -> DiagnosticError:
        start = self._open_ops[-1][0] if self._open_ops else self.pos
        return DiagnosticError.at(self._location(start), message)


def _syntax_error(error: ParseError) -> DiagnosticError:
    notes: tuple[Diagnostic, ...] = ()
    if isinstance(error, MultipleSpansParseError):
        fallback = error.ref_text or "see here"
        notes = tuple(
            Diagnostic(Severity.NOTE, _place(span), (note or fallback).rstrip(":"))
            for span, note in error.refs
        )
    message = lower_first(error.msg)
    return DiagnosticError(
        Diagnostic(Severity.ERROR, _place(error.span), message, notes=notes)
    )


def _start(ctx: Context, text: str, filename: str) -> LocatingParser:
    try:
        return LocatingParser(ctx, text, filename)
    except ParseError as error:
        # The first token is read when the parser is made.
        raise _syntax_error(error) from error


def _place(span: Span[str] | Span[bytes]) -> SourceLocation:
    location = span.get_location()
    return SourceLocation(location.file, location.line, location.col)
