"""Kernels of convolutions and matrix products, as PTX on the emulator.

They are compared with definitions in numpy and, with what follows them, with the
unfused network in f64.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import assert_near, emulate, random, tensor
from kernels_on_host import lower, machine_level, parse
from xdsl.context import Context
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects.trt.convolution import same_padding
from fusemlir.dialects.trt.enums import PaddingMode
from fusemlir.lowering.gpu.schedules.contraction import TILES, ContractionSchedule
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.target import Target
from fusemlir.transforms import load_pass
from fusemlir.weights import Weights, element_of


def force(
    tile: tuple[int, int, int, int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let all products have this tile, or none."""

    def choose(*_: object) -> ContractionSchedule | None:
        return None if tile is None else ContractionSchedule(*tile)

    monkeypatch.setattr(ContractionSchedule, "choose", choose)


def emulate_text(text: str, *inputs: np.ndarray) -> list[np.ndarray]:
    return emulate(parse(text), *inputs)


def convolved(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    pads: list[tuple[int, int]],
) -> np.ndarray:
    """The definition, one window position at a time, in f64."""
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *pads])
    features, channels, *window = kernel.shape
    extents = [d * (w - 1) + 1 for d, w in zip(dilation, window, strict=True)]
    sizes = [
        (size - extent) // step + 1
        for size, extent, step in zip(padded.shape[2:], extents, stride, strict=True)
    ]
    result = np.zeros((x.shape[0], features, *sizes))
    for feature, *at in product(range(features), *map(range, sizes)):
        group = feature // (features // groups)
        taps = tuple(
            slice(p * s, p * s + e, d)
            for p, s, e, d in zip(at, stride, extents, dilation, strict=True)
        )
        first = group * channels
        part = padded[(slice(None), slice(first, first + channels), *taps)]
        products = part * kernel[feature].astype(np.float64)
        sums = products.reshape(x.shape[0], -1).sum(axis=1)
        result[(slice(None), feature, *at)] = sums + float(bias[feature])
    return result


