"""What `--help`, `--list-passes`, `--show-dialects` and `--version` print."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator

from xdsl.passes import ModulePass

from fusemlir.dialects import get_all_dialects
from fusemlir.tools.command_line import FLAGS
from fusemlir.tools.flag import Flag, Takes
from fusemlir.tools.pass_options import describe_options
from fusemlir.tools.pass_registry import PassLoader, PassRegistry

_WIDTH = 80
_COLUMN = 30
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")


def help_page(registry: PassRegistry) -> str:
    sections = [
        "Reads a network as MLIR text or an ONNX model, runs passes over it in the\n"
        "order given, and writes it as text.",
        "usage: fuse-opt [file | -] [--<pass>[='option=value option=value'] ...] "
        "[flags]",
        "  fuse-opt model.onnx --fuse-conv-scale --fuse-conv-relu -o out.mlir\n"
        "  fuse-opt in.mlir --fuse-conv-relu --fuse-pointwise='max-ops=8'\n"
        "  fuse-opt in.mlir -p 'builtin.module(cse,canonicalize)'",
    ]
    for group in dict.fromkeys(flag.group for flag in FLAGS):
        flags = (flag for flag in FLAGS if flag.group == group)
        sections.append(f"{group}:\n{flag_table(flags)}")
    passes = ((f"--{name}", summary(loader)) for name, loader in registry.ours.items())
    sections.append(f"Passes of fusemlir:\n{_table(passes)}")
    theirs = textwrap.fill(
        ", ".join(sorted(registry.theirs)),
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
    sections.append(f"Passes of xDSL (--list-passes describes them):\n{theirs}")
    return "\n\n".join(sections) + "\n"


def list_of_passes(registry: PassRegistry) -> str:
    """One line a pass: its name, what it does, its options."""
    return "".join(
        f"{name:<{_COLUMN}}  {_described(loader)}\n"
        for passes in (registry.ours, registry.theirs)
        for name, loader in sorted(passes.items())
    )


def list_of_dialects() -> str:
    return "".join(f"{name}\n" for name in sorted(get_all_dialects()))


def version(command: str = "fuse-opt") -> str:
    from importlib.metadata import version

    return f"{command} {version('fusemlir')}, xDSL {version('xdsl')}\n"


def summary(loader: PassLoader) -> str:
    """First sentence of the docstring of a pass, or of its module, without its stop."""
    try:
        pass_type = loader()
    except ImportError as error:
        return f"(cannot be loaded: {error})"
    return _first_sentence(pass_type)


def _described(loader: PassLoader) -> str:
    text = summary(loader)
    try:
        options = describe_options(loader())
    except (ImportError, NameError):
        return text
    return f"{text} [{' '.join(options)}]" if options else text


def _first_sentence(pass_type: type[ModulePass]) -> str:
    # A dataclass without a docstring is given its signature as one.
    own = pass_type.__doc__ or ""
    is_signature = own.startswith(f"{pass_type.__name__}(")
    module = inspect.getmodule(pass_type)
    text = own if own and not is_signature else (module and module.__doc__) or ""
    paragraph = inspect.cleandoc(text).split("\n\n")[0]
    return _SENTENCE_END.split(" ".join(paragraph.split()))[0].removesuffix(".")


def _spelling(flag: Flag) -> str:
    names = sorted((flag.name, *flag.aliases), key=len)
    dashed = [f"-{name}" if len(name) == 1 else f"--{name}" for name in names]
    value = {
        Takes.SWITCH: "",
        Takes.VALUE: f" {flag.value}" if len(names[-1]) == 1 else f"={flag.value}",
        Takes.OPTIONAL: f"[={flag.value}]",
    }[flag.takes]
    return f"{', '.join(dashed)}{value}"


def flag_table(flags: Iterable[Flag]) -> str:
    """One row a flag: its spellings, what it takes, what it does."""
    return _table((_spelling(flag), flag.help) for flag in flags)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(line for left, right in rows for line in _row(left, right))


def _row(left: str, right: str) -> Iterator[str]:
    wrapped = textwrap.wrap(right, _WIDTH - _COLUMN, break_on_hyphens=False) or [""]
    if len(left) + 4 > _COLUMN:
        yield f"  {left}"
    else:
        yield f"  {left:<{_COLUMN - 2}}{wrapped.pop(0)}".rstrip()
    for line in wrapped:
        yield " " * _COLUMN + line
