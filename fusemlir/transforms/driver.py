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
from typing import Any, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, FusedLoc, ModuleOp, NoneAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import LayerOp, layers_attr
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.network import (
    Group,
    Node,
    block_of,
    functions,
    is_dead,
    is_node,
    name_layers,
    node_of,
    record,
    sources,
    unique,
)
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.fusion import (
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
from fusemlir.transforms.verify_network import verify_network


@dataclass
class Driver:
    """Visits the nodes of one network for one rule."""

    network: Network
    missed: dict[Operation, Remark] = field(default_factory=dict[Operation, Remark])
    """Of the present sweep: what did not fuse, by the node it was asked about."""

    def run(self, rule: Fusion[Any]) -> bool:
        """Apply `rule` until nothing changes, in topological order, then say what it
        missed; whether anything changed."""
        changed = False
        while self._sweep(rule):
            changed = True
        if rule.explains:
            for remark in self.missed.values():
                emit(remark)
        return changed

    def _sweep(self, rule: Fusion[Any]) -> bool:
        self.missed.clear()
        changed = False
        op = block_of(self.network.function).first_op
        while op is not None:
            following = op.next_op
            rewriter = PatternRewriter(op)
            again = self.visit(rule, op, rewriter)
            changed |= rewriter.has_done_action
            op = again if again is not None else following
        return changed

    def visit(
        self, rule: Fusion[Any], op: Operation, rewriter: PatternRewriter
    ) -> Operation | None:
        """Try `rule` with `op` as its last node; what was made of it, if anything.

        Only nodes of the network's block are visited, never the body of a group, and
        none that nothing uses: no group could yield its value.
        """
        if not is_node(op) or op.parent is not block_of(self.network.function):
            return None
        if is_dead(op):
            return None
        for site in rule.sites(op, self.network):
            verdict = rule.verdict(site, self.network)
            if not isinstance(verdict, Missed):
                proposal = Proposal(rule.name, verdict, self.network)
                verdict = first_missed(GUARDS, proposal) or self._apply(
                    proposal, rewriter
                )
            if not isinstance(verdict, Missed):
                return verdict
            self.missed.setdefault(op, _missed_remark(rule, site, verdict))
        return None

    def _apply(
        self, proposal: Proposal, rewriter: PatternRewriter
    ) -> Operation | Missed | None:
        if isinstance(proposal.change, Wrap):
            return self._wrap(proposal, rewriter)
        return self._rewrite(proposal, proposal.change, rewriter)

    def _wrap(self, proposal: Proposal, rewriter: PatternRewriter) -> Operation:
        nodes = self._with_own_copies(proposal, rewriter)
        last = nodes[-1]
        group, replaced = make_group(nodes)
        group.location = FusedLoc(tuple(node.location for node in nodes), NoneAttr())
        rewriter.insert(group, InsertPoint.before(last))
        self._move_users_below(group, nodes, rewriter)
        for old, new in zip(replaced, group.results, strict=True):
            new.name_hint = old.name_hint
            rewriter.replace_all_uses_with(old, new)
        self._erase(nodes, rewriter)
        self.network.order.insert([group])
        emit(_passed_remark(proposal, group, last.location))
        return group

    def _with_own_copies(
        self, proposal: Proposal, rewriter: PatternRewriter
    ) -> tuple[Node, ...]:
        """The nodes, copies in place of those that are used by others too."""
        nodes = set[Operation](proposal.nodes)
        own: list[Node] = []
        for node in proposal.nodes:
            uses = [use for result in node.results for use in result.uses]
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
            for old, new in zip(node.results, copy.results, strict=True):
                old.replace_uses_with_if(new, lambda use: use.operation in nodes)
            own.append(copy)
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

    def _rewrite(
        self, proposal: Proposal, change: Rewrite, rewriter: PatternRewriter
    ) -> Operation | Missed | None:
        nodes = proposal.nodes
        last = nodes[-1]
        new_ops, values = change.build()
        missed = TYPES.check((change, [value.type for value in values]))
        if missed is not None:
            for op in reversed(new_ops):
                op.drop_all_references()
            return missed
        replaced = _replaced(nodes, change)
        self._inherit(proposal.rule, replaced, new_ops, values)
        for op in new_ops:
            op.location = last.location
        rewriter.insert(list(new_ops), InsertPoint.before(last))
        for old, new in zip(last.results, values, strict=True):
            new.name_hint = new.name_hint or old.name_hint
            rewriter.replace_all_uses_with(old, new)
        self._erase(replaced, rewriter)
        if new_ops:
            self.network.order.insert(new_ops)
        made = new_ops[-1] if new_ops else None
        emit(_passed_remark(proposal, made, last.location))
        return new_ops[0] if new_ops else None

    def _inherit(
        self,
        rule: str,
        replaced: tuple[Node, ...],
        new_ops: Sequence[LayerOp],
        values: Sequence[SSAValue],
    ) -> None:
        """Give ids and `trt.no_fuse` of what is replaced to the last new layer; the ids
        to the ledger, with the layer that computes the value now, where there is
        none."""
        ids = [id for node in replaced for id in node.layer_ids]
        computing = [op for op in new_ops if not isinstance(op, ConstantOp)]
        if computing:
            computing[-1].layers = layers_attr(ids)
            refused = refused_rules(replaced)
            if refused:
                computing[-1].attributes[NO_FUSE] = ArrayAttr(refused)
            return
        heirs = [node for value in values if (node := node_of(value)) is not None]
        heir = [id for node in heirs for id in node.layer_ids]
        record(self.network.function, ids, rule, heir)

    def _erase(self, nodes: tuple[Node, ...], rewriter: PatternRewriter) -> None:
        for node in reversed(nodes):
            self.network.order.remove(node)
            rewriter.erase(node)


def run_fusions(
    module: ModuleOp,
    make_rules: Sequence[Callable[[Driver], Fusion[Any]]],
    name: str,
    mode: FusionMode = FusionMode.PRACTICE,
) -> None:
    """Apply rules to each network of `module`, again until none finds anything to
    do, and check the result."""
    for function in functions(module):
        name_layers(function)
        before = set(sources(function))
        driver = Driver(Network(module, function, mode))
        rules = [make_rule(driver) for make_rule in make_rules]
        changed = True
        while changed:
            changes = [driver.run(rule) for rule in rules]
            # One rule runs to its fixed point by itself.
            changed = len(rules) > 1 and any(changes)
        verify_network(function, before, after=name)


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
    proposal: Proposal, made: Node | None, location: Attribute
) -> Remark:
    """What was made of the nodes of a proposal; None where they are only gone."""
    ids = tuple(id for node in proposal.nodes for id in node.layer_ids)
    parts = tuple(Group(node).name for node in proposal.nodes)
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
