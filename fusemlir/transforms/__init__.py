"""The fusions and what prepares for them: one pass a file, found by its name."""

from __future__ import annotations

from importlib import import_module

from xdsl.passes import ModulePass

PASS_NAMES: tuple[str, ...] = (
    "trt-canonicalize",
    "fold-constants",
    "erase-dead-layers",
    "merge-duplicate-layers",
    "fuse-conv-scale",
    "fuse-relu-relu",
    "fuse-conv-elementwise",
    "fuse-conv-relu",
    "fuse-pointwise",
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
