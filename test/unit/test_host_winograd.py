"""Convolutions by Winograd's transformation, against the reference in f64."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_arrays import random
from kernels_on_host import parse
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.codegen import native
from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Array, Weights

AFTER = {
    "nothing": "%y = trt.unary abs %1 : {result} -> {result}",
    "relu": "%y = trt.activation relu %1 : {result} -> {result}",
    "residual": """
      %2 = trt.element_wise sum %1, %r : ({result}, {result}) -> {result}
      %y = trt.activation relu %2 : {result} -> {result}""",
    "sigmoid": "%y = trt.activation sigmoid %1 : {result} -> {result}",
}


def network(
    image: tuple[int, int, int, int], features: int, pads: str, after: str
) -> str:
    batch, channels, height, width = image
    before, behind = pads.split("/")
    around = [int(a) + int(b) for a, b in zip(before, behind, strict=True)]
    size = f"{height + around[0] - 2}x{width + around[1] - 2}"
    result = f"tensor<{batch}x{features}x{size}xf32>"
    kernel = f"tensor<{features}x{channels}x3x3xf32>"
    given = f"tensor<{batch}x{channels}x{height}x{width}xf32>"
    return f"""
    func.func @main(%x: {given}, %r: {result}) -> {result} {{
      %w = trt.constant #trt.weight<"w" : {kernel}>
      %b = trt.constant #trt.weight<"b" : tensor<{features}xf32>>
      %1 = trt.convolution %x, %w, %b
        pre_padding = [{before[0]}, {before[1]}]
        post_padding = [{behind[0]}, {behind[1]}]
        : ({given}, {kernel}, tensor<{features}xf32>) -> {result}
      {AFTER[after].format(result=result)}
      func.return %y : {result}
    }}"""


def is_transformed(module: ModuleOp) -> bool:
    TrtFusePass().apply(make_context(), module)
    ConvertTrtToHostPass(winograd=True).apply(make_context(), module)
    return any("winograd" in each.sym_name.data for each in functions(module))


def inputs_of(module: ModuleOp) -> list[Array]:
    (function,) = functions(module)
    given = function.body.block.args
    return [random(shape_of(value), seed=seed) for seed, value in enumerate(given)]


@pytest.mark.parametrize(
    ("image", "features", "pads", "after"),
    [
        ((1, 32, 16, 16), 64, "11/11", "relu"),
        ((3, 16, 17, 19), 48, "11/11", "residual"),
        ((1, 48, 15, 33), 80, "00/00", "nothing"),
        ((2, 16, 14, 13), 32, "20/11", "sigmoid"),
        ((1, 160, 12, 12), 32, "11/11", "residual"),
    ],
)
def test_its_results_are_as_near_as_those_of_all_products(
    image: tuple[int, int, int, int], features: int, pads: str, after: str
):
    text = network(image, features, pads, after)
    assert is_transformed(parse(text))
    module = parse(text)
    inputs = inputs_of(module)
    (function,) = functions(module)
    (wanted,) = run(function, inputs, Weights.of_module(module), Mode.WIDE)
    found = [
        fusemlir.compile(parse(text), device="host", winograd=True, threads=threads)
        for threads in (1, 2, 3)
    ]
    first, *others = [engine.run(inputs)[0] for engine in found]
    bound = 16 * np.finfo(np.float32).eps * np.sqrt(9 * image[1])
    assert np.abs(first - wanted).max() <= bound * np.abs(wanted).max()
    for other in others:
        np.testing.assert_array_equal(other, first)


@pytest.mark.parametrize(
    ("step", "size"), [("stride = [2, 2]", "8x8"), ("dilation = [2, 2]", "14x14")]
)
def test_a_convolution_of_other_steps_is_not_transformed(step: str, size: str):
    plain = network((1, 32, 16, 16), 64, "11/11", "relu")
    assert is_transformed(parse(plain))
    paddings = "pre_padding = [1, 1]\n        post_padding = [1, 1]"
    order = [step, paddings] if step.startswith("stride") else [paddings, step]
    other = plain.replace(paddings, " ".join(order))
    assert not is_transformed(parse(other.replace("x64x16x16", f"x64x{size}")))


@pytest.mark.parametrize("image", [(1, 24, 16, 16), (1, 32, 7, 7)])
def test_what_gains_nothing_is_not_transformed(image: tuple[int, int, int, int]):
    assert not is_transformed(parse(network(image, 64, "11/11", "relu")))


def test_shorter_vectors_do_as_well(monkeypatch: pytest.MonkeyPatch):
    text = network((1, 32, 15, 16), 48, "11/11", "relu")
    wide, inputs = native.host_cpu(), inputs_of(parse(text))
    (wanted,) = fusemlir.compile(parse(text), device="host").run(inputs)
    plain = native.HostCpu(wide.triple, "generic", ())
    monkeypatch.setattr(native, "host_cpu", lambda: plain)
    (found,) = fusemlir.compile(parse(text), device="host", winograd=True).run(inputs)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5 * wanted.max())


def test_nothing_is_transformed_unasked():
    module = parse(network((1, 32, 16, 16), 64, "11/11", "relu"))
    ConvertTrtToHostPass().apply(make_context(), module)
    assert not any("winograd" in each.sym_name.data for each in functions(module))


def test_only_the_cpu_knows_it():
    module = parse(network((1, 32, 16, 16), 64, "11/11", "relu"))
    with pytest.raises(DiagnosticError, match="winograd is for device host, found emu"):
        fusemlir.compile(module, device="emu", winograd=True)
