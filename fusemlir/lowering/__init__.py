"""Lowerings, by name: from fused networks to kernels, from kernels to llvm."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

PACKAGE_BY_PASS_NAME = {
    "convert-arith-to-llvm": "to_llvm",
    "convert-cf-to-llvm": "to_llvm",
    "convert-func-to-llvm": "to_llvm",
    "convert-gpu-to-nvvm": "to_llvm",
    "convert-math-to-llvm": "to_llvm",
    "convert-memref-to-llvm": "to_llvm",
    "convert-nvgpu-to-nvvm": "to_llvm",
    "convert-to-llvm": "to_llvm",
    "convert-trt-to-gpu": "gpu",
    "convert-trt-to-host": "host",
    "convert-vector-to-llvm": "to_llvm",
    "expand-math": "",
    "expand-narrow-floats": "",
}
"""In which package below this one a pass is found; empty for this one itself."""

PASS_NAMES: tuple[str, ...] = tuple(PACKAGE_BY_PASS_NAME)


def load_pass(name: str) -> type[ModulePass]:
    """The class of the pass `name`, its module imported now.

    Raises `KeyError` for a name that is not in `PASS_NAMES`.
    """
    module_name = name.replace("-", "_")
    package = PACKAGE_BY_PASS_NAME[name]
    path = ".".join(part for part in (__name__, package, module_name) if part)
    class_name = "".join(word.capitalize() for word in name.split("-")) + "Pass"
    return getattr(import_module(path), class_name)
