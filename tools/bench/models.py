"""The nine CNNs of the onnx package, with the weights that the tests give them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from onnx import ModelProto, version_converter

ROOT = Path(__file__).resolve().parents[2]


def _seeded() -> Any:
    tests = str(ROOT / "test" / "models")
    if tests not in sys.path:
        sys.path.append(tests)
    return import_module("seeded")


def networks() -> tuple[str, ...]:
    return _seeded().NETWORKS


def light_model(network: str) -> Path:
    """The file of a network, without its weights."""
    return _seeded().light_model(network)


def seeded_model(network: str) -> ModelProto:
    return _seeded().seeded_model(light_model(network))


OPSET_OF_SCALES_ALONG_AN_AXIS = 13

QUANTIZED = ("Conv", "Gemm", "MatMul", "Add", "MaxPool", "GlobalAveragePool", "Concat")
"""Operators that compute in 8 bits."""


def quantized_model(network: str) -> ModelProto:
    """A network with 8-bit convolutions and products, as TensorRT wants it: what they
    read is quantised, around zero, weights by channel; by onnxruntime."""
    quantization: Any = import_module("onnxruntime.quantization")
    shapes: Any = import_module("onnxruntime.quantization.shape_inference")
    model = seeded_model(network)
    model = version_converter.convert_version(model, OPSET_OF_SCALES_ALONG_AN_AXIS)
    with TemporaryDirectory(prefix="fusemlir-bench-") as folder:
        # Batch normalisations become a part of convolutions, as they do for all.
        given, made = (str(Path(folder) / f"{name}.onnx") for name in ("f32", "int8"))
        Path(given).write_bytes(model.SerializeToString())
        shapes.quant_pre_process(given, given, skip_symbolic_shape=True)
        quantization.quantize_static(
            given,
            made,
            _calibration(quantization, model),
            op_types_to_quantize=list(QUANTIZED),
            per_channel=True,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
                "OpTypesToExcludeOutputQuantization": list(QUANTIZED[:4]),
            },
        )
        return ModelProto.FromString(Path(made).read_bytes())


def _calibration(quantization: Any, model: ModelProto) -> Any:
    """One sample, from which the scales of activations follow."""
    names = [tensor.name for tensor in model.graph.input]
    samples = iter([dict(zip(names, seeded_inputs(model), strict=True))])

    class Calibration(quantization.CalibrationDataReader):
        def get_next(self) -> Any:
            return next(samples, None)

    return Calibration()


def seeded_inputs(model: ModelProto) -> list[Any]:
    """An array for each input of `model`."""
    return list(_seeded().seeded_inputs(model).values())
