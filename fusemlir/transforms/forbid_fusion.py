"""Layers that fusions are to leave as they are, named by the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.passes import ModulePass

from fusemlir.diagnostics import DiagnosticError, nearest_or_known
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.network import functions, name_layers, nodes
from fusemlir.remarks import Remark, RemarkKind, emit


def forbid(module: ModuleOp, patterns: Sequence[str], rule: str) -> None:
    """Put `trt.no_fuse` on the layers whose id a pattern matches, and say so in the
    name of the pass `rule`.

    Raises `DiagnosticError` for a pattern that matches none.
    """
    if not patterns:
        return
    unmatched = dict.fromkeys(patterns)
    ids: list[str] = []
    for function in functions(module):
        name_layers(function)
        for node in nodes(function):
            ids += node.layer_ids
            for pattern in patterns:
                if any(_matches(id, pattern) for id in node.layer_ids):
                    node.attributes[NO_FUSE] = UnitAttr()
                    unmatched.pop(pattern, None)
    for pattern in unmatched:
        hint = nearest_or_known(pattern, ids)
        message = f"no layer is called '{pattern}'{hint}"
        raise DiagnosticError.at(module.location, message)
    reason = f"layers left alone: {', '.join(patterns)}"
    emit(Remark(RemarkKind.ANALYSIS, rule, (), reason, location=module.location))


def _matches(id: str, pattern: str) -> bool:
    # A name may hold what a pattern means something by: `(Unnamed Layer* 3) [Shuffle]`.
    return id == pattern or fnmatchcase(id, pattern)


@dataclass(frozen=True)
class ForbidFusionPass(ModulePass):
    """Keep the fusions after it from the layers that are named, by name or pattern."""

    name = "forbid-fusion"

    at: tuple[str, ...]
    """Layers to leave as they are, as conv1 or block2/*."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        forbid(op, self.at, self.name)
