"""Operators that move elements, imported and run, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from onnx_models import IMAGE, check, imported, ints, model, names_of, node, normal


@pytest.mark.parametrize("opset", [7, 11, 13])
def test_squeeze_and_unsqueeze(tmp_path: Path, opset: int):
    inputs = {"x": normal(1, 3, 1, 4)}
    for op_type, axes in (("Squeeze", [0, 2]), ("Unsqueeze", [1, 5])):
        if opset < 13:
            check(tmp_path, [node(op_type, ["x"], ["y"], axes=axes)], inputs, {}, opset)
        else:
            shuffle = node(op_type, ["x", "axes"], ["y"])
            check(tmp_path, [shuffle], inputs, {"axes": ints(*axes)}, opset)
    check(tmp_path, [node("Squeeze", ["x"], ["y"])], inputs, {}, opset)


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ([1, -3], [100, -1], [2, 3], [1, 1]),
        ([5, 0], [0, 8], [2, 3], [-2, 3]),
        ([-1], [-100], [3], [-1]),
        ([3], [2], [1], [1]),
        ([-100, 9], [-100, -9], [3, 2], [-1, -1]),
    ],
)
def test_slice(tmp_path: Path, starts: Any, ends: Any, axes: Any, steps: Any):
    given = {
        name: ints(*values)
        for name, values in zip("seap", (starts, ends, axes, steps), strict=True)
    }
    check(tmp_path, [node("Slice", ["x", *"seap"], ["y"])], IMAGE, given)
    if set(steps) == {1}:
        attributes = {"starts": starts, "ends": ends, "axes": axes}
        check(tmp_path, [node("Slice", ["x"], ["y"], **attributes)], IMAGE, {}, 9)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
def test_pad(tmp_path: Path, mode: str):
    pads = [0, 1, 2, 0, 1, 0, 3, 2]
    number = {"value": 1.5} if mode == "constant" else {}
    old = node("Pad", ["x"], ["y"], mode=mode, pads=pads, **number)
    check(tmp_path, [old], IMAGE, {}, 10)
    given = {"p": ints(*pads), "v": np.float32(1.5)}
    check(tmp_path, [node("Pad", ["x", "p", "v"], ["y"], mode=mode)], IMAGE, given)


def test_pad_of_some_axes_may_crop(tmp_path: Path):
    given = {"p": ints(-1, 2, 1, -2), "axes": ints(3, 1)}
    check(tmp_path, [node("Pad", ["x", "p", "", "axes"], ["y"])], IMAGE, given, 18)


def test_pad_of_images_takes_an_unknown_batch(tmp_path: Path):
    inputs = {"x": (TensorProto.FLOAT, ["n", 3, 4, 5])}
    given = {"p": ints(0, 0, 1, 2, 0, 0, 3, 4)}
    built = model([node("Pad", ["x", "p"], ["y"])], inputs, ["y"], given)
    assert names_of(imported(tmp_path, built)) == ["padding"]


@pytest.mark.parametrize("opset", [7, 13, 18])
def test_split(tmp_path: Path, opset: int):
    names, outputs = ["a", "b", "c"], ["a", "b", "c"]
    x = {"x": normal(2, 9)}
    if opset < 13:
        split = node("Split", ["x"], names, axis=1, split=[2, 3, 4])
        check(tmp_path, [split], x, {}, opset, outputs)
    else:
        split = node("Split", ["x", "s"], names, axis=1)
        check(tmp_path, [split], x, {"s": ints(2, 3, 4)}, opset, outputs)
    even = {"num_outputs": 3} if opset >= 18 else {}
    check(
        tmp_path, [node("Split", ["x"], names, axis=1, **even)], x, {}, opset, outputs
    )


def test_repetition(tmp_path: Path):
    inputs = {"x": normal(3, 1)}
    expand = node("Expand", ["x", "s"], ["y"])
    check(tmp_path, [expand], inputs, {"s": ints(2, 1, 4)})
    check(tmp_path, [expand], inputs, {"s": ints(1)})
    check(tmp_path, [node("Tile", ["x", "s"], ["y"])], inputs, {"s": ints(2, 3)})


def test_gather_of_evenly_spaced_indices(tmp_path: Path):
    for indices in (np.array(2), ints(1, 3, 5), ints(-1, -2), ints(4)):
        gather = node("Gather", ["x", "i"], ["y"], axis=2)
        check(tmp_path, [gather], IMAGE, {"i": indices})


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_blocks(tmp_path: Path, mode: str):
    inputs = {"x": normal(2, 8, 4, 6)}
    shuffle = node("DepthToSpace", ["x"], ["y"], blocksize=2, mode=mode)
    check(tmp_path, [shuffle], inputs)
    check(tmp_path, [node("SpaceToDepth", ["x"], ["y"], blocksize=2)], inputs)


@pytest.mark.parametrize("axis", [0, 1, 3, -1])
def test_shuffles(tmp_path: Path, axis: int):
    check(tmp_path, [node("Flatten", ["x"], ["y"], axis=axis)], IMAGE)
    check(tmp_path, [node("Transpose", ["x"], ["y"])], IMAGE)
    check(tmp_path, [node("Transpose", ["x"], ["y"], perm=[0, 2, 3, 1])], IMAGE)
    check(tmp_path, [node("Reshape", ["x", "s"], ["y"])], IMAGE, {"s": ints(0, -1, 4)})
    check(tmp_path, [node("Concat", ["x", "x"], ["y"], axis=axis)], IMAGE)
