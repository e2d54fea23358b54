"""Applies a fusion to a network: the only way from a verdict to changed IR.

The driver owns what every rule must not forget: that a value is not used elsewhere,
is no output of the network, that no cycle appears, that types stay, that `trt.no_fuse`
is honoured; the place of what is made, ids, ledger, locations and remarks. After a
pass `verify_network` checks the result from the outside.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, FusedLoc, ModuleOp, NoneAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint

from fusemlir.dialects.trt import ConstantOp, LedgerEntryAttr
from fusemlir.dialects.trt.base import LayerOp, layers_attr
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.network import (
    Group,
    Node,
    functions,
    is_dead,
    is_node,
    name_layers,
    node_of,
    record,
    source_ids,
    unique,
)
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.fuel import burn
from fusemlir.transforms.fusion import (
    Contract,
    Fusion,
    FusionMode,
    Missed,
    Network,
    Rewrite,
    Site,
    Wrap,
    first_missed,
)
from fusemlir.transforms.grouping import make_group
from fusemlir.transforms.guards import GUARDS, TYPES, Proposal, refused_rules
from fusemlir.transforms.replacement import Replacement, is_watched, watching
from fusemlir.transforms.verify_network import verify_network

Built: TypeAlias = tuple[Sequence[LayerOp], Sequence[SSAValue]]
"""What a rewrite builds: new layers, and the values that stand for the old ones."""


@dataclass
class Driver:
    """Visits the nodes of one network for one rule."""

    network: Network
    missed: dict[Operation, Remark] = field(default_factory=dict[Operation, Remark])
    """Of the present sweep: what did not fuse, by the node it was asked about."""
    erased: list[LedgerEntryAttr] = field(default_factory=list[LedgerEntryAttr])
    """What the ledger has to be told in the end."""
    before: set[str] | None = None
    """Ids of the layers before the first change; None while there was none."""

    def run(self, rule: Fusion[Any]) -> bool:
        """Apply `rule` until nothing changes, in topological order, then say what it
        missed; whether anything changed."""
        if not rule.concerns(self.network):
            return False
        changed = False
        while self._sweep(rule):
            changed = True
        if rule.explains:
            for remark in self.missed.values():
                emit(remark)
        return changed

    def _sweep(self, rule: Fusion[Any]) -> bool:
        self.missed.clear()
        block = self.network.block
        rewriter = PatternRewriter(InsertPoint.at_end(block))
        op = block.first_op
        while op is not None:
            following = op.next_op
            again = self.visit(rule, op, rewriter)
            op = again if again is not None else following
        return rewriter.has_done_action

    def visit(
        self, rule: Fusion[Any], op: Operation, rewriter: PatternRewriter
    ) -> Operation | None:
        """Try `rule` with `op` as its last node; what was made of it, if anything.

        Only nodes of the network's block are visited, never the body of a group, and
        none that nothing uses: no group could yield its value.
        """
        if not is_node(op) or op.parent is not self.network.block:
            return None
        if is_dead(op):
            return None
        for site in rule.sites(op, self.network):
            verdict = rule.verdict(site, self.network)
            if not isinstance(verdict, Missed):
                proposal = Proposal(rule.name, verdict, self.network)
                verdict = first_missed(GUARDS, proposal) or self._apply(
                    rule, proposal, rewriter
                )
            if not isinstance(verdict, Missed):
                return verdict
            self.missed.setdefault(op, _missed_remark(rule, site, verdict))
        return None

    def _apply(
        self, rule: Fusion[Any], proposal: Proposal, rewriter: PatternRewriter
    ) -> Operation | Missed | None:
        """Make a change that the guards let through, if it keeps the types and there
        is fuel for it; the first op of what was made."""
        change, location = proposal.change, proposal.nodes[-1].location
        built = change.build() if isinstance(change, Rewrite) else None
        missed = _retyped(change, built)
        if missed is not None or not burn(rule.name, proposal.layers, location):
            for op in reversed(built[0] if built is not None else ()):
                op.drop_all_references()
            return missed
        if self.before is None:
            self.before = set(source_ids(self.network.function))
        parts = tuple(Group(node).name for node in proposal.nodes)
        replacement = self._prepare(rule, proposal, built, rewriter)
        with watching(replacement):
            self._put(replacement, rewriter)
        made = replacement.made
        emit(_passed_remark(proposal, parts, made[-1] if made else None, location))
        return made[0] if made else None

    def _prepare(
        self,
        rule: Fusion[Any],
        proposal: Proposal,
        built: Built | None,
        rewriter: PatternRewriter,
    ) -> Replacement:
        """The group that a `Wrap` asks for, or what a `Rewrite` built."""
        change, nodes = proposal.change, proposal.nodes
        if built is None or not isinstance(change, Rewrite):
            nodes = going = self._with_own_copies(proposal, rewriter)
            group, old = make_group(nodes, empties=not is_watched())
            group.location = FusedLoc(tuple(n.location for n in nodes), NoneAttr())
            made, new, contract = [group], group.results, Contract.EXACT
        else:
            made, new = built
            going, old = _replaced(nodes, change), nodes[-1].results
            contract = rule.contract
            for op in made:
                op.location = nodes[-1].location
        return Replacement(
            rule.name, contract, self.network, change, nodes, going, made, old, new
        )

    def _put(self, change: Replacement, rewriter: PatternRewriter) -> None:
        """Put what was made in the place of what it replaces."""
        last = change.nodes[-1]
        if isinstance(change.change, Rewrite):
            self._inherit(change)
        rewriter.insert(list(change.made), InsertPoint.before(last))
        if isinstance(change.change, Wrap):
            self._move_users_below(change.made[0], change.nodes, rewriter)
        for old, new in zip(change.old, change.new, strict=True):
            new.name_hint = new.name_hint or old.name_hint
            rewriter.replace_all_uses_with(old, new)
        for node in reversed(change.going):
            self.network.order.remove(node)
            rewriter.erase(node)
        if change.made:
            self.network.order.insert(change.made)
            self.network.kinds.update(map(type, change.made))

    def _with_own_copies(
        self, proposal: Proposal, rewriter: PatternRewriter
    ) -> tuple[Node, ...]:
        """The nodes, copies in place of those that are used by others too."""
        nodes = set[Operation](proposal.nodes)
        own: list[Node] = []
        copies: dict[SSAValue, SSAValue] = {}
        for node in proposal.nodes:
            uses = (use for result in node.results for use in result.uses)
            if node in proposal.inside or all(use.operation in nodes for use in uses):
                own.append(node)
                continue
            assert isinstance(node, LayerOp)
            copy = node.clone()
            copy.layers = layers_attr(
                [unique(id, self.network.ids) for id in node.layer_ids]
            )
            rewriter.insert(copy, InsertPoint.after(node))
            self.network.order.insert([copy])
            copies.update(zip(node.results, copy.results, strict=True))
            own.append(copy)
        # Not through the uses of what was copied: all of the network may read it.
        for node in own if copies else ():
            node.operands = [copies.get(value, value) for value in node.operands]
        return tuple(own)

    def _move_users_below(
        self, group: Operation, nodes: tuple[Node, ...], rewriter: PatternRewriter
    ) -> None:
        """Put what stands before the group but uses a result of it behind it.

        The group stands where its last node stood; with several outputs a user of an
        earlier one can stand before that. Their order among themselves stays.
        """
        inside = set[Operation](nodes)
        early = [
            use.operation
            for node in nodes[:-1]
            for value in node.results
            for use in value.uses
            if use.operation not in inside
        ]
        order = self.network.order
        if not any(order[op] < order[nodes[-1]] for op in early):
            return
        late = set[Operation]()
        op = nodes[0].next_op
        anchor = nodes[-1]
        moved: list[Operation] = []
        while op is not None and op is not group:
            following = op.next_op
            if op not in inside and any(
                operand.owner in inside or operand.owner in late
                for operand in op.operands
            ):
                late.add(op)
                moved.append(op)
                op.detach()
            op = following
        rewriter.insert(moved, InsertPoint.after(anchor))
        self.network.order.insert(moved)

    def _inherit(self, change: Replacement) -> None:
        """Give ids and `trt.no_fuse` of what is replaced to the last new layer, but for
        ids that the rule gave to one before it; the ids to the ledger, with the layer
        that computes the value now, where there is none."""
        ids = [id for node in change.going for id in node.layer_ids]
        computing = [
            op
            for op in change.made
            if isinstance(op, LayerOp) and not isinstance(op, ConstantOp)
        ]
        if computing:
            *others, last = computing
            given = {id for op in others for id in op.layer_ids}
            rest = [id for id in ids if id not in given]
            # A copy of a layer that stays has an id of its own.
            last.layers = layers_attr(rest) or last.layers
            refused = refused_rules(change.going)
            if refused:
                last.attributes[NO_FUSE] = ArrayAttr(refused)
            return
        heirs = [node for value in change.new if (node := node_of(value)) is not None]
        heir = [id for node in heirs for id in node.layer_ids]
        if ids:
            self.erased.append(LedgerEntryAttr.of(ids, change.rule, heir))


def run_fusions(
    module: ModuleOp,
    make_rules: Sequence[Callable[[Driver], Fusion[Any]]],
    name: str,
    mode: FusionMode = FusionMode.PRACTICE,
) -> None:
    """Apply rules to each network of `module`, again until none finds anything to
    do, and check the result.

    A network that concerns none of them stays as it is, its layers unnamed too; one
    in which nothing changed is not checked.
    """
    for function in functions(module):
        network = Network(module, function, mode)
        driver = Driver(network)
        rules = [make_rule(driver) for make_rule in make_rules]
        if not any(rule.concerns(network) for rule in rules):
            continue
        name_layers(function)
        changed = True
        while changed:
            changes = [driver.run(rule) for rule in rules]
            # One rule runs to its fixed point by itself.
            changed = len(rules) > 1 and any(changes)
        if driver.before is not None:
            record(function, driver.erased)
            verify_network(function, driver.before, after=name)


def _retyped(change: Wrap | Rewrite, built: Built | None) -> Missed | None:
    """What `TYPES` says to what a rewrite built; a group keeps its types."""
    if built is None or not isinstance(change, Rewrite):
        return None
    return TYPES.check((change, [value.type for value in built[1]]))


def _replaced(nodes: tuple[Node, ...], change: Rewrite) -> tuple[Node, ...]:
    """The nodes that go once their last one is replaced: all, or those that nothing
    which stays, the new layers among it, uses."""
    if not change.keeps_producer:
        return nodes
    going = set[Operation]([nodes[-1]])
    for node in reversed(nodes[:-1]):
        uses = (use for value in node.results for use in value.uses)
        if all(use.operation in going for use in uses):
            going.add(node)
    return tuple(node for node in nodes if node in going)


def _passed_remark(
    proposal: Proposal,
    parts: tuple[str, ...],
    made: Node | None,
    location: Attribute,
) -> Remark:
    """What was made of the nodes of a proposal, which were called `parts`; None where
    they are only gone."""
    ids = proposal.layers
    name = "" if made is None else Group(made).name
    if made is None:
        reason = "erased"
    elif len(proposal.nodes) == 1:
        reason = f"became {made.name}"
    else:
        reason = f"fused into {name}"
    return Remark(
        RemarkKind.PASSED,
        proposal.rule,
        ids,
        reason,
        name=name,
        parts=parts,
        location=location,
    )


def _missed_remark(rule: Fusion[Any], site: Site, missed: Missed) -> Remark:
    return Remark(
        RemarkKind.MISSED,
        rule.name,
        tuple(id for node in reversed(site.nodes) for id in node.layer_ids),
        f"needs {missed.required}, found {missed.observed}",
        constraint=missed.constraint,
        required=missed.required,
        observed=missed.observed,
        blocker=missed.blocker,
        suggestion=missed.suggestion,
        location=site.nodes[-1].location,
    )


@dataclass(frozen=True)
class FusionPass(ModulePass, ABC):
    """A pass that applies one rule to every network of the module."""

    rule: ClassVar[type[Fusion[Any]]]

    mode: str = FusionMode.PRACTICE
    """strict for the catalog alone, practice for what users expect as well."""

    def __post_init__(self) -> None:
        if self.mode not in tuple(FusionMode):
            raise ValueError(f"mode must be strict or practice, found '{self.mode}'")

    def make_rule(self, driver: Driver) -> Fusion[Any]:
        return self.rule(driver)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        run_fusions(op, [self.make_rule], self.name, FusionMode(self.mode))
