"""Kernel families as PTX on the emulator, and what their PTX says, against numpy."""

from __future__ import annotations

import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import parse

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas
from fusemlir.pipeline import lower_to_gpu
from fusemlir.runtime.gpu_program import GpuProgram
from fusemlir.weights import element_of

SM = "80"


def random(shape: tuple[int, ...], dtype: Any = np.float32, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def tensor(shape: tuple[int, ...], dtype: Any) -> str:
    sizes = "".join(f"{size}x" for size in shape)
    return f"tensor<{sizes}{element_of(np.dtype(dtype))}>"


def network(layers: str, inputs: list[np.ndarray], output: str) -> str:
    """Layers from `%x0`, `%x1`, ... to `%y`."""
    types = (f"%x{k}: {tensor(x.shape, x.dtype)}" for k, x in enumerate(inputs))
    arguments = ", ".join(types)
    return (
        f"func.func @main({arguments}) -> {output} {{\n{layers}\n"
        f"func.return %y : {output}\n}}"
    )


def lower(text: str, inputs: list[np.ndarray]) -> GpuProgram:
    program = lower_to_gpu(parse(text), len(inputs), SM)
    if find_ptxas() is not None:
        for kernel in assemble(program.ptx, SM).kernels:
            assert (kernel.spill_stores, kernel.spill_loads) == (0, 0)
    return program


def run(program: GpuProgram, inputs: list[np.ndarray]) -> np.ndarray:
    """The one launch of a program; its output as bytes."""
    buffers = [np.zeros(size, np.uint8) for size in program.sizes]
    for number, array in zip(program.inputs, inputs, strict=True):
        buffers[number] = np.frombuffer(array.tobytes(), np.uint8).copy()
    (launch,) = program.launches
    emulator.load(program.ptx).launch(
        launch.kernel,
        launch.grid,
        launch.block,
        [buffers[number] for number in launch.buffers],
        launch.shared_bytes,
    )
    return buffers[program.outputs[0]]


EPSILONS: dict[Any, float] = {
    np.float32: 2**-23,
    np.float16: 2**-10,
    ml_dtypes.bfloat16: 2**-7,
}
REDUCTIONS = {"sum": np.sum, "avg": np.mean, "max": np.max, "min": np.min}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("shape", [(3, 1), (2, 1000), (1, 8191), (5, 33), (2, 20000)])
@pytest.mark.parametrize("operation", REDUCTIONS)
def test_rows_are_reduced(operation: str, shape: tuple[int, int], dtype: Any):
    x = random(shape, dtype)
    result = tensor(shape[:1], dtype)
    layer = f"%y = trt.reduce {operation} %x0 axes = [1] : {tensor(shape, dtype)}"
    program = lower(network(f"{layer} -> {result}", [x], result), [x])
    found = run(program, [x]).view(dtype).astype(np.float64)
    wanted = REDUCTIONS[operation](x.astype(np.float64), axis=1)
    eps: float = EPSILONS[dtype]
    terms = np.sqrt(shape[1]) if operation in ("sum", "avg") else 1
    np.testing.assert_allclose(found, wanted, rtol=eps, atol=1e-6 * terms)


def test_a_row_is_read_sixteen_bytes_at_a_time():
    x = random((4, 4096), np.float16)
    result = tensor((4,), np.float16)
    layer = f"%y = trt.reduce sum %x0 axes = [1] : {tensor(x.shape, x.dtype)}"
    program = lower(network(f"{layer} -> {result}", [x], result), [x])
    loads = re.findall(r"ld\.global\S*", program.ptx)
    assert set(loads) == {"ld.global.nc.v4.b32"}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 1023, 1024, 1025, 1027])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_tail_shorter_than_a_vector_is_computed(size: int, dtype: Any):
    x = random((size,), dtype)
    type = tensor(x.shape, dtype)
    program = lower(
        network(f"%y = trt.unary neg %x0 : {type} -> {type}", [x], type), [x]
    )
    np.testing.assert_array_equal(run(program, [x]).view(dtype), -x)


BROADCAST = {
    "rows of whole vectors": ((3, 5, 8), (1, 5, 1)),
    "rows that vectors cross": ((3, 5, 7), (1, 5, 1)),
    "a row for all": ((4, 6, 16), (1, 1, 16)),
    "a crossed row for all": ((4, 6, 7), (1, 1, 7)),
    "one for all": ((4, 6, 7), (1, 1, 1)),
    "outer and inner": ((4, 6, 12), (4, 1, 12)),
    "rows shorter than a vector": ((3, 5, 2), (1, 5, 1)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8])
@pytest.mark.parametrize("case", BROADCAST)
def test_an_operand_is_broadcast(case: str, dtype: Any):
    x, b = (
        (random(shape, np.float32, seed) * 9).astype(dtype)
        for seed, shape in enumerate(BROADCAST[case])
    )
    type, other = tensor(x.shape, dtype), tensor(b.shape, dtype)
    layer = f"%y = trt.element_wise max %x0, %x1 : ({type}, {other}) -> {type}"
    program = lower(network(layer, [x, b], type), [x, b])
    found = run(program, [x, b]).view(dtype).reshape(x.shape)
    np.testing.assert_array_equal(found, np.maximum(x, b))
    assert re.search(r"st\.global\.v\d", program.ptx)


def test_a_pointwise_kernel_moves_sixteen_bytes_of_what_it_may_cache():
    x = random((2, 64, 28, 28))
    type = tensor(x.shape, x.dtype)
    layer = f"%y = trt.activation relu %x0 : {type} -> {type}"
    ptx = lower(network(layer, [x], type), [x]).ptx
    assert "ld.global.nc.v4.b32" in ptx
    assert "st.global.v4.b32" in ptx
    assert not re.search(r"\bdiv\.|\brem\.|\.u64.*mul\.hi", ptx)
