"""What `gpu.py` measures: a network of each family, and the same in torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """A network as MLIR text, and what torch is asked for instead."""

    family: str
    text: str
    torch: Callable[..., Any]
    """Of the torch module and the inputs."""
    moved: int
    """Bytes that have to be read and written, each once."""
    computed: int = 0
    """Floating-point operations of the contraction; 0 where memory is the bound."""
    rules: tuple[str, ...] | None = None
    """The fusions to run, where they are not those of every network."""


ROWS, COLUMNS = 16384, 4096
MATRIX = f"{ROWS}x{COLUMNS}"


def _pointwise(torch: Any, x: Any, y: Any, z: Any) -> Any:
    return torch.relu(x * y + z)


def _softmax(torch: Any, x: Any) -> Any:
    return torch.softmax(x, 1)


def _reduce(torch: Any, x: Any) -> Any:
    return torch.sum(x, 1)


def _movement(torch: Any, x: Any) -> Any:
    return x.t().contiguous()


def _pooling(torch: Any, x: Any) -> Any:
    return torch.nn.functional.max_pool2d(x, 3, 2, 1)


def _matmul(torch: Any, x: Any, w: Any, r: Any) -> Any:
    return torch.relu(x @ w + r)


def _convolution(torch: Any, x: Any, w: Any, r: Any) -> Any:
    return torch.relu(torch.nn.functional.conv2d(x, w, padding=1) + r)


def _depthwise(torch: Any, x: Any, w: Any) -> Any:
    return torch.relu(torch.nn.functional.conv2d(x, w, padding=1, groups=256))


def _conv_pooling(torch: Any, x: Any, w: Any) -> Any:
    y = torch.nn.functional.conv2d(x, w, stride=2, padding=3)
    return torch.nn.functional.max_pool2d(torch.relu(y), 2, 2)


def _attention(torch: Any, q: Any, k: Any, v: Any) -> Any:
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0)


def _normalization(torch: Any, x: Any, scale: Any, bias: Any) -> Any:
    return torch.nn.functional.layer_norm(x, (COLUMNS,), scale[0], bias[0], 1e-5)


def _top_k(torch: Any, x: Any) -> Any:
    return torch.topk(x, 8, 1)


def _matrix_vector(torch: Any, x: Any, w: Any) -> Any:
    return torch.relu(x @ w.t())


def _long_row(torch: Any, x: Any) -> Any:
    return torch.sum(x, 1)


HEADS = "8x16x1024x64"
"""Batch, heads, tokens, and what each head sees of one."""

CASES = (
    Case(
        "pointwise",
        f"""
func.func @f(%x: tensor<{MATRIX}xf16>, %y: tensor<{MATRIX}xf16>, %z: tensor<{MATRIX}xf16>) -> tensor<{MATRIX}xf16> {{
  %p = trt.element_wise prod %x, %y layers ["mul"] : (tensor<{MATRIX}xf16>, tensor<{MATRIX}xf16>) -> tensor<{MATRIX}xf16>
  %s = trt.element_wise sum %p, %z layers ["add"] : (tensor<{MATRIX}xf16>, tensor<{MATRIX}xf16>) -> tensor<{MATRIX}xf16>
  %r = trt.activation relu %s layers ["relu"] : tensor<{MATRIX}xf16> -> tensor<{MATRIX}xf16>
  func.return %r : tensor<{MATRIX}xf16>
}}""",  # noqa: E501
        _pointwise,
        4 * 2 * ROWS * COLUMNS,
    ),
    Case(
        "softmax",
        f"""
func.func @f(%x: tensor<{MATRIX}xf16>) -> tensor<{MATRIX}xf16> {{
  %y = trt.softmax %x axis = 1 layers ["softmax"] : tensor<{MATRIX}xf16> -> tensor<{MATRIX}xf16>
  func.return %y : tensor<{MATRIX}xf16>
}}""",  # noqa: E501
        _softmax,
        2 * 2 * ROWS * COLUMNS,
    ),
    Case(
        "reduce",
        f"""
func.func @f(%x: tensor<{MATRIX}xf32>) -> tensor<{ROWS}xf32> {{
  %y = trt.reduce sum %x axes = [1] layers ["sum"] : tensor<{MATRIX}xf32> -> tensor<{ROWS}xf32>
  func.return %y : tensor<{ROWS}xf32>
}}""",  # noqa: E501
        _reduce,
        4 * ROWS * (COLUMNS + 1),
    ),
    Case(
        "movement",
        f"""
