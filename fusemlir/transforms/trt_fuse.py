"""All fusions in order. The order is part of the meaning: a rule takes what the rules
before it left, and why each stands where it does stands beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from fusemlir.decision_log import log_layers
from fusemlir.diagnostics import nearest_or_known
from fusemlir.logger import Severity, log
from fusemlir.network import kernels
from fusemlir.remarks import Remark, RemarkKind, collect, emit, is_wanted, pass_on
from fusemlir.transforms.candidates import consumed, find_candidates, last_words
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.forbid_fusion import forbid
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
    Stage("fuse-layer-norm", "before its averages become pools, its squares sums"),
    Stage("fuse-l1-norm", "a norm is seen before its arithmetic is taken apart"),
    Stage("fuse-sum-of-squares", "likewise"),
    Stage("fuse-l2-norm", "it grows from a sum of squares"),
    Stage("fuse-log-sum", "likewise a norm"),
    Stage("fuse-log-sum-exp", "it grows from a log-sum"),
    Stage("fuse-qdq-weights", "8-bit weights are constants to all rules after it"),
    Stage("fuse-qdq-merge", "a layer quantised twice could not end in a Quantize"),
    Stage("fuse-qdq-forward", "a Dequantize that is moved makes i8 of what it passes"),
    Stage("fuse-qdq-backward", "a Quantize comes to the layer that it can end"),
    Stage("fuse-qdq-pair", "moved towards each other, some have met"),
    Stage("fold-constants", "what they left may be a layer of constants now"),
    Stage("fuse-shuffle-shuffle", "shuffles that one of them stood between have met"),
    Stage("fuse-pad-conv", "only a plain convolution can take padding"),
    Stage("fuse-conv-scale", "a batch norm between convolution and activation goes"),
    Stage("fuse-qdq-conv-scale", "likewise where the weights are 8-bit"),
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
    Stage("fuse-qdq-conv", "a Quantize ends what rules for floats began"),
    Stage("fuse-qdq-matmul", "likewise"),
    Stage("fuse-qdq-pooling", "likewise"),
    Stage("fuse-qdq-pointwise", "what no contraction took may be int8 too"),
    Stage("fuse-depthwise-separable", "it joins two int8 convolutions"),
    Stage("fold-dequantize", "weights that no int8 group took are packed as floats"),
    Stage("erase-dead-layers", "constants that were folded into others have no user"),
)

RUN_ALONE = {
    "fuse-conv-pooling": "what it computes twice is not weighed against what it does "
    "not write",
    "fuse-attention": "its kernel has no tensor cores yet, as products alone have; "
    "a CPU gains a few percent by it",
}
"""Fusions that only run when they are named, and why."""

STAGES: tuple[Stage, ...] = (*PREPARATION, *FUSIONS)

ANNOUNCED = {
    "fuse-conv-scale": "Applying ScaleNodes fusions.",
}
"""What a log says before a stage."""

COUNTED = {
    "fuse-conv-scale": "After scale fusion",
    "merge-duplicate-layers": "After dupe layer removal",
    "erase-dead-layers": "After final dead-layer removal",
}
"""What a log calls the moment after a fusion, when it counts the layers left."""


_RULES = {stage.name for stage in STAGES} | {*RUN_ALONE}


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
        check_rules((*self.disable_rules, *self.only_rules))

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        def log_kernels(when: str) -> None:
            log_layers(when, lambda: len(kernels(op)))

        self._echo(op)
        forbid(op, self.no_fuse_at, self.name)
        log_kernels("Original")
        preparation = list(self._passes(PREPARATION))
        while _changes(preparation, ctx, op):
            pass
        log_kernels("After dead-layer removal")
        fusions = list(self._passes(FUSIONS))
        candidates = find_candidates(op, fusions) if is_wanted() else []
        with collect() as remarks:
            for fusion in fusions:
                if fusion.name in ANNOUNCED:
                    log(Severity.INFO, ANNOUNCED[fusion.name])
                fusion.apply(ctx, op)
                if fusion.name in COUNTED:
                    log_kernels(COUNTED[fusion.name])
        log_kernels("After vertical fusions")
        pass_on(last_words(remarks))
        for remark in consumed(candidates, remarks):
            emit(remark)

    def stages(self) -> Iterator[tuple[Stage, bool]]:
        """What will run, in order, and whether it is repeated with its neighbours."""
        for stage in self._wanted(PREPARATION):
            yield stage, True
        for stage in self._wanted(FUSIONS):
            yield stage, False

    def _echo(self, module: ModuleOp) -> None:
        """Say which switches are on: they decide what the report does not show."""
        switches = {
            "rules left out": self.disable_rules,
            "rules run alone": self.only_rules,
        }
        for what, names in switches.items():
            if names:
                reason = f"{what}: {', '.join(names)}"
                kind, place = RemarkKind.ANALYSIS, module.location
                emit(Remark(kind, self.name, (), reason, location=place))

    def _wanted(self, stages: Sequence[Stage]) -> Iterator[Stage]:
        for stage in stages:
            wanted = not self.only_rules or stage.name in self.only_rules
            if wanted and stage.name not in self.disable_rules:
                yield stage

    def _passes(self, stages: Sequence[Stage]) -> Iterator[ModulePass]:
        for stage in self._wanted(stages):
            yield make_stage(stage.name, FusionMode(self.mode))


def _changes(passes: Sequence[ModulePass], ctx: Context, module: ModuleOp) -> bool:
    """Apply passes; whether any of them did something."""
    with collect() as remarks:
        for module_pass in passes:
            module_pass.apply(ctx, module)
    pass_on(remarks)
    return any(remark.kind == RemarkKind.PASSED for remark in remarks)


def check_rules(names: Iterable[str]) -> None:
    """Raises `ValueError` for a name that is no stage, with the nearest that is."""
    known = list(dict.fromkeys(stage.name for stage in STAGES))
    for name in names:
        if name in RUN_ALONE:
            why = f"{RUN_ALONE[name]}; it runs by --{name}"
            raise ValueError(f"'{name}' is not part of trt-fuse: {why}")
        if name not in known:
            raise ValueError(
                f"there is no rule '{name}'{nearest_or_known(name, known)}"
            )


def switch_rules(
    passes: Iterable[ModulePass],
    disable_rules: Collection[str] = (),
    only_rules: Collection[str] = (),
) -> list[ModulePass]:
    """`passes` without the rules that are switched off, alone or within `trt-fuse`.

    What is no rule stays. Raises `ValueError` as `check_rules` does.
    """
    inside = tuple(name for name in disable_rules if name not in RUN_ALONE)
    check_rules((*inside, *(name for name in only_rules if name not in RUN_ALONE)))
    chosen: list[ModulePass] = []
    for each in passes:
        if isinstance(each, TrtFusePass):
            left_out = tuple(dict.fromkeys((*each.disable_rules, *inside)))
            only = tuple(only_rules) or each.only_rules
            chosen.append(replace(each, disable_rules=left_out, only_rules=only))
        elif each.name not in _RULES or (
            each.name not in disable_rules
            and (not only_rules or each.name in only_rules)
        ):
            chosen.append(each)
    return chosen
