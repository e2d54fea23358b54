"""The kernels of the corpus on each device that runs PTX, against what they mean.

The emulator's turn is nightly; a GPU's is `make gpu-test`, where there is one.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from kernel_arrays import random
from kernel_corpus import alone, distinct_kernels, lit_networks
from kernels_on_host import parse
from test_fusions_keep_meaning import inputs_of, terms_of

import fusemlir
from fusemlir.dialects.trt import QuantizeOp
from fusemlir.lowering.gpu.kernel_table import family_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.runtime import cuda
from fusemlir.weights import Weights
from fusemlir.weights.element_types import is_floating, largest

DEVICES = [
    pytest.param("emu", marks=pytest.mark.nightly),
    pytest.param("cuda", marks=pytest.mark.gpu),
]


@pytest.fixture
def gpu() -> cuda.CudaDevice:
    found = cuda.probe()
    if isinstance(found, cuda.CudaUnavailable):
        pytest.skip(f"no GPU answers: {found.reason}")
    return found


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda":
        request.getfixturevalue("gpu")
    return request.param


def one_of_each_kind() -> Iterator[KernelBody]:
    seen: set[tuple[Any, ...]] = set()
    for body in distinct_kernels(lit_networks()):
        key = (body.kind, *(value.type for value in body.outputs))
        if family_of(body) is not None and key not in seen:
            seen.add(key)
            yield body


def assert_close(found: Any, wanted: Any, terms: int, rounded: bool) -> None:
    """Within a few roundings of the largest number; what is none is the same."""
    if not is_floating(found.dtype):
        apart = np.abs(found.astype(np.int64) - wanted.astype(np.int64))
        assert apart.max(initial=0) <= rounded, "integers differ"
        return
    wide, found_wide = wanted.astype(np.float64), found.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = np.where(np.abs(wide) > largest(found.dtype), np.inf * wide, wide)
    finite = np.isfinite(wide)
    np.testing.assert_array_equal(found_wide[~finite], wide[~finite])
    size = np.abs(wide[finite]).max(initial=1.0)
    step = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
    allowed = 16 * step[found.dtype.name] * np.sqrt(terms) * size
    np.testing.assert_allclose(found_wide[finite], wide[finite], rtol=0, atol=allowed)


def check(body: KernelBody, device: str) -> None:
    module = alone(body.node)
    (function,) = functions(module)
    inputs = inputs_of(function, special=False)
    wanted = run(function, inputs, Weights.of_module(module), Mode.WIDE)
    found = fusemlir.compile(module, device=device, fuse="none").run(inputs)
    rounded = any(isinstance(op, QuantizeOp) for op in body.layers)
    for one, other in zip(found, wanted, strict=True):
        assert_close(one, other, terms_of(function), rounded)


def test_a_kernel_of_every_kind_computes_what_it_means(device: str):
    bodies = list(one_of_each_kind())
    assert len(bodies) > 100
    faults: dict[str, str] = {}
    for body in bodies:
        try:
            check(body, device)
        except Exception as error:
            faults[body.kind] = f"{type(error).__name__}: {error}"
    text = "\n".join(f"{kind}: {fault[:600]}" for kind, fault in faults.items())
    assert not faults, f"{len(faults)} of {len(bodies)} kinds\n{text}"


NETWORK = """
func.func @net(%x: tensor<64x256xf32>) -> tensor<64x64xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<256x64xf32>>
  %a = trt.activation relu %x layers ["a"] : tensor<64x256xf32> -> tensor<64x256xf32>
  %m = trt.matrix_multiply %a, %w layers ["m"]
    : (tensor<64x256xf32>, tensor<256x64xf32>) -> tensor<64x64xf32>
  %y = trt.activation tanh %m layers ["t"] : tensor<64x64xf32> -> tensor<64x64xf32>
  func.return %y : tensor<64x64xf32>
}
"""

RUNS = 10_000
SLACK = 8 << 20
"""Bytes by which what is free may differ, of the driver's own pools."""


@pytest.mark.gpu
def test_a_graph_gives_what_single_launches_give(gpu: cuda.CudaDevice):
    x = random((64, 256))
    single, graph = (
        fusemlir.compile(parse(NETWORK), device="cuda", graph=graph)
        for graph in (False, True)
    )
    for seed in range(3):
        x = random((64, 256), seed=seed)
        np.testing.assert_array_equal(graph.run([x])[0], single.run([x])[0])


@pytest.mark.gpu
@pytest.mark.parametrize("graph", [False, True])
def test_many_runs_leave_no_memory_behind(gpu: cuda.CudaDevice, graph: bool):
    engine = fusemlir.compile(parse(NETWORK), device="cuda", graph=graph)
    x = random((64, 256))
    (first,) = engine.run([x])
    (held,) = engine.run_on_device(engine_inputs := given_on_gpu(gpu, x))
    with gpu.open() as context:
        before, resident = context.free_memory(), peak_memory()
        for _ in range(RUNS):
            (last,) = engine.run([x])
            (held,) = engine.run_on_device(engine_inputs)
        assert abs(before - context.free_memory()) <= SLACK
    assert peak_memory() - resident <= SLACK
    np.testing.assert_array_equal(last, first)
    assert held.shape == first.shape


@pytest.mark.gpu
def test_many_engines_leave_no_memory_behind(gpu: cuda.CudaDevice):
    x = random((64, 256))
    with gpu.open() as context:
        fusemlir.compile(parse(NETWORK), device="cuda", graph=True).run([x])
        before = context.free_memory()
        for _ in range(20):
            fusemlir.compile(parse(NETWORK), device="cuda", graph=True).run([x])
        assert abs(before - context.free_memory()) <= SLACK


@pytest.mark.gpu
def test_torch_shares_arrays_both_ways(gpu: cuda.CudaDevice):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    engine = fusemlir.compile(parse(NETWORK), device="cuda")
    x = random((64, 256))
    (found,) = engine.run_on_device([torch.from_numpy(x).cuda()])
    np.testing.assert_array_equal(
        torch.from_dlpack(found).cpu().numpy(), engine.run([x])[0]
    )


def given_on_gpu(gpu: cuda.CudaDevice, x: Any) -> list[Any]:
    """An array on the GPU that no library but this one made."""
    (same,) = fusemlir.compile(
        parse(
            "func.func @same(%x: tensor<64x256xf32>) -> tensor<64x256xf32> {\n"
            "  func.return %x : tensor<64x256xf32>\n}"
        ),
        device="cuda",
    ).run_on_device([_Uploaded(gpu, x)])
    return [same]


class _Uploaded:
    """An array in memory that its own `__cuda_array_interface__` names."""

    def __init__(self, gpu: cuda.CudaDevice, x: Any):
        with gpu.open() as context:
            self.memory = context.allocate(x.nbytes)
            self.memory.copy_from(x)
        self.__cuda_array_interface__ = {
            "shape": x.shape,
            "typestr": x.dtype.str,
            "data": (int(self.memory.address), False),
            "strides": None,
            "version": 3,
        }


def peak_memory() -> int:
    """The most bytes that the process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
