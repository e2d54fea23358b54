"""Rules that move, merge and erase Quantize and Dequantize: exact where they say so,
checked against numpy and onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnxruntime
import pytest
from lit_files import context, parse
from onnx_models import main, model, node, normal, saved
from xdsl.dialects.builtin import ModuleOp, TensorType, i8

from fusemlir.dialects.trt import (
    ConcatenationOp,
    ConstantOp,
    ConvolutionOp,
    DequantizeOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.weight import WeightAttr
from fusemlir.frontend.onnx import import_model
from fusemlir.reference import run
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.transforms import load_pass
from fusemlir.transforms.trt_fuse import FUSIONS
from fusemlir.weights import Weights, element_of, largest, smallest_normal

FLOATS = [np.float32, np.float16, ml_dtypes.bfloat16]
LEVELS = np.arange(-128, 128).astype(np.int8)
ZERO_POINTS = {np.float32: (0, -128, 127, 3), np.float16: (0, -128, 127, 3)}
"""By type; in bf16 there is none but 0."""


def roundtrip(scale: Any, zero: int, real: Any) -> np.ndarray:
    """All levels as floats and back, by ONNX's formulas: the float is rounded to its
    type, the quotient to f32."""
    distance = LEVELS.astype(np.float64) - zero
    with np.errstate(all="ignore"):
        floats = (distance * np.float64(scale)).astype(np.float32).astype(real)
        quotient = floats.astype(np.float32) / np.float32(scale)
        levels = np.rint(quotient.astype(np.float64)) + zero
    return np.nan_to_num(np.clip(levels, -128, 127)).astype(np.int8)


def is_erased(scale: Any, zero: int, real: Any) -> bool:
    """Whether the rule takes a pair of this scale away."""
    float_type = element_of(np.dtype(real))
    number = np.float32(scale).view(np.uint32)
    module = parse(f"""
      func.func @f(%x: tensor<256xi8>) -> tensor<256xi8> {{
        %s = trt.constant dense<0x{number:08X}> : tensor<f32>
        %z = trt.constant dense<{zero}> : tensor<i8>
        %d = trt.dequantize %x, %s, %z : (tensor<256xi8>, tensor<f32>, tensor<i8>) -> tensor<256x{float_type}>
        %q = trt.quantize %d, %s, %z : (tensor<256x{float_type}>, tensor<f32>, tensor<i8>) -> tensor<256xi8>
        func.return %q : tensor<256xi8>
      }}""")  # noqa: E501
    load_pass("fuse-qdq-pair")().apply(context(), module)
    return not any(isinstance(op, QuantizeOp) for op in module.walk())


def awkward_scales(real: Any) -> list[np.float32]:
    """Scales at the ends of the range that the rule admits, and in it."""
    least, greatest = smallest_normal(np.dtype(real)), largest(np.dtype(real)) / 255
    greatest = np.float32(greatest)
    inside = np.nextafter(greatest, np.float32(0), dtype=np.float32)
    rng = np.random.default_rng(0)
    some = np.exp(rng.uniform(np.log(least), np.log(float(inside)), 300))
    near_one = 1 + np.arange(1, 200) / 256
    return [*map(np.float32, (least, 3 * least, inside, 0.1, *near_one, *some))]


@pytest.mark.parametrize("real", FLOATS)
def test_a_pair_of_an_admitted_scale_gives_every_level_back(real: Any):
    for scale in awkward_scales(real):
        for zero in ZERO_POINTS.get(real, (0,)):
            np.testing.assert_array_equal(roundtrip(scale, zero, real), LEVELS)
    for scale in awkward_scales(real)[:6]:
        assert is_erased(scale, ZERO_POINTS.get(real, (0,))[-1], real), scale


@pytest.mark.parametrize("real", FLOATS)
def test_a_pair_of_a_scale_outside_the_limits_stays(real: Any):
    greatest = np.float32(largest(np.dtype(real)))
    too_large = np.float32(greatest / np.float32(200))
    assert (roundtrip(too_large, -128, real) != LEVELS).any()
    assert not is_erased(too_large, -128, real)
    too_small = np.float32(smallest_normal(np.dtype(real)) / 2)
    assert not is_erased(too_small, 0, real)


def test_bf16_cannot_tell_apart_levels_far_from_a_zero_point():
    real = ml_dtypes.bfloat16
    assert (roundtrip(0.1, -128, real) != LEVELS).any()
    assert not is_erased(0.1, -128, real)


def test_levels_of_a_subnormal_scale_share_floats():
    assert (roundtrip(2.0**-26, 0, np.float16) != LEVELS).any()


def quantized_by_recipe(x: np.ndarray, scale: np.ndarray, axis: int) -> np.ndarray:
    """The array of a `quantize` weight over dense constants."""
    parts = [
        dense(TensorType(element_of(a.dtype), a.shape), a.ravel().tolist())  # pyright: ignore[reportArgumentType]
        for a in (x, scale)
    ]
    weight = WeightAttr.derived("quantize", [*parts, axis], TensorType(i8, x.shape))
    return Weights().array(weight)


def quantized_by_onnxruntime(x: np.ndarray, scale: np.ndarray, axis: int) -> np.ndarray:
    zero = np.zeros(scale.shape, np.int8)
    attributes = {} if axis < 0 else {"axis": axis}
    layer = node("QuantizeLinear", ["x", "s", "z"], ["y"], **attributes)
    built = model([layer], {"x": x}, {"y": 3}, {"s": scale, "z": zero}, opset=19)
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": x})
    assert isinstance(y, np.ndarray)
    return y


def near_ties(scale: np.ndarray, count: int) -> np.ndarray:
    """Floats whose quotient by `scale` is a tie, and their neighbours."""
    steps = np.random.default_rng(1).integers(-130, 130, count) + 0.5
    ties = (steps * scale.astype(np.float64)).astype(np.float32)
    infinity = np.float32(np.inf)
    return np.stack([ties, np.nextafter(ties, infinity), np.nextafter(ties, -infinity)])


@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0, 0.0371, 3.7e-5, 1e20])
def test_the_recipe_quantizes_as_onnxruntime_does(scale: float):
    by = np.array(scale, np.float32)
    x = near_ties(by, 2000)
    expected = quantized_by_onnxruntime(x, by, -1)
    np.testing.assert_array_equal(quantized_by_recipe(x, by, -1), expected)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_recipe_quantizes_each_channel_as_onnxruntime_does(axis: int):
    scales = np.exp(normal(40)).astype(np.float32)
    x = near_ties(scales, 40).repeat(40, 0)[:40]
    if axis == 0:
        x = x.T.copy()
    expected = quantized_by_onnxruntime(x, scales, axis)
    np.testing.assert_array_equal(quantized_by_recipe(x, scales, axis), expected)


def test_the_quotient_is_rounded_to_f32_first():
    scale = np.array(0.0371, np.float32)
    x = near_ties(scale, 2000)
    x = x[np.abs(x) < 127 * scale]
    found = quantized_by_recipe(x, scale, -1)
    np.testing.assert_array_equal(found, np.rint(x / scale))
    assert (found != np.rint(x.astype(np.float64) / scale.astype(np.float64))).any()


def test_the_recipe_makes_zero_of_nan():
    x = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
    found = quantized_by_recipe(x, np.array(0.5, np.float32), -1)
    np.testing.assert_array_equal(found, [0, 127, -128, 0])


def quantized_network(rng: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    """What a quantiser makes of a small network: Q/DQ around every layer, 8-bit weights
    by channel, 32-bit biases; and its initializers."""
    values: dict[str, Any] = {"zero": np.int8(0)}
    made: list[Any] = []

    def qdq(name: str, scale: float) -> str:
        values[f"{name}_s"] = np.float32(scale)
        made.append(node("QuantizeLinear", [name, f"{name}_s", "zero"], [f"{name}_q"]))
        parts = [f"{name}_q", f"{name}_s", "zero"]
        made.append(node("DequantizeLinear", parts, [f"{name}_d"]))
        return f"{name}_d"

    def conv(name: str, x: str, x_scale: float, quantized: bool) -> None:
        scales = rng.uniform(0.005, 0.02, 4).astype(np.float32)
        values[f"{name}_ws"], values[f"{name}_z"] = scales, np.zeros(4, np.int8)
        weights = f"{name}_w"
        if quantized:
            values[weights] = rng.integers(-127, 128, (4, 4, 3, 3), np.int8)
        else:
            values[f"{name}_f"] = rng.standard_normal((4, 4, 3, 3), np.float32)
            parts = [f"{name}_f", f"{name}_ws", f"{name}_z"]
            made.append(node("QuantizeLinear", parts, [weights], axis=0))
        parts = [weights, f"{name}_ws", f"{name}_z"]
        made.append(node("DequantizeLinear", parts, [f"{name}_wd"], axis=0))
        values[f"{name}_b"] = rng.integers(-500, 500, 4, np.int32)
        values[f"{name}_bs"] = scales * np.float32(x_scale)
        parts = [f"{name}_b", f"{name}_bs"]
        made.append(node("DequantizeLinear", parts, [f"{name}_bd"], axis=0))
        parts = [x, f"{name}_wd", f"{name}_bd"]
        made.append(node("Conv", parts, [name], pads=[1, 1, 1, 1]))

    x = qdq("x", 0.03)
    conv("first", x, 0.03, quantized=True)
    made.append(node("Relu", ["first"], ["r"]))
    r = qdq("r", 0.05)
    made.append(node("MaxPool", [r], ["m"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    m = qdq("m", 0.05)
    conv("second", r, 0.05, quantized=False)
    second = qdq("second", 0.05)
    made.append(node("Add", [second, r], ["sum"]))
    total = qdq("sum", 0.05)
    made.append(node("Concat", [total, m], ["c"], axis=1))
    made.append(node("Identity", [qdq("c", 0.05)], ["y"]))
    return made, values


ALGEBRA = [
    stage.name
    for stage in FUSIONS
    if stage.name.startswith("fuse-qdq-") or stage.name == "fold-constants"
]
ALGEBRA = ALGEBRA[: ALGEBRA.index("fuse-qdq-conv-scale") + 1]


def test_a_quantized_model_is_what_the_rules_expect(tmp_path: Path):
    made, values = quantized_network(np.random.default_rng(0))
    x = normal(2, 4, 6, 6)
    built = model(made, {"x": x}, initializers=values)
    options = onnxruntime.SessionOptions()
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (expected,) = session.run(None, {"x": x})
    assert isinstance(expected, np.ndarray)
    module = import_model(saved(tmp_path, built))
    before = result_of(module, x)
    # Sums in another order may round a value to the level next to it, and that another.
    steps = np.abs(before - expected) / 0.05
    assert steps.max() <= 2.001
    assert (steps < 0.5).mean() > 0.98

    load_pass("fold-constants")().apply(context(), module)
    for name in ALGEBRA:
        load_pass(name)().apply(context(), module)
    np.testing.assert_array_equal(result_of(module, x), before)
    ops = list(module.walk())
    for conv in (op for op in ops if isinstance(op, ConvolutionOp)):
        assert isinstance(conv.kernel.owner, DequantizeOp)
        assert isinstance(conv.kernel.owner.input.owner, ConstantOp)
        assert conv.bias is not None
        assert isinstance(conv.bias.owner, ConstantOp)
        assert isinstance(conv.input.owner, DequantizeOp)
    (joined,) = (op for op in ops if isinstance(op, ConcatenationOp))
    assert {str(value.type) for value in joined.inputs} == {"tensor<2x4x6x6xi8>"}
    quantizes = [op for op in ops if isinstance(op, QuantizeOp)]
    # Of the input, the activation, the second convolution and the sum.
    assert len(quantizes) == 4
    before_again = PrintStyle().text(module)
    for name in ALGEBRA:
        load_pass(name)().apply(context(), module)
    assert PrintStyle().text(module) == before_again


def result_of(module: ModuleOp, x: np.ndarray) -> np.ndarray:
    (result,) = run(main(module), [x], Weights.of_module(module))
    return result
