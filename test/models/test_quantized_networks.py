"""Networks of 8-bit layers on the CPU, each layer compared with onnxruntime's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from models import quantized_model, seeded_inputs
from onnx import ModelProto, TensorProto, helper, numpy_helper

import fusemlir

MOST_TERMS = 512 * 3 * 3
"""Of a sum: those of ResNet-50's last convolutions of 3x3."""

MOST_NEIGHBOURS = 127 * 2.0**-24 * MOST_TERMS**0.5
"""Part of a layer's levels that may be one step beside. onnxruntime sums in f32, where
127 steps are off by so much of a step; so near must a sum lie to a half-way."""


@pytest.mark.parametrize(
    "network",
    [
        "squeezenet",
        pytest.param("resnet50", marks=pytest.mark.nightly),
        pytest.param("shufflenet", marks=pytest.mark.nightly),
    ],
)
def test_each_8_bit_layer_is_within_a_step_of_onnxruntime(network: str, tmp_path: Path):
    """Each reads the levels that onnxruntime has computed, so that no two differences
    add up: none is more than one step, and nearly all are none."""
    model = quantized_model(network)
    round_biases(model)
    given = dict(
        zip((i.name for i in model.graph.input), seeded_inputs(model), strict=True)
    )
    wanted = levels(model, given)
    assert len(wanted) > 20, "few layers are of 8 bits"

    path = tmp_path / "layers.onnx"
    path.write_bytes(cut(model, wanted).SerializeToString())
    engine = fusemlir.compile(path, device="host", threads=2)
    found = engine.run({**given, **wanted})
    for name, right in wanted.items():
        steps = np.abs(found[made(name)].astype(np.int32) - right)
        assert steps.max() <= 1, name
        assert steps.sum() <= max(1, MOST_NEIGHBOURS * steps.size), name
        assert len(np.unique(right)) > 5, f"a comparison would not see {name}"


def round_biases(model: ModelProto) -> None:
    """To what a sum of products of bytes can begin with, as the integer formula has it:
    multiples of both scales' product. Else a sum may differ by half of that."""
    makers = {node.output[0]: node for node in model.graph.node}
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in ("Conv", "Gemm") or len(node.input) < 3:
            continue
        scales = (tensors[makers[name].input[1]] for name in node.input[:2])
        data, kernel = map(numpy_helper.to_array, scales)
        unit, tensor = data * kernel, tensors[node.input[2]]
        rounded = np.rint(numpy_helper.to_array(tensor) / unit) * unit
        tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))


def levels(model: ModelProto, given: dict[str, Any]) -> dict[str, np.ndarray]:
    """What each Quantize makes, in onnxruntime, which fuses nothing."""
    names = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    shown = ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.INT8, None) for name in names
    )
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = ["CPUExecutionProvider"]
    text = shown.SerializeToString()
    session = runtime.InferenceSession(text, options, providers=providers)
    return dict(zip(names, session.run(names, given), strict=True))


def cut(model: ModelProto, wanted: dict[str, np.ndarray]) -> ModelProto:
    """The model whose levels are inputs, and what it makes of them outputs."""
    parts = ModelProto()
    parts.CopyFrom(model)
    graph = parts.graph
    for node in graph.node:
        if node.output[0] in wanted:
            node.output[0] = made(node.output[0])
    del graph.output[:]
    for name, array in wanted.items():
        for side, one in ((graph.input, name), (graph.output, made(name))):
            side.append(
                helper.make_tensor_value_info(one, TensorProto.INT8, array.shape)
            )
    return parts


def made(name: str) -> str:
    return f"{name} made"
