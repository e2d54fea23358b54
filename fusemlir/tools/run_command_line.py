"""The flags of fuse-run and how its command line is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from fusemlir.tools.command_line import (
    CommandLine,
    Flag,
    Takes,
    by_spelling,
    sort_words,
)
from fusemlir.tools.help_text import flag_table
from fusemlir.tools.usage import UsageError, did_you_mean

_WHAT, _DATA, _OUTPUT = "What runs", "Data", "What is printed"

FLAGS = (
    Flag("device", Takes.VALUE, _WHAT, "auto (the default), cuda or reference; auto "
         "says what it chose and why", "<device>"),
    Flag("fuse", Takes.VALUE, _WHAT, "which fusions: practice (the default), strict "
         "or none", "<fusions>"),
    Flag("no-fusion", Takes.SWITCH, _WHAT, "the same as --fuse=none"),
    Flag("rules", Takes.VALUE, _WHAT, "run these passes and no others, in this order",
         "<pass,...>"),
    Flag("disable-rules", Takes.VALUE, _WHAT, "leave these passes out", "<pass,...>"),
    Flag("shape", Takes.VALUE, _WHAT, "dimensions of an input of an .onnx model, as in "
         "input=1x3x224x224; may be repeated", "<input>=<dims>", repeats=True),
    Flag("threads", Takes.VALUE, _WHAT, "how many threads a device that runs on this "
         "processor may use", "<n>"),
    Flag("weights", Takes.VALUE, _WHAT, "take named weights from this .onnx file",
         "<file>"),
    Flag("inputs", Takes.VALUE, _DATA, "an .npz file with an array for each input, by "
         "name (default: random ones)", "<file>"),
    Flag("outputs", Takes.VALUE, _DATA, "the .npz file to write the outputs to, whole "
         "or not at all", "<file>"),
    Flag("seed", Takes.VALUE, _DATA, "of random inputs: standard normal floats, small "
         "integers (default: 0)", "<n>"),
    Flag("compare", Takes.SWITCH, _DATA, "compare with the network as it was read, run "
         "in wide arithmetic; exit code 1 where they differ"),
    Flag("tol", Takes.VALUE, _DATA, "largest error allowed, relative to the largest "
         "output (default: 1e-4, or 1e-2 with f16 and bf16)", "<number>"),
    Flag("summary", Takes.SWITCH, _OUTPUT, "what was fused, what was not and why, and "
         "all kernels"),
    Flag("verbose", Takes.SWITCH, _OUTPUT, "every remark, and how long each step took"),
    Flag("help", Takes.SWITCH, _OUTPUT, "show this", aliases=("h",)),
    Flag("version", Takes.SWITCH, _OUTPUT, "show the versions", aliases=("v",)),
)  # fmt: skip


def parse_run_line(words: Sequence[str]) -> CommandLine:
    flags = by_spelling(FLAGS)

    def refuse(word: str) -> None:
        spelled = word.partition("=")[0]
        known = [f"--{name}" for name in flags if len(name) > 1]
        hint = did_you_mean(f"--{spelled.lstrip('-')}", known)
        raise UsageError(f"unknown flag '{spelled}'{hint or '; see --help'}")

    inputs, values = sort_words(words, flags, refuse)
    if len(inputs) > 1:
        named = " and ".join(f"'{word}'" for word in inputs)
        raise UsageError(f"one network is run at a time, got {named}")
    line = CommandLine(inputs[0] if inputs else "", values)
    if not inputs and not (line.is_on("help") or line.is_on("version")):
        raise UsageError("which network? usage: fuse-run <model.onnx | file.mlir | ->")
    return line


def help_page() -> str:
    sections = [
        "Fuses a network, runs it, and prints what it took and what came out.",
        "usage: fuse-run <model.onnx | file.mlir | -> [flags]\n"
        "  fuse-run model.onnx --summary --compare\n"
        "  fuse-run model.onnx --shape input=1x3x224x224 --inputs in.npz\n"
        "  fuse-opt model.onnx --fuse-conv-relu | fuse-run - --no-fusion",
    ]
    for group in dict.fromkeys(flag.group for flag in FLAGS):
        flags = (flag for flag in FLAGS if flag.group == group)
        sections.append(f"{group}:\n{flag_table(flags)}")
    return "\n\n".join(sections) + "\n"


def integer(line: CommandLine, flag: str, lowest: int) -> int | None:
    """The value of a flag, None where it is not given; raises `UsageError`."""
    if flag not in line.values:
        return None
    text = line.value(flag, "")
    if not text.isdecimal() or int(text) < lowest:
        raise UsageError(f"flag '--{flag}' wants {lowest} or more, got '{text}'")
    return int(text)


def tolerance(line: CommandLine) -> float | None:
    """The value of `--tol`, None where it is not given; raises `UsageError`."""
    if "tol" not in line.values:
        return None
    text = line.value("tol", "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise UsageError(f"flag '--tol' wants a number as in 1e-4, got '{text}'")
    return value


def output_path(line: CommandLine) -> str:
    """The value of `--outputs`; raises `UsageError` where its folder is missing."""
    path = line.value("outputs", "")
    if path and not Path(path).absolute().parent.is_dir():
        raise UsageError(f"flag '--outputs': there is no folder for '{path}'")
    return path


def names(line: CommandLine, flag: str) -> tuple[str, ...] | None:
    """The comma-separated names of a flag, None where it is not given."""
    if flag not in line.values:
        return None
    return tuple(name for name in line.value(flag, "").split(",") if name)
