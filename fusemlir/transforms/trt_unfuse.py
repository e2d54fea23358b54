"""The inverse of every fusion that wraps: groups become lone layers again."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from fusemlir.dialects.trt import FusedOp
from fusemlir.network import functions, nodes, source_ids
from fusemlir.transforms.verify_network import verify_network


@dataclass(frozen=True)
class TrtUnfusePass(ModulePass):
    """Inline the body of every trt.fused."""

    name = "trt-unfuse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            before = set(source_ids(function))
            for node in list(nodes(function)):
                if isinstance(node, FusedOp):
                    node.inline()
            verify_network(function, before, after=self.name)
