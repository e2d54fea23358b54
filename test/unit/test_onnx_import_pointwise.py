"""Pointwise operators and quantisation, imported and run, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from onnx_models import (
    BOOL,
    IMAGE,
    INT8,
    INT32,
    INT64,
    check,
    imported,
    ints,
    main,
    model,
    names_of,
    node,
    normal,
)

from fusemlir.diagnostics import DiagnosticError
from fusemlir.reference import run
from fusemlir.weights import Weights


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (-0.5, None), (None, 0.5)])
def test_clip_has_known_or_computed_bounds_or_attributes(
    tmp_path: Path, bounds: tuple[float | None, float | None]
):
    given = {
        name: np.array(bound, np.float32)
        for name, bound in zip("lu", bounds, strict=True)
        if bound is not None
    }
    names = [name if name in given else "" for name in "lu"]
    inputs = {"x": np.float32([[-np.inf, np.inf, 0.1, 2, -2]])}
    clip = node("Clip", ["x", *names], ["y"])
    assert names_of(check(tmp_path, [clip], inputs, given))[-1] == "activation"
    finite = {"x": np.float32([[0.1, 2, -2]])}
    assert "activation" not in names_of(check(tmp_path, [clip], {**finite, **given}))
    old = dict(zip(("min", "max"), bounds, strict=True))
    attributes = {name: bound for name, bound in old.items() if bound is not None}
    check(tmp_path, [node("Clip", ["x"], ["y"], **attributes)], inputs, {}, 7)


def test_clip_to_bounds_that_cross_gives_the_upper_one(tmp_path: Path):
    given = {"l": np.float32(0.5), "u": np.float32(-0.5)}
    clip = node("Clip", ["x", "l", "u"], ["y"])
    module = imported(tmp_path, model([clip], IMAGE, ["y"], given))
    (result,) = run(main(module), list(IMAGE.values()), Weights())
    assert (result == -0.5).all()


def test_clip_of_integers_and_without_bounds(tmp_path: Path):
    given = {"l": np.array(-1, np.int32), "u": np.array(2, np.int32)}
    x = {"x": np.arange(-4, 5, dtype=np.int32)}
    for names, kinds in (
        (["x", "l", "u"], ["element_wise", "element_wise"]),
        (["x"], ["identity"]),
    ):
        clip = node("Clip", names, ["y"])
        module = check(tmp_path, [clip], x, given, outputs={"y": INT32})
        assert [kind for kind in names_of(module) if kind != "constant"] == kinds


@pytest.mark.parametrize("slope", [(), (1,), (4, 1, 1), (8,)])
def test_prelu(tmp_path: Path, slope: tuple[int, ...]):
    given = {"s": np.asarray(normal(*slope))}
    x = {"x": IMAGE["x"].copy()}
    x["x"][0, 0, 0, :3] = [np.inf, -np.inf, np.nan]
    check(tmp_path, [node("PRelu", ["x", "s"], ["y"])], x, given)


@pytest.mark.parametrize(
    ("op_type", "attributes"),
    [
        ("Celu", {"alpha": 1.5}),
        ("Elu", {}),
        ("HardSigmoid", {}),
        ("HardSwish", {}),
        ("LeakyRelu", {}),
        ("Mish", {}),
        ("Selu", {}),
        ("Softplus", {}),
        ("ThresholdedRelu", {}),
    ],
)
def test_activations(tmp_path: Path, op_type: str, attributes: dict[str, Any]):
    activation = node(op_type, ["x"], ["y"], **attributes)
    check(tmp_path, [activation], IMAGE, opset=18)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(tmp_path: Path, approximate: str):
    gelu = node("Gelu", ["x"], ["y"], approximate=approximate)
    module = check(tmp_path, [gelu], IMAGE, opset=20)
    assert names_of(module) == ["activation"]


@pytest.mark.parametrize("op_type", ["Sum", "Mean", "Max", "Min"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_variadic_operators(tmp_path: Path, op_type: str, count: int):
    shapes = [(2, 3, 4), (4,), (3, 1), (1, 1, 4)]
    inputs = {
        name: normal(*shape, seed=at)
        for at, (name, shape) in enumerate(zip("abcd", shapes[:count], strict=False))
    }
    check(tmp_path, [node(op_type, list(inputs), ["y"])], inputs)


def test_comparisons_are_false_of_a_nan(tmp_path: Path):
    inputs = {
        "a": np.float32([1, 2, 3, np.nan]),
        "b": np.float32([2, 2, 2, 2]),
    }
    for op_type in ("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"):
        compare = node(op_type, ["a", "b"], ["y"])
        check(tmp_path, [compare], inputs, outputs={"y": BOOL})


def test_remainders_have_the_sign_of_the_divisor(tmp_path: Path):
    inputs = {"a": ints(7, -7, 7, -7), "b": ints(3, 3, -3, -3)}
    for op_type in ("Mod", "Div"):
        division = node(op_type, ["a", "b"], ["y"])
        check(tmp_path, [division], inputs, outputs={"y": INT64})


def test_selection_between_integers(tmp_path: Path):
    inputs = {
        "c": np.array([[True], [False]]),
        "a": ints(1, 2**62, -3),
        "b": ints(-(2**62), 5, 6),
    }
    where = node("Where", ["c", "a", "b"], ["y"])
    check(tmp_path, [where], inputs, outputs={"y": INT64})


def test_a_power_of_another_type_is_converted(tmp_path: Path):
    positive = {"x": abs(normal(3, 4))}
    power = node("Pow", ["x", "p"], ["y"])
    check(tmp_path, [power], positive, {"p": np.array(3, np.int32)})


def test_dropout_is_the_identity(tmp_path: Path):
    for opset in (7, 13):
        module = check(tmp_path, [node("Dropout", ["x"], ["y"])], IMAGE, {}, opset)
        assert names_of(module) == ["identity"]


def test_quantisation(tmp_path: Path):
    scale = {"s": np.float32(0.05), "z": np.int8(0)}
    quantize = node("QuantizeLinear", ["x", "s", "z"], ["q"])
    dequantize = node("DequantizeLinear", ["q", "s", "z"], ["y"])
    outputs = {"q": INT8, "y": TensorProto.FLOAT}
    module = check(tmp_path, [quantize, dequantize], IMAGE, scale, outputs=outputs)
    assert names_of(module) == ["constant", "quantize", "dequantize"]
    scales = np.float32([0.05, 0.1, 0.02, 0.3])
    along = {"s": scales, "z": np.int8([0, 3, -4, 5])}
    quantize = node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1)
    dequantize = node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=1)
    check(tmp_path, [quantize, dequantize], IMAGE, along, outputs=outputs)


def test_biases_of_quantised_layers_are_products(tmp_path: Path):
    given = {"s": np.float32([0.5, 0.25, 2])}
    bias = {"x": np.array([[1, -2, 3], [400, 5, 6]], np.int32)}
    dequantize = node("DequantizeLinear", ["x", "s"], ["y"], axis=1)
    check(tmp_path, [dequantize], bias, given)


def test_zero_points_of_many_channels_that_are_all_zero_are_none(tmp_path: Path):
    scales = np.linspace(0.1, 2, 100, dtype=np.float32)
    for element in (np.int32, np.int8):
        values = {"x": np.arange(100).astype(element)}
        given = {"s": scales, "z": np.zeros(100, element)}
        dequantize = node("DequantizeLinear", ["x", "s", "z"], ["y"], axis=0)
        module = check(tmp_path, [dequantize], values, given)
        assert '"z"' not in str(module)
    given["z"][99] = 1
    dequantize = node("DequantizeLinear", ["x", "s", "z"], ["y"], axis=0)
    check(tmp_path, [dequantize], values, given)


def test_unsigned_quantisation_is_refused(tmp_path: Path):
    given = {"s": np.float32(0.05), "z": np.uint8(0)}
    quantize = node("QuantizeLinear", ["x", "s", "z"], ["q"])
    built = model([quantize], IMAGE, {"q": TensorProto.UINT8}, given)
    with pytest.raises(DiagnosticError, match="wanted i8"):
        imported(tmp_path, built)
