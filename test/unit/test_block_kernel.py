"""Kernels written with the builder, run as PTX on the emulator, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import parse
from xdsl.context import Context
from xdsl.dialects import gpu
from xdsl.dialects.builtin import Float16Type, ModuleOp, StringAttr, f32
from xdsl.ir import Block, Region, SSAValue

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas
from fusemlir.codegen.targets import print_ptx
from fusemlir.dialects.vector import ToElementsOp
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.reductions import block_reduce, warp_reduce
from fusemlir.lowering.gpu.tensor_core import (
    commit_copies,
    copy_async,
    load_matrix,
    multiply_add,
    no_sums,
    wait_for_copies,
)
from fusemlir.lowering.gpu.vector_access import (
    load,
    load_vector,
    store,
    store_vector,
)
from fusemlir.lowering.kernel.control_flow import for_loop, if_then, loop
from fusemlir.lowering.kernel.index_math import (
    add,
    as_value,
    compare,
    divide,
    linear,
    multiply,
    remainder,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.fold import add as plus
from fusemlir.lowering.rows.fold import maximum
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass
from fusemlir.network import functions, nodes
from fusemlir.weights import element_of

SM = "80"

Write = Callable[[BlockKernel, tuple[SSAValue, ...]], None]
"""What a kernel does, given the memrefs of its inputs and then of its output."""


def type_of(array: np.ndarray) -> str:
    sizes = "".join(f"{size}x" for size in array.shape)
    return f"tensor<{sizes}{element_of(array.dtype)}>"


def body_of(inputs: list[np.ndarray], output: np.ndarray) -> KernelBody:
    """A body of these tensors; what it computes is no matter."""
    names = ", ".join(f"%x{k}" for k in range(len(inputs)))
    types = [type_of(array) for array in inputs]
    arguments = ", ".join(f"%x{k}: {type}" for k, type in enumerate(types))
    result = type_of(output)
    kind = "matrix_multiply" if len(inputs) == 2 else "cast"
    signature = f"({', '.join(types)})" if len(inputs) == 2 else types[0]
    module = parse(
        f"func.func @main({arguments}) -> {result} {{\n"
        f"%y = trt.{kind} {names} : {signature} -> {result}\n"
        f"func.return %y : {result}\n}}"
    )
    (function,) = functions(module)
    (node,) = nodes(function)
    return KernelBody(node)


def ptx_of(kernel: Kernel) -> str:
    symbols = [*kernel.shared_arrays, kernel.function]
    kernels = gpu.ModuleOp.build(
        properties={"sym_name": StringAttr("kernels")}, regions=[Region(Block(symbols))]
    )
    module = ModuleOp([kernels])
    module.verify()
    ConvertToLlvmPass().apply(Context(), module)
    return print_ptx(module, SM)


def launch(
    write: Write,
    inputs: list[np.ndarray],
    output: np.ndarray,
    threads: int,
    blocks: int = 1,
) -> Kernel:
    """Run a kernel, which fills `output`; every kernel goes through ptxas as well."""
    with BlockKernel("k", body_of(inputs, output), (blocks, 1, 1), threads) as builder:
        write(builder, tuple(builder.buffers.values()))
    kernel = builder.finished
    ptx = ptx_of(kernel)
    if find_ptxas() is not None:
        assembled = assemble(ptx, SM).kernel("k")
        assert (assembled.spill_stores, assembled.spill_loads) == (0, 0)
    emulator.load(ptx).launch(
        "k",
        kernel.grid,
        kernel.threads,
        [*inputs, output],
        kernel.dynamic_shared_bytes,
    )
    return kernel


def random(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


COPIED = (np.float32, np.float16, ml_dtypes.bfloat16, np.int8, np.bool_)


@pytest.mark.parametrize("dtype", COPIED)
def test_sixteen_bytes_are_moved_at_once(dtype: Any):
    x = (random((8, 64), np.float32) * 9).astype(dtype)
    y = np.zeros_like(x)
    count = 16 // x.itemsize

    def write(kernel: BlockKernel, buffers: tuple[SSAValue, ...]) -> None:
        source, target = buffers
        at = multiply(kernel.thread_id(), count)
        with if_then(compare("slt", at, 64)), loop(0, 8) as row:
            store_vector(load_vector(source, [row, at], count), target, [row, at])

    launch(write, [x], y, threads=32)
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_loaded_floats_are_wide_and_rounded_when_stored(dtype: Any):
    x = random((512,), dtype)
    y = np.zeros_like(x)

    def write(kernel: BlockKernel, buffers: tuple[SSAValue, ...]) -> None:
        source, target = buffers
        at = multiply(kernel.global_id(), 4)
        values = load(source, [at], 4)
        assert {value.type for value in values} == {f32}
        store([plus(value, value) for value in values], target, [at])

    launch(write, [x], y, threads=64, blocks=2)
    np.testing.assert_array_equal(y, x + x)


@pytest.mark.parametrize("threads", [32, 64, 512])
def test_a_block_reduces_in_a_loop(threads: int):
    x = random((3, 512), np.float32)
    y = np.zeros_like(x)

    def write(kernel: BlockKernel, buffers: tuple[SSAValue, ...]) -> None:
        source, target = buffers
        thread = kernel.thread_id()
        with loop(0, 3) as row:
            (value,) = load(source, [row, thread])
            total = block_reduce(kernel, value, plus, repeated=True)
            greatest = block_reduce(kernel, value, maximum, repeated=True)
            store([plus(total, greatest)], target, [row, thread])

    launch(write, [x], y, threads)
    part = x[:, :threads].astype(np.float64)
    wanted = part.sum(axis=1) + part.max(axis=1)
    np.testing.assert_allclose(y[:, :threads].T, [wanted] * threads, atol=1e-4)


def test_groups_of_lanes_reduce_apart():
    x = random((32,), np.float32)
    y = np.zeros_like(x)

    def write(kernel: BlockKernel, buffers: tuple[SSAValue, ...]) -> None:
        source, target = buffers
        (value,) = load(source, [kernel.thread_id()])
        store([warp_reduce(value, maximum, 8)], target, [kernel.thread_id()])

    launch(write, [x], y, threads=32)
    np.testing.assert_array_equal(y, x.reshape(4, 8).max(axis=1).repeat(8))


@pytest.mark.parametrize(("size", "is_dynamic"), [(1024, False), (8192, True)])
def test_much_shared_memory_is_asked_for_at_the_launch(size: int, is_dynamic: bool):
    x = random((size,), np.float32)
    y = np.zeros_like(x)

    def write(kernel: BlockKernel, buffers: tuple[SSAValue, ...]) -> None:
        source, target = buffers
        arrays = [kernel.shared((size,), f32) for _ in range(2)]
        for array in arrays:
            with loop(kernel.thread_id(), size, 256) as at:
                store(load(source, [at]), array, [at])
        kernel.barrier()
        with loop(kernel.thread_id(), size, 256) as at:
            backwards = add(multiply(at, -1), size - 1)
            a, b = (load(array, [backwards])[0] for array in arrays)
            store([plus(a, b)], target, [at])

    kernel = launch(write, [x], y, threads=256)
    np.testing.assert_array_equal(y, 2 * x[::-1])
    assert kernel.dynamic_shared_bytes == (8 * size if is_dynamic else 0)


def test_a_missing_barrier_is_seen():
    x = random((64,), np.float32)

    def write(kernel: BlockKernel, buffers: tuple[SSAValue, ...]) -> None:
        source, target = buffers
        array, thread = kernel.shared((64,), f32), kernel.thread_id()
        store(load(source, [thread]), array, [thread])
        store(load(array, [add(multiply(thread, -1), 63)]), target, [thread])

    with pytest.raises(emulator.EmulationError):
        launch(write, [x], np.zeros_like(x), threads=64)


M, N, K = 32, 16, 64


def multiply_on_tensor_cores(
    kernel: BlockKernel, buffers: tuple[SSAValue, ...]
) -> None:
    """Four warps, 16 x 8 of the product each, over operands copied to shared memory."""
    lhs, rhs, out = buffers
    thread, half = kernel.thread_id(), Float16Type()
    # Rows eight elements longer than needed: no two rows begin in the same bank.
    a, b = kernel.shared((M, K + 8), half), kernel.shared((K, N + 8), half)
    for source, target, columns, count in ((lhs, a, K, M * K), (rhs, b, N, K * N)):
        with loop(multiply(thread, 8), count, kernel.block_size * 8) as chunk:
            at = [divide(chunk, columns), remainder(chunk, columns)]
            copy_async(source, at, target, at, 8)
    wait_for_copies(commit_copies())
    kernel.barrier()
    lane, warp = remainder(thread, 32), divide(thread, 32)
    row, column = multiply(divide(warp, N // 8), 16), multiply(remainder(warp, 2), 8)

    def step(k: SSAValue, sums: tuple[SSAValue, ...]) -> list[SSAValue]:
        half_row = multiply(divide(lane, 16), 8)
        at_a = [add(row, remainder(lane, 16)), add(k, half_row)]
        at_b = [add(k, remainder(lane, 16)), column]
        left = load_matrix(a, at_a, 4)
        right = load_matrix(b, at_b, 2, transpose=True)
        return [multiply_add(left, right, sums[0], (16, 8, 16))]

    (sums,) = for_loop(0, K, 16, [no_sums(half)], step)
    values = ToElementsOp(sums).elements
    for i in range(2):
        place = [
            add(row, divide(lane, 4), 8 * i),
            add(column, multiply(remainder(lane, 4), 2)),
        ]
        store(values[2 * i : 2 * i + 2], out, place)


def test_tensor_cores_multiply():
    x, w = random((M, K), np.float16), random((K, N), np.float16, 1)
    y = np.zeros((M, N), np.float16)
    launch(multiply_on_tensor_cores, [x, w], y, threads=128)
    wanted = x.astype(np.float64) @ w.astype(np.float64)
    np.testing.assert_allclose(y.astype(np.float64), wanted, rtol=1e-3, atol=1e-2)


def test_what_is_known_of_an_index_is_computed_before():
    assert add(2, 3) == 5
    assert multiply(4, 5) == 20
    assert linear([1, 2, 3], (4, 5, 6)) == 45
    value = as_value(7)
    assert multiply(value, 1) is value
    assert multiply(value, 0) == 0
    assert add(value, 0) is value
    assert divide(value, 1) is value
    assert remainder(value, 1) == 0
