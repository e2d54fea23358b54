"""What the fusions made of a network, for a person to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from xdsl.dialects.builtin import ModuleOp

from fusemlir.remarks import TAKEN, Remark, RemarkKind

if TYPE_CHECKING:
    from fusemlir.runtime.engine import Engine
    from fusemlir.runtime.kernel import Kernel

KeyT = TypeVar("KeyT", bound=Hashable)

_OTHERS = 2
"""An example of a site names this many layers beside the first."""


def fusion_report(engine: Engine, width: int | None = None) -> str:
    """Rules that fused, rules that did not and why, kernels by kind.

    Lines are cut to `width` columns, if given.
    """
    sections = [
        [
            f"{engine.name}: {headline(engine)}, target {target_of(engine.module)}",
            *switch_lines(engine.remarks),
        ],
        ["rules that applied", *passed_lines(engine.remarks)],
        ["rules that did not, and why", *missed_lines(engine.remarks)],
        [*taken_section(engine.remarks)],
        ["kernels", *_kinds(engine.kernels)],
    ]
    return "\n\n".join(_text(section, width) for section in sections if section)


def target_of(module: ModuleOp) -> str:
    """`sm_75`, or `sm_80, the default`."""
    from fusemlir.dialects.trt.module_attributes import TARGET
    from fusemlir.target import Target

    assumed = "" if TARGET in module.attributes else ", the default"
    return f"{Target.of_module(module).name}{assumed}"


def switch_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """What was switched off: what the report does not show."""
    found = (r.reason for r in remarks if r.kind is RemarkKind.ANALYSIS)
    yield from dict.fromkeys(found)


def kernel_list(kernels: Sequence[Kernel], width: int | None = None) -> str:
    """One line a kernel: number, kind, name; cut to `width` columns, if given."""
    return _text(_kernels(kernels), width)


def headline(engine: Engine) -> str:
    """`176 layers in 58 kernels`."""
    return sizes(engine.layers_before, len(engine.kernels))


def sizes(layers: int, kernels: int) -> str:
    """`176 layers in 58 kernels`."""
    return f"{_count(layers, 'layer')} in {_count(kernels, 'kernel')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def passed_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """A line for each rule that applied: how often, and where first."""
    passed = [remark for remark in remarks if remark.kind is RemarkKind.PASSED]
    if not passed:
        yield "  none"
    for rule, sites in _by(passed, lambda remark: remark.rule):
        yield f"  {rule:<24}{len(sites):>5}   {_outcome(sites[0])}"


def _outcome(passed: Remark) -> str:
    """`conv1 + relu1`, or what became of layers that made no group."""
    if passed.name and len(passed.parts) != 1:
        return passed.name
    return f"{_site(passed)}: {passed.reason}"


def missed_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """Lines for each rule and condition that was not met: how often, and an example."""
    refused = [
        remark
        for remark in remarks
        if remark.kind is RemarkKind.MISSED and remark.constraint != TAKEN
    ]
    if not refused:
        yield "  none"
    for (rule, required), sites in _by(refused, lambda r: (r.rule, r.required)):
        first = sites[0]
        elsewhere = first.blocker and first.blocker not in first.observed
        blocker = f"; in the way: {first.blocker}" if elsewhere else ""
        yield f"  {rule:<24}{len(sites):>5}   needs {required}"
        yield f"{'':<34}such as {_site(first)}: found {first.observed}{blocker}"
        if first.suggestion:
            yield f"{'':<34}to have it: {first.suggestion}"


def taken_section(remarks: Iterable[Remark]) -> Iterator[str]:
    """A line for each rule that came too late, how often, and an example, under a
    title; nothing where there is none."""
    taken = [remark for remark in remarks if remark.constraint == TAKEN]
    if taken:
        yield "rules that came after another had taken the layers"
    for rule, sites in _by(taken, lambda remark: remark.rule):
        yield f"  {rule:<24}{len(sites):>5}   {_site(sites[0])}: {sites[0].reason}"


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
    """`relu1 with conv1, bn1`: the layer that a rule was asked about comes first."""
    first, *others = remark.layers
    more = ["…"] if len(others) > _OTHERS else []
    named = ", ".join([*others[:_OTHERS], *more])
    return f"{first} with {named}" if named else first


def _text(lines: Iterable[str], width: int | None) -> str:
    return "\n".join(_cut(line, width) for line in lines)


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"
