"""All fusions in order. The order is part of the meaning: a rule takes what the rules
before it left, and why each stands where it does stands beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.passes import ModulePass

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.network import functions, name_layers, nodes
from fusemlir.remarks import Remark, RemarkKind, collect, emit, is_wanted
from fusemlir.transforms.candidates import consumed, find_candidates, last_words
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import FusionMode


@dataclass(frozen=True)
class Stage:
    """A pass, and why it stands where it does."""

    name: str
    reason: str


PREPARATION: tuple[Stage, ...] = (
    Stage("fold-constants", "a computed weight is a constant to the rules after it"),
    Stage("trt-canonicalize", "a rule looks for one spelling of each layer"),
    Stage("fuse-shuffle-shuffle", "shuffles that cancel stand between no layers"),
    Stage("erase-scale", "a scale that does nothing stands between no layers"),
    Stage("erase-dead-layers", "a use by a layer that nobody needs blocks a fusion"),
)
"""Repeated until nothing changes: each can make work for the others."""

FUSIONS: tuple[Stage, ...] = (
    Stage("fuse-gelu", "an activation is seen before its arithmetic is taken apart"),
    Stage("fuse-l1-norm", "a norm is seen before its arithmetic is taken apart"),
    Stage("fuse-sum-of-squares", "likewise"),
    Stage("fuse-l2-norm", "it grows from a sum of squares"),
    Stage("fuse-log-sum", "likewise a norm"),
    Stage("fuse-log-sum-exp", "it grows from a log-sum"),
    Stage("fuse-pad-conv", "only a plain convolution can take padding"),
    Stage("fuse-conv-scale", "a batch norm between convolution and activation goes"),
    Stage("reduce-to-pooling", "a pooling can end a convolution"),
    Stage("fuse-relu-relu", "of two equal activations one is left to be fused"),
    Stage("fuse-conv-elementwise", "a sum joins before the activation that follows it"),
    Stage("fuse-conv-relu", "the activation ends what convolution and sum began"),
    Stage("fuse-conv-gelu", "likewise"),
    Stage("fuse-conv-clip", "likewise"),
    Stage("fuse-conv-elementwise", "in practice a sum may follow the activation"),
    Stage("fuse-conv-relu", "and an activation that sum"),
    Stage("fuse-matmul-bias", "a bias joins before the activation that follows it"),
    Stage("fuse-matmul-activation", "the activation ends what the product began"),
    Stage("fuse-scale-activation", "what convolutions left; their scales are gone"),
    Stage("fuse-shuffle-reduce", "shuffles that could go are gone"),
    Stage("fuse-softmax-log", "a logarithm joins before the selection after it"),
    Stage("fuse-softmax-topk", "the selection ends what softmax began"),
    Stage("merge-duplicate-layers", "sooner, a shared convolution would take nothing"),
    Stage("fuse-pointwise", "what no convolution took is grouped among itself"),
    Stage("fuse-conv-activation", "a group of one input is an activation"),
    Stage("fuse-matmul-activation", "likewise"),
    Stage("erase-dead-layers", "constants that were folded into others have no user"),
)

RUN_ALONE = {
    "fuse-conv-pooling": "no kernel carries a pooling yet",
}
"""Fusions that only run when they are named, and why."""

STAGES: tuple[Stage, ...] = (*PREPARATION, *FUSIONS)


def make_stage(name: str, mode: FusionMode) -> ModulePass:
    """The pass `name`; a fusion of the catalog alone, or beyond it too."""
    from fusemlir.transforms import load_pass

    loaded = load_pass(name)
    return loaded(mode=mode) if issubclass(loaded, FusionPass) else loaded()


@dataclass(frozen=True)
class TrtFusePass(ModulePass):
    """Apply all fusions, in the order in which one prepares for the next."""

    name = "trt-fuse"

    mode: str = FusionMode.PRACTICE
    """strict for the catalog alone, practice for what users expect as well."""
    disable_rules: tuple[str, ...] = ()
    """Passes to leave out."""
    only_rules: tuple[str, ...] = ()
    """Passes to run, and no others."""
    no_fuse_at: tuple[str, ...] = ()
    """Layers to leave as they are, by name or pattern, as conv1 or block2/*."""

    def __post_init__(self) -> None:
        if self.mode not in tuple(FusionMode):
            raise ValueError(f"mode must be strict or practice, found '{self.mode}'")
        known = [stage.name for stage in STAGES]
        for name in (*self.disable_rules, *self.only_rules):
            if name not in known:
                raise ValueError(f"there is no rule '{name}'{nearest(name, known)}")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        self._echo(op)
        forbid(op, self.no_fuse_at)
        preparation = list(self._passes(PREPARATION))
        while _changes(preparation, ctx, op):
            pass
        fusions = list(self._passes(FUSIONS))
        candidates = find_candidates(op, fusions) if is_wanted() else []
        with collect() as remarks:
            for stage in fusions:
                stage.apply(ctx, op)
        for remark in (*last_words(remarks), *consumed(candidates, remarks)):
            emit(remark)

    def _echo(self, module: ModuleOp) -> None:
        """Say which switches are on: they decide what the report does not show."""
        switches = {
            "rules left out": self.disable_rules,
            "rules run alone": self.only_rules,
            "layers left alone": self.no_fuse_at,
        }
        for what, names in switches.items():
            if names:
                reason = f"{what}: {', '.join(names)}"
                kind, place = RemarkKind.ANALYSIS, module.location
                emit(Remark(kind, self.name, (), reason, location=place))

    def _passes(self, stages: Sequence[Stage]) -> Iterator[ModulePass]:
        for stage in stages:
            wanted = not self.only_rules or stage.name in self.only_rules
            if wanted and stage.name not in self.disable_rules:
                yield make_stage(stage.name, FusionMode(self.mode))


def _changes(passes: Sequence[ModulePass], ctx: Context, module: ModuleOp) -> bool:
    """Apply passes; whether any of them did something."""
    with collect() as remarks:
        for module_pass in passes:
            module_pass.apply(ctx, module)
    for remark in remarks:
        emit(remark)
    return any(remark.kind == RemarkKind.PASSED for remark in remarks)


def nearest(name: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, or what there is."""
    found = get_close_matches(name, known, n=1)
    return f"; did you mean '{found[0]}'?" if found else f"; known: {', '.join(known)}"


def forbid(module: ModuleOp, patterns: Sequence[str]) -> None:
    """Put `trt.no_fuse` on the layers whose id a pattern matches.

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
                if any(fnmatchcase(id, pattern) for id in node.layer_ids):
                    node.attributes[NO_FUSE] = UnitAttr()
                    unmatched.pop(pattern, None)
    for pattern in unmatched:
        raise DiagnosticError.at(
            module.location, f"no layer is called '{pattern}'{nearest(pattern, ids)}"
        )