func.func @f(%x: tensor<{MATRIX}xf32>) -> tensor<{COLUMNS}x{ROWS}xf32> {{
  %y = trt.shuffle %x first_transpose = [1, 0] layers ["transpose"] : tensor<{MATRIX}xf32> -> tensor<{COLUMNS}x{ROWS}xf32>
  func.return %y : tensor<{COLUMNS}x{ROWS}xf32>
}}""",  # noqa: E501
        _movement,
        2 * 4 * ROWS * COLUMNS,
    ),
    Case(
        "pooling",
        """
func.func @f(%x: tensor<64x64x112x112xf16>) -> tensor<64x64x56x56xf16> {
  %y = trt.pooling max %x window = [3, 3] stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] layers ["pool"] : tensor<64x64x112x112xf16> -> tensor<64x64x56x56xf16>
  func.return %y : tensor<64x64x56x56xf16>
}""",  # noqa: E501
        _pooling,
        2 * 64 * 64 * (112 * 112 + 56 * 56),
    ),
    Case(
        "matmul",
        """
func.func @f(%x: tensor<4096x4096xf16>, %w: tensor<4096x4096xf16>, %r: tensor<4096x4096xf16>) -> tensor<4096x4096xf16> {
  %m = trt.matrix_multiply %x, %w layers ["matmul"] : (tensor<4096x4096xf16>, tensor<4096x4096xf16>) -> tensor<4096x4096xf16>
  %s = trt.element_wise sum %m, %r layers ["add"] : (tensor<4096x4096xf16>, tensor<4096x4096xf16>) -> tensor<4096x4096xf16>
  %y = trt.activation relu %s layers ["relu"] : tensor<4096x4096xf16> -> tensor<4096x4096xf16>
  func.return %y : tensor<4096x4096xf16>
}""",  # noqa: E501
        _matmul,
        4 * 2 * 4096**2,
        2 * 4096**3,
    ),
    Case(
        "convolution",
        """
func.func @f(%x: tensor<32x256x56x56xf16>, %w: tensor<256x256x3x3xf16>, %r: tensor<32x256x56x56xf16>) -> tensor<32x256x56x56xf16> {
  %c = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["conv"] : (tensor<32x256x56x56xf16>, tensor<256x256x3x3xf16>) -> tensor<32x256x56x56xf16>
  %s = trt.element_wise sum %c, %r layers ["add"] : (tensor<32x256x56x56xf16>, tensor<32x256x56x56xf16>) -> tensor<32x256x56x56xf16>
  %y = trt.activation relu %s layers ["relu"] : tensor<32x256x56x56xf16> -> tensor<32x256x56x56xf16>
  func.return %y : tensor<32x256x56x56xf16>
}""",  # noqa: E501
        _convolution,
        2 * (3 * 32 * 256 * 56 * 56 + 256 * 256 * 9),
        2 * 32 * 256 * 56 * 56 * 256 * 9,
    ),
    Case(
        "depthwise",
        """
func.func @f(%x: tensor<32x256x56x56xf16>, %w: tensor<256x1x3x3xf16>) -> tensor<32x256x56x56xf16> {
  %c = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] num_groups = 256 layers ["conv"] : (tensor<32x256x56x56xf16>, tensor<256x1x3x3xf16>) -> tensor<32x256x56x56xf16>
  %y = trt.activation relu %c layers ["relu"] : tensor<32x256x56x56xf16> -> tensor<32x256x56x56xf16>
  func.return %y : tensor<32x256x56x56xf16>
}""",  # noqa: E501
        _depthwise,
        2 * (2 * 32 * 256 * 56 * 56 + 256 * 9),
    ),
    Case(
        "conv_pooling",
        """
