"""The fusions and what prepares for them: one pass a file, found by its name."""

from __future__ import annotations

from importlib import import_module
from inspect import isabstract
from typing import TYPE_CHECKING, Any

from xdsl.passes import ModulePass

if TYPE_CHECKING:
    from fusemlir.transforms.fusion import Fusion

PASS_NAMES: tuple[str, ...] = (
    "trt-canonicalize",
    "fold-constants",
    "fold-dequantize",
    "erase-dead-layers",
    "merge-duplicate-layers",
    "fuse-shuffle-shuffle",
    "erase-scale",
    "fuse-gelu",
    "fuse-layer-norm",
    "fuse-l1-norm",
    "fuse-sum-of-squares",
    "fuse-l2-norm",
    "fuse-log-sum",
    "fuse-log-sum-exp",
    "fuse-qdq-weights",
    "fuse-qdq-merge",
    "fuse-qdq-forward",
    "fuse-qdq-backward",
    "fuse-qdq-pair",
    "fuse-pad-conv",
    "fuse-conv-scale",
    "fuse-qdq-conv-scale",
    "reduce-to-pooling",
    "fuse-relu-relu",
    "fuse-conv-elementwise",
    "fuse-conv-relu",
    "fuse-conv-clip",
    "fuse-conv-gelu",
    "fuse-matmul-bias",
    "fuse-matmul-activation",
    "fuse-softmax-log",
    "fuse-softmax-topk",
    "fuse-scale-activation",
    "fuse-shuffle-reduce",
    "fuse-pointwise",
    "fuse-conv-activation",
    "fuse-conv-pooling",
    "fuse-attention",
    "fuse-qdq-conv",
    "fuse-qdq-matmul",
    "fuse-qdq-pooling",
    "fuse-qdq-pointwise",
    "fuse-depthwise-separable",
    "forbid-fusion",
    "trt-fuse",
    "trt-unfuse",
    "verify-network",
)


def load_pass(name: str) -> type[ModulePass]:
    """The pass called `name`: `fuse-conv-relu` is `fuse_conv_relu.FuseConvReluPass`."""
    module = import_module(_module_of(name))
    words = name.split("-")
    loaded: type[ModulePass] = getattr(
        module, "".join(word.capitalize() for word in words) + "Pass"
    )
    return loaded


def load_rules(name: str) -> list[type[Fusion[Any]]]:
    """The rules that the pass called `name` brings, in its module's order; private
    ones, which clear up behind another, left out."""
    from fusemlir.transforms.fusion import Fusion

    module = _module_of(name)
    rules: list[type[Fusion[Any]]] = [
        value
        for value in vars(import_module(module)).values()
        if isinstance(value, type) and issubclass(value, Fusion)
    ]
    return [
        rule
        for rule in rules
        if rule.__module__ == module
        and not rule.__name__.startswith("_")
        and not isabstract(rule)
    ]


def _module_of(name: str) -> str:
    return f"{__name__}.{name.replace('-', '_')}"