CONVOLUTIONS = {
    "one by one": ((1, 1, 1, 1), 1, 1, (1, 1), (1, 1), 1, (0, 0), (0, 0)),
    "pointwise": ((3, 5, 7, 9), 3, 1, (1, 1), (1, 1), 1, (0, 0), (0, 0)),
    "padded": ((1, 3, 8, 8), 4, 3, (1, 1), (1, 1), 1, (1, 1), (1, 1)),
    "one-sided": ((2, 3, 6, 7), 4, 3, (1, 1), (1, 1), 1, (0, 2), (3, 0)),
    "strided": ((3, 3, 31, 33), 5, 3, (2, 3), (1, 1), 1, (1, 0), (0, 1)),
    "dilated": ((1, 2, 9, 11), 3, 3, (1, 1), (2, 3), 1, (2, 3), (2, 3)),
    "grouped": ((1, 6, 5, 5), 4, 3, (1, 1), (1, 1), 2, (1, 1), (1, 1)),
    "depthwise": ((2, 5, 6, 6), 10, 3, (2, 2), (1, 1), 5, (1, 1), (1, 1)),
    "all padding": ((1, 1, 2, 2), 1, 5, (1, 1), (1, 1), 1, (4, 4), (4, 4)),
    "in space": (
        (1, 3, 4, 5, 6),
        4,
        2,
        (1, 2, 1),
        (2, 1, 1),
        1,
        (1, 0, 1),
        (0, 1, 1),
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_convolution_is_its_definition(case: str, dtype: Any):
    shape, features, window, stride, dilation, groups, pre, post = CONVOLUTIONS[case]
    axes = len(shape) - 2
    x = random(shape, dtype)
    kernel = random((features, shape[1] // groups, *(window,) * axes), dtype, 1)
    bias = random((features,), dtype, 2)
    pads = list(zip(pre, post, strict=True))
    exact = convolved(x, kernel, bias, stride, dilation, groups, pads)
    result = f"tensor<{'x'.join(map(str, exact.shape))}x{element_of(x.dtype)}>"
    text = f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}, %b: {tensor(bias)})
        -> {result} {{
      %y = trt.convolution %x, %k, %b stride = {list(stride)}
        pre_padding = {list(pre)} post_padding = {list(post)}
        dilation = {list(dilation)} num_groups = {groups} layers ["conv"]
        : ({tensor(x)}, {tensor(kernel)}, {tensor(bias)}) -> {result}
      func.return %y : {result}
    }}"""
    (actual,) = emulate_text(text, x, kernel, bias)
    assert_near(actual, exact, terms=kernel[0].size)


@pytest.mark.parametrize("mode", [PaddingMode.SAME_UPPER, PaddingMode.SAME_LOWER])
def test_a_convolution_pads_as_its_mode_says(mode: PaddingMode):
    x, kernel = random((1, 3, 7, 8)), random((4, 3, 4, 2), seed=1)
    sizes = zip((7, 8), (4, 2), (2, 3), strict=True)
    pads = [same_padding(*axis, mode) for axis in sizes]
    exact = convolved(x, kernel, np.zeros(4), (2, 3), (1, 1), 1, pads)
    text = f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}) -> tensor<1x4x4x3xf32> {{
      %y = trt.convolution %x, %k stride = [2, 3] padding_mode = {mode}
        : ({tensor(x)}, {tensor(kernel)}) -> tensor<1x4x4x3xf32>
      func.return %y : tensor<1x4x4x3xf32>
    }}"""
    assert_near(emulate_text(text, x, kernel)[0], exact, terms=24)


def test_rounding_up_reads_zeros_past_the_padding():
    x, kernel = random((1, 1, 6, 6)), random((1, 1, 3, 3), seed=1)
    exact = convolved(x, kernel, np.zeros(1), (2, 2), (1, 1), 1, [(0, 1), (0, 1)])
    text = f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}) -> tensor<1x1x3x3xf32> {{
      %y = trt.convolution %x, %k stride = [2, 2] padding_mode = explicit_round_up
        : ({tensor(x)}, {tensor(kernel)}) -> tensor<1x1x3x3xf32>
      func.return %y : tensor<1x1x3x3xf32>
    }}"""
    assert_near(emulate_text(text, x, kernel)[0], exact, terms=9)


MATRICES = {
    "plain": ((3, 5), "none", (5, 7), "none", "mk,kn->mn"),
    "transposed": ((5, 3), "transpose", (7, 5), "transpose", "km,nk->mn"),
    "batched": ((2, 3, 31), "none", (2, 31, 4), "none", "bmk,bkn->bmn"),
    "broadcast left": ((1, 3, 5), "none", (4, 5, 2), "none", "amk,bkn->bmn"),
    "broadcast right": ((4, 3, 5), "none", (1, 2, 5), "transpose", "bmk,ank->bmn"),
    "vector left": ((2, 5), "vector", (2, 5, 3), "none", "bk,bkn->bn"),
    "vector right": ((2, 3, 5), "none", (2, 5), "vector", "bmk,bk->bm"),
    "vectors": ((5,), "vector", (5,), "vector", "k,k->"),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("case", MATRICES)
def test_a_matrix_multiply_is_its_sum(case: str, dtype: Any):
    shape0, op0, shape1, op1, formula = MATRICES[case]
    a, b = random(shape0, dtype), random(shape1, dtype, 1)
    exact = np.einsum(formula, a.astype(np.float64), b.astype(np.float64))
    result = tensor(exact.astype(dtype))
    text = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}) -> {result} {{
      %y = trt.matrix_multiply %a, %b op0 = {op0} op1 = {op1}
        : ({tensor(a)}, {tensor(b)}) -> {result}
      func.return %y : {result}
    }}"""
    assert_near(emulate_text(text, a, b)[0], exact, terms=a.shape[-1])


