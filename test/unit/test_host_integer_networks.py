"""Networks of bytes on the CPU: poolings, layouts, and the instruction they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layers_on_host import run_on_host
from onnx_models import imported, model
from quantized_networks import Builder, fuse, only_group, run_integers
from test_qdq_networks import (
    KERNELS,
    Graph,
    image,
    kinds,
    mobile_block,
    onnxruntime_result,
)

import fusemlir
from fusemlir.codegen.native import HostCpu, emit_object
from fusemlir.codegen.ptx import CodegenError, emit_ptx
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import PoolingType as P
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.network import functions
from fusemlir.source_network import make_context
from fusemlir.weights import Weights

HALF: dict[str, Any] = {"pre_padding": (1, 1), "post_padding": (1, 1)}

HASWELL = HostCpu("x86_64-unknown-linux-gnu", "haswell", ("+avx2", "+fma"))


def levels(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


POOLINGS: dict[str, dict[str, Any]] = {
    "of two": {"window_size": (2, 2), "stride": (2, 2)},
    "padded": {"window_size": (3, 3), "stride": (2, 2), **HALF},
    "of all": {"window_size": (9, 8)},
}


@pytest.mark.parametrize("case", POOLINGS)
@pytest.mark.parametrize("channels", [1, 5, 64])
def test_a_maximum_of_bytes(case: str, channels: int):
    net = Builder()
    x = levels(1, 2, channels, 9, 8)
    module = net.module(net.add(trt.PoolingOp(P.MAX, net.input(x), **POOLINGS[case])))
    (function,) = functions(module)
    (wanted,) = run_integers(function, [x], Weights.of_module(module))
    (found,) = run_on_host(module, x)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("case", POOLINGS)
@pytest.mark.parametrize("kind", [P.AVERAGE, P.MAX])
def test_a_pooling_between_bytes(case: str, kind: P):
    net = Builder()
    x = levels(1, 2, 21, 9, 8)
    y = net.add(trt.PoolingOp(kind, net.dequantize(x, 0.5), **POOLINGS[case]))
    module = net.module(net.quantize(y, 0.25))
    function = fuse(module, ["fuse-qdq-pooling"])
    only_group(function)
    (wanted,) = run_integers(function, [x], Weights.of_module(module))
    (found,) = run_on_host(module, x)
    assert np.abs(wanted).max() > 20
    np.testing.assert_array_equal(found, wanted)


def quantized_network(tmp_path: Path) -> tuple[Any, np.ndarray]:
    graph = Graph()
    y = mobile_block(graph)
    x = image(2, 3, 16, 16)
    return model(graph.nodes, {"x": x}, (y,), graph.initializers), x


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_quantised_network_gives_what_onnxruntime_does(threads: int, tmp_path: Path):
    """Its scales are powers of two: nothing is rounded but by Quantize."""
    built, x = quantized_network(tmp_path)
    expected = onnxruntime_result(built, x, optimized=False)
    engine = fusemlir.compile(imported(tmp_path, built), device="host", threads=threads)
    (found,) = engine.run([x])
    assert len(np.unique(expected)) > 5
    np.testing.assert_array_equal(found, expected)


def test_a_quantised_network_stays_in_one_layout(tmp_path: Path):
    """Its image is brought into it once; its result has one pixel, and is in both."""
    built, _ = quantized_network(tmp_path)
    module = imported(tmp_path, built)
    function = fuse(module, ["trt-fuse"])
    assert kinds(module) == KERNELS
    ConvertTrtToHostPass(64, 32, True).apply(make_context(), module)
    module.verify()
    assert function.parent is None
    calls = [
        str(op.properties["callee"]) for op in module.walk() if op.name == "func.call"
    ]
    assert sum("reformat" in callee for callee in calls) == 1


DOT = "llvm.x86.avx512.vpdpbusd.512"

CALL = f"""
define void @f(ptr %p) {{
  %x = load <16 x i32>, ptr %p
  %y = call <16 x i32> @{DOT}(<16 x i32> %x, <16 x i32> %x, <16 x i32> %x)
  store <16 x i32> %y, ptr %p
  ret void
}}
declare <16 x i32> @{DOT}(<16 x i32>, <16 x i32>, <16 x i32>)
"""


def test_an_instruction_that_a_processor_lacks_is_refused():
    with pytest.raises(CodegenError, match="wants avx512vnni, haswell has it not"):
        emit_object([CALL], HASWELL)
    with pytest.raises(CodegenError, match="is for a CPU"):
        emit_ptx(CALL, "80")


def test_what_has_vpdpbusd():
    def has(name: str, *features: str) -> bool:
        return HostCpu("x86_64-unknown-linux-gnu", name, features).has_vpdpbusd

    assert has("icelake", "+avx512f", "+avx512vl", "+avx512vnni")
    assert has("alderlake", "+avx2", "+avxvnni")
    assert not has("skylake", "+avx512f", "+avx512vl", "-avx512vnni")
    assert not has("haswell", "+avx2")
