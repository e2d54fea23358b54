"""Resize and Upsample, imported and run, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from onnx_models import (
    IMAGE,
    check,
    imported,
    ints,
    layers,
    model,
    names_of,
    node,
)

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import ResizeOp
from fusemlir.dialects.trt.enums import ResizeRoundMode


def reals(*values: float) -> Any:
    return np.array(values, np.float32)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_upsample(tmp_path: Path, mode: str):
    scales = [1.0, 1.0, 2.0, 1.5]
    old = node("Upsample", ["x"], ["y"], mode=mode, scales=scales)
    check(tmp_path, [old], IMAGE, {}, 7)
    new = node("Upsample", ["x", "s"], ["y"], mode=mode)
    check(tmp_path, [new], IMAGE, {"s": reals(*scales)}, 9)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scale", [2.0, 0.6])
def test_resize_before_it_had_coordinates(tmp_path: Path, mode: str, scale: float):
    resize = node("Resize", ["x", "s"], ["y"], mode=mode)
    check(tmp_path, [resize], IMAGE, {"s": reals(1, 1, scale, scale)}, 10)


@pytest.mark.parametrize("opset", [11, 13, 18, 19])
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resize_by_scales_or_sizes(tmp_path: Path, mode: str, opset: int):
    roi = "" if opset >= 13 else "roi"
    given = {"roi": reals()} if roi else {}
    scales = {"s": reals(1, 1, 2, 0.7), **given}
    check(
        tmp_path,
        [node("Resize", ["x", roi, "s"], ["y"], mode=mode)],
        IMAGE,
        scales,
        opset,
    )
    # Opset 11 wanted scales, and had an empty tensor for none.
    none = "" if opset >= 13 else "none"
    sizes = {"z": ints(2, 4, 5, 11), **given, **({"none": reals()} if none else {})}
    resize = node(
        "Resize",
        ["x", roi, none, "z"],
        ["y"],
        mode=mode,
        coordinate_transformation_mode="pytorch_half_pixel",
        nearest_mode="floor",
    )
    check(tmp_path, [resize], IMAGE, sizes, opset)


def test_resize_of_some_axes(tmp_path: Path):
    resize = node("Resize", ["x", "", "s"], ["y"], axes=[3, -2], mode="linear")
    check(tmp_path, [resize], IMAGE, {"s": reals(3, 0.5)}, 18)


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
def test_sizes_that_keep_the_aspect_ratio(tmp_path: Path, policy: str):
    resize = node(
        "Resize",
        ["x", "", "", "z"],
        ["y"],
        axes=[2, 3],
        keep_aspect_ratio_policy=policy,
    )
    built = check(tmp_path, [resize], IMAGE, {"z": ints(14, 24)}, 18)
    (op,) = (op for op in layers(built) if isinstance(op, ResizeOp))
    wanted = (14, 16) if policy == "not_larger" else (21, 24)
    assert op.resized((2, 4, 7, 8))[2:] == wanted


def test_sizes_that_are_computed_from_shapes(tmp_path: Path):
    """As torch exports the size of another tensor."""
    nodes = [
        node("Shape", ["like"], ["shape"]),
        node("Slice", ["shape", "two", "four"], ["sizes"]),
        node("Shape", ["x"], ["own"]),
        node("Slice", ["own", "zero", "two"], ["kept"]),
        node("Concat", ["kept", "sizes"], ["all"], axis=0),
        node("Resize", ["x", "", "", "all"], ["r"], mode="linear"),
        node("Concat", ["r", "like"], ["y"], axis=1),
    ]
    like = np.zeros((2, 1, 15, 13), np.float32)
    given = {"zero": ints(0), "two": ints(2), "four": ints(4)}
    check(tmp_path, nodes, {**IMAGE, "like": like}, given)


def test_scales_that_are_computed_from_shapes(tmp_path: Path):
    """As torch exports them before there were sizes."""
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Slice", ["shape", "two", "four"], ["own"]),
        node("Cast", ["own"], ["real"], to=TensorProto.FLOAT),
        node("Mul", ["real", "half"], ["most"]),
        node("Floor", ["most"], ["whole"]),
        node("Div", ["whole", "real"], ["scales"]),
        node("Concat", ["ones", "scales"], ["all"], axis=0),
        node("Resize", ["x", "all"], ["y"], mode="linear"),
    ]
    given = {"two": ints(2), "four": ints(4), "half": reals(1.5), "ones": reals(1, 1)}
    built = check(tmp_path, nodes, IMAGE, given, 10)
    assert names_of(built) == ["resize"]


def test_scales_that_leave_no_part_are_sizes(tmp_path: Path):
    resize = node("Resize", ["x", "", "s"], ["y"], mode="linear")
    for scale, by_size in ((2.0, True), (0.6, False)):
        built = model([resize], IMAGE, ["y"], {"s": reals(1, 1, scale, 1)})
        (op,) = (op for op in layers(imported(tmp_path, built)))
        assert isinstance(op, ResizeOp)
        assert (op.size is not None) == by_size


def test_scales_take_an_unknown_batch(tmp_path: Path):
    inputs = {"x": (TensorProto.FLOAT, ["n", 3, 4, 5])}
    resize = node("Resize", ["x", "", "s"], ["y"])
    built = model([resize], inputs, ["y"], {"s": reals(1, 1, 2, 2)})
    (op,) = layers(imported(tmp_path, built))
    assert isinstance(op, ResizeOp)
    assert op.rounding == ResizeRoundMode.HALF_DOWN
    assert names_of(imported(tmp_path, built)) == ["resize"]


@pytest.mark.parametrize(
    ("attributes", "given", "message"),
    [
        (
            {"coordinate_transformation_mode": "tf_crop_and_resize"},
            reals(1, 1, 2, 2),
            "coordinate_transformation_mode is 'tf_crop_and_resize', wanted one of "
            "align_corners",
        ),
        ({"antialias": 1}, reals(1, 1, 2, 2), "antialias is 1, which no layer does"),
        ({"mode": "area"}, reals(1, 1, 2, 2), "mode is 'area', wanted one of cubic"),
        (
            {"coordinate_transformation_mode": "align_corners"},
            reals(1, 1, 0.6, 1),
            "give no whole sizes of [2, 4, 7, 8]",
        ),
        ({}, reals(1, 1, 2), "there are 3 scales for 4 axes"),
        ({}, reals(1, 1, 0, 2), "scales must be positive and less than 16777216"),
        ({"mode": "linear"}, reals(2, 2, 2, 2), "linear resize changes at most 3 axes"),
        ({"axes": [2, -2]}, reals(2, 2), "axes must not repeat: [2, 2]"),
        ({"axes": [7]}, reals(2), "axis 7 is out of range for rank 4"),
    ],
)
def test_what_no_layer_does_is_refused(
    tmp_path: Path, attributes: dict[str, Any], given: Any, message: str
):
    resize = node("Resize", ["x", "", "s"], ["y"], "up", **attributes)
    built = model([resize], IMAGE, ["y"], {"s": given}, 19)
    with pytest.raises(DiagnosticError) as error:
        imported(tmp_path, built)
    assert message in str(error.value)
    assert "'up': error: operator Resize (opset 19) is not supported" in str(
        error.value
    )


def test_scales_must_be_known(tmp_path: Path):
    resize = node("Resize", ["x", "", "s"], ["y"])
    built = model([resize], {**IMAGE, "s": reals(1, 1, 2, 2)})
    with pytest.raises(DiagnosticError, match="scales 's' must be a constant"):
        imported(tmp_path, built)
