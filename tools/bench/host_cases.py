"""What `host.py` measures: the nine networks, and patterns that are fused.

A pattern is one ONNX model, in ONNX's text, which all read that read ONNX; torch is
asked for the same by hand. Operations and bytes are counted in the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from models import networks, quantized_model, seeded_inputs, seeded_model
from onnx import ModelProto, helper, numpy_helper, parser, shape_inference

HEADER = '<ir_version: 8, opset_import: ["": 18]>\n'

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Pattern:
    """A few layers."""

    name: str
    graph: str
    torch: Callable[..., Any] | None = None
    """Of the torch module, a torch.nn.Module that has the weights, and the inputs."""
    weights: tuple[str, ...] = ()
    """Inputs of `graph` that are constants."""
    tolerance: float = 1e-5
    """Of the largest output: how far two may differ that are both right."""

    def model(self) -> ModelProto:
        """The weights are seeded, and normal with variance 1/fan_in if real."""
        model = parser.parse_model(HEADER + self.name + self.graph)
        graph, rng = model.graph, np.random.default_rng(5)
        given = {info.name: info for info in graph.input}
        for name in self.weights:
            array = _random(rng, given[name])
            if array.dtype != np.int8:
                array /= np.sqrt(prod(array.shape[1:])).astype(array.dtype)
            graph.initializer.append(numpy_helper.from_array(array, name))
            graph.input.remove(given[name])
        return model

    def inputs(self, model: ModelProto) -> list[Any]:
        rng = np.random.default_rng(7)
        return [_random(rng, info) for info in model.graph.input]


@dataclass(frozen=True)
class Network:
    """One of the nine, which no other than an ONNX reader knows."""

    name: str
    torch: None = None
    tolerance: float = 1e-4

    def model(self) -> ModelProto:
        return seeded_model(self.name)

    def inputs(self, model: ModelProto) -> list[Any]:
        return seeded_inputs(model)


@dataclass(frozen=True)
class QuantizedNetwork(Network):
    """One of the nine with 8-bit convolutions; `of` is what it was before."""

    of: str = ""
    tolerance: float = 0.25
    """A value that lies half-way between two steps goes to either by the last bit of a
    float, and what reads it follows: by so much OpenVINO differs from onnxruntime."""

    def model(self) -> ModelProto:
        return quantized_model(self.of)


Case = Pattern | Network


def _random(rng: np.random.Generator, info: Any) -> Any:
    tensor = info.type.tensor_type
    shape = [dim.dim_value for dim in tensor.shape.dim]
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    if dtype == np.int8:
        return rng.integers(-127, 128, shape, np.int8)
    return rng.standard_normal(shape, np.float32).astype(dtype)


def operations(model: ModelProto) -> int:
    """Of convolutions and matrix products, a multiplication and a sum being two."""
    shapes = _shapes(model)
    return sum(_operations(node, shapes) for node in model.graph.node)


def _operations(node: Any, shapes: Shapes) -> int:
    if node.op_type not in ("Conv", "Gemm", "MatMul"):
        return 0
    first, second = (shapes[name] for name in node.input[:2])
    if node.op_type == "Conv":
        terms = prod(second[1:])
    elif any(a.name == "transA" and a.i for a in node.attribute):
        terms = first[-2]
    else:
        terms = first[-1]
    return 2 * terms * prod(shapes[node.output[0]])


def _shapes(model: ModelProto) -> Shapes:
    graph = shape_inference.infer_shapes(model).graph
    shapes: Shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for info in (*graph.input, *graph.output, *graph.value_info):
        dims = info.type.tensor_type.shape.dim
        shapes[info.name] = tuple(dim.dim_value for dim in dims)
    return shapes


def moved_bytes(model: ModelProto) -> int:
    """Those of inputs, outputs and constants: each has to be moved once."""
    graph = model.graph
    total = sum(numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)
    for info in (*graph.input, *graph.output):
        tensor = info.type.tensor_type
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        total += dtype.itemsize * prod(dim.dim_value for dim in tensor.shape.dim)
    return total


def _convolution(type: str, inputs: int, outputs: int, edge: int, kernel: int) -> str:
    """The declaration of a graph on an image: `x`, weights `w` and `b`, and `y`."""
    pixels = f"{edge},{edge}"
    weight = f"{outputs},{inputs},{kernel},{kernel}"
    return (
        f"({type}[1,{inputs},{pixels}] x, {type}[{weight}] w, {type}[{outputs}] b) "
        f"=> ({type}[1,{outputs},{pixels}] y)"
    )


def _conv_relu(torch: Any, to: Any, x: Any) -> Any:
    padding = to.w.shape[2] // 2
    return torch.relu(torch.conv2d(x, to.w, to.b, padding=padding))


def _depthwise(torch: Any, to: Any, x: Any) -> Any:
    y = torch.conv2d(x, to.w, to.b, padding=1, groups=to.w.shape[0])
    return torch.nn.functional.relu6(y)


def _conv_add_relu(torch: Any, to: Any, x: Any, r: Any) -> Any:
    return torch.relu(torch.conv2d(x, to.w, to.b) + r)


def _pointwise(torch: Any, to: Any, x: Any) -> Any:
    y = torch.relu(x * to.w + to.b)
    return torch.abs((y - to.w) * x)


def _softmax_log(torch: Any, _: Any, x: Any) -> Any:
    return torch.log(torch.softmax(x, 1))


def _softmax_topk(torch: Any, _: Any, x: Any) -> Any:
    return torch.topk(torch.softmax(x, 1), 5, 1)


def _gelu(torch: Any, _: Any, x: Any) -> Any:
    return torch.nn.functional.gelu(x)


def _layer_norm(torch: Any, to: Any, x: Any) -> Any:
    return torch.nn.functional.layer_norm(x, x.shape[1:], to.w, to.b, 1e-5)


def _l2_norm(torch: Any, _: Any, x: Any) -> Any:
    return torch.linalg.vector_norm(x, dim=1)


def _log_sum_exp(torch: Any, _: Any, x: Any) -> Any:
    return torch.logsumexp(x, 1)


def _matmul(_: Any, to: Any, x: Any) -> Any:
    return x @ to.w


def _matmul_of_two(_: Any, __: Any, x: Any, z: Any) -> Any:
    return x @ z


SAME = "{ c = Conv <pads = [1, 1, 1, 1]> (x, w, b) y = Relu (c) }"
SQUARE = "[1024,1024]"
ROWS, IMAGE = "[4096,1024]", "[1,64,112,112]"
HALF = 2e-3
"""Tolerance in f16: a few steps of its rounding."""
STEP = 1 / 127
"""Tolerance of what is rounded to 8 bits: one step."""

PATTERNS = (
    Pattern(
        "conv3x3_relu_56",
        _convolution("float", 64, 64, 56, 3) + SAME,
        _conv_relu,
        ("w", "b"),
    ),
    Pattern(
        "conv3x3_relu_28",
        _convolution("float", 128, 128, 28, 3) + SAME,
        _conv_relu,
        ("w", "b"),
    ),
    Pattern(
        "conv1x1_relu_56",
        _convolution("float", 256, 64, 56, 1) + "{ c = Conv (x, w, b) y = Relu (c) }",
        _conv_relu,
        ("w", "b"),
    ),
    Pattern(
        "conv_add_relu",
        _convolution("float", 64, 256, 56, 1).replace(
            ") =>", ", float[1,256,56,56] r) =>"
        )
        + "{ c = Conv (x, w, b) s = Add (c, r) y = Relu (s) }",
        _conv_add_relu,
        ("w", "b"),
    ),
    Pattern(
        "depthwise_relu6",
        "(float[1,144,56,56] x, float[144,1,3,3] w, float[144] b) "
        "=> (float[1,144,56,56] y) <float low = {0}, float high = {6}>"
        "{ c = Conv <group = 144, pads = [1, 1, 1, 1]> (x, w, b) "
        "y = Clip (c, low, high) }",
        _depthwise,
        ("w", "b"),
    ),
    Pattern(
        "matmul",
        f"(float{SQUARE} x, float{SQUARE} w) => (float{SQUARE} y)"
        "{ y = MatMul (x, w) }",
        _matmul,
        ("w",),
    ),
    Pattern(
        "matmul_of_inputs",
        f"(float{SQUARE} x, float{SQUARE} z) => (float{SQUARE} y)"
        "{ y = MatMul (x, z) }",
        _matmul_of_two,
    ),
    Pattern(
        "pointwise_6",
        f"(float{IMAGE} x, float[1,64,1,1] w, float[1,64,1,1] b) => (float{IMAGE} y)"
        "{ m = Mul (x, w) a = Add (m, b) r = Relu (a) "
        "s = Sub (r, w) p = Mul (s, x) y = Abs (p) }",
        _pointwise,
        ("w", "b"),
    ),
    Pattern(
        "gelu",
        "(float[512,3072] x) => (float[512,3072] y) "
        "<float root = {1.4142135}, float one = {1}, float half = {0.5}>"
        "{ d = Div (x, root) e = Erf (d) s = Add (e, one) p = Mul (x, s) "
        "y = Mul (p, half) }",
        _gelu,
    ),
    Pattern(
        "softmax_log",
        "(float[128,1000] x) => (float[128,1000] y)"
        "{ s = Softmax <axis = 1> (x) y = Log (s) }",
        _softmax_log,
    ),
    Pattern(
        "softmax_topk",
        "(float[128,1000] x) => (float[128,5] y, int64[128,5] i) <int64[1] k = {5}>"
        "{ s = Softmax <axis = 1> (x) y, i = TopK <axis = 1> (s, k) }",
        _softmax_topk,
    ),
    Pattern(
        "layer_norm",
        f"(float{ROWS} x, float[1024] w, float[1024] b) => (float{ROWS} y)"
        "{ y = LayerNormalization <axis = 1, epsilon = 1.0e-5> (x, w, b) }",
        _layer_norm,
        ("w", "b"),
    ),
    Pattern(
        "l2_norm",
        f"(float{ROWS} x) => (float[4096] y) <int64[1] axes = {{1}}>"
        "{ y = ReduceL2 <keepdims = 0> (x, axes) }",
        _l2_norm,
    ),
    Pattern(
        "log_sum_exp",
        f"(float{ROWS} x) => (float[4096] y) <int64[1] axes = {{1}}>"
        "{ y = ReduceLogSumExp <keepdims = 0> (x, axes) }",
        _log_sum_exp,
    ),
    Pattern(
        "conv3x3_relu_56_f16",
        _convolution("float16", 64, 64, 56, 3) + SAME,
        _conv_relu,
        ("w", "b"),
        HALF,
    ),
    Pattern(
        "pointwise_6_f16",
        f"(float16{IMAGE} x, float16[1,64,1,1] w, float16[1,64,1,1] b) "
        f"=> (float16{IMAGE} y)"
        "{ m = Mul (x, w) a = Add (m, b) r = Relu (a) "
        "s = Sub (r, w) p = Mul (s, x) y = Abs (p) }",
        _pointwise,
        ("w", "b"),
        HALF,
    ),
    Pattern(
        "conv3x3_relu_56_int8",
        "(int8[1,64,56,56] x, int8[64,64,3,3] w) => (int8[1,64,56,56] y) "
        "<float sx = {0.05}, float sw = {0.01}, float sy = {1.6}, int8 z = {0}>"
        "{ a = DequantizeLinear (x, sx, z) b = DequantizeLinear (w, sw, z) "
        "c = Conv <pads = [1, 1, 1, 1]> (a, b) r = Relu (c) "
        "y = QuantizeLinear (r, sy, z) }",
        weights=("w",),
        tolerance=STEP,
    ),
    Pattern(
        "matmul_int8",
        f"(int8{SQUARE} x, int8{SQUARE} w) => (int8{SQUARE} y) "
        "<float sx = {0.05}, float sw = {0.01}, float sy = {2.0}, int8 z = {0}>"
        "{ a = DequantizeLinear (x, sx, z) b = DequantizeLinear (w, sw, z) "
        "c = MatMul (a, b) y = QuantizeLinear (c, sy, z) }",
        weights=("w",),
        tolerance=STEP,
    ),
)

INTEGER_NETWORKS = tuple(
    QuantizedNetwork(f"{network}_int8", of=network)
    for network in ("inception_v1", "resnet50", "shufflenet", "squeezenet")
)

CASES: tuple[Case, ...] = (*map(Network, networks()), *INTEGER_NETWORKS, *PATTERNS)
