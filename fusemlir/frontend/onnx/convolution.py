"""Convolutions and their transposes."""

from __future__ import annotations

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.dialects.trt.convolution import ConvolutionOp, DeconvolutionOp
from fusemlir.dialects.trt.enums import ElementWiseOperation, PaddingMode, SampleMode
from fusemlir.dialects.trt.pointwise import ElementWiseOp
from fusemlir.dialects.trt.shape import SliceOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator
from fusemlir.frontend.onnx.windows import Windows, check_kernel_shape


@operator("Conv")
def conv(node: Node) -> SSAValue:
    x, kernel, bias = node.input(0), node.input(1), node.optional_input(2)
    check_kernel_shape(node, kernel)
    windows = Windows.of(node, len(shape_of(x)) - 2)
    output = node.main(
        ConvolutionOp(
            windows.widened(node, x),
            windows.widened(node, kernel),
            bias,
            stride=windows.stride,
            pre_padding=windows.pre,
            post_padding=windows.post,
            padding_mode=windows.mode,
            dilation=windows.dilation,
            num_groups=node.attributes.integer("group", 1),
        )
    )
    return windows.narrowed(node, output)


@operator("ConvTranspose")
def conv_transpose(node: Node) -> SSAValue:
    """A deconvolution that trims; what `output_padding` adds beyond it is a zero-fill
    slice, after which the bias is a layer of its own."""
    x, kernel, bias = node.input(0), node.input(1), node.optional_input(2)
    check_kernel_shape(node, kernel)
    windows = Windows.of(node, len(shape_of(x)) - 2)
    if len(shape_of(kernel)) != len(shape_of(x)):
        raise Unsupported("the kernel has another rank than the input")
    # Negative numbers of elements to trim are elements to add.
    before, after = _trimming(node, windows, x, kernel)
    adds = min((*before, *after)) < 0
    output = node.main(
        DeconvolutionOp(
            windows.widened(node, x),
            windows.widened(node, kernel),
            None if adds else bias,
            stride=windows.stride,
            pre_padding=[max(0, trim) for trim in before],
            post_padding=[max(0, trim) for trim in after],
            dilation=windows.dilation,
            num_groups=node.attributes.integer("group", 1),
        )
    )
    if adds:
        output = _extended(node, output, before, after)
        if bias is not None:
            spatial = len(shape_of(output)) - 2
            channels = node.reshape(bias, [None, 0, *[None] * spatial])
            total = ElementWiseOp(ElementWiseOperation.SUM, output, channels)
            output = node.add(total)
    return windows.narrowed(node, output)


def _trimming(
    node: Node, windows: Windows, x: SSAValue, kernel: SSAValue
) -> tuple[list[int], list[int]]:
    """How much of the full output goes before and after each axis, per ConvTranspose's
    text in onnx/docs/Operators.md."""
    attributes, axes = node.attributes, windows.axes
    extra = [*attributes.integers("output_padding", [0] * axes), 0][: len(windows.pre)]
    wanted = attributes.integers("output_shape")
    if wanted is None and not windows.is_same_padded:
        after = [post - more for post, more in zip(windows.post, extra, strict=True)]
        return windows.pre, after
    spatial = node.static_shape(x, "output_shape or SAME padding")[2:]
    if wanted is None:
        strides = zip(spatial, windows.stride, strict=False)
        wanted = [size * stride for size, stride in strides]
    if len(wanted) != axes:
        raise Unsupported(f"output_shape does not fit {axes} spatial axes")
    window = node.static_shape(kernel, "output_shape or SAME padding")[2:]
    before, after = [0] * len(windows.pre), [0] * len(windows.pre)
    for axis in range(axes):
        extent = 1 + windows.dilation[axis] * (window[axis] - 1)
        full = (spatial[axis] - 1) * windows.stride[axis] + extent
        total = full + extra[axis] - wanted[axis]
        less, more = total // 2, total - total // 2
        upper = windows.mode == PaddingMode.SAME_UPPER
        before[axis], after[axis] = (less, more) if upper else (more, less)
        after[axis] -= extra[axis]
    return before, after


def _extended(
    node: Node, value: SSAValue, before: list[int], after: list[int]
) -> SSAValue:
    """`value` with zeros around it where the numbers to trim are negative."""
    shape = node.static_shape(value, "output_padding")
    leading = [0] * (len(shape) - len(before))
    start = [*leading, *(min(0, trim) for trim in before)]
    end = [*leading, *(-min(0, trim) for trim in after)]
    size = [d + e - s for d, s, e in zip(shape, start, end, strict=True)]
    return node.add(SliceOp(value, start, size, mode=SampleMode.FILL))
