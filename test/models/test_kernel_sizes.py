"""How many operations the kernels of whole networks have, before any conversion.

Each costs time at all levels below, and LLVM's more than in proportion.
"""

from __future__ import annotations

import pytest
from seeded import NETWORKS, light_model
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp

from fusemlir.frontend.onnx import import_model
from fusemlir.lowering.gpu.convert_trt_to_gpu import ConvertTrtToGpuPass
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass

MOST_OPERATIONS = 800
"""Of one kernel: what is inside loops and branches counted once."""

QUICK = ("resnet50", "squeezenet")

LOWERINGS = {
    "gpu": ConvertTrtToGpuPass(),
    "AVX-512": ConvertTrtToHostPass(vector_bytes=64, vector_registers=32),
    "AVX2": ConvertTrtToHostPass(),
}


def kernel_sizes(module: ModuleOp) -> dict[str, int]:
    """The operations of each kernel, by name."""
    return {
        op.sym_name.data: sum(1 for _ in op.body.walk())
        for op in module.walk()
        if isinstance(op, gpu.FuncOp)
        or (isinstance(op, FuncOp) and op.sym_visibility == StringAttr("private"))
    }


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.nightly)
        for name in NETWORKS
    ],
)
def test_no_kernel_of_a_network_is_large(network: str):
    context, fused = make_context(), import_model(light_model(network))
    TrtFusePass().apply(context, fused)
    for target, lowering in LOWERINGS.items():
        module = fused.clone()
        lowering.apply(context, module)
        sizes = kernel_sizes(module)
        assert sizes, target
        large = {name: size for name, size in sizes.items() if size > MOST_OPERATIONS}
        assert large == {}, target
