"""Work that several blocks share: long rows, deep products, and what is between two
kernels of one layer. On the emulator, with all that it checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import layer_module, random, tensor
from kernels_on_host import lower, machine_level, parse
from quantized_networks import run_integers
from row_kernels import SM, assert_close, check_machine_code, network, returned
from test_gpu_contraction import check_fused, convolved, epilogue_network
from test_gpu_integer_contraction import convolution, group_of, product
from test_gpu_reduce import NUMPY, module, norm
from xdsl.dialects import gpu, memref
from xdsl.dialects.builtin import MemRefType, ModuleOp

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import tensor_type
from fusemlir.dialects.trt.enums import MatrixOperation as M
from fusemlir.dialects.trt.enums import ReduceOperation as R
from fusemlir.emulator import Report
from fusemlir.lowering.gpu.contraction import kernel as contraction_kernel
from fusemlir.lowering.gpu.schedules.contraction import (
    ContractionSchedule,
    ProductSize,
)
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.schedules.splits import splits_of
from fusemlir.network import functions
from fusemlir.pipeline import lower_to_gpu
from fusemlir.runtime.emu_executor import EmuExecutor
from fusemlir.runtime.signature import TensorInfo
from fusemlir.target import Target
from fusemlir.weights import Weights, dtype_of

FLOATS = (np.float32, np.float16, ml_dtypes.bfloat16)


def run(module: ModuleOp, *arrays: np.ndarray) -> tuple[np.ndarray, list[Report]]:
    """The one result of a network, and what its launches did."""
    (function,) = functions(module)
    (value,) = returned(function)
    type = tensor_type(value)
    info = TensorInfo("y", type.get_shape(), dtype_of(type.element_type))
    program = lower_to_gpu(module, len(arrays), SM)
    weights = Weights.of_module(module)
    executor = EmuExecutor(program, [info], weights, metrics=True)
    (result,) = executor(arrays)
    return result, executor.reports


def run_in_two(module: ModuleOp, *arrays: np.ndarray) -> np.ndarray:
    """The same, of one layer or group that is two kernels."""
    result, reports = run(module, *arrays)
    first, second = (report.kernel for report in reports)
    assert first == f"{second}_parts"
    return result


LONG: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "a row of vectors": ((1, 1 << 17), (1,)),
    "rows of no whole vectors": ((3, 70001), (1,)),
    "columns": ((5000, 8), (0,)),
    "odd columns": ((5001, 3), (0,)),
    "the middle": ((2, 5000, 6), (1,)),
    "images": ((2, 3, 300, 250), (2, 3)),
    "both ends": ((300, 4, 300), (0, 2)),
    "all": ((7, 100, 101), (0, 1, 2)),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", LONG)
def test_a_sum_of_long_rows_is_shared(case: str, dtype: Any):
    shape, axes = LONG[case]
    x = random(shape, dtype)
    result = run_in_two(module(R.SUM, x, axes, False), x)
    terms = x.size / max(1, result.size)
    assert_close(result, np.sum(x.astype(np.float64), axes), k=4, terms=terms)


def test_a_row_may_have_more_parts_than_threads_merge():
    x = random((1, 1 << 22))
    result, (_, last) = run(module(R.AVG, x, (1,), False), x)
    read = sum(buffer.read_bytes for buffer in last.buffers.values())
    assert read // 4 > last.threads
    assert_close(result, x.astype(np.float64).mean(1), k=4)


@pytest.mark.parametrize("kind", R)
@pytest.mark.parametrize("case", ["rows of no whole vectors", "odd columns"])
def test_any_operation_is_shared(case: str, kind: R):
    shape, axes = LONG[case]
    x = random(shape)
    if kind == R.PROD:
        x = np.exp(x / 100)
    result = run_in_two(module(kind, x, axes, True), x)
    wanted = NUMPY[kind](x.astype(np.float64), axes, keepdims=True)
    relative = np.abs(wanted) if kind == R.PROD else 1
    assert_close(result / relative, wanted / relative, k=4, terms=x.size)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
@pytest.mark.parametrize("kind", R)
def test_shared_integers_wrap_around(kind: R, dtype: Any):
    info = np.iinfo(dtype)
    x = np.random.default_rng(0).integers(info.min, info.max, (2, 150001), dtype)
    wide = x.astype(np.int64)
    with np.errstate(over="ignore"):
        total = wide.sum(1)
        mean = np.sign(total) * (np.abs(total) // x.shape[1])
        wanted = mean if kind == R.AVG else NUMPY[kind](wide, 1)
    result = run_in_two(module(kind, x, (1,), False), x)
    np.testing.assert_array_equal(result, wanted.astype(dtype))


@pytest.mark.parametrize("case", ["l1", "log sum"])
def test_a_norm_of_a_long_row_ends_in_its_second_kernel(case: str):
    x = np.abs(random((3, 70001)))
    result = run_in_two(norm(case, x), x).squeeze(1)
    wanted = {"l1": np.sum, "log sum": lambda x, axis: np.log(x.sum(axis))}[case]
    assert_close(result, wanted(x.astype(np.float64), 1), k=4, terms=70001)


def test_parts_of_a_log_sum_exp_are_shifted_each_by_its_own_maximum():
    x = random((7, 70001)) * 100
    x[1] = -np.inf
    x[2, :60000] = -np.inf
    x[3, 5] = np.inf
    x[4, 5:7] = np.inf, -np.inf
    x[5, -1] = np.nan
    x[6] = np.linspace(-3e38, 3e38, 70001, dtype=np.float32)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        most = wide.max(1, keepdims=True)
        shift = np.where(np.isfinite(most), most, 0)
        wanted = np.log(np.exp(wide - shift).sum(1)) + shift[:, 0]
    result = run_in_two(norm("log sum exp", x), x).squeeze(1)
    assert_close(result, wanted, k=4)


@pytest.mark.parametrize("kind", [R.SUM, R.MAX, R.MIN])
def test_what_is_not_finite_goes_through_all_parts(kind: R):
    x = random((4, 70001))
    x[0, 69999] = np.nan
    x[1, 40000] = np.inf
    x[2, 0], x[2, -1] = np.inf, -np.inf
    x[3] = -np.inf
    with np.errstate(all="ignore"):
        wanted = NUMPY[kind](x.astype(np.float64), 1)
    assert_close(run_in_two(module(kind, x, (1,), False), x), wanted, 4, 70001)


def test_layers_around_a_shared_reduction_read_other_tensors():
    x, y, b = random((3, 70001)), random((3, 70001), seed=1), random((3, 1), seed=2)
    wanted = (x.astype(np.float64) * y).sum(1, keepdims=True) - b
    full, less = tensor(x), tensor(b)
    text = f"""
    %y0 = trt.fused "prod_reduce_sum_sub"(%x0, %x1, %x2) layers ["p", "r", "s"]
        : ({full}, {full}, {less}) -> {less} {{
    ^bb0(%x: {full}, %y: {full}, %b: {less}):
      %p = trt.element_wise prod %x, %y layers ["p"] : ({full}, {full}) -> {full}
      %r = trt.reduce sum %p axes = [1] keep_dimensions layers ["r"] : {full} -> {less}
      %s = trt.element_wise sub %r, %b layers ["s"] : ({less}, {less}) -> {less}
      trt.yield %s : {less}
    }}"""
    group = network(text, [wanted.astype(np.float32)], x, y, b)
    result = run_in_two(group, x, y, b)
    assert_close(result, wanted, k=4, terms=70001)


@pytest.mark.parametrize("case", ["a row of vectors", "columns"])
def test_each_element_is_loaded_once_by_one_of_many_blocks(case: str):
    shape, axes = LONG[case]
    x = random(shape)
    _, (first, _) = run(module(R.SUM, x, axes, False), x)
    traffic = first.buffers["input 0"]
    assert traffic.read_bytes == traffic.unique_read_bytes == x.nbytes
    assert set(first.thread_instructions) >= {"ld.global.nc.v4.b32"}
    assert first.threads > 1024


def test_many_rows_and_short_ones_are_one_kernel():
    for shape in ((1, 20000), (200, 70001)):
        x = np.zeros(shape, np.float32)
        lowered = lower(module(R.SUM, x, (1,), False))
        launches = [op for op in lowered.walk() if isinstance(op, gpu.LaunchFuncOp)]
        assert len(launches) == 1


def test_a_row_is_shared_by_no_more_blocks_than_fill_the_machine():
    row = RowSchedule(512, 1, 4, 1 << 30, is_across=False)
    assert row.blocks_of_row(1, 1 << 22, 132) == 512
    assert row.blocks_of_row(1, 1 << 26, 132) == 132 * 4
    assert row.blocks_of_row(8, 1 << 22, 132) == 132 * 4 // 8
    assert row.blocks_of_row(67, 1 << 22, 132) == 1
    assert row.blocks_of_row(1, 1 << 15, 132) == 1


def test_no_sum_depends_on_which_thread_is_first():
    lowered = lower(module(R.SUM, np.zeros((1, 1 << 17), np.float32), (1,), False))
    ptx = emit_ptx(machine_level(lowered), "80")
    assert "atom" not in ptx
    assert "\tred." not in ptx


TWO_SUMS = """
func.func @main(%x: tensor<1x131072xf32>) -> (tensor<1xf32>, tensor<1xf32>) {
  %a = trt.reduce sum %x axes = [1] layers ["a"] : tensor<1x131072xf32> -> tensor<1xf32>
  %b = trt.reduce max %x axes = [1] layers ["b"] : tensor<1x131072xf32> -> tensor<1xf32>
  func.return %a, %b : tensor<1xf32>, tensor<1xf32>
}"""


def test_scratch_is_alive_only_while_its_layer_runs():
    """Both layers have theirs at one place, and nothing else is in the arena."""
    lowered = lower(parse(TWO_SUMS))
    (arena,) = (op for op in lowered.walk() if isinstance(op, gpu.AllocOp))
    views = [op for op in lowered.walk() if isinstance(op, memref.ViewOp)]
    parts, again = (op.result.type for op in views)
    assert parts == again
    assert isinstance(parts, MemRefType)
    assert isinstance(arena.result.type, MemRefType)
    (size,) = arena.result.type.get_shape()
    assert size == 4 * int(np.prod(parts.get_shape()))


def test_scratch_of_one_layer_does_not_disturb_what_is_kept_for_another():
    x = random((2, 70001))
    full, less = tensor(x), tensor(x[:, :1])
    text = f"""
    func.func @main(%x: {full}) -> {less} {{
      %n = trt.unary neg %x : {full} -> {full}
      %a = trt.reduce sum %x axes = [1] keep_dimensions : {full} -> {less}
      %d = trt.element_wise sub %n, %a : ({full}, {less}) -> {full}
      %b = trt.reduce max %d axes = [1] keep_dimensions : {full} -> {less}
      %y = trt.element_wise sum %b, %a : ({less}, {less}) -> {less}
      func.return %y : {less}
    }}"""
    result, reports = run(parse(text), x)
    assert len(reports) == 7
    assert_close(result, -x.astype(np.float64).min(1, keepdims=True), 4, 70001)


def split(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all products have small tiles that so many blocks share."""

    def choose(*_: object) -> ContractionSchedule:
        return ContractionSchedule(32, 32, 8, 4, 4, count)

    monkeypatch.setattr(ContractionSchedule, "choose", choose)
    monkeypatch.setattr(contraction_kernel, "is_for_tensor_cores", lambda *_: False)