func.func @f(%x: tensor<32x3x224x224xf16>, %w: tensor<64x3x7x7xf16>) -> tensor<32x64x56x56xf16> {
  %c = trt.convolution %x, %w stride = [2, 2] pre_padding = [3, 3] post_padding = [3, 3] layers ["conv"] : (tensor<32x3x224x224xf16>, tensor<64x3x7x7xf16>) -> tensor<32x64x112x112xf16>
  %r = trt.activation relu %c layers ["relu"] : tensor<32x64x112x112xf16> -> tensor<32x64x112x112xf16>
  %y = trt.pooling max %r window = [2, 2] stride = [2, 2] layers ["pool"] : tensor<32x64x112x112xf16> -> tensor<32x64x56x56xf16>
  func.return %y : tensor<32x64x56x56xf16>
}""",  # noqa: E501
        _conv_pooling,
        2 * 32 * (3 * 224 * 224 + 64 * 56 * 56),
        2 * 32 * 64 * 112 * 112 * 3 * 49,
        ("fuse-conv-relu", "fuse-conv-pooling"),
    ),
    Case(
        "attention",
        f"""
func.func @f(%q: tensor<{HEADS}xf16>, %k: tensor<{HEADS}xf16>, %v: tensor<{HEADS}xf16>) -> tensor<{HEADS}xf16> {{
  %s = trt.matrix_multiply %q, %k op1 = transpose layers ["scores"] : (tensor<{HEADS}xf16>, tensor<{HEADS}xf16>) -> tensor<8x16x1024x1024xf16>
  %p = trt.softmax %s axis = 3 layers ["softmax"] : tensor<8x16x1024x1024xf16> -> tensor<8x16x1024x1024xf16>
  %y = trt.matrix_multiply %p, %v layers ["values"] : (tensor<8x16x1024x1024xf16>, tensor<{HEADS}xf16>) -> tensor<{HEADS}xf16>
  func.return %y : tensor<{HEADS}xf16>
}}""",  # noqa: E501
        _attention,
        2 * 4 * 8 * 16 * 1024 * 64,
        2 * 2 * 8 * 16 * 1024 * 1024 * 64,
        ("fuse-attention",),
    ),
    Case(
        "normalization",
        f"""
func.func @f(%x: tensor<{MATRIX}xf16>, %s: tensor<1x{COLUMNS}xf16>, %b: tensor<1x{COLUMNS}xf16>) -> tensor<{MATRIX}xf16> {{
  %y = trt.normalization %x, %s, %b axes = [1] epsilon = 1.0e-05 layers ["norm"] : (tensor<{MATRIX}xf16>, tensor<1x{COLUMNS}xf16>, tensor<1x{COLUMNS}xf16>) -> tensor<{MATRIX}xf16>
  func.return %y : tensor<{MATRIX}xf16>
}}""",  # noqa: E501
        _normalization,
        2 * 2 * ROWS * COLUMNS,
    ),
    Case(
        "top_k",
        f"""
func.func @f(%x: tensor<{MATRIX}xf16>) -> (tensor<{ROWS}x8xf16>, tensor<{ROWS}x8xi32>) {{
  %y, %i = trt.top_k max %x k = 8 axis = 1 layers ["top"] : tensor<{MATRIX}xf16> -> tensor<{ROWS}x8xf16>, tensor<{ROWS}x8xi32>
  func.return %y, %i : tensor<{ROWS}x8xf16>, tensor<{ROWS}x8xi32>
}}""",  # noqa: E501
        _top_k,
        2 * ROWS * COLUMNS,
    ),
    Case(
        "matrix_vector",
        """
func.func @f(%x: tensor<1x8192xf16>, %w: tensor<8192x8192xf16>) -> tensor<1x8192xf16> {
  %m = trt.matrix_multiply %x, %w op1 = transpose layers ["fc"] : (tensor<1x8192xf16>, tensor<8192x8192xf16>) -> tensor<1x8192xf16>
  %y = trt.activation relu %m layers ["relu"] : tensor<1x8192xf16> -> tensor<1x8192xf16>
  func.return %y : tensor<1x8192xf16>
}""",  # noqa: E501
        _matrix_vector,
        2 * 8192**2,
    ),
    Case(
        "long_row",
        """
func.func @f(%x: tensor<1x67108864xf32>) -> tensor<1xf32> {
  %y = trt.reduce sum %x axes = [1] layers ["sum"] : tensor<1x67108864xf32> -> tensor<1xf32>
  func.return %y : tensor<1xf32>
}""",  # noqa: E501
        _long_row,
        4 * 67108864,
    ),
)
