"""Of layers that compute the same from the same, one stays."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from fusemlir.dialects.trt import ConstantOp, LedgerEntryAttr
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.network import functions, label, name_layers, nodes, record, source_ids
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.fuel import burn
from fusemlir.transforms.verify_network import verify_network


def _computation(layer: LayerOp) -> Hashable:
    """What a layer computes, without where it comes from."""
    properties = {**layer.properties}
    properties.pop("layers", None)
    return (
        layer.name,
        tuple(layer.operands),
        frozenset(properties.items()),
        frozenset(layer.attributes.items()),
        tuple(layer.result_types),
    )


def merge_duplicate_layers(function: FuncOp, rule: str) -> None:
    """Let the first of equal layers stand for the others."""
    first: dict[Hashable, LayerOp] = {}
    entries: list[LedgerEntryAttr] = []
    for node in list(nodes(function)):
        if not isinstance(node, LayerOp) or NO_FUSE in node.attributes:
            continue
        kept = first.setdefault(_computation(node), node)
        if kept is node or not burn(rule, node.layer_ids, node.location):
            continue
        if not isinstance(node, ConstantOp):
            ids = node.layer_ids
            entries.append(LedgerEntryAttr.of(ids, rule, kept.layer_ids))
            emit(
                Remark(
                    RemarkKind.PASSED,
                    rule,
                    ids,
                    f"merged into {label(kept)}, which computes the same",
                    location=node.location,
                )
            )
        for old, new in zip(node.results, kept.results, strict=True):
            old.replace_all_uses_with(new)
        node.detach()
        node.erase()
    record(function, entries)


@dataclass(frozen=True)
class MergeDuplicateLayersPass(ModulePass):
    """Merge lone layers, and constants, that compute the same from the same."""

    name = "merge-duplicate-layers"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            name_layers(function)
            before = set(source_ids(function))
            merge_duplicate_layers(function, self.name)
            verify_network(function, before, after=self.name)
