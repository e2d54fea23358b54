"""Convolution, pooling, normalisation, imported and run, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from onnx_models import IMAGE, check, imported, layers, model, names_of, node, normal

from fusemlir.diagnostics import DiagnosticError


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"pads": [1, 0, 2, 3]},
        {"strides": [2, 3], "pads": [1, 1, 1, 1]},
        {"dilations": [2, 1]},
        {"auto_pad": "SAME_UPPER", "strides": [2, 3]},
        {"auto_pad": "SAME_LOWER", "strides": [3, 2]},
        {"auto_pad": "VALID", "kernel_shape": [3, 2]},
    ],
)
def test_conv(tmp_path: Path, attributes: dict[str, Any]):
    given = {"w": normal(6, 4, 3, 2), "b": normal(6)}
    check(tmp_path, [node("Conv", ["x", "w", "b"], ["y"], **attributes)], IMAGE, given)


@pytest.mark.parametrize("spatial", [(9,), (5, 6), (4, 5, 6)])
def test_conv_in_one_two_and_three_dimensions_with_groups(
    tmp_path: Path, spatial: tuple[int, ...]
):
    given = {"w": normal(6, 2, *[3] * len(spatial)), "b": normal(6)}
    conv = node("Conv", ["x", "w", "b"], ["y"], group=2)
    check(tmp_path, [conv], {"x": normal(2, 4, *spatial)}, given)


def test_conv_in_one_dimension_is_main_among_its_shuffles(tmp_path: Path):
    conv = node("Conv", ["x", "w"], ["y"], name="c", pads=[1, 1])
    built = model([conv], {"x": normal(2, 4, 9)}, ["y"], {"w": normal(6, 4, 3)})
    ops = layers(imported(tmp_path, built))
    assert [(op.name, *op.layer_ids) for op in ops] == [
        ("trt.shuffle", "c.1"),
        ("trt.constant",),
        ("trt.convolution", "c"),
        ("trt.shuffle", "c.2"),
    ]


def test_conv_refuses_a_kernel_shape_that_is_not_the_kernels(tmp_path: Path):
    conv = node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3])
    built = model([conv], IMAGE, ["y"], {"w": normal(6, 4, 3, 2)})
    with pytest.raises(DiagnosticError, match="the kernel has"):
        imported(tmp_path, built)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [2, 3], "pads": [1, 0, 0, 1]},
        {"strides": [2, 2], "dilations": [2, 1]},
        {"strides": [2, 3], "output_padding": [1, 2], "pads": [1, 2, 1, 2]},
        {"strides": [2, 3], "output_padding": [1, 2]},
        {"strides": [2, 3], "output_shape": [14, 23]},
        {"strides": [2, 3], "output_shape": [14, 23], "output_padding": [1, 2]},
        {"strides": [2, 2], "output_shape": [14, 16], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"group": 2},
    ],
)
def test_conv_transpose(tmp_path: Path, attributes: dict[str, Any]):
    groups = attributes.get("group", 1)
    given = {"w": normal(4, 3, 3, 2), "b": normal(3 * groups)}
    deconv = node("ConvTranspose", ["x", "w", "b"], ["y"], **attributes)
    check(tmp_path, [deconv], IMAGE, given)


def test_conv_transpose_in_one_dimension(tmp_path: Path):
    attributes = {"strides": [2], "output_padding": [1], "pads": [0, 0]}
    deconv = node("ConvTranspose", ["x", "w", "b"], ["y"], **attributes)
    given = {"w": normal(4, 3, 3), "b": normal(3)}
    check(tmp_path, [deconv], {"x": normal(2, 4, 6)}, given)


@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    "attributes",
    [
        {"kernel_shape": [3, 2]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [2, 2], "strides": [3, 3], "ceil_mode": 1},
        {"kernel_shape": [3, 3], "strides": [2, 3], "auto_pad": "SAME_LOWER"},
    ],
)
def test_pooling(tmp_path: Path, op_type: str, attributes: dict[str, Any]):
    check(tmp_path, [node(op_type, ["x"], ["y"], **attributes)], IMAGE)


@pytest.mark.parametrize("counts", [0, 1])
def test_average_pool_counts_its_padding_or_not(tmp_path: Path, counts: int):
    attributes = {"kernel_shape": [3, 3], "pads": [1, 0, 1, 2]}
    pool = node("AveragePool", ["x"], ["y"], count_include_pad=counts, **attributes)
    check(tmp_path, [pool], IMAGE)


def test_pooling_in_one_dimension(tmp_path: Path):
    pool = node("MaxPool", ["x"], ["y"], kernel_shape=[3], strides=[2])
    check(tmp_path, [pool], {"x": normal(2, 4, 9)})


@pytest.mark.parametrize("size", range(5, 12))
def test_ceil_mode_drops_a_window_that_starts_in_the_padding(tmp_path: Path, size: int):
    attributes = {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1]}
    pool = node("MaxPool", ["x"], ["y"], ceil_mode=1, **attributes)
    check(tmp_path, [pool], {"x": normal(1, 2, size, size)})


def test_ceil_mode_of_an_unknown_size_is_refused_where_it_matters(tmp_path: Path):
    inputs = {"x": (TensorProto.FLOAT, [1, 2, "h", "w"])}
    fits = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    pool = node("MaxPool", ["x"], ["y"], ceil_mode=1, **fits)
    assert names_of(imported(tmp_path, model([pool], inputs))) == ["pooling"]
    wide = {**fits, "strides": [3, 3]}
    pool = node("MaxPool", ["x"], ["y"], ceil_mode=1, **wide)
    with pytest.raises(DiagnosticError, match="drops the last window"):
        imported(tmp_path, model([pool], inputs))


@pytest.mark.parametrize("op_type", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pooling_is_a_reduction(tmp_path: Path, op_type: str):
    module = check(tmp_path, [node(op_type, ["x"], ["y"])], IMAGE)
    assert names_of(module) == ["reduce"]


@pytest.mark.parametrize("opset", [7, 9, 15])
def test_batch_normalization_of_constants_is_one_scale(tmp_path: Path, opset: int):
    given = {name: normal(4, seed=at) for at, name in enumerate("abc")}
    norm = node("BatchNormalization", ["x", *"abcd"], ["y"], epsilon=1e-3)
    variance = {"d": abs(normal(4, seed=5)) + 0.1}
    module = check(tmp_path, [norm], IMAGE, {**given, **variance}, opset)
    assert names_of(module) == ["constant", "constant", "scale"]


def test_batch_normalization_of_values_is_a_chain(tmp_path: Path):
    inputs = {**IMAGE, **{name: normal(4, seed=at) for at, name in enumerate("abc")}}
    inputs["d"] = abs(normal(4, seed=5)) + np.float32(0.1)
    norm = node("BatchNormalization", ["x", *"abcd"], ["y"])
    assert "scale" not in names_of(check(tmp_path, [norm], inputs))


@pytest.mark.parametrize("shape", [(2, 4, 7), (2, 4, 7, 8), (2, 4, 3, 4, 5)])
def test_instance_normalization_is_one_layer(tmp_path: Path, shape: tuple[int, ...]):
    given = {"s": normal(4), "b": normal(4, seed=1)}
    norm = node("InstanceNormalization", ["x", "s", "b"], ["y"], epsilon=1e-2)
    module = check(tmp_path, [norm], {"x": normal(*shape) + 3}, given)
    assert names_of(module).count("normalization") == 1


@pytest.mark.parametrize("axis", [1, 2, -1])
@pytest.mark.parametrize("has_bias", [False, True])
def test_layer_normalization_is_one_layer(tmp_path: Path, axis: int, has_bias: bool):
    shape = (4, 7, 8)[axis - 1 if axis > 0 else axis :]
    given = {"s": normal(*shape), "b": normal(*shape, seed=1)}
    names = ["x", "s", "b"] if has_bias else ["x", "s"]
    if not has_bias:
        del given["b"]
    norm = node("LayerNormalization", names, ["y"], axis=axis, epsilon=1e-2)
    module = check(tmp_path, [norm], {"x": normal(2, 4, 7, 8) * 5 + 3}, given)
    assert names_of(module).count("normalization") == 1
    assert "reduce" not in names_of(module)


def test_layer_normalization_whose_mean_is_wanted_is_a_chain(tmp_path: Path):
    given = {"s": normal(8), "b": normal(8, seed=1)}
    norm = node("LayerNormalization", ["x", "s", "b"], ["y", "m", "d"])
    module = check(tmp_path, [norm], IMAGE, given, outputs=["y", "m", "d"])
    assert "normalization" not in names_of(module)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("opset", [18, 21])
def test_group_normalization_is_one_layer(
    tmp_path: Path, groups: int, constant: bool, opset: int
):
    count = groups if opset < 21 else 4
    parameters = {"s": normal(count), "b": normal(count, seed=1)}
    norm = node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=groups)
    inputs = IMAGE if constant else {**IMAGE, **parameters}
    given = parameters if constant else None
    module = check(tmp_path, [norm], inputs, given, opset)
    assert names_of(module).count("normalization") == 1


def test_group_normalization_refuses_unequal_groups(tmp_path: Path):
    norm = node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=3)
    given = {"s": normal(4), "b": normal(4)}
    built = model([norm], IMAGE, ["y"], given, opset=21)
    with pytest.raises(DiagnosticError, match="num_groups = 3 for 2x4x7x8"):
        imported(tmp_path, built)


@pytest.mark.parametrize("size", [3, 5])
def test_lrn(tmp_path: Path, size: int):
    lrn = node("LRN", ["x"], ["y"], size=size, alpha=0.1, beta=0.6, bias=2.0)
    check(tmp_path, [lrn], IMAGE)
