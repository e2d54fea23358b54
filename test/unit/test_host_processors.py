"""One network on processors with other registers and instructions."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse

import fusemlir
from fusemlir.codegen import native, ptx
from fusemlir.codegen.native import HostCpu
from fusemlir.codegen.targets import print_llvm
from fusemlir.codegen.thread_team import FROM_C_LIBRARY, TEAM
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights

NATIVE = native.host_cpu()

OTHERS = {
    "any x86-64": HostCpu(NATIVE.triple, "x86-64", ()),
    "AVX2": HostCpu(NATIVE.triple, "haswell", ("+avx2", "+fma")),
}

NEON = HostCpu("aarch64-unknown-linux-gnu", "generic", ("+neon",))

RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.standard_normal((19, 5, 3, 3)).astype(np.float32)
INPUT = RANDOM.standard_normal((2, 5, 9, 9)).astype(np.float32)

NETWORK = f"""
func.func @main(%x: {tensor(INPUT)}) -> tensor<2x19x1x1xf32> {{
  %w = trt.constant dense<{KERNEL.tolist()}> : {tensor(KERNEL)}
  %c = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1]
    : ({tensor(INPUT)}, {tensor(KERNEL)}) -> tensor<2x19x9x9xf32>
  %g = trt.activation gelu_erf %c : tensor<2x19x9x9xf32> -> tensor<2x19x9x9xf32>
  %p = trt.pooling average %g window = [9, 9]
    : tensor<2x19x9x9xf32> -> tensor<2x19x1x1xf32>
  %s = trt.softmax %p axis = 1 : tensor<2x19x1x1xf32> -> tensor<2x19x1x1xf32>
  func.return %s : tensor<2x19x1x1xf32>
}}
"""


@pytest.mark.parametrize("name", OTHERS)
def test_a_network_runs_on_processors_that_have_less(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    module = parse(NETWORK)
    (function,) = functions(module)
    (wanted,) = run(function, [INPUT], Weights.of_module(module), Mode.WIDE)
    monkeypatch.setattr(native, "host_cpu", lambda: OTHERS[name])
    engine = fusemlir.compile(parse(NETWORK), device="host", threads=2)
    (found,) = engine.run([INPUT])
    assert OTHERS[name].name in str(engine.device)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_code_for_neon_multiplies_vectors_and_calls_nothing_else():
    context, module = make_context(), parse(NETWORK)
    TrtFusePass().apply(context, module)
    lowering = ConvertTrtToHostPass(NEON.vector_bytes, NEON.vector_registers)
    lowering.apply(context, module)
    ConvertToLlvmPass().apply(context, module)
    text = assembly([print_llvm(module), TEAM], NEON)
    assert re.search(r"fmla\s+v\d+\.4s", text)
    defined = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    called = set(re.findall(r"\bbl\s+(\w+)", text))
    assert called - defined <= {*FROM_C_LIBRARY, "memset", "memcpy"}


def assembly(texts: Sequence[str], cpu: HostCpu) -> str:
    """What LLVM writes for a processor that need not be the one at hand."""
    binding = ptx.llvm_binding()
    machine = binding.Target.from_triple(cpu.triple).create_target_machine(
        cpu=cpu.name, features=",".join(cpu.features), opt=2
    )
    module, *others = map(binding.parse_assembly, texts)
    for other in others:
        module.link_in(other)
    return machine.emit_assembly(module)
