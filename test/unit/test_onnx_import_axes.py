"""Products, softmax, reductions, imported and run, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from onnx_models import IMAGE, INT64, check, ints, names_of, node, normal


@pytest.mark.parametrize(
    ("attributes", "addend"),
    [
        ({}, None),
        ({}, (5,)),
        ({"alpha": 0.5, "beta": 2.0}, (3, 1)),
        ({"beta": 0.5}, ()),
        ({"transA": 1, "transB": 1}, (3, 5)),
    ],
)
def test_gemm(tmp_path: Path, attributes: dict[str, Any], addend: Any):
    transposed = "transA" in attributes
    a, b = normal(3, 4), normal(4, 5, seed=1)
    given = {"b": b.T if transposed else b}
    names = ["x", "b"]
    if addend is not None:
        given["c"], names = np.asarray(normal(*addend)), ["x", "b", "c"]
    gemm = node("Gemm", names, ["y"], **attributes)
    check(tmp_path, [gemm], {"x": a.T if transposed else a}, given)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 4), (4, 5)),
        ((4,), (4,)),
        ((4,), (2, 4, 5)),
        ((2, 3, 4), (4,)),
        ((2, 1, 3, 4), (6, 4, 5)),
        ((3, 4), (2, 4, 5)),
    ],
)
def test_matmul(tmp_path: Path, a: tuple[int, ...], b: tuple[int, ...]):
    inputs = {"a": normal(*a), "b": normal(*b, seed=1)}
    check(tmp_path, [node("MatMul", ["a", "b"], ["y"])], inputs)


@pytest.mark.parametrize("op_type", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("opset", "axis"), [(11, 1), (11, 2), (11, 3), (13, 1)])
def test_softmax_in_both_meanings(tmp_path: Path, op_type: str, opset: int, axis: int):
    softmax = node(op_type, ["x"], ["y"], axis=axis)
    check(tmp_path, [softmax], IMAGE, opset=opset)


@pytest.mark.parametrize("opset", [11, 13])
def test_softmax_defaults_to_the_axis_of_its_version(tmp_path: Path, opset: int):
    check(tmp_path, [node("Softmax", ["x"], ["y"])], IMAGE, opset=opset)


def test_softmax_over_one_long_axis_needs_no_shuffle(tmp_path: Path):
    softmax = node("Softmax", ["x"], ["y"], axis=1)
    module = check(tmp_path, [softmax], {"x": normal(2, 9, 1, 1)}, opset=9)
    assert names_of(module) == ["softmax"]


REDUCTIONS = ["L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"]


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("opset", [11, 13, 18])
def test_reductions_take_their_axes_as_their_version_says(
    tmp_path: Path, kind: str, opset: int
):
    op_type = f"Reduce{kind}"
    if opset < 18:
        reduction = node(op_type, ["x"], ["y"], axes=[1, -1], keepdims=0)
        check(tmp_path, [reduction], IMAGE, opset=opset)
    else:
        reduction = node(op_type, ["x", "axes"], ["y"], keepdims=0)
        check(tmp_path, [reduction], IMAGE, {"axes": ints(1, -1)}, opset)


def test_sums_take_their_axes_as_an_input_since_opset_13(tmp_path: Path):
    check(tmp_path, [node("ReduceSum", ["x"], ["y"], axes=[2])], IMAGE, opset=11)
    reduction = node("ReduceSum", ["x", "axes"], ["y"])
    check(tmp_path, [reduction], IMAGE, {"axes": ints(2)}, 13)
    check(tmp_path, [node("ReduceSum", ["x"], ["y"])], IMAGE)
    nothing = node("ReduceSum", ["x"], ["y"], noop_with_empty_axes=1)
    assert names_of(check(tmp_path, [nothing], IMAGE)) == ["identity"]


def test_log_sum(tmp_path: Path):
    positive = {"x": abs(normal(3, 4)) + np.float32(0.1)}
    check(tmp_path, [node("ReduceLogSum", ["x"], ["y"], axes=[1])], positive)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("keep", [0, 1])
def test_positions_of_extremes(tmp_path: Path, last: int, keep: int):
    x = np.float32([[3, 1, 3, 1], [2, 2, 0, 0]])
    for op_type in ("ArgMax", "ArgMin"):
        attributes = {"axis": 1, "keepdims": keep, "select_last_index": last}
        extreme = node(op_type, ["x"], ["y"], **attributes)
        check(tmp_path, [extreme], {"x": x}, outputs={"y": INT64})


@pytest.mark.parametrize("opset", [9, 10, 11])
def test_top_k(tmp_path: Path, opset: int):
    outputs = {"y": TensorProto.FLOAT, "i": INT64}
    if opset < 10:
        top = node("TopK", ["x"], ["y", "i"], k=3, axis=1)
        check(tmp_path, [top], IMAGE, opset=opset, outputs=outputs)
        return
    smallest = {"largest": 0} if opset > 10 else {}
    top = node("TopK", ["x", "k"], ["y", "i"], axis=1, **smallest)
    check(tmp_path, [top], IMAGE, {"k": ints(3)}, opset, outputs)
