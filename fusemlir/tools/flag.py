"""What a flag of a command is, and the flags that both commands have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Takes(Enum):
    SWITCH = auto()
    """Nothing, or `=true` or `=false`."""
    VALUE = auto()
    """A value, after `=` or as the next word."""
    OPTIONAL = auto()
    """A value after `=`, or nothing."""


@dataclass(frozen=True)
class Flag:
    name: str
    takes: Takes
    group: str
    help: str
    value: str = ""
    """What help calls the value."""
    aliases: tuple[str, ...] = ()
    repeats: bool = False


def rule_flags(group: str) -> tuple[Flag, ...]:
    """Which fusions, and where."""
    return (
        Flag("disable-rules", Takes.VALUE, group,
             "leave these passes out, inside trt-fuse too", "<pass,...>"),
        Flag("only-rules", Takes.VALUE, group,
             "leave all other rules out, inside trt-fuse too", "<pass,...>"),
        Flag("no-fuse-at", Takes.VALUE, group,
             "layers that no fusion may touch, by name or pattern, as "
             "'conv1,block2/*'; a name with a comma in double quotes",
             "<layer,...>", repeats=True),
    )  # fmt: skip


def report_flags(group: str) -> tuple[Flag, ...]:
    """What is told while a network is fused, and how."""
    return (
        Flag("log", Takes.OPTIONAL, group,
             "write to stderr what is fused with what, as TensorRT's builder does, at "
             "verbose also what is not (default: info)",
             "error|warning|info|verbose"),
        Flag("name-style", Takes.VALUE, group,
             "how kernels are called: fusedPointwiseNode(a, b) as in the catalog (the "
             "default), or PWN(a, b) as in engines", "catalog|engine"),
    )  # fmt: skip
