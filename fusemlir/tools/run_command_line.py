"""The flags of fuse-run and how its command line is read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from fusemlir.diagnostics import did_you_mean
from fusemlir.tools.command_line import CommandLine, by_spelling, sort_words
from fusemlir.tools.flag import Flag, Takes, report_flags, rule_flags
from fusemlir.tools.help_text import flag_table
from fusemlir.tools.usage import UsageError

_WHAT, _DATA, _OUTPUT = "What runs", "Data", "What is printed"

FLAGS = (
    Flag("device", Takes.VALUE, _WHAT, "auto (the default), cuda, cuda:1 (the second "
         "GPU), host (native code), emu (the PTX on numpy) or reference; auto says "
         "what it chose and why", "<device>"),
    Flag("cuda-graph", Takes.SWITCH, _WHAT, "let a GPU start all kernels as one"),
    Flag("tf32", Takes.SWITCH, _WHAT, "let a GPU multiply f32 on tensor cores, which "
         "see 10 bits of each fraction"),
    Flag("winograd", Takes.SWITCH, _WHAT, "let the CPU compute 3x3 convolutions by "
         "Winograd's transformation: quicker, and less exact"),
    Flag("tune", Takes.VALUE, _WHAT, "how many schedules kernels for the CPU are tried "
         "with: none (off, the default), those that should be quickest (quick), or all "
         "(full); what is found is kept", "off|quick|full"),
    Flag("fuse", Takes.VALUE, _WHAT, "which fusions: practice (the default), strict "
         "or none", "<fusions>"),
    Flag("no-fusion", Takes.SWITCH, _WHAT, "the same as --fuse=none"),
    Flag("rules", Takes.VALUE, _WHAT, "run these passes and no others, in this order",
         "<pass,...>"),
    *rule_flags(_WHAT),
    Flag("target", Takes.VALUE, _WHAT, "the GPU that rules may assume, as sm_75, or "
         "host (default: the device's)", "<target>"),
    Flag("shape", Takes.VALUE, _WHAT, "dimensions of an input of an .onnx model, as in "
         "input=1x3x224x224; may be repeated", "<input>=<dims>", repeats=True),
    Flag("function", Takes.VALUE, _WHAT, "the network to run, of a file that has "
         "several", "<name>"),
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
         "output (default: 1e-4, 1e-2 with f16 and bf16, 0.1 with int8)", "<number>"),
    Flag("summary", Takes.SWITCH, _OUTPUT, "what was fused, what was not and why, and "
         "all kernels"),
    Flag("verbose", Takes.SWITCH, _OUTPUT, "every remark, and how long each step took"),
    Flag("profile", Takes.SWITCH, _OUTPUT, "what each kernel takes, and computes and "
         "moves a second, on devices host and cuda"),
    Flag("profile-runs", Takes.VALUE, _OUTPUT, "how many runs that are the medians of "
         "(default: 20)", "<n>"),
    Flag("profile-file", Takes.VALUE, _OUTPUT, "write it as JSON to this file as well",
         "<file>"),
    Flag("kernel-stats", Takes.SWITCH, _OUTPUT, "write to stderr what each kernel for "
         "a GPU costs, whatever runs: instructions, registers, memory, time to build"),
    *report_flags(_OUTPUT),
    Flag("help", Takes.SWITCH, _OUTPUT, "show this", aliases=("h",)),
    Flag("version", Takes.SWITCH, _OUTPUT, "show the versions", aliases=("v",)),
)  # fmt: skip


def parse_run_line(
    words: Sequence[str], of: Sequence[Flag] = FLAGS, command: str = "fuse-run"
) -> CommandLine:
    """The command line of a command that runs one network and has the flags `of`.

    Raises `UsageError` on anything that is none of these.
    """
    flags = by_spelling(of)

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
        usage = f"{command} <model.onnx | file.mlir | ->"
        raise UsageError(f"which network? usage: {usage}")
    return line


def help_page() -> str:
    sections = [
        "Fuses a network, runs it, and prints what it took and what came out.",
        "usage: fuse-run <model.onnx | file.mlir | -> [flags]\n"
        "  fuse-run model.onnx --summary --compare\n"
        "  fuse-run model.onnx --shape input=1x3x224x224 --inputs in.npz\n"
        "  fuse-opt model.onnx --fuse-conv-relu | fuse-run - --no-fusion",
        *flag_sections(FLAGS),
    ]
    return "\n\n".join(sections) + "\n"


def flag_sections(flags: Sequence[Flag]) -> Iterator[str]:
    """A title and a table for each group of flags."""
    for group in dict.fromkeys(flag.group for flag in flags):
        table = flag_table(flag for flag in flags if flag.group == group)
        yield f"{group}:\n{table}"


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


def output_path(line: CommandLine, flag: str) -> str:
    """The file that a flag names; raises `UsageError` where its folder is missing."""
    path = line.value(flag, "")
    if path and not Path(path).absolute().parent.is_dir():
        raise UsageError(f"flag '--{flag}': there is no folder for '{path}'")
    return path