@pytest.mark.parametrize("tile", [None, TILES[0]])
def test_a_group_may_hold_layers_beside_its_convolution(
    tile: tuple[int, int, int, int, int] | None, monkeypatch: pytest.MonkeyPatch
):
    """A gate that is computed from another input stands before the convolution."""
    force(tile, monkeypatch)
    text = """
    func.func @main(%x: tensor<2x3x5x5xf32>, %w: tensor<4x3x1x1xf32>, %g: tensor<2x4x1x1xf32>) -> (tensor<2x4x5x5xf16>) {
      %y = trt.fused "sigmoid_conv_prod_cast"(%x, %w, %g) layers ["gate", "conv", "mul", "cast"] : (tensor<2x3x5x5xf32>, tensor<4x3x1x1xf32>, tensor<2x4x1x1xf32>) -> tensor<2x4x5x5xf16> {
      ^bb0(%x0: tensor<2x3x5x5xf32>, %w0: tensor<4x3x1x1xf32>, %g0: tensor<2x4x1x1xf32>):
        %s = trt.activation sigmoid %g0 layers ["gate"] : tensor<2x4x1x1xf32> -> tensor<2x4x1x1xf32>
        %c = trt.convolution %x0, %w0 layers ["conv"] : (tensor<2x3x5x5xf32>, tensor<4x3x1x1xf32>) -> tensor<2x4x5x5xf32>
        %m = trt.element_wise prod %c, %s layers ["mul"] : (tensor<2x4x5x5xf32>, tensor<2x4x1x1xf32>) -> tensor<2x4x5x5xf32>
        %h = trt.cast %m layers ["cast"] : tensor<2x4x5x5xf32> -> tensor<2x4x5x5xf16>
        trt.yield %h : tensor<2x4x5x5xf16>
      }
      func.return %y : tensor<2x4x5x5xf16>
    }"""  # noqa: E501
    x, w, g = random((2, 3, 5, 5)), random((4, 3, 1, 1)), random((2, 4, 1, 1))
    exact = np.einsum("nchw,kc->nkhw", x, w[:, :, 0, 0]) / (1 + np.exp(-g))
    (actual,) = emulate_text(text, x, w, g)
    assert actual.dtype == np.float16
    assert_near(actual, exact, terms=3)


def test_nan_and_infinity_go_through_a_convolution_and_its_activation():
    x = np.zeros((1, 1, 3, 3), np.float32)
    x[0, 0, 0, 0], x[0, 0, 2, 2] = np.nan, np.inf
    text = """
    func.func @main(%x: tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32> {
      %w = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
      %c = trt.convolution %x, %w layers ["conv"] : (tensor<1x1x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x3x3xf32>
      %y = trt.activation relu %c layers ["relu"] : tensor<1x1x3x3xf32> -> tensor<1x1x3x3xf32>
      func.return %y : tensor<1x1x3x3xf32>
    }"""  # noqa: E501
    (actual,) = emulate_text(text, x)
    np.testing.assert_array_equal(actual, x)


FUSIONS = (
    "fuse-conv-elementwise",
    "fuse-conv-relu",
    "fuse-conv-clip",
    "fuse-conv-gelu",
    "fuse-conv-elementwise",
    "fuse-conv-relu",
    "fuse-matmul-bias",
    "fuse-matmul-activation",
    "fuse-pointwise",
    "fuse-conv-activation",
)

FULL = "3x12x7x9"

EPILOGUES: dict[str, tuple[list[tuple[str, str]], str]] = {
    "relu": ([], "trt.activation relu %c"),
    "clip": ([], "trt.activation clip %c alpha = -0.5 beta = 0.75"),
    "gelu": ([], "trt.activation gelu_erf %c"),
    "sum, relu": ([(FULL, "sum")], "trt.activation relu %c"),
    "two residuals": ([(FULL, "sum"), (FULL, "sum")], "trt.activation relu %c"),
}
"""Element-wise layers with another input, and the layer that ends it."""


def epilogue_network(case: str, element: str) -> tuple[str, list[tuple[int, ...]]]:
    """A convolution with an epilogue, its layers apart, and the shapes of inputs."""
    sums, last = EPILOGUES[case]
    full = f"tensor<{FULL}x{element}>"
    shapes = ["3x5x7x9", "12x5x3x3", "12", *(shape for shape, _ in sums)]
    x, w, b, *others = (f"tensor<{shape}x{element}>" for shape in shapes)
    lines = [
        f"%0 = trt.convolution %x, %w, %b pre_padding = [1, 1] post_padding = [1, 1]"
        f' layers ["conv"] : ({x}, {w}, {b}) -> {full}'
    ]
    for number, ((_, kind), type) in enumerate(zip(sums, others, strict=True)):
        lines.append(
            f"%{number + 1} = trt.element_wise {kind} %{number}, %r{number} layers"
            f' ["{kind}{number}"] : ({full}, {type}) -> {full}'
        )
    final = last.replace("%c", f"%{len(sums)}")
    lines.append(f'%y = {final} layers ["last"] : {full} -> {full}')
    arguments = "".join(f", %r{k}: {type}" for k, type in enumerate(others))
    text = (
        f"func.func @main(%x: {x}, %w: {w}, %b: {b}{arguments}) -> {full} {{\n"
        + "\n".join(lines)
        + f"\nfunc.return %y : {full}\n}}"
    )
    return text, [tuple(map(int, shape.split("x"))) for shape in shapes]


