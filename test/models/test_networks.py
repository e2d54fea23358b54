"""The nine CNNs of the onnx package, imported and compared with onnxruntime."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from seeded import NETWORKS, light_model, seeded_inputs, seeded_model
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.frontend.onnx import import_model
from fusemlir.reference import run
from fusemlir.weights import Weights

LAYERS = {
    "bvlc_alexnet": {
        "activation": 7,
        "convolution": 5,
        "element_wise": 3,
        "identity": 2,
        "lrn": 2,
        "matrix_multiply": 3,
        "pooling": 3,
        "shuffle": 1,
        "softmax": 1,
    },
    "densenet121": {
        "activation": 121,
        "concatenation": 58,
        "convolution": 121,
        "element_wise": 242,
        "pooling": 4,
        "reduce": 1,
        "scale": 121,
        "shuffle": 484,
    },
    "inception_v1": {
        "activation": 57,
        "concatenation": 9,
        "convolution": 57,
        "element_wise": 1,
        "identity": 1,
        "lrn": 2,
        "matrix_multiply": 1,
        "pooling": 14,
        "shuffle": 2,
        "softmax": 1,
    },
    "inception_v2": {
        "activation": 69,
        "concatenation": 10,
        "convolution": 69,
        "element_wise": 139,
        "matrix_multiply": 1,
        "pooling": 13,
        "scale": 69,
        "shuffle": 277,
        "softmax": 1,
    },
    "resnet50": {
        "activation": 49,
        "convolution": 53,
        "element_wise": 17,
        "matrix_multiply": 1,
        "pooling": 2,
        "scale": 53,
        "shuffle": 1,
        "softmax": 1,
    },
    "shufflenet": {
        "activation": 33,
        "concatenation": 3,
        "convolution": 49,
        "element_wise": 14,
        "matrix_multiply": 1,
        "pooling": 5,
        "scale": 49,
        "shuffle": 49,
        "softmax": 1,
    },
    "squeezenet": {
        "activation": 26,
        "concatenation": 8,
        "convolution": 26,
        "identity": 1,
        "pooling": 3,
        "reduce": 1,
        "softmax": 1,
    },
    "vgg19": {
        "activation": 18,
        "convolution": 16,
        "element_wise": 3,
        "identity": 2,
        "matrix_multiply": 3,
        "pooling": 5,
        "shuffle": 1,
        "softmax": 1,
    },
    "zfnet512": {
        "activation": 7,
        "convolution": 5,
        "element_wise": 3,
        "lrn": 2,
        "matrix_multiply": 3,
        "pooling": 3,
        "shuffle": 1,
        "softmax": 1,
    },
}

COMPARED = tuple(name for name in NETWORKS if name not in ("vgg19", "zfnet512"))
"""Not the two whose weights take seconds to make; they have no layer of their own."""


def layers_of(module: ModuleOp) -> list[LayerOp]:
    return [op for op in module.walk() if isinstance(op, LayerOp)]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_real_network_becomes_these_layers(network: str):
    module = import_model(light_model(network))
    module.verify()
    layers = [op for op in layers_of(module) if not isinstance(op, ConstantOp)]
    counts = Counter(op.name.removeprefix("trt.") for op in layers)
    assert counts == LAYERS[network]
    ids = [id for op in layers for id in op.layer_ids]
    assert len(ids) == len(set(ids)) == len(layers)


@pytest.mark.parametrize("network", COMPARED)
def test_a_real_network_computes_what_onnxruntime_does(network: str, tmp_path: Path):
    path = tmp_path / "model.onnx"
    model = seeded_model(light_model(network))
    path.write_bytes(model.SerializeToString())
    inputs = seeded_inputs(model)
    (expected,) = _onnxruntime(path, inputs)
    module = import_model(path)
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    (actual,) = run(function, list(inputs.values()), Weights.of_module(module))
    assert expected.std() > 1e-4
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5 * scale)


def test_seeded_models_are_the_same_each_time():
    path = light_model("squeezenet")
    first, second = seeded_model(path), seeded_model(path)
    assert first.SerializeToString() == second.SerializeToString()


def _onnxruntime(path: Path, inputs: dict[str, Any]) -> list[Any]:
    options = onnxruntime.SessionOptions()
    # It warns of initializers that the light models never use.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, inputs))
