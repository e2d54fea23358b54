"""How many operations the kernels of whole networks have, before any conversion.

Each costs time at all levels below, and LLVM's more than in proportion.
"""

from __future__ import annotations

import pytest
from seeded import NETWORKS, light_model
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir.frontend.onnx import import_model
from fusemlir.pipeline import HOST_PROGRAM, run_lowerings
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass

MOST_OPERATIONS = 800
"""Of one kernel: what is inside loops and branches counted once."""

QUICK = ("resnet50", "squeezenet")


def kernel_sizes(module: ModuleOp) -> dict[str, int]:
    """The operations of each kernel, by name."""
    return {
        op.sym_name.data: sum(1 for _ in op.body.walk())
        for op in module.walk()
        if isinstance(op, gpu.FuncOp)
    }


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.nightly)
        for name in NETWORKS
    ],
)
def test_no_kernel_of_a_network_is_large(network: str):
    module = import_model(light_model(network))
    TrtFusePass().apply(make_context(), module)
    run_lowerings(module, HOST_PROGRAM)
    sizes = kernel_sizes(module)
    assert sizes
    assert {n: size for n, size in sizes.items() if size > MOST_OPERATIONS} == {}
