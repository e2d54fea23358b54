"""The flags of fuse-opt and how a command line is read.

Spelled and behaving as in mlir-opt: every pass is a flag, one dash is as good as two,
and nothing is abbreviated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fusemlir.diagnostics import did_you_mean
from fusemlir.tools.flag import Flag, Takes, report_flags, rule_flags
from fusemlir.tools.pass_options import PassCall, parse_options
from fusemlir.tools.pass_pipeline import parse_pipeline
from fusemlir.tools.pass_registry import PassRegistry
from fusemlir.tools.usage import UsageError

_GENERAL, _PIPELINE, _PRINTING = "General", "Passes", "Printing"

FLAGS = (
    Flag("o", Takes.VALUE, _GENERAL, "where the output goes, whole or not at all; "
         "the input file may be named (default: stdout)", "<file>", ("output-file",)),
    Flag("target", Takes.VALUE, _GENERAL, "what is written: mlir (the default), llvm, "
         "or ptx, as in 'ptx{sm=80}'; or the device that rules may assume, sm_75 or "
         "host, whatever the module says; given twice, one of each",
         "<target>", ("t",), repeats=True),
    Flag("shape", Takes.VALUE, _GENERAL, "dimensions of an input of an .onnx model, "
         "as in input=1x3x224x224", "<name>=<dims>", repeats=True),
    Flag("allow-unregistered-dialect", Takes.SWITCH, _GENERAL,
         "read operations of unknown dialects in their generic form"),
    Flag("no-implicit-module", Takes.SWITCH, _GENERAL,
         "demand a builtin.module around the input"),
    Flag("split-input-file", Takes.SWITCH, _GENERAL,
         "treat the parts between lines '// -----' as inputs of their own"),
    Flag("verify-diagnostics", Takes.SWITCH, _GENERAL,
         "check what is reported against '// expected-error {{...}}' comments"),
    Flag("verify-each", Takes.OPTIONAL, _GENERAL,
         "verify the module after each pass (default: true)", "true|false"),
    Flag("remarks", Takes.OPTIONAL, _GENERAL,
         "report what was fused and what was not, and why", "all|passed|missed"),
    Flag("explain", Takes.OPTIONAL, _GENERAL,
         "write to stderr, for every rule and site, whether and why it fused; "
         "a table first (default: text)", "text|json"),
    Flag("explain-file", Takes.VALUE, _GENERAL,
         "where the explanation goes instead, whole or not at all", "<file>"),
    *report_flags(_GENERAL),
    Flag("help", Takes.SWITCH, _GENERAL, "show this", aliases=("h",)),
    Flag("version", Takes.SWITCH, _GENERAL, "show the versions", aliases=("v",)),
    Flag("pass-pipeline", Takes.VALUE, _PIPELINE,
         "the passes as one text, 'builtin.module(a,b{option=value})', "
         "instead of a flag each", "<pipeline>", ("p", "passes")),
    Flag("dump-pass-pipeline", Takes.SWITCH, _PIPELINE,
         "write the pipeline to stderr before it runs, and as comments under it the "
         "stages of trt-fuse and why each stands where it does"),
    *rule_flags(_PIPELINE),
    Flag("fuel", Takes.VALUE, _PIPELINE,
         "let all passes together change the network so many times and no more; "
         "fuse-bisect finds the change that is wrong", "<n>"),
    Flag("check-each-fusion", Takes.OPTIONAL, _PIPELINE,
         "run the layers of each change before and after it, on random inputs, and "
         "stop where they differ; slow (default: seed=0)", "seed=<n>"),
    Flag("list-passes", Takes.SWITCH, _PIPELINE, "list all passes and their options"),
    Flag("show-dialects", Takes.SWITCH, _PIPELINE, "list all dialects"),
    Flag("mlir-print-ir-before-all", Takes.SWITCH, _PRINTING,
         "write the module to stderr before each pass"),
    Flag("mlir-print-ir-after-all", Takes.SWITCH, _PRINTING,
         "write the module to stderr after each pass"),
    Flag("mlir-print-ir-after-change", Takes.SWITCH, _PRINTING,
         "with a print after a pass: only if the pass changed the module"),
    Flag("mlir-print-ir-after-failure", Takes.SWITCH, _PRINTING,
         "write the module to stderr after a pass that failed"),
    Flag("mlir-print-ir-before", Takes.VALUE, _PRINTING,
         "write the module to stderr before these passes", "<pass,...>"),
    Flag("mlir-print-ir-after", Takes.VALUE, _PRINTING,
         "write the module to stderr after these passes", "<pass,...>"),
    Flag("mlir-print-op-generic", Takes.SWITCH, _PRINTING,
         "print every operation in its generic form"),
    Flag("mlir-print-debuginfo", Takes.SWITCH, _PRINTING, "print locations"),
    Flag("mlir-timing", Takes.SWITCH, _PRINTING,
         "write to stderr how long each pass took", aliases=("time-passes",)),
    Flag("kernel-stats", Takes.SWITCH, _PRINTING, "write to stderr what each kernel "
         "costs: launches, instructions, registers, memory, and the time to build it"),
)  # fmt: skip


@dataclass
class CommandLine:
    """The words of a command line, sorted; values are not looked into yet."""

    input: str = "-"
    values: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By the name of the flag; an optional value that is missing is the empty text."""
    passes: list[PassCall] = field(default_factory=list[PassCall])

    def is_on(self, flag: str, default: bool = False) -> bool:
        """Whether a switch is set; raises `UsageError` unless it is true or false."""
        if flag not in self.values:
            return default
        [value] = self.values[flag]
        if value not in ("", "true", "false", "1", "0"):
            raise UsageError(f"flag '--{flag}' wants true or false, got '{value}'")
        return value in ("", "true", "1")

    def value(self, flag: str, default: str) -> str:
        return self.values[flag][0] if flag in self.values else default


