"""Quantised ONNX models become int8 kernels, and give what ONNX Runtime gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, NodeProto
from onnx_models import INT8, imported, main, model, node
from quantized_networks import fuse, run_integers
from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.trt import FusedOp
from fusemlir.network import kernels
from fusemlir.reference import run
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.weights import Weights


class Graph:
    """Nodes of a model with Q/DQ around its layers, and its initializers."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, Any] = {}
        self._rng = np.random.default_rng(0)

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(node(operator, list(inputs), [name], name, **attributes))
        return name

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers[name] = array
        return name

    def _scale(self, scale: Any) -> tuple[str, str]:
        array = np.asarray(scale, np.float32)
        zeros = np.zeros(array.shape, np.int8)
        return self.constant(array), self.constant(zeros)

    def quantize(self, x: str, scale: float) -> str:
        return self.add("QuantizeLinear", x, *self._scale(scale))

    def dequantize(self, x: str, scale: float) -> str:
        return self.add("DequantizeLinear", x, *self._scale(scale))

    def requantize(self, x: str, scale: float) -> str:
        """Q and DQ, as an exporter puts them behind a layer."""
        return self.dequantize(self.quantize(x, scale), scale)

    def kernel(self, shape: Sequence[int], scales: Any, axis: int = 0) -> str:
        # Seven bits: without VNNI, ONNX Runtime's products of two saturate in 16.
        array = self._rng.integers(-64, 64, shape, np.int8)
        q = self.constant(array)
        return self.add("DequantizeLinear", q, *self._scale(scales), axis=axis)

    def bias(self, scales: Any) -> str:
        """32-bit integers with the scales of input and kernel."""
        scale = np.asarray(scales, np.float32)
        q = self._rng.integers(-3000, 3000, scale.shape, np.int32)
        return self.add(
            "DequantizeLinear", self.constant(q), self.constant(scale), axis=0
        )


def onnxruntime_result(built: ModelProto, x: np.ndarray, *, optimized: bool) -> Any:
    """The first output; `optimized`, from kernels of integers."""
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    if not optimized:
        options.graph_optimization_level = (
            runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        )
    session = runtime.InferenceSession(
        built.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": x})[0]


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape, np.float32)


def text_of(module: ModuleOp) -> str:
    return PrintStyle().text(module)


def powers(count: int, first: int) -> Any:
    """Scales that are powers of two: with them floats, too, are exact."""
    return [2.0 ** (first - at % 3) for at in range(count)]


def mobile_block(graph: Graph) -> str:
    """A stem, a depthwise-separable block, a residual, a pool and a classifier."""
    x = graph.requantize("x", 2**-5)
    scales = powers(8, -7)
    y = graph.add(
        "Conv", x, graph.kernel((8, 3, 3, 3), scales),
        graph.bias(np.multiply(scales, 2**-5)), strides=[2, 2], pads=[1, 1, 1, 1],
    )  # fmt: skip
    stem = graph.requantize(graph.add("Relu", y), 2**-4)
    y = graph.add(
        "Conv", stem, graph.kernel((8, 1, 3, 3), powers(8, -6)), pads=[1, 1, 1, 1],
        group=8,
    )  # fmt: skip
    low, high = (graph.constant(np.array(bound, np.float32)) for bound in (0, 6))
    y = graph.requantize(graph.add("Clip", y, low, high), 2**-4)
    y = graph.add("Conv", y, graph.kernel((8, 8, 1, 1), powers(8, -7)))
    y = graph.requantize(graph.add("Relu", y), 2**-5)
    y = graph.add("Conv", y, graph.kernel((8, 8, 3, 3), powers(8, -6)), pads=[1] * 4)
    y = graph.add("Relu", graph.add("Add", y, stem))
    y = graph.requantize(y, 2**-4)
    y = graph.requantize(graph.add("GlobalAveragePool", y), 2**-4)
    y = graph.add("Conv", y, graph.kernel((5, 8, 1, 1), powers(5, -6)))
    return graph.add("Flatten", y)


KERNELS = [
    "trt.quantize",
    "dequantize_conv_relu_quantize",
    "dequantize_conv_clip_quantize_dequantize_conv_relu_quantize",
    "dequantize_conv_sum_relu_quantize",
    "dequantize_pool_quantize",
    "dequantize_conv",
]


def kinds(module: ModuleOp) -> list[str]:
    """The kernels by kind, lone layers by name."""
    found = (group.node for group in kernels(module))
    return [op.kind.data if isinstance(op, FusedOp) else op.name for op in found]


def test_a_quantised_network_becomes_int8_kernels(tmp_path: Path):
    graph = Graph()
    y = mobile_block(graph)
    x = image(2, 3, 16, 16)
    built = model(graph.nodes, {"x": x}, (y,), graph.initializers)
    module = imported(tmp_path, built)
    unfused = run(main(module), [x], Weights.of_module(module))
    fuse(module, ["trt-fuse"])
    assert kinds(module) == KERNELS
    once = text_of(module)
    fuse(module, ["trt-fuse"])
    assert text_of(module) == once
    expected = onnxruntime_result(built, x, optimized=False)
    weights = Weights.of_module(module)
    (floats,) = run(main(module), [x], weights)
    (integers,) = run_integers(main(module), [x], weights)
    assert len(np.unique(expected)) > 5
    # All scales are powers of two: nothing is rounded but by Quantize.
    for found in (*unfused, floats, integers):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("epilogue", ["", "relu", "residual"])
@pytest.mark.parametrize("group", [1, 4])
def test_a_convolution_is_within_a_step_of_onnxruntimes_integers(
    epilogue: str, group: int, tmp_path: Path
):
    graph = Graph()
    scales = [0.013, 0.0071, 0.029, 0.0053, 0.017, 0.011, 0.02, 0.009]
    x = graph.dequantize("x", 0.021)
    kernel = graph.kernel((8, 8 // group, 3, 3), scales)
    bias = graph.bias(np.asarray(scales, np.float32) * np.float32(0.021))
    y = graph.add("Conv", x, kernel, bias, pads=[1] * 4, group=group)
    if epilogue == "relu":
        y = graph.add("Relu", y)
    if epilogue == "residual":
        y = graph.add("Add", graph.requantize(y, 0.3), graph.dequantize("x", 0.021))
    y = graph.quantize(y, 0.37)
    q = np.random.default_rng(5).integers(-128, 128, (2, 8, 7, 6), np.int8)
    built = model(graph.nodes, {"x": q}, {y: INT8}, graph.initializers)
    expected = onnxruntime_result(built, q, optimized=True)
    module = imported(tmp_path, built)
    fuse(module, ["trt-fuse"])
    assert any("conv" in kind for kind in kinds(module))
    (found,) = run_integers(main(module), [q], Weights.of_module(module))
    assert found.std() > 3
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def test_a_product_is_within_a_step_of_onnxruntimes_integers(tmp_path: Path):
    graph = Graph()
    x = graph.dequantize("x", 0.021)
    y = graph.add("MatMul", x, graph.kernel((16, 8), [0.013]))
    y = graph.quantize(y, 0.37)
    q = np.random.default_rng(5).integers(-128, 128, (4, 16), np.int8)
    built = model(graph.nodes, {"x": q}, {y: INT8}, graph.initializers)
    expected = onnxruntime_result(built, q, optimized=True)
    module = imported(tmp_path, built)
    fuse(module, ["trt-fuse"])
    assert kinds(module) == ["dequantize_matmul_quantize"]
    (found,) = run_integers(main(module), [q], Weights.of_module(module))
    assert found.std() > 3
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1
