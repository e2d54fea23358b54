"""Layers whose results nobody uses go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from fusemlir.dialects.trt import ConstantOp, FusedOp, LedgerEntryAttr
from fusemlir.network import (
    functions,
    is_dead,
    name_layers,
    nodes,
    record,
    source_ids,
)
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.grouping import make_group
from fusemlir.transforms.verify_network import verify_network


def erase_dead_layers(function: FuncOp, rule: str) -> None:
    """Erase, from the last to the first, what has no used result, and of groups the
    layers that only an unused result needs."""
    entries: list[LedgerEntryAttr] = []
    for node in reversed(list(nodes(function))):
        lost: Sequence[str] = ()
        if is_dead(node):
            lost = () if isinstance(node, ConstantOp) else node.layer_ids
            node.detach()
            node.erase()
        elif isinstance(node, FusedOp):
            lost = _shrink(node)
        if lost:
            entries.append(LedgerEntryAttr.of(lost, rule, ()))
            reason = "erased: nothing uses its results"
            place = node.location
            emit(Remark(RemarkKind.PASSED, rule, tuple(lost), reason, location=place))
    record(function, entries)


def _shrink(group: FusedOp) -> Sequence[str]:
    """Take the unused results from a group that has others; the layers that went."""
    if all(result.first_use is not None for result in group.outputs):
        return ()
    smaller, replaced = make_group([group])
    smaller.location = group.location
    Rewriter.insert_op(smaller, InsertPoint.before(group))
    for old, new in zip(replaced, smaller.outputs, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    lost = [id for id in group.layer_ids if id not in smaller.layer_ids]
    group.detach()
    group.erase()
    return lost


@dataclass(frozen=True)
class EraseDeadLayersPass(ModulePass):
    """Erase layers and constants whose results nobody uses."""

    name = "erase-dead-layers"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            name_layers(function)
            before = set(source_ids(function))
            erase_dead_layers(function, self.name)
            verify_network(function, before, after=self.name)
