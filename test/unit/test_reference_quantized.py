"""The integer formula of int8 groups, against sums of integers written out, against the
floats of the body, and against the int8 kernels of ONNX Runtime."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from onnx_models import main
from quantized_networks import Builder, fuse, only_group
from xdsl.dialects.builtin import ModuleOp, f16, f32
from xdsl.dialects.builtin import i8 as i8_type
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects import trt
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    MatrixOperation,
)
from fusemlir.reference import integer_results, run
from fusemlir.weights import Weights, dtype_of

X_SCALE, Y_SCALE, R_SCALE = 0.021, 0.37, 0.19
K_SCALES = (0.013, 0.0071, 0.029, 0.0053, 0.017, 0.011)


def single(values: Any) -> Any:
    return np.asarray(values, np.float32)


def double(values: Any) -> Any:
    return np.asarray(values, np.float64)


def levels_of(x: Any) -> Any:
    return np.clip(np.rint(x), -128, 127)


def i8(*shape: int, seed: int = 0, bound: int = 128) -> np.ndarray:
    return np.random.default_rng(seed).integers(-bound, bound, shape, np.int8)


@dataclass(frozen=True)
class Case:
    """A convolution of [2, 4, 7, 6] and what follows it."""

    name: str
    per_channel: bool = True
    bias: tuple[float, ...] = ()
    epilogue: str = ""
    quantized: bool = True
    groups: int = 1
    stride: int = 1
    padding: int = 0
    real: Attribute = f32

    @property
    def scales(self) -> Any:
        return single(K_SCALES if self.per_channel else K_SCALES[0])


BIAS = (0.5, -1.25, 3.0, 0.0, -0.01, 100.0)
CASES = [
    Case("plain"),
    Case("one_scale", per_channel=False),
    Case("bias", bias=BIAS),
    Case("relu", bias=BIAS, epilogue="relu"),
    Case("clip", bias=BIAS, epilogue="clip"),
    Case("relu_clip", epilogue="relu clip"),
    Case("window_steps_and_padding", epilogue="relu", stride=2, padding=1),
    Case("groups", bias=BIAS, groups=2, padding=1),
    Case("residual", bias=BIAS, epilogue="residual"),
    Case("residual_relu", bias=BIAS, epilogue="residual relu"),
    Case("float_residual", epilogue="float relu"),
    Case("float_result", bias=BIAS, epilogue="relu", quantized=False),
    Case("two_residuals", epilogue="residual float", quantized=False),
    Case("gelu", bias=BIAS, epilogue="gelu"),
    Case("half_precision_residual", epilogue="residual relu", real=f16),
    Case("half_precision", bias=BIAS, epilogue="relu", real=f16),
]

CLIP = (-3.0, 9.5)


def residual_of(case: Case) -> np.ndarray:
    return i8(*convolved(case).shape, seed=2)


def kernel_of(case: Case) -> np.ndarray:
    return i8(6, 4 // case.groups, 3, 3, seed=1)


def convolved(case: Case) -> np.ndarray:
    """The sums of integers, one after the other."""
    step, pad, per = case.stride, case.padding, 4 // case.groups
    x = np.pad(
        i8(2, 4, 7, 6).astype(np.int64), ((0, 0), (0, 0), (pad,) * 2, (pad,) * 2)
    )
    kernel = kernel_of(case).astype(np.int64)
    height, width = ((size - 3) // step + 1 for size in x.shape[2:])
    y = np.zeros((2, 6, height, width), np.int64)
    for n, k, h, w in np.ndindex(*y.shape):
        first = k // (6 // case.groups) * per
        window = x[
            n, first : first + per, h * step : h * step + 3, w * step : w * step + 3
        ]
        y[n, k, h, w] = (window * kernel[k]).sum()
    return y


def wanted(case: Case) -> np.ndarray:
    """The formula, as its docstring says it, without the help of the reference."""
    along = (-1, 1, 1) if case.per_channel else ()
    products = double(single(X_SCALE)) * case.scales.astype(np.float64)
    unit = single(products).reshape(along)
    acc = convolved(case)
    if case.bias:
        bias = double(np.asarray(case.bias, dtype_of(case.real)))
        levels = np.rint(bias.reshape(-1, 1, 1) / double(unit))
        acc = acc + levels.astype(np.int64)
    acc = single(acc)
    if case.quantized and set(case.epilogue.split()) <= {"relu", "clip"}:
        y_scale = double(single(Y_SCALE))
        q = levels_of(acc * single(products / y_scale).reshape(along))
        if "relu" in case.epilogue.split():
            q = np.maximum(q, 0)
        if "clip" in case.epilogue:
            low, high = levels_of(single(CLIP) / single(Y_SCALE))
            q = np.clip(q, low, high)
        return q.astype(np.int8)
    v = acc * unit
    if "residual" in case.epilogue:
        v = v + single(residual_of(case)) * single(R_SCALE)
    if "float" in case.epilogue:
        v = v + single(residual_of(case) / 7)
    if "gelu" in case.epilogue:
        half = double(v) / 2
        v = single(half + half * np.vectorize(math.erf)(double(v) / math.sqrt(2)))
    if "relu" in case.epilogue.split():
        v = np.maximum(v, single(0))
    return levels_of(v / single(Y_SCALE)).astype(np.int8) if case.quantized else v


def follow(net: Builder, y: SSAValue, case: Case) -> SSAValue:
    for what in case.epilogue.split():
        match what:
            case "relu":
                y = net.add(trt.ActivationOp(ActivationType.RELU, y))
            case "clip":
                y = net.add(
                    trt.ActivationOp(
                        ActivationType.CLIP, y, alpha=CLIP[0], beta=CLIP[1]
                    )
                )
            case "gelu":
                y = net.add(trt.ActivationOp(ActivationType.GELU_ERF, y))
            case _:
                r = residual_of(case)
                other = (
                    net.input(single(r / 7))
                    if what == "float"
                    else net.dequantize(r, R_SCALE)
                )
                y = net.add(trt.ElementWiseOp(ElementWiseOperation.SUM, y, other))
    return net.quantize(y, Y_SCALE) if case.quantized else y


def network(case: Case) -> tuple[ModuleOp, Builder]:
    net = Builder(case.real)
    x = net.dequantize(i8(2, 4, 7, 6), X_SCALE)
    k = net.dequantize(kernel_of(case), case.scales, 0 if case.per_channel else None)
    bias = net.constant(case.bias, case.real) if case.bias else None
    conv = trt.ConvolutionOp(
        x,
        k,
        bias,
        stride=(case.stride,) * 2,
        pre_padding=(case.padding,) * 2,
        post_padding=(case.padding,) * 2,
        num_groups=case.groups,
    )
    return net.module(follow(net, net.add(conv), case)), net


def by_formula(net: Builder, module: ModuleOp) -> np.ndarray:
    """What the group that the rules make of a network gives by the formula."""
    group = only_group(fuse(module))
    inputs: dict[SSAValue, np.ndarray] = dict(
        zip(main(module).body.block.args, net.arrays, strict=True)
    )
    weights = Weights.of_module(module)
    operands: list[np.ndarray] = []
    for operand in group.operands:
        value = constant_value(operand)
        operands.append(inputs[operand] if value is None else weights.array(value))
    (found,) = integer_results(group, operands, weights)
    return found


def by_body(net: Builder, module: ModuleOp) -> np.ndarray:
    """What the layers give as floats."""
    return run(main(module), net.arrays, Weights.of_module(module))[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_convolution_is_the_formula_to_the_bit(case: Case):
    module, net = network(case)
    found = by_formula(net, module)
    assert found.std() > 1
    np.testing.assert_array_equal(found, wanted(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_convolution_is_its_floats_within_a_step(case: Case):
    module, net = network(case)
    floats = by_body(net, module).astype(np.float64)
    found = by_formula(net, module).astype(np.float64)
    # Without a Quantize, a bias rounded to the unit of the sums, and rounding to f32.
    step = 1 if case.quantized else 0.51 * X_SCALE * max(K_SCALES)
    assert np.abs(found - floats).max() <= step


def requantized(acc: np.ndarray, unit: Any, scale: float) -> np.ndarray:
    """Step 3 of the formula; `unit` is f64, exact."""
    m = single(unit / double(single(scale)))
    return levels_of(single(acc) * m).astype(np.int8)


def unit_of(x_scale: float, kernel_scale: Any) -> Any:
    """s_x * s_w, exact."""
    return double(single(x_scale)) * double(single(kernel_scale))


COLUMNS = single(K_SCALES[:5])


@pytest.mark.parametrize(
    ("shape", "axis", "operation"),
    [
        ((3, 8, 5), 2, MatrixOperation.NONE),
        ((3, 8, 5), None, MatrixOperation.NONE),
        ((3, 5, 8), 1, MatrixOperation.TRANSPOSE),
        ((3, 8), None, MatrixOperation.VECTOR),
    ],
)
def test_a_product_is_the_formula_to_the_bit(
    shape: tuple[int, ...], axis: int | None, operation: MatrixOperation
):
    a, b = i8(3, 4, 8), i8(*shape, seed=1)
    scale = COLUMNS if axis is not None else single(0.013)
    net = Builder()
    factors = net.dequantize(a, X_SCALE), net.dequantize(b, scale, axis)
    product = trt.MatrixMultiplyOp(*factors, op1=operation)
    module = net.module(net.quantize(net.add(product), Y_SCALE))
    right = b.astype(np.int64)
    if operation == MatrixOperation.TRANSPOSE:
        right = np.swapaxes(right, -1, -2)
    subscripts = "rik,rk->ri" if operation == MatrixOperation.VECTOR else "rik,rkj->rij"
    acc = np.einsum(subscripts, a.astype(np.int64), right)
    expected = requantized(acc, unit_of(X_SCALE, scale), Y_SCALE)
    floats = by_body(net, module)
    found = by_formula(net, module)
    np.testing.assert_array_equal(found, expected)
    assert np.abs(found.astype(int) - floats.astype(int)).max() <= 1


def test_the_bias_of_a_product_is_a_float():
    a, b = i8(4, 8), i8(8, 5, seed=1)
    bias = single([[0.5, -1.0, 3.25, 0.125, 2.0]])
    net = Builder()
    factors = net.dequantize(a, X_SCALE), net.dequantize(b, COLUMNS, 1)
    product = net.add(trt.MatrixMultiplyOp(*factors))
    total = trt.ElementWiseOp(ElementWiseOperation.SUM, product, net.constant(bias))
    active = trt.ActivationOp(ActivationType.RELU, net.add(total))
    module = net.module(net.quantize(net.add(active), Y_SCALE))
    v = single(a.astype(np.int64) @ b) * single(unit_of(X_SCALE, COLUMNS))
    expected = levels_of(np.maximum(v + bias, 0) / single(Y_SCALE))
    np.testing.assert_array_equal(by_formula(net, module), expected)


def test_a_deconvolution_is_the_formula_to_the_bit():
    x, k = i8(1, 3, 4, 4), i8(3, 2, 2, 2, seed=1)
    scale = single(K_SCALES[:2])
    net = Builder()
    operands = net.dequantize(x, X_SCALE), net.dequantize(k, scale, 1)
    layer = trt.DeconvolutionOp(*operands, stride=(2, 2))
    module = net.module(net.quantize(net.add(layer), Y_SCALE))
    acc = np.zeros((1, 2, 8, 8), np.int64)
    for h, w in np.ndindex(4, 4):
        tap = np.einsum("c,ckhw->khw", x[0, :, h, w].astype(np.int64), k)
        acc[0, :, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2] += tap
    unit = unit_of(X_SCALE, scale).reshape(-1, 1, 1)
    found = by_formula(net, module)
    np.testing.assert_array_equal(found, requantized(acc, unit, Y_SCALE))


def test_what_goes_between_separable_convolutions_is_rounded_to_i8():
    x, depthwise, pointwise = (
        i8(1, 4, 6, 6),
        i8(4, 1, 3, 3, seed=1),
        i8(6, 4, 1, 1, seed=2),
    )
    first, second = single(K_SCALES[:4]), single(K_SCALES)
    net = Builder()
    kernel = net.constant(depthwise, i8_type)
    operands = net.dequantize(x, X_SCALE), net.dequantize(kernel, first, 0)
    y = net.add(trt.ConvolutionOp(*operands, num_groups=4))
    y = net.quantize(net.add(trt.ActivationOp(ActivationType.RELU, y)), R_SCALE)
    operands = net.dequantize(y, R_SCALE), net.dequantize(pointwise, second, 0)
    y = net.add(trt.ConvolutionOp(*operands))
    y = net.add(trt.ActivationOp(ActivationType.RELU, y))
    module = net.module(net.quantize(y, Y_SCALE))
    acc = np.zeros((1, 4, 4, 4), np.int64)
    for h, w in np.ndindex(3, 3):
        acc += (
            x[:, :, h : h + 4, w : w + 4].astype(np.int64)
            * depthwise[:, 0, h, w][:, None, None]
        )
    unit = unit_of(X_SCALE, first).reshape(-1, 1, 1)
    middle = np.maximum(requantized(acc, unit, R_SCALE), 0).astype(np.int64)
    acc = np.einsum("nchw,kc->nkhw", middle, pointwise[:, :, 0, 0])
    unit = unit_of(R_SCALE, second).reshape(-1, 1, 1)
    expected = np.maximum(requantized(acc, unit, Y_SCALE), 0)
    found = by_formula(net, module)
    assert only_group(main(module)).kind.data.count("conv") == 2
    np.testing.assert_array_equal(found, expected)


def test_the_multiplier_is_rounded_once():
    """Were s_x * s_w rounded to f32 first, it would be 6: 5.5 lies between."""
    net = Builder()
    x, k = (np.full((1, 1, 1, 1), value, np.int8) for value in (2, 66))
    operands = net.dequantize(x, 0.025), net.dequantize(k, 0.01)
    y = net.quantize(net.add(trt.ConvolutionOp(*operands)), 0.006)
    assert by_formula(net, net.module(y)).item() == 5


def test_a_large_bias_saturates():
    net = Builder()
    operands = net.dequantize(i8(1, 1, 1, 1), 1.0), net.dequantize(i8(2, 1, 1, 1), 1.0)
    bias = net.constant([1e20, -1e20])
    module = net.module(net.add(trt.ConvolutionOp(*operands, bias)))
    found = by_formula(net, module).flatten()
    x, (k0, k1) = int(i8(1, 1, 1, 1).item()), i8(2, 1, 1, 1).flatten().astype(int)
    sums = np.array([2**31 - 1 + x * k0, -(2**31) + x * k1]).astype(np.int32)
    np.testing.assert_array_equal(found, sums.astype(np.float32))


def test_a_contraction_of_floats_has_no_formula():
    net = Builder()
    one = np.ones((1, 1, 1, 1), np.float32)
    operands = net.input(one), net.input(one)
    conv = net.add(trt.ConvolutionOp(*operands))
    module = net.module(net.add(trt.ActivationOp(ActivationType.RELU, conv)))
    with pytest.raises(ValueError, match="reads what no Dequantize made"):
        by_formula(net, module)
