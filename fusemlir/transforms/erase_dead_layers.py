"""Layers whose results nobody uses go."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from fusemlir.dialects.trt import ConstantOp
from fusemlir.network import functions, name_layers, nodes, record, sources
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.verify_network import verify_network


def erase_dead_layers(function: FuncOp, rule: str) -> None:
    """Erase, from the last to the first, what has no used result."""
    for node in reversed(list(nodes(function))):
        if any(result.first_use is not None for result in node.results):
            continue
        if not isinstance(node, ConstantOp):
            record(function, node.layer_ids, rule, ())
            reason = "erased: nothing uses its results"
            emit(
                Remark(
                    RemarkKind.PASSED,
                    rule,
                    node.layer_ids,
                    reason,
                    location=node.location,
                )
            )
        node.detach()
        node.erase()


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
