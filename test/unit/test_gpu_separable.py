"""Int8 groups with a depthwise convolution, as PTX on the emulator: to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod, sqrt
from typing import Any

import numpy as np
import pytest
from kernel_arrays import emulate
from kernels_on_host import lower, machine_level
from quantized_networks import Builder, fuse, is_integer, only_group, run_integers
from xdsl.dialects.builtin import ModuleOp, f16, f32, i8
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.lowering.gpu.schedules import separable
from fusemlir.network import functions, name_layers
from fusemlir.weights import Weights

Follow = Callable[[Builder, SSAValue], SSAValue]
INNER = 0.01
"""The scale of what is between the convolutions."""


def levels(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-128, 128, shape, np.int8)


def relu(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.RELU, x))


def clip(net: Builder, x: SSAValue) -> SSAValue:
    return net.add(trt.ActivationOp(A.CLIP, x, alpha=-0.21, beta=0.5))


def leaky(net: Builder, x: SSAValue) -> SSAValue:
    """No clamp: its result is rounded by itself."""
    op = trt.ActivationOp(A.LEAKY_RELU, x, alpha=0.25)
    return net.add(op)


def residual(net: Builder, x: SSAValue) -> SSAValue:
    """A sum with what another Dequantize makes, and a ReLU."""
    type: Any = x.type
    other = net.dequantize(levels(np.random.default_rng(9), *type.get_shape()), 0.011)
    return relu(net, net.add(trt.ElementWiseOp(E.SUM, x, other)))


def half(axes: int = 2) -> dict[str, Any]:
    ones = (1,) * axes
    return {"pre_padding": ones, "post_padding": ones}


@dataclass(frozen=True)
class Case:
    """A depthwise convolution, of a 3 wide window, and the one after it, if any."""

    input: tuple[int, ...]
    features: int = 0
    """Of the convolution that follows; 0 of none."""
    first: dict[str, Any] = field(default_factory=half)
    window: int = 1
    second: dict[str, Any] = field(default_factory=dict[str, Any])
    multiplier: int = 1
    per_channel: bool = True
    bias: bool = True


def convolve(
    net: Builder,
    x: SSAValue,
    kernel: np.ndarray,
    case: Case,
    *,
    is_first: bool = False,
    **properties: Any,
) -> SSAValue:
    """By a kernel that the network holds if it is the first, at scales that make most
    results distinct from their bounds."""
    rng = np.random.default_rng(kernel.size)
    shape: tuple[int, ...] = kernel.shape
    features, depth = shape[0], prod(shape[1:])
    magnitude = (300 if is_first else 30) * sqrt(depth)
    scales = rng.uniform(0.5, 1, features) / magnitude
    scale: Any = scales.astype(np.float32) if case.per_channel else float(scales[0])
    given = net.constant(kernel, i8) if is_first else kernel
    w = net.dequantize(given, scale, 0 if case.per_channel else None)
    values = rng.standard_normal(features) / 4
    b = net.constant(values.astype(np.float32), net.real) if case.bias else None
    return net.add(trt.ConvolutionOp(x, w, b, **properties))


def network(
    case: Case, inner: Follow = relu, outer: Follow = relu, real: Attribute = f32
) -> tuple[ModuleOp, FuncOp, list[np.ndarray]]:
    """A network of one int8 group."""
    net, rng = Builder(real), np.random.default_rng(3)
    channels, window = case.input[1], (3,) * len(case.input[2:])
    x = net.dequantize(levels(rng, *case.input), 0.037)
    kernel = levels(rng, channels * case.multiplier, 1, *window)
    first = {**case.first, "num_groups": channels}
    y = inner(net, convolve(net, x, kernel, case, is_first=True, **first))
    if case.features:
        y = net.dequantize(net.quantize(y, INNER), INNER)
        own = channels // case.second.get("num_groups", 1)
        sizes = (case.window,) * len(window)
        kernel = levels(rng, case.features, own, *sizes)
        y = outer(net, convolve(net, y, kernel, case, **case.second))
    module = net.module(net.quantize(y, 0.02))
    (function,) = functions(module)
    name_layers(function)
    group = only_group(fuse(module))
    assert is_integer(group)
    return module, function, net.arrays


def check(case: Case, *arguments: Any) -> None:
    module, function, arrays = network(case, *arguments)
    (wanted,) = run_integers(function, arrays, Weights.of_module(module))
    (actual,) = emulate(module, *arrays)
    assert np.unique(wanted).size > min(7, wanted.size // 3)
    np.testing.assert_array_equal(actual, wanted)


ALONE: dict[str, Case] = {
    "of whole vectors": Case((1, 6, 9, 16)),
    "of odd rows": Case((3, 5, 31, 33)),
    "of two": Case((2, 31, 6, 6)),
    "strided": Case((1, 3, 12, 32), first={**half(), "stride": (2, 2)}),
    "dilated": Case((1, 3, 12, 16), first={"dilation": (2, 2)}),
    "multiplied": Case((2, 3, 7, 8), multiplier=2),
    "in space": Case((1, 3, 4, 5, 8), first=half(3)),
    "one scale": Case((1, 4, 5, 8), per_channel=False, bias=False),
}


@pytest.mark.parametrize("case", ALONE)
def test_a_depthwise_int8_convolution_is_its_formula(case: str):
    check(ALONE[case])


@pytest.mark.parametrize("follow", [clip, leaky, residual])
def test_a_depthwise_int8_group_carries_an_epilogue(follow: Follow):
    check(ALONE["of two"], follow)


SEPARABLE: dict[str, Case] = {
    "of whole words": Case((1, 32, 8, 8), 48),
    "of odd channels": Case((3, 31, 7, 5), 33),
    "of few channels": Case((1, 3, 9, 10), 5),
    "of one position": Case((1, 33, 3, 3), 8, first={}),
    "strided": Case((2, 16, 15, 14), 20, first={**half(), "stride": (2, 2)}),
    "dilated": Case((1, 16, 12, 12), 6, first={"dilation": (2, 3)}),
    "padded on one side": Case((1, 8, 9, 9), 16, first={"pre_padding": (2, 0)}),
    "of many features": Case((1, 16, 5, 6), 300),
    "of many channels": Case((1, 260, 6, 6), 20),
    "then windows": Case((2, 9, 11, 12), 10, window=3, second=half()),
    "then strided": Case((1, 12, 9, 10), 8, second={"stride": (2, 2)}),
    "then strided windows": Case(
        (1, 8, 13, 17), 6, window=3, second={**half(), "stride": (2, 1)}
    ),
    "then padded": Case((1, 8, 5, 5), 6, second=half()),
    "then groups": Case((1, 12, 6, 6), 18, second={"num_groups": 3}),
    "then odd groups": Case((1, 9, 6, 6), 6, second={"num_groups": 3}),
    "then depthwise": Case(
        (1, 5, 8, 8), 5, window=3, second={**half(), "num_groups": 5}
    ),
    "in space": Case((1, 6, 4, 5, 6), 9, first=half(3)),
    "in space, then windows": Case(
        (1, 4, 5, 5, 6), 6, first=half(3), window=2, second={}
    ),
    "one scale": Case((1, 8, 6, 6), 8, per_channel=False, bias=False),
}


@pytest.mark.parametrize("case", SEPARABLE)
def test_a_depthwise_separable_group_is_its_formula(case: str):
    check(SEPARABLE[case])


@pytest.mark.parametrize("real", [f32, f16], ids=str)
@pytest.mark.parametrize("outer", [clip, leaky])
@pytest.mark.parametrize("inner", [clip, leaky])
def test_a_depthwise_separable_group_has_any_activations(
    inner: Follow, outer: Follow, real: Attribute
):
    check(Case((1, 12, 6, 7), 10), inner, outer, real)


def test_a_depthwise_separable_group_adds_what_stands_beside_it():
    check(Case((2, 10, 5, 7), 12, first=half()), residual, residual)


@pytest.mark.parametrize("case", ["of odd channels", "then strided windows"])
def test_what_is_between_is_computed_again_where_it_is_too_large(
    case: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(separable, "SHARED_BYTES", 0)
    check(SEPARABLE[case], leaky)


@pytest.mark.parametrize("sm", ["75", "80", "90"])
def test_ptxas_takes_the_kernels_without_spills(sm: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    cases = (
        (ALONE["of whole vectors"], relu),
        (SEPARABLE["of whole words"], relu),
        (SEPARABLE["of odd channels"], leaky),
        (SEPARABLE["then windows"], relu),
    )
    for case, follow in cases:
        module, _, _ = network(case, follow)
        ptx = emit_ptx(machine_level(lower(module)), sm)
        assert ("dp4a.s32.s32" in ptx) == bool(case.features)
        (report,) = assemble(ptx, sm).kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)
