"""Pooling over windows and over whole images; response normalisation."""

from __future__ import annotations

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import UNKNOWN, shape_of
from fusemlir.dialects.trt.enums import PaddingMode, PoolingType, ReduceOperation
from fusemlir.dialects.trt.pooling import LrnOp, PoolingOp
from fusemlir.dialects.trt.reduce import ReduceOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator
from fusemlir.frontend.onnx.windows import Windows


@operator("MaxPool")
def max_pool(node: Node) -> SSAValue:
    # The order in which indices are counted; those are refused as an output.
    node.attributes.ignore("storage_order")
    return _pool(node, PoolingType.MAX, True)


@operator("AveragePool")
def average_pool(node: Node) -> SSAValue:
    counts_padding = node.attributes.integer("count_include_pad", 0) != 0
    return _pool(node, PoolingType.AVERAGE, not counts_padding)


def _pool(node: Node, kind: PoolingType, excludes_padding: bool) -> SSAValue:
    x = node.input(0)
    windows = Windows.of(node, len(shape_of(x)) - 2)
    window = node.attributes.integers("kernel_shape")
    if window is None or len(window) != windows.axes:
        raise Unsupported(f"kernel_shape does not fit {windows.axes} spatial axes")
    if any(dilation != 1 for dilation in windows.dilation):
        raise Unsupported(f"dilations are {windows.dilation}, pooling has none")
    if node.attributes.integer("ceil_mode", 0) and not windows.is_same_padded:
        _round_up(windows, shape_of(x)[2:], window)
    output = node.main(
        PoolingOp(
            kind,
            windows.widened(node, x),
            windows.per_axis(window),
            stride=windows.stride,
            pre_padding=windows.pre,
            post_padding=windows.post,
            padding_mode=windows.mode,
            average_count_excludes_padding=excludes_padding,
        )
    )
    return windows.narrowed(node, output)


def _round_up(windows: Windows, spatial: tuple[int, ...], window: list[int]) -> None:
    """Choose the padding mode for `ceil_mode`.

    ONNX drops a last window that would start in the padding after the input, TensorRT's
    round-up does not. Where one is dropped, the output has its rounded-down size.
    """
    dropped: list[bool] = []
    for size, extent, stride, pre, post in zip(
        spatial, window, windows.stride, windows.pre, windows.post, strict=False
    ):
        if size == UNKNOWN:
            if post + stride > extent:
                raise Unsupported(
                    "whether ceil_mode drops the last window depends on a dimension "
                    "that is unknown; fix the shapes of the model's inputs"
                )
            continue
        free = size + pre + post - extent
        last_start = -(-free // stride) * stride
        if free % stride:
            dropped.append(last_start >= size + pre)
    if not any(dropped):
        windows.mode = PaddingMode.EXPLICIT_ROUND_UP
    elif not all(dropped):
        raise Unsupported("ceil_mode drops the last window on some axes, not on others")


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(node: Node) -> SSAValue:
    x = node.input(0)
    axes = range(2, len(shape_of(x)))
    if not axes:
        raise Unsupported(f"its input has rank {len(shape_of(x))}, wanted 3 or more")
    average = node.op_type == "GlobalAveragePool"
    operation = ReduceOperation.AVG if average else ReduceOperation.MAX
    return node.main(ReduceOp(operation, x, axes, keep_dimensions=True))


@operator("LRN")
def lrn(node: Node) -> SSAValue:
    attributes = node.attributes
    return node.main(
        LrnOp(
            node.input(0),
            attributes.integer("size"),
            attributes.number("alpha", 1e-4),
            attributes.number("beta", 0.75),
            attributes.number("bias", 1.0),
        )
    )
