"""The flags that both commands have, as what they ask for."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from fusemlir.logger import Logger, Severity
from fusemlir.remarks import Remark, RemarkKind
from fusemlir.tools.command_line import CommandLine
from fusemlir.tools.pass_options import elements
from fusemlir.tools.usage import UsageError

_SEVERITIES = {
    "": Severity.INFO,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.INFO,
    "verbose": Severity.VERBOSE,
}
_STYLES = ("catalog", "engine")


def names(line: CommandLine, flag: str) -> tuple[str, ...]:
    """The comma-separated names of a flag, one with a comma in quotes; none where it
    is not given."""
    words = line.values.get(flag, [])
    return tuple(name for word in words for name in elements(word) if name)


def with_switches(
    passes: Sequence[ModulePass], line: CommandLine
) -> tuple[ModulePass, ...]:
    """`passes` as `--disable-rules`, `--only-rules` and `--no-fuse-at` want them.

    Raises `UsageError` for a rule that there is none of.
    """
    left_out, only = names(line, "disable-rules"), names(line, "only-rules")
    patterns = names(line, "no-fuse-at")
    if not (left_out or only or patterns):
        return tuple(passes)
    # Most command lines have none of them, and need not wait for this.
    from fusemlir.transforms.forbid_fusion import ForbidFusionPass
    from fusemlir.transforms.trt_fuse import switch_rules

    try:
        chosen = switch_rules(passes, left_out, only)
    except ValueError as error:
        flags = " and ".join(f"'--{f}'" for f in _RULE_FLAGS if f in line.values)
        raise UsageError(f"flag {flags}: {error}") from error
    return (*([ForbidFusionPass(patterns)] if patterns else []), *chosen)


_RULE_FLAGS = ("disable-rules", "only-rules")


def switched_off(
    passes: Sequence[ModulePass], chosen: Sequence[ModulePass], module: ModuleOp
) -> Iterator[Remark]:
    """What to say of the passes that were to run by themselves and now do not."""
    running = {each.name for each in chosen}
    for each in passes:
        if each.name not in running:
            reason = f"rules left out: {each.name}"
            kind, place = RemarkKind.ANALYSIS, module.location
            yield Remark(kind, each.name, (), reason, location=place)


def logger(line: CommandLine) -> Logger | None:
    """What `--log` asks for, None where nobody asked. Raises `UsageError`."""
    if "log" not in line.values:
        return None
    wanted = line.value("log", "")
    if wanted not in _SEVERITIES:
        known = ", ".join(name for name in _SEVERITIES if name)
        raise UsageError(f"flag '--log' wants one of {known}, got '{wanted}'")
    return Logger(_SEVERITIES[wanted])


@contextmanager
def reporting(line: CommandLine) -> Generator[None]:
    """Log and name as `--log` and `--name-style` want inside the block.

    Raises `UsageError` for a value that they do not take.
    """
    wanted, heard_by = line.value("name-style", ""), logger(line)
    if wanted and wanted not in _STYLES:
        raise UsageError(f"flag '--name-style' wants catalog or engine, got '{wanted}'")
    with ExitStack() as stack:
        if heard_by is not None:
            from fusemlir.decision_log import logging_to

            stack.enter_context(logging_to(heard_by))
        if wanted:
            from fusemlir.name_style import NameStyle, names_as

            stack.enter_context(names_as(NameStyle(wanted)))
        yield
