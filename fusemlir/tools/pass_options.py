"""Options of a pass as text, to the fields of its dataclass and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from enum import Enum, EnumType
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from xdsl.passes import ModulePass

from fusemlir.diagnostics import did_you_mean
from fusemlir.tools.usage import UsageError

_OPTION = re.compile(r'\s*([A-Za-z_][\w-]*)(?:=((?:"(?:[^"\\]|\\.)*"|[^\s"{}])*))?')
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,"]+)')
_ESCAPE = re.compile(r"\\(.)")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_BARE = re.compile(r"[\w.+:/-]+")

ALIASES = {"disable-patterns": "disable-rules", "enable-patterns": "only-rules"}
"""What MLIR's rewriting passes call options of ours."""


@dataclass(frozen=True)
class PassCall:
    """One pass of a pipeline, as it was written."""

    name: str
    options: dict[str, tuple[str, ...]]
    """Values by option name; `()` for an option without `=`."""

    def build(self, pass_type: type[ModulePass]) -> ModulePass:
        """The pass with its options set.

        Raises `UsageError` on an option that it does not have or a value of the wrong
        type.
        """
        known = {f.name.replace("_", "-"): f for f in _option_fields(pass_type)}
        types = get_type_hints(pass_type)
        arguments: dict[str, Any] = {}
        for written, values in self.options.items():
            option = written.replace("_", "-")
            if option not in known and ALIASES.get(option) in known:
                option = ALIASES[option]
            if option not in known:
                raise UsageError(_unknown_option(self.name, option, list(known)))
            field = known[option].name
            if field in arguments:
                raise UsageError(f"option '{option}' of '{self.name}' is given twice")
            try:
                arguments[field] = _convert(values, types[field])
            except ValueError:
                wanted = describe_type(types[field])
                found = f"'{','.join(values)}'" if values else "nothing"
                raise UsageError(
                    f"option '{option}' of '{self.name}' wants {wanted}, got {found}"
                ) from None
        for option, field in known.items():
            if (
                field.name not in arguments
                and field.name in pass_type.required_fields()
            ):
                raise UsageError(
                    f"pass '{self.name}' needs the option "
                    f"{option}=<{describe_type(types[field.name])}>"
                )
        try:
            return pass_type(**arguments)
        except ValueError as error:
            raise UsageError(f"pass '{self.name}': {error}") from error


def parse_options(text: str, of: str) -> dict[str, tuple[str, ...]]:
    """Read `max-ops=8 names=a,b flag`; raises `UsageError` naming the pass `of`."""
    options: dict[str, tuple[str, ...]] = {}
    position, text = 0, text.strip()
    while position < len(text):
        match = _OPTION.match(text, position)
        if match is None or not _ends_option(text, match.end()):
            rest = text[position:].strip()
            raise UsageError(
                f"options of '{of}' are written 'name=value name=value', "
                f"cannot read '{rest}'"
            )
        name, value = match.groups()
        if name in options:
            raise UsageError(f"option '{name}' of '{of}' is given twice")
        options[name] = () if value is None else elements(value)
        position = match.end()
    return options


def print_pass(module_pass: ModulePass) -> str:
    """`name{option=value}` with the options that differ from their defaults."""
    parameters = module_pass.spec().parameters
    options = " ".join(_print_option(name, parameters[name]) for name in parameters)
    return f"{module_pass.name}{{{options}}}" if options else module_pass.name


def describe_options(pass_type: type[ModulePass]) -> list[str]:
    """One `name=<type>` a field, for help."""
    types = get_type_hints(pass_type)
    return [
        f"{field.name.replace('_', '-')}=<{describe_type(types[field.name])}>"
        for field in _option_fields(pass_type)
    ]


def describe_type(hint: Any) -> str:
    """A type as a user of the command line would say it."""
    names = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}
    if hint in names:
        return names[hint]
    arguments = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        options = [describe_type(part) for part in arguments if part is not NoneType]
        return " or ".join(dict.fromkeys(options))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if get_origin(hint) is tuple:
        return f"a comma-separated list, each {describe_type(arguments[0])}"
    if isinstance(hint, EnumType):
        members = cast(type[Enum], hint)
        return f"one of {', '.join(str(member.value) for member in members)}"
    return str(hint)


def _option_fields(pass_type: type[ModulePass]) -> list[Field[Any]]:
    return [field for field in fields(pass_type) if field.init and field.name != "name"]


def _ends_option(text: str, position: int) -> bool:
    return position == len(text) or text[position].isspace()


def _unknown_option(pass_name: str, option: str, known: list[str]) -> str:
    has = f"it has {', '.join(known)}" if known else "it takes none"
    hint = did_you_mean(option, known)
    return f"pass '{pass_name}' has no option '{option}' ({has}){hint}"


def elements(value: str) -> tuple[str, ...]:
    """The parts of `a,"b, c"`: a comma in quotes does not part."""
    return tuple(
        _ESCAPE.sub(r"\1", match[1]) if match[1] is not None else match[2]
        for match in _ELEMENT.finditer(value)
    ) or ("",)


def _convert(values: Sequence[str], hint: Any) -> Any:
    """`values` as `hint` wants them; raises `ValueError` where they cannot be."""
    arguments = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return _convert_to_any(values, arguments)
    if get_origin(hint) is tuple:
        element = arguments[0]
        return tuple(_convert([value], element) for value in values if value)
    if hint is NoneType:
        if values:
            raise ValueError
        return None
    if hint is bool and not values:
        return True
    if len(values) != 1:
        raise ValueError
    return _convert_one(values[0], hint)


def _convert_to_any(values: Sequence[str], hints: Sequence[Any]) -> Any:
    # A number is also a text: the narrow types are tried before the wide one.
    for hint in sorted(hints, key=lambda hint: hint is str):
        try:
            return _convert(values, hint)
        except ValueError:
            continue
    raise ValueError


def _convert_one(value: str, hint: Any) -> Any:
    if hint is bool:
        return _choose(value.lower(), _BOOLEANS)
    if get_origin(hint) is Literal:
        return _choose(value, {str(choice): choice for choice in get_args(hint)})
    return hint(value)


def _choose(value: str, choices: Mapping[str, object]) -> object:
    if value not in choices:
        raise ValueError
    return choices[value]


def _print_option(name: str, values: Sequence[object]) -> str:
    name = name.replace("_", "-")
    return f"{name}={','.join(map(_print_value, values))}" if values else name


def _print_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value.value if isinstance(value, Enum) else value)
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
