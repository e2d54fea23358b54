"""Choosing schedules by trying them; what wins is written into the network."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.compiling import HERE, Compiling
from fusemlir.codegen.native import HostCpu
from fusemlir.codegen.object_cache import ObjectCache
from fusemlir.dialects.trt.schedule import SCHEDULE, ScheduleAttr
from fusemlir.lowering.host.convert_trt_to_host import inline_what_has_no_kernel
from fusemlir.lowering.host.lone_kernel import PlacedKernel, placed_kernels
from fusemlir.lowering.host.plan import Site
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.static_shapes import unknown_shapes
from fusemlir.network import Group, Node, functions, nodes
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.tuning.contest import Contest, Track, shape_of
from fusemlir.tuning.winners import Winner, Winners

CHALLENGERS = 4
"""Schedules that a kernel's quickest so far runs against at a time."""

ROUNDS, FINAL_ROUNDS = 5, 10

NEAR = 1.1
"""Of the time of the quickest: what takes longer is out of the final rounds."""

GAIN = 1.03
"""How many times as long the model's choice takes at least where it is given up."""

ALONE = Lock()
"""Held while this process times something."""


@dataclass
class Kernel:
    """A kernel that has a choice."""

    placed: PlacedKernel
    ranked: Sequence[ScheduleAttr]
    """What it is tried with; the first is the cost model's choice."""
    nodes: list[Node]
    """All whose kernel it is."""
    won: Winner = field(init=False)
    """So far."""

    def __post_init__(self) -> None:
        self.won = Winner(self.ranked[0], 1.0)


def tune(
    module: ModuleOp,
    cpu: HostCpu,
    threads: int,
    level: str,
    how: Compiling = HERE,
) -> None:
    """Try the kernels of a fused network with several schedules each, and write the
    quickest into its nodes, as `trt.schedule`, where it is not the cost model's choice.

    `level` is `quick`, for those that should be quickest, or `full` for all. What is
    known of earlier is not tried again. A node with a schedule keeps it. Each change is
    a remark.
    """
    if any(any(unknown_shapes(f)) for f in functions(module)):
        return
    copy = module.clone()
    pairs = zip(_nodes(copy), _nodes(module), strict=True)
    originals = dict[Node, Node](list(pairs))
    for network in functions(copy):
        inline_what_has_no_kernel(network)
    kernels = _kernels(copy, cpu, level)
    winners = Winners(ObjectCache.default(), cpu, threads, level)
    new = list[Kernel]()
    for kernel in kernels:
        known = winners.load(kernel.placed.key, kernel.ranked)
        if known is None:
            new.append(kernel)
        else:
            kernel.won = known
    _race(new, copy, cpu, threads, how)
    for kernel in new:
        winners.store(kernel.placed.key, kernel.won)
    for kernel in kernels:
        if kernel.won.schedule != kernel.ranked[0]:
            for node in kernel.nodes:
                _write(kernel.won, kernel.ranked[0], originals[node])


def _nodes(module: ModuleOp) -> list[Node]:
    return [node for network in functions(module) for node in nodes(network)]


def _kernels(module: ModuleOp, cpu: HostCpu, level: str) -> list[Kernel]:
    """Those that have a choice, each once."""
    shape, immediates = shape_of(cpu), Immediates(module)
    found = dict[Hashable, Kernel]()
    for network in functions(module):
        for placed in placed_kernels(network):
            if SCHEDULE in placed.node.attributes:
                continue
            if placed.key in found:
                found[placed.key].nodes.append(placed.node)
                continue
            choices = placed.plan.choices(Site(placed.layouts, immediates, shape))
            if choices is None:
                continue
            most = 1 + CHALLENGERS if level == "quick" else len(choices.ranked)
            ranked = [schedule.attribute for schedule in choices.ranked[:most]]
            if len(ranked) > 1:
                found[placed.key] = Kernel(placed, ranked, [placed.node])
    return list(found.values())


def _race(
    kernels: Sequence[Kernel],
    module: ModuleOp,
    cpu: HostCpu,
    threads: int,
    how: Compiling,
) -> None:
    """Find the winner of each: the quickest so far runs against a few others at a
    time."""
    most = max((len(kernel.ranked) for kernel in kernels), default=0)
    for first in range(1, most, CHALLENGERS):
        contests = list[tuple[Kernel, Contest]]()
        for kernel in kernels:
            challengers = kernel.ranked[first : first + CHALLENGERS]
            if challengers:
                schedules = [kernel.won.schedule, *challengers]
                contests.append((kernel, Contest(kernel.placed, schedules)))
        _run([contest for _, contest in contests], module, cpu, threads, how)
        for kernel, contest in contests:
            schedule, gain = contest.winner(GAIN)
            kernel.won = Winner(schedule, gain * kernel.won.gain)


def _run(
    contests: Sequence[Contest],
    module: ModuleOp,
    cpu: HostCpu,
    threads: int,
    how: Compiling,
) -> None:
    track = Track.of_contests(contests, module, cpu, threads, how)
    with ALONE:
        track.run(1)
        for contest in contests:
            contest.forget()
        track.run(ROUNDS)
        for contest in contests:
            contest.drop(NEAR)
        track.run(FINAL_ROUNDS)


def _write(won: Winner, given_up: ScheduleAttr, node: Node) -> None:
    node.attributes[SCHEDULE] = won.schedule
    reason = f"{_sizes(won.schedule)} in place of {_sizes(given_up)}: {won.gain:.2f}x"
    name = Group(node).name
    emit(
        Remark(
            RemarkKind.ANALYSIS,
            "tune",
            node.layer_ids,
            f"{name}: {reason}",
            location=node.location,
        )
    )


def _sizes(schedule: ScheduleAttr) -> str:
    return ", ".join(f"{name} = {size}" for name, size in schedule.items())
