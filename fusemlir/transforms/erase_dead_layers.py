"""Layers whose results nobody uses go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from fusemlir.dialects.trt import ConstantOp, FusedOp
from fusemlir.network import (
    Node,
    functions,
    is_dead,
    name_layers,
    nodes,
    record,
    sources,
)
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.grouping import make_group
from fusemlir.transforms.verify_network import verify_network


def erase_dead_layers(function: FuncOp, rule: str) -> None:
    """Erase, from the last to the first, what has no used result, and of groups the
    layers that only an unused result needs."""
    for node in reversed(list(nodes(function))):
        if is_dead(node):
            if not isinstance(node, ConstantOp):
                _note(function, rule, node.layer_ids, node)
            node.detach()
            node.erase()
        elif isinstance(node, FusedOp):
            _shrink(function, rule, node)


def _shrink(function: FuncOp, rule: str, group: FusedOp) -> None:
    """Take the unused results from a group that has others."""
    if all(result.first_use is not None for result in group.outputs):
        return
    smaller, replaced = make_group([group])
    smaller.location = group.location
    Rewriter.insert_op(smaller, InsertPoint.before(group))
    for old, new in zip(replaced, smaller.outputs, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    lost = [id for id in group.layer_ids if id not in smaller.layer_ids]
    if lost:
        _note(function, rule, lost, group)
    group.detach()
    group.erase()


def _note(function: FuncOp, rule: str, ids: Sequence[str], node: Node) -> None:
    record(function, ids, rule, ())
    reason = "erased: nothing uses its results"
    emit(Remark(RemarkKind.PASSED, rule, tuple(ids), reason, location=node.location))


@dataclass(frozen=True)
class EraseDeadLayersPass(ModulePass):
    """Erase layers and constants whose results nobody uses."""

    name = "erase-dead-layers"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            name_layers(function)
            before = set(sources(function))
            erase_dead_layers(function, self.name)
            verify_network(function, before, after=self.name)
