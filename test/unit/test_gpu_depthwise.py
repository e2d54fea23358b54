"""Depthwise convolutions as PTX on the emulator: against f64, bytes to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import assert_near, emulate, layer_module, random
from kernels_on_host import lower, machine_level
from quantized_networks import Builder, fuse
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import PaddingMode
from fusemlir.lowering.gpu.depthwise.depthwise import is_depthwise_kernel
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, name_layers
from fusemlir.runtime.emu_executor import EmuExecutor


@dataclass(frozen=True)
class Case:
    """A depthwise convolution of an input by a window."""

    input: tuple[int, ...]
    window: tuple[int, ...]
    multiplier: int = 1
    properties: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def features(self) -> int:
        return self.input[1] * self.multiplier

    @property
    def kernel(self) -> tuple[int, ...]:
        return (self.features, 1, *self.window)


def same(window: int, axes: int = 2, **properties: Any) -> dict[str, Any]:
    """Padding by half a window."""
    half = (window // 2,) * axes
    return {"pre_padding": half, "post_padding": half, **properties}


CASES: dict[str, Case] = {
    "of whole vectors": Case((1, 4, 12, 16), (3, 3), 1, same(3)),
    "of odd rows": Case((3, 5, 31, 33), (3, 3), 1, same(3)),
    "unpadded": Case((1, 3, 9, 34), (3, 3)),
    "small": Case((2, 31, 7, 7), (3, 3), 1, same(3)),
    "of one element": Case((1, 33, 1, 1), (1, 1)),
    "of one column": Case((1, 2, 33, 1), (3, 1), 1, {"pre_padding": (2, 0)}),
    "strided": Case((2, 3, 15, 32), (3, 3), 1, same(3, stride=(2, 2))),
    "strided apart": Case((1, 3, 17, 36), (3, 3), 1, {"stride": (3, 5)}),
    "dilated": Case((1, 3, 16, 20), (3, 3), 1, same(5, dilation=(2, 2))),
    "multiplied": Case((2, 5, 8, 12), (3, 3), 2, same(3)),
    "of even windows": Case((1, 3, 9, 8), (2, 4), 1, {"post_padding": (1, 3)}),
    "padded on one side": Case(
        (1, 3, 8, 16), (3, 5), 3, {"pre_padding": (0, 4), "post_padding": (2, 0)}
    ),
    "same lower": Case(
        (1, 3, 9, 13),
        (4, 4),
        1,
        {"padding_mode": PaddingMode.SAME_LOWER, "stride": (2, 2)},
    ),
    "large windows": Case((1, 2, 20, 24), (7, 7), 1, same(7)),
    "larger windows": Case((1, 2, 24, 16), (13, 13), 1, same(13)),
    "wide": Case((1, 2, 5, 200), (3, 3), 1, same(3)),
    "wide and strided": Case((1, 2, 6, 260), (3, 3), 1, same(3, stride=(1, 2))),
    "many channels": Case((1, 70, 4, 4), (3, 3), 1, same(3)),
    "too long for it": Case((1, 2, 1, 600), (1, 520)),
    "in space": Case((2, 3, 5, 6, 8), (3, 3, 3), 1, same(3, 3)),
    "in space, strided": Case(
        (1, 3, 7, 9, 11), (3, 2, 3), 2, same(3, 3, stride=(2, 1, 2))
    ),
}


def direct(op: trt.ConvolutionOp, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The sums of a depthwise convolution, one window after another."""
    spatial = x.shape[2:]
    pre, post = op.padding_of(spatial)
    pads = [(0, 0), (0, 0), *zip(pre, post, strict=True)]
    padded = np.pad(x, pads)
    images, channels = x.shape[:2]
    multiplier = w.shape[0] // channels
    out = [
        (size + a + b - extent) // stride + 1
        for size, a, b, extent, stride in zip(
            spatial, pre, post, op.extents, op.strides, strict=True
        )
    ]
    result = np.zeros((images, w.shape[0], *out), x.dtype)
    for image, feature in product(range(images), range(w.shape[0])):
        plane = padded[image, feature // multiplier]
        for at in product(*map(range, out)):
            starts = [p * s for p, s in zip(at, op.strides, strict=True)]
            seen = plane[
                tuple(
                    slice(start, start + extent, dilation)
                    for start, extent, dilation in zip(
                        starts, op.extents, op.dilations, strict=True
                    )
                )
            ]
            result[(image, feature, *at)] = (seen * w[feature, 0]).sum()
    return result


def convolution(case: Case) -> Callable[..., trt.ConvolutionOp]:
    def build(*values: Any) -> trt.ConvolutionOp:
        groups = case.input[1]
        return trt.ConvolutionOp(
            *values, num_groups=groups, layers=["conv"], **case.properties
        )

    return build


def network(case: Case, dtype: Any) -> tuple[ModuleOp, list[np.ndarray], np.ndarray]:
    """Of the convolution alone, with a bias; its inputs and what they give in f64."""
    arrays = [
        random(case.input, dtype, 1),
        random(case.kernel, dtype, 2),
        random((case.features,), dtype, 3),
    ]
    module = layer_module(convolution(case), *arrays)
    (op,) = (op for op in module.walk() if isinstance(op, trt.ConvolutionOp))
    x, w, b = (array.astype(np.float64) for array in arrays)
    bias = b.reshape(-1, *(1,) * len(case.window))
    return module, arrays, direct(op, x, w) + bias


@pytest.mark.parametrize("case", CASES)
def test_depthwise_convolutions_have_a_kernel_of_their_own(case: str):
    module, _, _ = network(CASES[case], np.float32)
    (op,) = (op for op in module.walk() if isinstance(op, trt.ConvolutionOp))
    assert is_depthwise_kernel(KernelBody(op)) == (case != "too long for it")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_a_depthwise_convolution_is_that_of_f64(case: str, dtype: Any):
    module, arrays, exact = network(CASES[case], dtype)
    (actual,) = emulate(module, *arrays)
    assert actual.shape == exact.shape
    assert_near(actual, exact, int(np.prod(CASES[case].window)))


def group(case: Case, dtype: Any) -> tuple[ModuleOp, list[np.ndarray], np.ndarray]:
    """Of the convolution, a sum with another input and a ReLU, in one group."""
    _, arrays, exact = network(case, dtype)
    other = random(exact.shape, dtype, 4)
    net = Builder()
    conv = net.add(convolution(case)(*map(net.input, arrays)))
    total = net.add(trt.ElementWiseOp(E.SUM, conv, net.input(other)))
    fused = net.module(net.add(trt.ActivationOp(A.RELU, total)))
    (function,) = functions(fused)
    name_layers(function)
    fuse(fused, ("fuse-conv-elementwise", "fuse-conv-relu"))
    assert sum(isinstance(op, trt.FusedOp) for op in function.body.block.ops) == 1
    return fused, [*arrays, other], np.maximum(exact + other.astype(np.float64), 0)


@pytest.mark.parametrize("case", ["of odd rows", "of whole vectors", "multiplied"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_depthwise_group_carries_an_epilogue(case: str, dtype: Any):
    module, arrays, exact = group(CASES[case], dtype)
    (actual,) = emulate(module, *arrays)
    assert_near(actual, exact, 9)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_depthwise_convolution_reads_its_input_once(stride: int):
    properties = same(3, stride=(stride, stride))
    case = Case((4, 96, 28, 28), (3, 3), 1, properties)
    module, arrays, _ = network(case, np.float16)
    engine = fusemlir.compile(module, device="emu", fuse="none")
    (result,) = engine.run(list(arrays))
    assert isinstance(engine.executor, EmuExecutor)
    (report,) = engine.executor.reports
    traffic = list(report.buffers.values())
    assert traffic[0].read_bytes == arrays[0].nbytes
    assert traffic[-1].written_bytes == result.nbytes


@pytest.mark.parametrize("sm", ["75", "80", "90"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_ptxas_takes_the_kernels_without_spills(dtype: Any, sm: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for case in ("of whole vectors", "strided", "large windows", "in space"):
        module, _, _ = group(CASES[case], dtype)
        ptx = emit_ptx(machine_level(lower(module)), sm)
        (report,) = assemble(ptx, sm).kernels
        assert (report.spill_stores, report.spill_loads) == (0, 0)
