"""A lowered network as machine code of the CPU, compiled or found in the cache."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.barrier import BARRIER
from fusemlir.codegen.native import HostCpu, emit_object
from fusemlir.codegen.object_cache import ObjectCache, default_folder
from fusemlir.codegen.targets import print_llvm


def host_object(module: ModuleOp, cpu: HostCpu) -> bytes:
    """The object file of a module that `convert-to-llvm` was run on.

    Raises `DiagnosticError` as `print_llvm` does.
    """
    texts = [print_llvm(module), BARRIER]
    text = "\n".join(texts)
    folder = default_folder()
    cache = None if folder is None else ObjectCache(folder)
    known = None if cache is None else cache.load(text, cpu)
    if known is not None:
        return known
    image = emit_object(texts, cpu)
    if cache is not None:
        cache.store(text, cpu, image)
    return image