def parse_command_line(words: Sequence[str], registry: PassRegistry) -> CommandLine:
    """Raises `UsageError` on anything that is not a flag, a pass or the input."""
    pass_flags: list[PassCall] = []

    def add_pass(word: str) -> None:
        name, equals, value = word.lstrip("-").partition("=")
        if name not in registry:
            raise UsageError(_unknown_flag(word, name, registry))
        options = parse_options(value, of=name) if equals else {}
        pass_flags.append(PassCall(name, options))

    inputs, values = sort_words(words, _FLAG_BY_NAME, add_pass)
    if len(inputs) > 1:
        raise UsageError(_several_inputs(inputs, pass_flags))
    passes = _choose_passes(pass_flags, values.get("pass-pipeline"))
    return CommandLine(inputs[0] if inputs else "-", values, passes)


def by_spelling(flags: Iterable[Flag]) -> dict[str, Flag]:
    """The flags by each of their names; `mlir-` may be left out."""
    return {
        spelling: flag
        for flag in flags
        for spelling in (flag.name, flag.name.removeprefix("mlir-"), *flag.aliases)
    }


_FLAG_BY_NAME = by_spelling(FLAGS)


def integer(line: CommandLine, flag: str, lowest: int) -> int | None:
    """The value of a flag, None where it is not given; raises `UsageError`."""
    if flag not in line.values:
        return None
    text = line.value(flag, "")
    if not text.isdecimal() or int(text) < lowest:
        raise UsageError(f"flag '--{flag}' wants {lowest} or more, got '{text}'")
    return int(text)


def sort_words(
    words: Sequence[str], flags: Mapping[str, Flag], on_other: Callable[[str], None]
) -> tuple[list[str], dict[str, list[str]]]:
    """The words that are no flags, and the values of `flags` by name.

    A word that looks like a flag but is none of `flags` goes to `on_other`.
    """
    inputs: list[str] = []
    values: dict[str, list[str]] = {}
    remaining = list(words)
    while remaining:
        word = remaining.pop(0)
        if word == "--":
            return inputs + remaining, values
        if word == "-" or not word.startswith("-"):
            inputs.append(word)
            continue
        name = word.lstrip("-").partition("=")[0]
        if name in flags:
            _add_flag(flags[name], word, remaining, values)
        else:
            on_other(word)
    return inputs, values


def _add_flag(
    flag: Flag, word: str, remaining: list[str], values: dict[str, list[str]]
) -> None:
    spelled, equals, value = word.partition("=")
    if flag.takes is Takes.VALUE and not equals:
        if not remaining:
            raise UsageError(f"flag '{spelled}' wants a value, {flag.value}")
        value = remaining.pop(0)
    if flag.name in values and not flag.repeats:
        raise UsageError(f"flag '{spelled}' is given twice")
    values.setdefault(flag.name, []).append(value)


def _choose_passes(flags: list[PassCall], pipeline: list[str] | None) -> list[PassCall]:
    if pipeline is None:
        return flags
    if flags:
        raise UsageError(
            f"pass flags ('--{flags[0].name}') and '--pass-pipeline' cannot be mixed"
        )
    return parse_pipeline(pipeline[0])


def _unknown_flag(word: str, name: str, registry: PassRegistry) -> str:
    spelled = word.partition("=")[0]
    hint = did_you_mean(f"--{name}", [f"--{k}" for k in _known_flags(registry)])
    return f"unknown flag '{spelled}'{hint or '; see --help'}"


def _known_flags(registry: PassRegistry) -> list[str]:
    return [name for name in _FLAG_BY_NAME if len(name) > 1] + registry.names


def _several_inputs(inputs: list[str], passes: list[PassCall]) -> str:
    options = next((word for word in inputs if "=" in word), None)
    if options is not None and passes:
        return (
            f"'{options}' is taken for a second input; options of a pass "
            f"are written --{passes[-1].name}='{options}'"
        )
    named = " and ".join(f"'{word}'" for word in inputs)
    return f"one input is read at a time, got {named}"