def multiplied(a: np.ndarray, b: np.ndarray, op1: M = M.NONE) -> ModuleOp:
    return layer_module(
        lambda a, b: MatrixMultiplyOp(a, b, op0=M.NONE, op1=op1, layers=["fc"]), a, b
    )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("splits", [2, 3, 8, 16])
@pytest.mark.parametrize("shape", [(33, 40, 128), (2, 7, 128), (33, 31, 125)])
def test_blocks_share_the_depth_of_a_product(
    shape: tuple[int, int, int],
    splits: int,
    dtype: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    split(splits, monkeypatch)
    m, n, k = shape
    a, b = random((3, m, k), dtype), random((3, k, n), dtype, 1)
    result = run_in_two(multiplied(a, b), a, b)
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    assert_close(result, wanted, k=8, terms=k)


@pytest.mark.parametrize("splits", [2, 5])
def test_blocks_share_the_depth_of_a_convolution(
    splits: int, monkeypatch: pytest.MonkeyPatch
):
    split(splits, monkeypatch)
    x, kernel = random((2, 16, 7, 9)), random((10, 8, 3, 3), seed=1)
    bias = random((10,), seed=2)
    y = "tensor<2x10x7x9xf32>"
    types = f"({tensor(x)}, {tensor(kernel)}, {tensor(bias)}) -> {y}"
    text = f"""
    %y0 = trt.convolution %x0, %x1, %x2 pre_padding = [1, 1] post_padding = [1, 1]
      num_groups = 2 layers ["conv"] : {types}"""
    pads = [(1, 1), (1, 1)]
    wanted = convolved(x, kernel, bias, (1, 1), (1, 1), 2, pads)
    net = network(text, [wanted.astype(np.float32)], x, kernel, bias)
    result = run_in_two(net, x, kernel, bias)
    assert_close(result, wanted, k=8, terms=72)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_what_follows_is_computed_once_all_parts_are_added(
    dtype: Any, monkeypatch: pytest.MonkeyPatch
):
    split(3, monkeypatch)
    element = {np.float32: "f32", np.float16: "f16"}[dtype]
    text, shapes = epilogue_network("two residuals", element)
    inputs = [random(shape, dtype, seed) for seed, shape in enumerate(shapes)]
    inputs[1] /= 8
    check_fused(text, *inputs, terms=45, launches=2)


INTEGERS = {
    "convolution": (convolution((2, 40, 7, 5), 33, 3, pre_padding=(1, 1)), 0.02),
    "product": (product((9, 130), M.NONE, (24, 130), M.TRANSPOSE, columns=24), 0.02),
    "real result": (convolution((1, 96, 6, 6), 32, 1), None),
}


@pytest.mark.parametrize("splits", [2, 3])
@pytest.mark.parametrize("case", INTEGERS)
def test_parts_of_integers_are_added_to_the_bit(
    case: str, splits: int, monkeypatch: pytest.MonkeyPatch
):
    split(splits, monkeypatch)
    make, scale = INTEGERS[case]
    net, function, arrays = group_of(make, scale=scale)
    (wanted,) = run_integers(function, arrays, Weights.of_module(net))
    np.testing.assert_array_equal(run_in_two(net, *arrays), wanted)


H200 = Target("sm_90")


def chosen(batch: int, rows: int, columns: int, depth: int) -> ContractionSchedule:
    size = ProductSize(batch, rows, columns, depth, 2, 2)
    found = ContractionSchedule.choose(lambda _: size, H200)
    assert found is not None
    return found


def test_a_deep_product_of_few_tiles_fills_the_machine():
    for rows, columns, depth in ((512, 49, 2048), (8, 4096, 25088), (2048, 49, 512)):
        found = chosen(1, rows, columns, depth)
        blocks = found.tiles(rows, columns) * found.splits
        assert found.splits > 1
        assert 100 <= blocks <= 132 * 4


def test_what_fills_the_machine_or_is_short_is_not_shared():
    assert chosen(1, 4096, 4096, 4096).splits == 1
    assert chosen(64, 128, 128, 256).splits == 1
    assert chosen(1, 64, 64, 32).splits == 1


def test_parts_are_as_many_as_each_has_a_turn_for():
    assert splits_of(16, 1) == [1]
    assert splits_of(16, 8) == [1, 2, 4, 8]
    assert splits_of(10, 16) == [1, 2, 4, 5, 10]
    assert splits_of(3, 1000) == [1, 2, 3]


VECTORS: dict[str, tuple[int, int, int, M]] = {
    "a row of weights each": (1, 64, 1000, M.TRANSPOSE),
    "weights across": (1, 48, 600, M.NONE),
    "odd": (1, 33, 31, M.TRANSPOSE),
    "odd across": (1, 33, 31, M.NONE),
    "few and long": (1, 10, 30000, M.TRANSPOSE),
    "a column": (64, 1, 1000, M.NONE),
    "one": (1, 1, 1000, M.TRANSPOSE),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", VECTORS)
def test_a_matrix_is_multiplied_by_a_vector(case: str, dtype: Any):
    m, n, k, op1 = VECTORS[case]
    a = random((m, k), dtype)
    b = random((n, k) if op1 == M.TRANSPOSE else (k, n), dtype, 1)
    wide = b.astype(np.float64)
    wanted = a.astype(np.float64) @ (wide.T if op1 == M.TRANSPOSE else wide)
    result, _ = run(multiplied(a, b, op1), a, b)
    assert_close(result, wanted, k=8, terms=k)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("op1", [M.NONE, M.TRANSPOSE])
def test_weights_of_a_fully_connected_layer_are_read_once_16_bytes_at_a_time(
    op1: M, dtype: Any
):
    a = random((1, 4096), dtype)
    b = random((128, 4096) if op1 == M.TRANSPOSE else (4096, 128), dtype, 1)
    _, (first, *_) = run(multiplied(a, b, op1), a, b)
    weights = first.buffers["input 1"]
    assert weights.read_bytes == weights.unique_read_bytes == b.nbytes
    loads = first.thread_instructions["ld.global.nc.v4.b32"]
    if op1 == M.NONE:
        assert loads == b.nbytes // 16
    else:
        assert loads == 2 * b.nbytes // 16
    assert first.threads >= 108 * 256


def test_a_convolution_of_a_whole_image_is_a_matrix_and_a_vector():
    x, kernel, bias = random((1, 12, 7, 5)), random((9, 12, 7, 5)), random((9,), seed=2)
    types = f"({tensor(x)}, {tensor(kernel)}, {tensor(bias)}) -> tensor<1x9x1x1xf32>"
    wanted = np.tensordot(kernel.astype(np.float64), x[0], 3) + bias
    wanted = wanted.reshape(1, 9, 1, 1)
    text = f'%y0 = trt.convolution %x0, %x1, %x2 layers ["fc6"] : {types}'
    net = network(text, [wanted.astype(np.float32)], x, kernel, bias)
    result, (report,) = run(net, x, kernel, bias)
    assert_close(result, wanted, k=8, terms=420)
    weights = report.buffers["input 1"]
    assert weights.read_bytes == kernel.nbytes


VECTOR_INTEGERS = {
    "along": product((1, 1300), M.NONE, (24, 1300), M.TRANSPOSE, columns=24),
    "odd": product((1, 131), M.NONE, (24, 131), M.TRANSPOSE, columns=24),
    "across": product((1, 1300), M.NONE, (1300, 48), M.NONE, columns=48),
    "channels": convolution((1, 640, 1, 1), 33, 1),
}


@pytest.mark.parametrize("case", VECTOR_INTEGERS)
def test_bytes_are_multiplied_by_a_vector_to_the_bit(case: str):
    net, function, arrays = group_of(VECTOR_INTEGERS[case])
    (wanted,) = run_integers(function, arrays, Weights.of_module(net))
    result, reports = run(net, *arrays)
    np.testing.assert_array_equal(result, wanted)
    assert any("dp4a" in name for name in reports[0].thread_instructions)


def test_two_kernels_are_small_and_ptxas_takes_them_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for shape, axes in LONG.values():
        for dtype in (np.float32, np.float16):
            check_machine_code(module(R.SUM, np.empty(shape, dtype), axes, False))
    check_machine_code(norm("log sum exp", np.zeros((3, 70001), np.float32)))


MACHINE_CODE: dict[str, Callable[[], ModuleOp]] = {
    "vector": lambda: multiplied(
        np.empty((1, 4096), np.float16), np.empty((4096, 128), np.float16)
    ),
    "split": lambda: multiplied(
        np.empty((9, 4096), np.float32), np.empty((4096, 128), np.float32)
    ),
    "bytes": lambda: group_of(VECTOR_INTEGERS["along"])[0],
}


@pytest.mark.parametrize("case", MACHINE_CODE)
def test_ptxas_takes_products_that_are_shared_without_spills(case: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    lowered = lower(MACHINE_CODE[case]())
    for sm in ("80", "90"):
        kernels = assemble(emit_ptx(machine_level(lowered), sm), sm).kernels
        assert kernels
        for report in kernels:
            assert (report.spill_stores, report.spill_loads) == (0, 0), sm
