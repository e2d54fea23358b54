"""The flags of fuse-bisect: those of fuse-run that say what runs and on what."""

from __future__ import annotations

from dataclasses import replace

from fusemlir.tools import run_command_line
from fusemlir.tools.command_line import CommandLine
from fusemlir.tools.run_command_line import flag_sections

COMMAND = "fuse-bisect"

PASSED_ON = ("shape", "target", "disable-rules", "only-rules", "no-fuse-at")
"""Flags that fuse-opt has too, and means the same by."""

_SHARED = (
    *("device", "fuse", "rules", "weights", "function", *PASSED_ON),
    *("inputs", "seed", "tol", "help", "version"),
)

FLAGS = tuple(
    replace(flag, aliases=("mode",)) if flag.name == "fuse" else flag
    for flag in run_command_line.FLAGS
    if flag.name in _SHARED
)


def help_page() -> str:
    sections = [
        "Finds the fusion that makes a network's answer wrong.",
        "usage: fuse-bisect <model.onnx | file.mlir | -> [flags]\n"
        "  fuse-bisect model.onnx --device=cuda\n"
        "  fuse-bisect model.onnx --device=reference --tol=1e-5 --fuse=strict",
        "The fused network runs on the device and is held against the network as it\n"
        "was read, run by the reference in wide arithmetic: with none of the changes\n"
        "that fusions make, with all, then with half of those in question, until the\n"
        "one is found that makes the difference. That what is wrong stays wrong,\n"
        "whatever other changes follow, is assumed. The exit code is 1 where the\n"
        "answers differ.",
        *flag_sections(FLAGS),
    ]
    return "\n\n".join(sections) + "\n"


def reproduction(line: CommandLine, fuel: int) -> list[str]:
    """The words of the fuse-opt command that makes the first `fuel` changes."""
    fuse = line.value("fuse", "practice")
    passes = ["--trt-fuse" if fuse == "practice" else f"--trt-fuse=mode={fuse}"]
    if "rules" in line.values:
        passes = [f"--{name}" for name in line.value("rules", "").split(",") if name]
    switches = [
        f"--{flag}={value}" for flag in PASSED_ON for value in line.values.get(flag, [])
    ]
    return ["fuse-opt", line.input, *passes, *switches, f"--fuel={fuel}"]
