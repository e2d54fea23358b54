"""What no faster family takes on the CPU, an element at a time, against its layers in
f64: tensors of any rank and type, and constants that are none."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import assert_near, tensor
from kernels_on_host import parse

import fusemlir
from fusemlir.lowering.host.elements import ElementPlan
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.placement import constants_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.reference import Mode, run
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights

TYPES: dict[str, Any] = {
    "f32": np.float32,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
}


def random(*shape: int, element: str = "f32") -> np.ndarray:
    rng = np.random.default_rng(sum(shape))
    return rng.standard_normal(shape).astype(TYPES[element])


def check(
    layers: str,
    result: str,
    *inputs: np.ndarray,
    terms: int = 1,
    by_element: bool = True,
) -> None:
    """On the CPU with 1, 2 and 3 threads, against the groups in f64."""
    arguments = ", ".join(f"%x{n}: {tensor(x)}" for n, x in enumerate(inputs))
    text = f"""
    func.func @main({arguments}) -> {result} {{
      {layers}
      func.return %y : {result}
    }}"""
    module = parse(text)
    (function,) = functions(module)
    TrtFusePass().apply(make_context(), module)
    wanted = run(function, list(inputs), Weights.of_module(module), Mode.WIDE)
    bodies = [KernelBody(node) for node in nodes(function) if is_kernel(node)]
    plans = [plan_of(body, constants_of(body)) for body in bodies]
    assert not by_element or [*map(type, plans)] == [ElementPlan]
    results = [
        fusemlir.compile(parse(text), device="host", threads=threads).run(list(inputs))
        for threads in (1, 2, 3)
    ]
    for found, exact in zip(results[0], wanted, strict=True):
        assert found.dtype == exact.dtype
        if found.dtype == np.int8:
            np.testing.assert_array_equal(found, exact)
        else:
            assert_near(found, exact, terms)
    for others in results[1:]:
        for other, found in zip(others, results[0], strict=True):
            assert other.tobytes() == found.tobytes()


CONVOLUTIONS = {
    "a volume": ((1, 3, 5, 4, 7), (7, 3, 2, 3, 1), "stride = [2, 1, 3]", (2, 2, 3)),
    "a volume of groups": (
        (3, 4, 3, 3, 3),
        (6, 2, 2, 2, 2),
        "pre_padding = [1, 0, 1] num_groups = 2",
        (3, 2, 3),
    ),
    "an image": ((3, 5, 7, 1), (17, 5, 3, 1), "post_padding = [2, 0]", (7, 1)),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("element", TYPES)
def test_a_convolution_with_a_kernel_that_is_computed(case: str, element: str):
    shape, kernel, text, size = CONVOLUTIONS[case]
    x, w = random(*shape, element=element), random(*kernel, element=element)
    b = random(kernel[0], element=element)
    sizes = "x".join(map(str, (shape[0], kernel[0], *size)))
    result = f"tensor<{sizes}x{element}>"
    layers = f"""
    %c = trt.convolution %x0, %x1, %x2 {text}
      : ({tensor(x)}, {tensor(w)}, {tensor(b)}) -> {result}
    %y = trt.activation sigmoid %c : {result} -> {result}"""
    check(layers, result, x, w, b, terms=w[0].size)


@pytest.mark.parametrize("element", TYPES)
def test_a_deconvolution_with_a_kernel_that_is_computed(element: str):
    x, w = random(2, 4, 5, 3, element=element), random(4, 3, 3, 2, element=element)
    result = f"tensor<2x6x10x5x{element}>"
    layers = f"""
    %y = trt.deconvolution %x0, %x1 stride = [2, 2]
      pre_padding = [0, 1] post_padding = [1, 0] num_groups = 2
      : ({tensor(x)}, {tensor(w)}) -> {result}"""
    check(layers, result, x, w, terms=12)


@pytest.mark.parametrize("kind", ["max", "average", "max_average_blend"])
@pytest.mark.parametrize("element", TYPES)
def test_a_pooling_of_a_volume(kind: str, element: str):
    x = random(3, 1, 5, 7, 3, element=element)
    x[1, 0, 2, 3, 1] = np.inf
    x[2, 0, 4, 6, 2] = np.nan
    blend = " blend_factor = 2.5e-01" if kind == "max_average_blend" else ""
    result = f"tensor<3x1x3x4x2x{element}>"
    layers = f"""
    %1 = trt.pooling {kind} %x0 window = [3, 2, 2] stride = [2, 2, 1]
      pre_padding = [1, 1, 0] post_padding = [1, 0, 0]{blend}
      : {tensor(x)} -> {result}
    %y = trt.unary neg %1 : {result} -> {result}"""
    with np.errstate(invalid="ignore"):
        check_numbers_that_are_none(layers, result, x)


def check_numbers_that_are_none(layers: str, result: str, x: np.ndarray) -> None:
    text = f"""
    func.func @main(%x0: {tensor(x)}) -> {result} {{
      {layers}
      func.return %y : {result}
    }}"""
    module = parse(text)
    (function,) = functions(module)
    (wanted,) = run(function, [x], Weights.of_module(module), Mode.WIDE)
    (found,) = fusemlir.compile(parse(text), device="host", threads=2).run([x])
    one, other = found.astype(np.float64), wanted.astype(np.float64)
    are_numbers = np.isfinite(other)
    assert 0 < are_numbers.sum() < other.size
    np.testing.assert_array_equal(one[~are_numbers], other[~are_numbers])
    assert_near(found[are_numbers], wanted[are_numbers])


@pytest.mark.parametrize("element", TYPES)
def test_a_convolution_and_a_pooling_on_it(element: str):
    x, w = random(1, 3, 9, 7, element=element), random(5, 3, 3, 3, element=element)
    image, result = f"tensor<1x5x7x5x{element}>", f"tensor<1x5x3x2x{element}>"
    layers = f"""
    %1 = trt.convolution %x0, %x1 : ({tensor(x)}, {tensor(w)}) -> {image}
    %2 = trt.activation relu %1 : {image} -> {image}
    %y = trt.pooling max %2 window = [3, 3] stride = [2, 2] : {image} -> {result}"""
    check(layers, result, x, w, terms=27, by_element=False)


@pytest.mark.parametrize("zero", [0, 3])
def test_an_int8_convolution_of_bytes_about_any_zero_point(zero: int):
    rng = np.random.default_rng(zero)
    x = rng.integers(-128, 128, (2, 5, 6, 7), np.int8)
    w = rng.integers(-128, 128, (9, 5, 3, 3), np.int8)
    image, kernel = "tensor<2x5x6x7xf32>", "tensor<9x5x3x3xf32>"
    sums, result = "tensor<2x9x4x5xf32>", "tensor<2x9x4x5xi8>"
    layers = f"""
    %s = trt.constant dense<0.0078125> : tensor<f32>
    %t = trt.constant dense<0.5> : tensor<f32>
    %z = trt.constant dense<{zero}> : tensor<i8>
    %1 = trt.dequantize %x0, %s, %z : ({tensor(x)}, tensor<f32>, tensor<i8>) -> {image}
    %2 = trt.dequantize %x1, %s : ({tensor(w)}, tensor<f32>) -> {kernel}
    %3 = trt.convolution %1, %2 : ({image}, {kernel}) -> {sums}
    %4 = trt.activation relu %3 : {sums} -> {sums}
    %y = trt.quantize %4, %t : ({sums}, tensor<f32>) -> {result}"""
    check(layers, result, x, w, by_element=False)


def test_of_equal_kernels_one_may_have_constant_weights():
    """The other's are an input: both are right in one network."""
    x, w = random(3, 5), random(5, 7)
    result = "tensor<3x7xf32>"
    text = f"""
    func.func @main(%x: {tensor(x)}, %v: {tensor(w)}) -> ({result}, {result}) {{
      %w = trt.constant dense<{w.tolist()}> : {tensor(w)}
      %1 = trt.matrix_multiply %x, %w : ({tensor(x)}, {tensor(w)}) -> {result}
      %2 = trt.matrix_multiply %x, %v : ({tensor(x)}, {tensor(w)}) -> {result}
      func.return %1, %2 : {result}, {result}
    }}"""
    found = fusemlir.compile(parse(text), device="host").run([x, 2 * w])
    wide = x.astype(np.float64) @ w
    for one, exact in zip(found, (wide, 2 * wide), strict=True):
        assert_near(one, exact, 5)
