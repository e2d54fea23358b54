"""What must hold for every fusion, whatever its rule: asked by the driver alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.trt import FusedOp
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.network import Node, is_output, label, node_of
from fusemlir.transforms.fusion import Blocked, Constraint, Network, Rewrite, Wrap

MANY_USES = 64
"""Uses of a value that are looked at one by one; one value may feed all layers."""


@dataclass(frozen=True)
class Proposal:
    """What a rule wants to do, as the guards see it."""

    rule: str
    change: Wrap | Rewrite
    network: Network

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """In execution order; the last one makes what is used afterwards."""
        return self.network.order.sort(self.change.nodes)

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers that it is about."""
        return tuple(id for node in self.nodes for id in node.layer_ids)

    @property
    def one_output(self) -> bool:
        """Whether the values of all nodes but the last must have no other use."""
        if isinstance(self.change, Rewrite):
            return not self.change.keeps_producer
        return not self.change.several_outputs

    @cached_property
    def inside(self) -> set[Operation]:
        """The nodes that the change makes disappear; of others it takes a copy."""
        copied = self.change.copied if isinstance(self.change, Wrap) else ()
        return set[Operation](self.nodes) - set[Operation](copied)

    @property
    def intermediates(self) -> Iterator[SSAValue]:
        """The values that the change makes disappear from the network."""
        inside = (node for node in self.nodes[:-1] if node in self.inside)
        return (value for node in inside for value in node.results)


def _forbidden(proposal: Proposal) -> Blocked | None:
    for layer in _speakers(proposal.nodes):
        if NO_FUSE not in layer.attributes:
            continue
        rules = refused_rules([layer])
        if not rules:
            return Blocked("trt.no_fuse", label(layer))
        if StringAttr(proposal.rule) in rules:
            return Blocked(f'trt.no_fuse = ["{proposal.rule}"]', label(layer))
    return None


def _speakers(nodes: Iterable[Node]) -> Iterator[Node]:
    """Nodes and the layers inside them: one that went into a group keeps its say."""
    for node in nodes:
        yield node
        if isinstance(node, FusedOp):
            yield from node.layer_ops


def refused_rules(nodes: Iterable[Node]) -> list[StringAttr]:
    """The rules that `trt.no_fuse` of `nodes`, and of the layers in them, names."""
    lists = (layer.attributes.get(NO_FUSE) for layer in _speakers(nodes))
    return [
        rule for names in lists if isa(names, ArrayAttr[StringAttr]) for rule in names
    ]


def _returned(proposal: Proposal) -> Blocked | None:
    if proposal.one_output:
        for value in proposal.intermediates:
            if is_output(value):
                return Blocked("it is an output of the network", label(value.owner))
    return None


def _used_elsewhere(proposal: Proposal) -> Blocked | None:
    if not proposal.one_output:
        return None
    inside = set[Operation](proposal.nodes)
    for value in proposal.intermediates:
        others = (use.operation for use in value.uses)
        outside = next((op for op in others if op not in inside), None)
        if outside is not None:
            return Blocked(
                f"{label(value.owner)} is used by {_count_users(value)} layers, also "
                f"by {label(outside)}",
                label(outside),
            )
    return None


def _count_users(value: SSAValue) -> str:
    """As many as are counted: each layer that uses a value can ask for it."""
    uses = list(islice(value.uses, MANY_USES))
    count = len({use.operation for use in uses})
    return f"{count} or more" if len(uses) == MANY_USES else str(count)


def _cycle(proposal: Proposal) -> Blocked | None:
    """A node outside that depends on one of the nodes, and that one depends on."""
    below = proposal.network.below
    if isinstance(proposal.change, Rewrite):
        # A group depends on all that its nodes did; what replaces a layer need not.
        below.clear()
    if not _may_come_back(proposal):
        return None
    order, inside = proposal.network.order, proposal.inside
    first = min(order[node] for node in inside)
    ways: dict[Node, Node | None] = {
        producer: None
        for node in proposal.nodes
        for producer in _producers(node)
        if producer not in inside and order[producer] > first
    }
    """By node, the next one on its way to a node of the proposal."""
    queue = deque(ways)
    while queue:
        node = queue.popleft()
        producers = list(_producers(node))
        known = (start for start in inside if node in below.get(start, ()))
        start = next(chain((op for op in producers if op in inside), known), None)
        if start is not None:
            way = _follow(node, ways)
            below.setdefault(start, set()).update(way)
            return Blocked(f"{label(way[-1])} stands between them", label(way[-1]))
        for producer in producers:
            if producer not in ways and order[producer] > first:
                ways[producer] = node
                queue.append(producer)
    return None


def _may_come_back(proposal: Proposal) -> bool:
    """Whether a value is used outside before the last node; where there are too many
    uses to look at, it may be."""
    order, inside = proposal.network.order, proposal.inside
    last = order[proposal.nodes[-1]]
    for node in inside:
        for value in node.results:
            uses = list(islice(value.uses, MANY_USES))
            if len(uses) == MANY_USES:
                return True
            if any(
                u.operation not in inside and order[u.operation] < last for u in uses
            ):
                return True
    return False


def _follow(node: Node, ways: Mapping[Node, Node | None]) -> list[Node]:
    """The nodes from `node` to the last one before the proposal."""
    way = [node]
    while (following := ways[way[-1]]) is not None:
        way.append(following)
    return way


def _producers(op: Operation) -> Iterator[Node]:
    found = (node_of(operand) for operand in op.operands)
    return (node for node in found if node is not None)


GUARDS: tuple[Constraint[Proposal], ...] = (
    Constraint(
        name="no-fuse",
        sentence="A layer that carries trt.no_fuse stays as it is.",
        required="no trt.no_fuse on the layers",
        violation=_forbidden,
        suggestion="remove trt.no_fuse",
    ),
    Constraint(
        name="network-output",
        sentence="A value that the network returns must exist.",
        required="an intermediate value that is no output",
        violation=_returned,
    ),
    Constraint(
        name="single-use",
        sentence="A value that is used elsewhere must exist.",
        required="an intermediate value with no other use",
        violation=_used_elsewhere,
    ),
    Constraint(
        name="convex",
        sentence="A kernel cannot wait for what waits for it.",
        required="no path that leaves the group and comes back",
        violation=_cycle,
    ),
)
"""What must hold for every change, whatever the rule."""


def _retyped(change: Rewrite, values: list[Attribute]) -> str | None:
    wanted = list(change.nodes[-1].result_types)
    if values == wanted:
        return None
    return f"{', '.join(map(str, values))} for {', '.join(map(str, wanted))}"


TYPES: Constraint[tuple[Rewrite, list[Attribute]]] = Constraint(
    name="types",
    sentence="The element type of a tensor is its precision; no fusion changes it.",
    required="a result of the same type",
    violation=lambda subject: _retyped(*subject),
)
"""Asked once the new layers are built."""
