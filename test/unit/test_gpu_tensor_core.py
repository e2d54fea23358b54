"""Contractions on tensor cores, as PTX on the emulator, against numpy in f64.

Every kernel is assembled too, where ptxas is found, and spills nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import assert_near, random, tensor
from kernels_on_host import lower, machine_level, parse
from numpy.lib.stride_tricks import sliding_window_view
from quantized_networks import run_integers
from row_kernels import network
from test_gpu_contraction import FUSIONS, epilogue_network, expected
from test_gpu_integer_contraction import CONVOLUTIONS as INTEGER_CONVOLUTIONS
from test_gpu_integer_contraction import PRODUCTS as INTEGER_PRODUCTS
from test_gpu_integer_contraction import convolution as integer_convolution
from test_gpu_integer_contraction import group_of, relu, same
from xdsl.context import Context
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.lowering.gpu.schedules.tensor_core import TensorCoreSchedule, schedules
from fusemlir.pipeline import lower_to_gpu
from fusemlir.runtime.emu_executor import EmuExecutor
from fusemlir.runtime.signature import TensorInfo
from fusemlir.target import Target
from fusemlir.transforms import load_pass
from fusemlir.weights import Weights, element_of

HALVES = (np.float16, ml_dtypes.bfloat16)

SM = ("80", "90")

TILES = (
    TensorCoreSchedule(16, 16, 32, 16, 8, 2),
    TensorCoreSchedule(64, 32, 64, 16, 16, 3),
    TensorCoreSchedule(32, 32, 128, 16, 8, 4),
    TensorCoreSchedule(128, 128, 32, 64, 32, 3),
)
"""Of all numbers of stages and depths, and of the smallest and the largest sizes."""


def spread(cases: Iterable[str]) -> list[tuple[str, Any, TensorCoreSchedule]]:
    """Each case in both types and with two tiles, in all with all of them."""
    return [
        (case, dtype, TILES[(number + turn) % len(TILES)])
        for number, case in enumerate(cases)
        for turn, dtype in enumerate(HALVES)
    ]


def force(tile: TensorCoreSchedule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all products that tensor cores may multiply have this tile."""
    assert tile.splits > 1 or tile in schedules()

    def choose(*_: object) -> tuple[TensorCoreSchedule, int]:
        return tile, -1

    monkeypatch.setattr(TensorCoreSchedule, "choose", choose)


def run(
    module: ModuleOp, result: np.ndarray, *inputs: np.ndarray
) -> tuple[np.ndarray, emulator.Report]:
    """The result, of the type of `result`, and what its one launch with tensor cores
    did; checks that ptxas takes it."""
    check_machine_code(module)
    info = TensorInfo("y", result.shape, result.dtype)
    program = lower_to_gpu(module, len(inputs), "sm_80")
    assert "mma.sync" in program.ptx
    executor = EmuExecutor(program, [info], Weights.of_module(module), metrics=True)
    (found,) = executor(inputs)
    return found, executor.reports[0]


def check_machine_code(module: ModuleOp) -> None:
    if find_ptxas() is None:
        return
    lowered = machine_level(lower(module.clone()))
    for sm in SM:
        ptx = emit_ptx(lowered, sm)
        for kernel in assemble(ptx, sm).kernels:
            assert (kernel.spill_stores, kernel.spill_loads) == (0, 0), sm


MATRICES = {
    "few rows": ((3, 40), "none", (40, 33), "none", "mk,kn->mn"),
    "aligned": ((64, 96), "none", (96, 48), "none", "mk,kn->mn"),
    "odd": ((33, 31), "none", (31, 37), "none", "mk,kn->mn"),
    "transposed right": ((3, 31, 40), "none", (3, 33, 40), "transpose", "bmk,bnk->bmn"),
    "odd transposed right": ((17, 35), "none", (33, 35), "transpose", "mk,nk->mn"),
    "transposed left": ((66, 72), "transpose", (66, 40), "none", "km,kn->mn"),
    "both transposed": ((24, 31), "transpose", (31, 24), "transpose", "km,nk->mn"),
    "broadcast": ((3, 7, 20), "none", (1, 20, 12), "none", "bmk,akn->bmn"),
}