def expected(module: ModuleOp, *inputs: np.ndarray) -> np.ndarray:
    (function,) = functions(module)
    (result,) = run(function, inputs, Weights.of_module(module), Mode.WIDE)
    return result


def check_fused(text: str, *inputs: np.ndarray, terms: int, launches: int = 1) -> None:
    """Fused to one group, the network gives what it means in f64: in f32, where
    rounding between layers is too little to see, also what its layers apart do."""
    module = parse(text)
    wanted = [expected(module, *inputs)] if inputs[0].dtype == np.float32 else []
    for name in FUSIONS:
        load_pass(name)().apply(Context(), module)
    lowered = lower(module.clone())
    found = [op for op in lowered.walk() if isinstance(op, gpu.LaunchFuncOp)]
    assert len(found) == launches
    wanted.append(expected(module, *inputs))
    (actual,) = emulate(module, *inputs)
    for exact in wanted:
        assert_near(actual, exact, terms)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("case", EPILOGUES)
def test_a_convolution_carries_its_epilogue(case: str, dtype: Any):
    rng = np.random.default_rng()
    element = str(element_of(np.dtype(dtype)))
    text, shapes = epilogue_network(case, element)
    inputs = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    inputs[1] /= 8
    check_fused(text, *inputs, terms=45)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_a_product_carries_a_bias_and_an_activation(dtype: Any):
    rng = np.random.default_rng()
    a, b, c = (
        (rng.standard_normal(shape) / 4).astype(dtype)
        for shape in ((2, 33, 24), (1, 24, 40), (1, 1, 40))
    )
    y = f"tensor<2x33x40x{element_of(a.dtype)}>"
    text = f"""
    func.func @main(%a: {tensor(a)}, %b: {tensor(b)}, %c: {tensor(c)}) -> {y} {{
      %0 = trt.matrix_multiply %a, %b layers ["m"] : ({tensor(a)}, {tensor(b)}) -> {y}
      %1 = trt.element_wise sum %0, %c layers ["b"] : ({y}, {tensor(c)}) -> {y}
      %2 = trt.activation relu %1 layers ["r"] : {y} -> {y}
      func.return %2 : {y}
    }}"""
    check_fused(text, a, b, c, terms=24)


SHAPES = {
    "window": ((2, 6, 9, 9), (20, 6, 3, 3)),
    "channel blocks": ((1, 16, 7, 8), (40, 16, 3, 3)),
    "pointwise": ((2, 12, 8, 8), (24, 12, 1, 1)),
}


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("tile", TILES[::5])
def test_every_tile_gives_the_same(
    case: str, tile: tuple[int, int, int, int, int], monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    shape, kernel_shape = SHAPES[case]
    x, kernel = random(shape), random(kernel_shape, seed=1)
    pads = [((size - 1) // 2, (size - 1) // 2) for size in kernel_shape[2:]]
    ones, zeros = (1, 1), np.zeros(kernel_shape[0])
    exact = convolved(x, kernel, zeros, ones, ones, 1, pads)
    pad = [before for before, _ in pads]
    result = tensor(exact.astype(np.float32))
    module = parse(f"""
    func.func @main(%x: {tensor(x)}, %k: {tensor(kernel)}) -> {result} {{
      %y = trt.convolution %x, %k pre_padding = {pad} post_padding = {pad}
        : ({tensor(x)}, {tensor(kernel)}) -> {result}
      func.return %y : {result}
    }}""")
    assert_near(emulate(module, x, kernel)[0], exact, terms=kernel[0].size)
    if find_ptxas() is not None:
        (report,) = assemble(emit_ptx(machine_level(lower(module)), "80"), "80").kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)


@pytest.mark.parametrize("sm", ["75", "80", "90"])
@pytest.mark.parametrize("element", ["f32", "f16", "bf16"])
def test_ptxas_takes_a_tiled_kernel_without_spills(sm: str, element: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    network = parse(epilogue_network("sum, relu", element)[0])
    Target(f"sm_{sm}").put_on(network)
    module = lower(network)
    for kernel in assemble(emit_ptx(machine_level(module), sm), sm).kernels:
        assert (kernel.spill_stores, kernel.spill_loads) == (0, 0)
