"""The inverse of every fusion that wraps: groups become lone layers again."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from fusemlir.dialects.trt import FusedOp
from fusemlir.network import functions, nodes, source_ids
from fusemlir.transforms.verify_network import verify_network


def unfuse(group: FusedOp) -> None:
    """Put the layers of a group in its place."""
    terminator = group.terminator
    yielded = list(terminator.outputs)
    terminator.detach()
    terminator.erase()
    Rewriter.inline_block(group.block, InsertPoint.before(group), group.inputs)
    for result, value in zip(group.outputs, yielded, strict=True):
        value.name_hint = result.name_hint
        result.replace_all_uses_with(value)
    group.detach()
    group.erase()


@dataclass(frozen=True)
class TrtUnfusePass(ModulePass):
    """Inline the body of every trt.fused."""

    name = "trt-unfuse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            before = set(source_ids(function))
            for node in list(nodes(function)):
                if isinstance(node, FusedOp):
                    unfuse(node)
            verify_network(function, before, after=self.name)
