"""Kernels for the CPU: each against the reference, which numpy computes in f64."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse

import fusemlir
from fusemlir.codegen.native import host_cpu
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.schedules import HostCpuShape, TileSchedule
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights

CPU = host_cpu()
SHAPES = [(16, 16), (32, 16), (64, 32)]
"""Bytes of a vector register and how many there are; LLVM splits what is wider."""


def random(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def constant(name: str, array: Any) -> str:
    return f"%{name} = trt.constant dense<{array.tolist()}> : {tensor(array)}\n"


def network(layers: str, result: str, *inputs: Any) -> str:
    arguments = ", ".join(f"%x{n}: {tensor(x)}" for n, x in enumerate(inputs))
    return (
        f"func.func @main({arguments}) -> {result} {{\n{layers}\n"
        f"func.return %y : {result}\n}}"
    )


def check(
    layers: str, result: str, *inputs: Any, terms: int = 1, threads: int = 1
) -> None:
    """Fused and on the CPU, against the layers as they are, in f64."""
    text = network(layers, f"tensor<{result}xf32>", *inputs)
    module = parse(text)
    (function,) = functions(module)
    (wanted,) = run(function, list(inputs), Weights.of_module(module), Mode.WIDE)
    engine = fusemlir.compile(parse(text), device="host", threads=threads)
    (found,) = engine.run(list(inputs))
    bound = 16 * np.finfo(np.float32).eps * np.sqrt(terms)
    scale = max(1.0, float(np.abs(wanted).max()))
    assert np.abs(found.astype(np.float64) - wanted).max() <= bound * scale


CONVOLUTIONS = {
    "one feature of one pixel": ((1, 2, 1, 1), (1, 2, 1, 1), ""),
    "features of no whole vector": ((3, 5, 7, 9), (33, 5, 3, 3), "PAD"),
    "a stride": ((1, 4, 9, 12), (16, 4, 3, 2), "stride = [2, 3] PAD"),
    "a dilation": ((1, 3, 11, 10), (17, 3, 3, 3), "PAD dilation = [2, 3]"),
    "groups": ((2, 8, 6, 6), (12, 2, 3, 3), "PAD num_groups = 4"),
    "depthwise": ((1, 7, 8, 5), (7, 1, 3, 3), "PAD num_groups = 7"),
    "a row": ((1, 16, 1, 31), (64, 16, 1, 5), ""),
    "padding on one side": ((1, 3, 5, 6), (8, 3, 2, 2), "post_padding = [1, 2]"),
    "more rows than are read": ((1, 3, 8, 8), (8, 3, 1, 1), "stride = [3, 3]"),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("tail", ["", "relu", "sigmoid"])
def test_a_convolution(case: str, tail: str):
    shape, kernel_shape, text = CONVOLUTIONS[case]
    x, w, b = random(*shape), random(*kernel_shape), random(kernel_shape[0])
    text = text.replace("PAD", "pre_padding = [1, 2] post_padding = [2, 1]", 1)
    if text.startswith("post_padding"):
        text = "post_padding = [1, 2]"
    size = output_of(shape, kernel_shape, text)
    result = "x".join(map(str, size))
    layers = constant("w", w) + constant("b", b)
    layers += (
        f"%c = trt.convolution %x0, %w, %b {text} : ({tensor(x)}, {tensor(w)}, "
        f"{tensor(b)}) -> tensor<{result}xf32>\n"
    )
    if tail:
        layers += f"%y = trt.activation {tail} %c : tensor<{result}xf32> -> "
        layers += f"tensor<{result}xf32>"
    else:
        layers = layers.replace("%c =", "%y =")
    check(layers, result, x, terms=w[0].size)


def output_of(
    shape: tuple[int, ...], kernel: tuple[int, ...], text: str
) -> tuple[int, ...]:
    def option(name: str, default: int) -> list[int]:
        _, found, rest = f" {text}".partition(f" {name} = [")
        return (
            [int(n) for n in rest.split("]")[0].split(",")] if found else [default] * 2
        )

    axes = zip(
        shape[2:],
        kernel[2:],
        option("stride", 1),
        option("dilation", 1),
        option("pre_padding", 0),
        option("post_padding", 0),
        strict=True,
    )
    sizes = [
        (size + pre + post - dilation * (window - 1) - 1) // stride + 1
        for size, window, stride, dilation, pre, post in axes
    ]
    return (shape[0], kernel[0], *sizes)


@pytest.mark.parametrize("features", [16, 20])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_residual_and_what_reads_both(features: int, threads: int):
    """The layers after the second convolution see tensors of one layout, with halos."""
    x, w = random(2, 6, 9, 7), random(features, 6, 3, 3)
    v, scale = random(features, features, 3, 3), random(1, features, 1, 1)
    type = f"tensor<2x{features}x9x7xf32>"
    pad = "pre_padding = [1, 1] post_padding = [1, 1]"
    layers = constant("w", w) + constant("v", v) + constant("s", scale)
    layers += f"""
    %1 = trt.convolution %x0, %w {pad} : ({tensor(x)}, {tensor(w)}) -> {type}
    %2 = trt.activation relu %1 : {type} -> {type}
    %3 = trt.convolution %2, %v {pad} : ({type}, {tensor(v)}) -> {type}
    %4 = trt.element_wise sum %3, %2 : ({type}, {type}) -> {type}
    %5 = trt.activation relu %4 : {type} -> {type}
    %6 = trt.element_wise prod %5, %s : ({type}, {tensor(scale)}) -> {type}
    %y = trt.element_wise max %6, %2 : ({type}, {type}) -> {type}"""
    check(layers, f"2x{features}x9x7", x, terms=54 * features, threads=threads)


MATRICES = list(itertools.product([1, 3, 31], [2, 17, 64], [1, 16, 33]))


@pytest.mark.parametrize(("rows", "depth", "columns"), MATRICES)
@pytest.mark.parametrize("turned", [False, True])
def test_a_product_with_a_constant(rows: int, depth: int, columns: int, turned: bool):
    x, w, b = random(rows, depth), random(depth, columns), random(1, columns)
    if turned:
        w = np.ascontiguousarray(w.T)
    option = "op1 = transpose " if turned else ""
    type = f"tensor<{rows}x{columns}xf32>"
    layers = constant("w", w) + constant("b", b)
    layers += f"""
    %1 = trt.matrix_multiply %x0, %w {option}: ({tensor(x)}, {tensor(w)}) -> {type}
    %2 = trt.element_wise sum %1, %b : ({type}, {tensor(b)}) -> {type}
    %y = trt.activation relu %2 : {type} -> {type}"""
    check(layers, f"{rows}x{columns}", x, terms=depth)


POOLINGS = [
    ("max", "window = [3, 3] stride = [2, 2] pre_padding = [1, 1]", (4, 4)),
    ("average", "window = [2, 3]", (8, 6)),
    (
        "average",
        "window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] "
        "average_count_excludes_padding = false",
        (9, 8),
    ),
    ("max", "window = [9, 8]", (1, 1)),
    ("max", "window = [2, 2] stride = [3, 3] padding_mode = explicit_round_up", (4, 3)),
]


@pytest.mark.parametrize(("kind", "text", "size"), POOLINGS)
@pytest.mark.parametrize("channels", [1, 16, 21])
def test_a_pooling(kind: str, text: str, size: tuple[int, int], channels: int):
    x = random(2, channels, 9, 8)
    x[0, 0, 0, 0] = np.nan
    rows, columns = size
    result = f"2x{channels}x{rows}x{columns}"
    text = network(
        f"%y = trt.pooling {kind} %x0 {text} : {tensor(x)} -> tensor<{result}xf32>",
        f"tensor<{result}xf32>",
        x,
    )
    module = parse(text)
    (function,) = functions(module)
    (wanted,) = run(function, [x], Weights.of_module(module), Mode.WIDE)
    (found,) = fusemlir.compile(parse(text), device="host").run([x])
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_softmax(axis: int):
    x = random(3, 33, 5) * 20
    layers = f"%y = trt.softmax %x0 axis = {axis} : {tensor(x)} -> {tensor(x)}"
    check(layers, "3x33x5", x)


@pytest.mark.parametrize("window", [1, 3, 5, 15])
@pytest.mark.parametrize("channels", [1, 7, 33])
@pytest.mark.parametrize("beta", [0.75, 1.3])
def test_a_response_normalisation(window: int, channels: int, beta: float):
    x = random(2, channels, 3, 5)
    layers = (
        f"%y = trt.lrn %x0 window = {window} alpha = 1.0e-01 beta = {beta:e} k = 2.0 "
        f": {tensor(x)} -> {tensor(x)}"
    )
    check(layers, f"2x{channels}x3x5", x, threads=2)


def test_a_shuffle():
    x = random(2, 6, 3, 5)
    layers = (
        "%y = trt.shuffle %x0 first_transpose = [0, 2, 1, 3] reshape = [2, 3, 30] "
        f"second_transpose = [2, 0, 1] : {tensor(x)} -> tensor<30x2x3xf32>"
    )
    check(layers, "30x2x3", x)


@pytest.mark.parametrize("axis", [1, 3])
def test_a_concatenation_of_images(axis: int):
    x, w = random(1, 5, 6, 4), random(16, 5, 1, 1)
    image = "tensor<1x16x6x4xf32>"
    result = "1x32x6x4" if axis == 1 else "1x16x6x8"
    layers = constant("w", w)
    layers += f"""
    %1 = trt.convolution %x0, %w : ({tensor(x)}, {tensor(w)}) -> {image}
    %2 = trt.unary neg %1 : {image} -> {image}
    %y = trt.concatenation %1, %2 axis = {axis}
      : ({image}, {image}) -> tensor<{result}xf32>"""
    check(layers, result, x, terms=5)


def test_broadcast_operands_and_several_outputs():
    x, row = random(3, 5, 7), random(1, 5, 1)
    type, one = tensor(x), tensor(row)
    text = f"""
    func.func @main(%x: {type}, %r: {one}) -> ({type}, {type}, {one}) {{
      %1 = trt.element_wise sum %x, %r : ({type}, {one}) -> {type}
      %2 = trt.unary exp %1 : {type} -> {type}
      %3 = trt.unary neg %r : {one} -> {one}
      func.return %1, %2, %3 : {type}, {type}, {one}
    }}"""
    found = fusemlir.compile(parse(text), device="host", threads=2).run([x, row])
    wanted = [x + row, np.exp((x + row).astype(np.float64)), -row]
    for actual, exact in zip(found, wanted, strict=True):
        np.testing.assert_allclose(actual, exact, rtol=1e-6)


def test_an_output_that_is_an_input_a_constant_or_another_output_is_copied():
    x = random(2, 3)
    type, two = tensor(x), "tensor<2xf32>"
    text = f"""
    func.func @main(%x: {type}) -> ({type}, {type}, {type}, {two}) {{
      %c = trt.constant dense<[1.0, 2.0]> : {two}
      %1 = trt.unary neg %x : {type} -> {type}
      func.return %x, %1, %1, %c : {type}, {type}, {type}, {two}
    }}"""
    found = fusemlir.compile(parse(text), device="host").run([x])
    for actual, exact in zip(found, [x, -x, -x, np.array([1, 2])], strict=True):
        np.testing.assert_array_equal(actual, exact)


def test_a_group_without_a_kernel_is_computed_layer_by_layer():
    """Each element of a row is read in one order, and this group reads two."""
    type, less = "tensor<8x8xf32>", "tensor<8x1xf32>"
    text = f"""
    func.func @main(%x: {type}) -> {less} {{
      %y = trt.fused "shuffle_sub_reduce_max"(%x) layers ["m", "s", "r"]
          : ({type}) -> {less} {{
      ^bb0(%v: {type}):
        %m = trt.shuffle %v first_transpose = [1, 0] layers ["m"] : {type} -> {type}
        %s = trt.element_wise sub %v, %m layers ["s"] : ({type}, {type}) -> {type}
        %r = trt.reduce max %s axes = [1] keep_dimensions layers ["r"]
          : {type} -> {less}
        trt.yield %r : {less}
      }}
      func.return %y : {less}
    }}"""
    lowered = parse(text)
    ConvertTrtToHostPass().apply(make_context(), lowered)
    names = [each.sym_name.data for each in functions(lowered)]
    assert names == ["shuffle_0", "sub_0", "reduce_max_0", "main"]
    x = random(8, 8)
    (found,) = fusemlir.compile(parse(text), device="host").run([x])
    np.testing.assert_array_equal(found, (x - x.T).max(axis=1, keepdims=True))


WEIGHTS = "#trt.weight<fill(dense<0.125> : tensor<1xf32>) : tensor<8x{}xf32>>"
IMAGE = "tensor<1x8x17x19xf32>"

CHAIN = f"""
func.func @main(%x: tensor<1x3x17x19xf32>) -> {IMAGE} {{
  %w = trt.constant {WEIGHTS.format("3x3x3")}
  %v = trt.constant {WEIGHTS.format("8x1x1")}
  %1 = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1]
    : (tensor<1x3x17x19xf32>, tensor<8x3x3x3xf32>) -> {IMAGE}
  %2 = trt.convolution %1, %v : ({IMAGE}, tensor<8x8x1x1xf32>) -> {IMAGE}
  func.return %2 : {IMAGE}
}}"""


def test_the_number_of_threads_changes_no_bit():
    x = random(1, 3, 17, 19)
    results = [
        fusemlir.compile(parse(CHAIN), device="host", threads=count).run([x])[0]
        for count in (1, 2, 5)
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


@pytest.mark.parametrize(("vector", "registers"), SHAPES)
def test_only_what_comes_in_is_brought_into_another_layout(vector: int, registers: int):
    module = parse(CHAIN)
    TrtFusePass().apply(make_context(), module)
    ConvertTrtToHostPass(vector, registers).apply(make_context(), module)
    calls = [op for op in module.walk() if op.name == "func.call"]
    copies = [op for op in calls if "reformat" in str(op.properties["callee"])]
    assert len(copies) == 1
    module.verify()


@pytest.mark.parametrize("registers", [16, 32])
@pytest.mark.parametrize("pixels", [1, 7, 14, 56, 1000])
@pytest.mark.parametrize("features", [1, 16, 24, 64, 1000])
def test_a_tile_fits_into_the_registers(registers: int, pixels: int, features: int):
    choices = TileSchedule.choices(pixels, features, HostCpuShape(8, registers))
    for found in choices.ranked:
        sums = found.pixels * found.vectors
        assert sums + found.vectors + 1 <= registers
        assert found.pixels <= pixels


def test_a_layout_says_where_elements_are():
    layout = Layout.channels_last((2, 3, 4, 5), ((1, 2), (0, 1)))
    memory = np.arange(layout.volume).reshape(2, 4 + 3, 5 + 1, 3)
    image = memory[:, 1:5, 0:5].transpose(0, 3, 1, 2)
    places = [
        layout.start + int(np.dot(at, layout.strides))
        for at in np.ndindex(*layout.shape)
    ]
    np.testing.assert_array_equal(places, image.reshape(-1))
