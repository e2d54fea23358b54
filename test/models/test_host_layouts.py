"""How often a tensor of a whole network is brought into another layout on the CPU.

The input is, once; and what a matrix multiply reads of an image, of which the channels
are innermost, while its weights are in the order of the model. Concatenations copy
nothing.
"""

from __future__ import annotations

from collections import Counter

import pytest
from seeded import NETWORKS, light_model
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp

from fusemlir.frontend.onnx import import_model
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass

QUICK = ("shufflenet", "squeezenet", "zfnet512")

FLATTENED = ("bvlc_alexnet", "vgg19", "zfnet512")


def calls_by_kind(module: ModuleOp) -> Counter[str]:
    found = (op for op in module.walk() if isinstance(op, CallOp))
    names = (op.callee.root_reference.data for op in found)
    return Counter(name.rsplit("_", 1)[0] for name in names)


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.nightly)
        for name in NETWORKS
    ],
)
def test_no_tensor_is_transposed_between_two_kernels(network: str):
    context, module = make_context(), import_model(light_model(network))
    TrtFusePass().apply(context, module)
    ConvertTrtToHostPass().apply(context, module)
    calls = calls_by_kind(module)
    assert calls["reformat"] == 1 + (network in FLATTENED)
    assert calls["concatenation"] == 0
