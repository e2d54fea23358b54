"""Sites that a rule would have looked at, had not another rule been there before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

from fusemlir.network import functions, label, nodes
from fusemlir.remarks import TAKEN, Remark, RemarkKind
from fusemlir.transforms.driver import Driver, FusionPass
from fusemlir.transforms.fusion import FusionMode, Network


@dataclass(frozen=True)
class Candidate:
    """A site of a rule in the network as it was before any fusion."""

    rule: str
    anchor: tuple[str, ...]
    """Ids of the node that the rule was asked about."""
    layers: tuple[str, ...]
    """Ids of all nodes of the site, the anchor's first."""
    place: str
    location: Attribute


def find_candidates(module: ModuleOp, passes: Sequence[ModulePass]) -> list[Candidate]:
    """The sites of every rule among `passes`; only the preferred one of a node."""
    fusions = [fusion for fusion in passes if isinstance(fusion, FusionPass)]
    networks = [
        Network(module, function, mode)
        for function in functions(module)
        for mode in {FusionMode(fusion.mode): None for fusion in fusions}
    ]
    return [
        candidate
        for network in networks
        for fusion in fusions
        if network.mode == FusionMode(fusion.mode)
        for candidate in _candidates_of(fusion, network)
    ]


def _candidates_of(fusion: FusionPass, network: Network) -> Iterator[Candidate]:
    rule = fusion.make_rule(Driver(network))
    if not rule.explains or not rule.concerns(network):
        return
    for node in nodes(network.function):
        site = next(iter(rule.sites(node, network)), None)
        if site is not None:
            ids = tuple(id for part in reversed(site.nodes) for id in part.layer_ids)
            place = label(node)
            yield Candidate(rule.name, node.layer_ids, ids, place, node.location)


def consumed(
    candidates: Iterable[Candidate], remarks: Sequence[Remark]
) -> Iterator[Remark]:
    """A missed remark for each candidate that its rule was never asked about, naming
    the rule that took one of its layers before."""
    asked = {(remark.rule, id) for remark in remarks for id in _anchors(remark)}
    takers: dict[str, Remark] = {}
    for remark in remarks:
        if remark.kind == RemarkKind.PASSED:
            for id in remark.layers:
                takers.setdefault(id, remark)
    for candidate in candidates:
        if any((candidate.rule, id) in asked for id in candidate.anchor):
            continue
        taken = [takers[id] for id in candidate.layers if id in takers]
        taker = next((t for t in taken if t.rule != candidate.rule), None)
        if taker is None:
            continue
        outcome = f"made {taker.name}" if taker.name else "left nothing of it"
        yield Remark(
            RemarkKind.MISSED,
            candidate.rule,
            candidate.layers,
            f"consumed earlier by {taker.rule}, which {outcome}",
            constraint=TAKEN,
            required="layers that no rule before took",
            observed=f"consumed earlier by {taker.rule} at {candidate.place}",
            blocker=taker.name,
            location=candidate.location,
        )


def last_words(remarks: Sequence[Remark]) -> list[Remark]:
    """`remarks` without what a rule said of a site before it was asked again: a miss
    that it fused later, or missed once more."""
    later: set[tuple[str, str]] = set()
    kept: list[Remark] = []
    for remark in reversed(remarks):
        sites = {(remark.rule, id) for id in _anchors(remark)}
        if remark.kind == RemarkKind.MISSED and sites & later:
            continue
        later |= sites
        kept.append(remark)
    return kept[::-1]


def _anchors(remark: Remark) -> Sequence[str]:
    """Ids by which the site of a remark is known: all that was fused, or the anchor."""
    return remark.layers if remark.kind == RemarkKind.PASSED else remark.layers[:1]