def multiplied(
    case: str, dtype: Any
) -> tuple[ModuleOp, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """A product, the same in f64, and what is multiplied."""
    shape0, op0, shape1, op1, formula = MATRICES[case]
    a, b = random(shape0, dtype), random(shape1, dtype, 1)
    exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
    result = exact.astype(dtype)
    text = (
        f"%y0 = trt.matrix_multiply %x0, %x1 op0 = {op0} op1 = {op1}"
        f" : ({tensor(a)}, {tensor(b)}) -> {tensor(result)}"
    )
    return network(text, [result], a, b), exact, (a, b)


def depth_of(case: str) -> int:
    shape, op, *_ = MATRICES[case]
    return shape[-2] if op == "transpose" else shape[-1]


@pytest.mark.parametrize(("case", "dtype", "tile"), spread(MATRICES))
def test_a_matrix_multiply_is_its_sum(
    case: str, dtype: Any, tile: TensorCoreSchedule, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    module, exact, (a, b) = multiplied(case, dtype)
    actual, _ = run(module, exact.astype(dtype), a, b)
    assert_near(actual, exact, depth_of(case))


CONVOLUTIONS = {
    "pointwise": ((3, 31, 8, 8), 33, (1, 1), (1, 1), (1, 1), 1, (0, 0)),
    "odd pointwise": ((1, 33, 7, 9), 31, (1, 1), (1, 1), (1, 1), 1, (0, 0)),
    "few channels": ((3, 3, 17, 15), 20, (5, 5), (2, 2), (1, 1), 1, (2, 2)),
    "channel blocks": ((3, 33, 9, 7), 40, (3, 3), (1, 1), (1, 1), 1, (1, 1)),
    "strided": ((1, 64, 9, 9), 31, (3, 3), (2, 3), (1, 1), 1, (1, 0)),
    "dilated": ((2, 16, 11, 9), 17, (3, 3), (1, 1), (2, 3), 1, (2, 3)),
    "grouped": ((3, 24, 5, 6), 36, (3, 3), (1, 1), (1, 1), 3, (1, 1)),
    "in space": ((1, 17, 4, 5, 6), 19, (2, 2, 2), (1, 2, 1), (2, 1, 1), 1, (1, 0, 1)),
}


def convolved(
    x: np.ndarray,
    kernel: np.ndarray,
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    groups: int,
    pads: tuple[int, ...],
) -> np.ndarray:
    """In f64, all windows at once."""
    axes = tuple(range(2, x.ndim))
    around = [(0, 0), (0, 0), *((pad, pad) for pad in pads)]
    padded = np.pad(x.astype(np.float64), around)
    window = kernel.shape[2:]
    extents = [d * (w - 1) + 1 for d, w in zip(dilations, window, strict=True)]
    views = sliding_window_view(padded, tuple(extents), axis=axes)
    steps = [slice(None, None, step) for step in (*strides, *dilations)]
    views = views[(slice(None), slice(None), *steps)]
    parts = [
        np.tensordot(
            seen, part.astype(np.float64), ([1, *range(-len(axes), 0)], [1, *axes])
        )
        for seen, part in zip(
            np.split(views, groups, axis=1), np.split(kernel, groups), strict=True
        )
    ]
    return np.moveaxis(np.concatenate(parts, axis=-1), -1, 1)


@pytest.mark.parametrize(("case", "dtype", "tile"), spread(CONVOLUTIONS))
def test_a_convolution_is_its_definition(
    case: str, dtype: Any, tile: TensorCoreSchedule, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    shape, features, window, strides, dilations, groups, pads = CONVOLUTIONS[case]
    x = random(shape, dtype)
    kernel = random((features, shape[1] // groups, *window), dtype, 1)
    bias = random((features,), dtype, 2)
    exact = convolved(x, kernel, strides, dilations, groups, pads)
    exact += bias.astype(np.float64).reshape(-1, *(1,) * len(window))
    result = exact.astype(dtype)
    text = (
        f"%y0 = trt.convolution %x0, %x1, %x2 stride = {list(strides)}"
        f" pre_padding = {list(pads)} post_padding = {list(pads)}"
        f" dilation = {list(dilations)} num_groups = {groups}"
        f" : ({tensor(x)}, {tensor(kernel)}, {tensor(bias)}) -> {tensor(result)}"
    )
    module = network(text, [result], x, kernel, bias)
    actual, _ = run(module, result, x, kernel, bias)
    assert_near(actual, exact, kernel[0].size)


INTEGER_CASES = {
    f"{kind} {case}": (make, follow)
    for kind, makes, follow in (
        ("convolution", INTEGER_CONVOLUTIONS, relu),
        ("product", INTEGER_PRODUCTS, same),
    )
    for case, make in makes.items()
    if case not in ("depthwise", "one", "vector")
}


@pytest.mark.parametrize(
    ("case", "tile"), [(case, tile) for case, _, tile in spread(INTEGER_CASES)]
)
def test_an_int8_contraction_is_its_formula_to_the_bit(
    case: str, tile: TensorCoreSchedule, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    module, function, arrays = group_of(*INTEGER_CASES[case])
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    actual, _ = run(module, wanted, *arrays)
    np.testing.assert_array_equal(actual, wanted)


def test_the_largest_sums_of_bytes_do_not_overflow_nor_saturate(
    monkeypatch: pytest.MonkeyPatch,
):
    force(TILES[1], monkeypatch)
    module, function, arrays = group_of(integer_convolution((1, 64, 5, 5), 32, 3))
    arrays = [
        np.full_like(array, -128) if array.dtype == np.int8 else array
        for array in arrays
    ]
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    np.testing.assert_array_equal(run(module, wanted, *arrays)[0], wanted)


def of_tf32(array: np.ndarray) -> np.ndarray:
    """What tensor cores see of f32: 10 bits of the fraction."""
    return (array.view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)


@pytest.mark.parametrize(
    ("case", "tile"), [(case, tile) for case, _, tile in spread(MATRICES)]
)
def test_f32_is_multiplied_as_tf32_where_that_is_allowed(
    case: str, tile: TensorCoreSchedule, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    module, exact, (a, b) = multiplied(case, np.float32)
    Target("sm_80", tf32=True).put_on(module)
    actual, _ = run(module, exact.astype(np.float32), a, b)
    terms = depth_of(case)
    assert np.abs(actual - exact).max() <= 8 * 2.0**-10 * np.sqrt(terms)
    factors = [of_tf32(factor).astype(np.float64) for factor in (a, b)]
    seen = np.einsum(MATRICES[case][4], *factors)
    assert_near(actual, seen, terms)


def test_f32_is_multiplied_exactly_unasked():
    module, _, _ = multiplied("aligned", np.float32)
    assert "mma.sync" not in emit_ptx(machine_level(lower(module)), "80")


@pytest.mark.parametrize("dtype", HALVES)
def test_an_older_gpu_does_without_tensor_cores(dtype: Any):
    module, _, _ = multiplied("aligned", dtype)
    Target("sm_75").put_on(module)
    assert "mma.sync" not in emit_ptx(machine_level(lower(module)), "75")


def test_what_is_too_small_is_not_multiplied_by_warps():
    text = """
    func.func @main(%a: tensor<4x4xf16>, %b: tensor<4x4xf16>) -> tensor<4x4xf16> {
      %y = trt.matrix_multiply %a, %b
        : (tensor<4x4xf16>, tensor<4x4xf16>) -> tensor<4x4xf16>
      func.return %y : tensor<4x4xf16>
    }"""
    assert "mma.sync" not in emit_ptx(machine_level(lower(parse(text))), "80")


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("case", ["sum, relu", "gelu", "two residuals"])
def test_a_convolution_carries_its_epilogue(
    case: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
):
    force(TILES[1], monkeypatch)
    text, shapes = epilogue_network(case, str(element_of(np.dtype(dtype))))
    inputs = [random(shape, dtype, seed) for seed, shape in enumerate(shapes)]
    inputs[1] /= 8
    module = parse(text)
    for name in FUSIONS:
        load_pass(name)().apply(Context(), module)
    launches = lower(module.clone()).walk()
    assert len([op for op in launches if isinstance(op, gpu.LaunchFuncOp)]) == 1
    exact = expected(module, *inputs)
    actual, _ = run(module, exact.astype(dtype), *inputs)
    assert_near(actual, exact, terms=45)


@pytest.mark.parametrize("dtype", HALVES)
def test_blocks_may_share_a_tile(dtype: Any, monkeypatch: pytest.MonkeyPatch):
    force(TensorCoreSchedule(64, 32, 64, 32, 16, 3, splits=2), monkeypatch)
    module, exact, (a, b) = multiplied("aligned", dtype)
    actual, _ = run(module, exact.astype(dtype), a, b)
    assert_near(actual, exact, depth_of("aligned"))


@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize("op1", ["none", "transpose"])
def test_no_two_rows_of_a_fragment_are_in_the_same_bank(
    op1: str, tile: TensorCoreSchedule, monkeypatch: pytest.MonkeyPatch
):
    """The few conflicts are of reading the sums, 32 bytes a thread."""
    force(tile, monkeypatch)
    a, b = random((128, 128), np.float16), random((128, 128), np.float16, 1)
    result = np.zeros((128, 128), np.float16)
    text = (
        f"%y0 = trt.matrix_multiply %x0, %x1 op1 = {op1}"
        f" : ({tensor(a)}, {tensor(b)}) -> {tensor(result)}"
    )
    _, report = run(network(text, [result], a, b), result, a, b)
    reads = result.size * 4 // (8 * 16)
    assert report.bank_conflicts <= reads, (report.bank_conflicts, reads)
    assert any(name.startswith("cp.async.c") for name in report.warp_instructions)


LAYERS = {
    "resnet stem": ((1, 3, 224, 224), 64, 7, 2),
    "resnet 3x3": ((8, 128, 28, 28), 128, 3, 1),
    "resnet last": ((1, 512, 7, 7), 512, 3, 1),
    "resnet 1x1": ((32, 256, 14, 14), 1024, 1, 1),
    "resnet downsample": ((1, 1024, 14, 14), 2048, 1, 2),
}


@pytest.mark.parametrize("element", ["f16", "bf16"])
@pytest.mark.parametrize("case", LAYERS)
def test_chosen_kernels_are_short_and_spill_nothing(case: str, element: str):
    (images, channels, size, _), features, window, stride = LAYERS[case]
    pad, out = window // 2, size // stride
    x = f"tensor<{images}x{channels}x{size}x{size}x{element}>"
    w = f"tensor<{features}x{channels}x{window}x{window}x{element}>"
    y = f"tensor<{images}x{features}x{out}x{out}x{element}>"
    module = parse(f"""
    func.func @main(%x: {x}, %w: {w}) -> {y} {{
      %y = trt.convolution %x, %w stride = [{stride}, {stride}]
        pre_padding = [{pad}, {pad}] post_padding = [{pad}, {pad}]
        : ({x}, {w}) -> {y}
      func.return %y : {y}
    }}""")
    lowered = lower(module.clone())
    kernels = [op for op in lowered.walk() if isinstance(op, gpu.FuncOp)]
    assert any(op.name == "nvgpu.mma.sync" for op in lowered.walk())
    for kernel in kernels:
        assert len(list(kernel.walk())) <= 800
    check_machine_code(module)
