"""What the fusions made of a network, for a person to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from fusemlir.remarks import TAKEN, Remark, RemarkKind
from fusemlir.runtime.engine import Engine, Kernel

KeyT = TypeVar("KeyT", bound=Hashable)

_NAMES = 3
"""An example of a site names this many layers."""


def fusion_report(engine: Engine, width: int | None = None) -> str:
    """Rules that fused, rules that did not and why, kernels by kind.

    Lines are cut to `width` columns, if given.
    """
    sections = [
        [f"{engine.name}: {headline(engine)}"],
        ["rules that applied", *passed_lines(engine.remarks)],
        ["rules that did not, and why", *missed_lines(engine.remarks)],
        ["kernels", *_kinds(engine.kernels)],
    ]
    return "\n\n".join(_text(section, width) for section in sections)


def kernel_list(kernels: Sequence[Kernel], width: int | None = None) -> str:
    """One line a kernel: number, kind, name; cut to `width` columns, if given."""
    return _text(_kernels(kernels), width)


def headline(engine: Engine) -> str:
    """`176 layers in 58 kernels`."""
    layers = _count(engine.layers_before, "layer")
    return f"{layers} in {_count(len(engine.kernels), 'kernel')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def passed_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """A line for each rule that applied: how often, and where first."""
    passed = [remark for remark in remarks if remark.kind is RemarkKind.PASSED]
    if not passed:
        yield "  none"
    for rule, sites in _by(passed, lambda remark: remark.rule):
        yield f"  {rule:<24}{len(sites):>5}   {sites[0].name or _site(sites[0])}"


def missed_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """Lines for each rule and condition that was not met: how often, and an example."""
    missed = [remark for remark in remarks if remark.kind is RemarkKind.MISSED]
    if not missed:
        yield "  none"
    taken = [remark for remark in missed if remark.constraint == TAKEN]
    refused = [remark for remark in missed if remark.constraint != TAKEN]
    for (rule, required), sites in _by(refused, lambda r: (r.rule, r.required)):
        first = sites[0]
        yield f"  {rule:<24}{len(sites):>5}   needs {required}"
        yield f"{'':<34}such as {_site(first)}: found {first.observed}"
        if first.suggestion:
            yield f"{'':<34}to have it: {first.suggestion}"
    for rule, sites in _by(taken, lambda remark: remark.rule):
        first = sites[0]
        yield f"  {rule:<24}{len(sites):>5}   {_site(first)}: {first.observed}"


def _kinds(kernels: Sequence[Kernel]) -> Iterator[str]:
    for kind, count in Counter(kernel.kind for kernel in kernels).most_common():
        yield f"  {kind:<24}{count:>5}"


def _kernels(kernels: Sequence[Kernel]) -> Iterator[str]:
    for number, kernel in enumerate(kernels, start=1):
        yield f"  {number:>4}  {kernel.kind:<20}  {kernel.name}"


def _by(
    remarks: Iterable[Remark], key: Callable[[Remark], KeyT]
) -> Iterable[tuple[KeyT, list[Remark]]]:
    """Remarks with the same key, in the order in which each first came up."""
    groups: dict[KeyT, list[Remark]] = {}
    for remark in remarks:
        groups.setdefault(key(remark), []).append(remark)
    return groups.items()


def _site(remark: Remark) -> str:
    names = remark.layers[:_NAMES]
    more = ["…"] if len(remark.layers) > _NAMES else []
    return " + ".join([*names, *more])


def _text(lines: Iterable[str], width: int | None) -> str:
    return "\n".join(_cut(line, width) for line in lines)


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"
