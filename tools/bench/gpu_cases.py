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
)
