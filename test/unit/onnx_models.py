"""Small ONNX models for tests: built, imported, and run on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.frontend.onnx import import_model
from fusemlir.reference import run
from fusemlir.weights import Weights

node = helper.make_node


def model(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, int] | Sequence[str] = ("y",),
    initializers: Mapping[str, Any] | None = None,
    opset: int = 17,
) -> ModelProto:
    """A model; inputs are arrays or (type, shape), outputs f32 unless typed."""
    if not isinstance(outputs, Mapping):
        outputs = dict.fromkeys(outputs, TensorProto.FLOAT)
    declared: list[Any] = []
    for name, value in inputs.items():
        if isinstance(value, tuple):
            type, shape = value
        else:
            type = helper.np_dtype_to_tensor_dtype(value.dtype)
            shape = value.shape
        declared.append(helper.make_tensor_value_info(name, type, shape))
    graph = helper.make_graph(
        nodes,
        "graph",
        declared,
        [helper.make_tensor_value_info(n, t, None) for n, t in outputs.items()],
        [
            numpy_helper.from_array(np.asarray(array), name)
            for name, array in (initializers or {}).items()
        ],
    )
    return helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)]
    )


def saved(folder: Path, built: ModelProto) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(built.SerializeToString())
    return path


def imported(folder: Path, built: ModelProto, **options: Any) -> ModuleOp:
    module = import_model(saved(folder, built), **options)
    module.verify()
    return module


def main(module: ModuleOp) -> FuncOp:
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    return function


def layers(module: ModuleOp) -> list[LayerOp]:
    return [op for op in main(module).body.block.ops if isinstance(op, LayerOp)]


def check(
    folder: Path,
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Any],
    initializers: Mapping[str, Any] | None = None,
    opset: int = 17,
    outputs: Mapping[str, int] | Sequence[str] = ("y",),
) -> ModuleOp:
    """Import, run, and compare with onnxruntime; the module for more checks."""
    built = model(nodes, inputs, outputs, initializers, opset)
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    expected = session.run(None, dict(inputs))
    module = imported(folder, built)
    actual = run(main(module), list(inputs.values()), Weights.of_module(module))
    for one, other in zip(actual, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    return module


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


BOOL, INT8, INT32, INT64 = (
    TensorProto.BOOL,
    TensorProto.INT8,
    TensorProto.INT32,
    TensorProto.INT64,
)

IMAGE = {"x": normal(2, 4, 7, 8)}


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def names_of(module: ModuleOp) -> list[str]:
    return [op.name.removeprefix("trt.") for op in layers(module)]
