"""The fusions and what prepares for them: one pass a file, found by its name."""

from __future__ import annotations

from importlib import import_module

from xdsl.passes import ModulePass

PASS_NAMES: tuple[str, ...] = (
    "trt-canonicalize",
    "fold-constants",
    "erase-dead-layers",
    "merge-duplicate-layers",
    "fuse-shuffle-shuffle",
    "erase-scale",
    "fuse-gelu",
    "fuse-l1-norm",
    "fuse-sum-of-squares",
    "fuse-l2-norm",
    "fuse-log-sum",
    "fuse-log-sum-exp",
    "fuse-pad-conv",
    "fuse-conv-scale",
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
    "trt-fuse",
    "trt-unfuse",
    "verify-network",
)


def load_pass(name: str) -> type[ModulePass]:
    """The pass called `name`: `fuse-conv-relu` is `fuse_conv_relu.FuseConvReluPass`."""
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    words = name.split("-")
    loaded: type[ModulePass] = getattr(
        module, "".join(word.capitalize() for word in words) + "Pass"
    )
    return loaded
