"""What operators that slide a window have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.dialects.trt.enums import PaddingMode
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node

_SAME = {
    "SAME_UPPER": PaddingMode.SAME_UPPER,
    "SAME_LOWER": PaddingMode.SAME_LOWER,
}


@dataclass
class Windows:
    """Stride, dilation and padding, one number a spatial axis.

    Attributes with one axis are given a second one of window 1, because layers have
    two or three; the input is unsqueezed with them (`widened`).
    """

    axes: int
    """Spatial axes of the node itself."""
    stride: list[int]
    dilation: list[int]
    pre: list[int]
    post: list[int]
    mode: PaddingMode = field(default=PaddingMode.EXPLICIT_ROUND_DOWN)

    @staticmethod
    def of(node: Node, axes: int) -> Windows:
        """Read the attributes; `Unsupported` where their lengths do not fit."""
        if axes not in (1, 2, 3):
            raise Unsupported(f"there are {axes} spatial axes, wanted 1, 2 or 3")
        attributes = node.attributes
        pads = attributes.integers("pads", [0] * (2 * axes))
        windows = Windows(
            axes,
            attributes.integers("strides", [1] * axes),
            attributes.integers("dilations", [1] * axes),
            pads[:axes],
            pads[axes:],
        )
        for what, values in (
            ("strides", windows.stride),
            ("dilations", windows.dilation),
            ("pads", windows.post),
        ):
            if len(values) != axes:
                raise Unsupported(f"{what} do not fit {axes} spatial axes")
        auto_pad = attributes.text("auto_pad", "NOTSET")
        if auto_pad in ("VALID", *_SAME):
            windows.pre, windows.post = [0] * axes, [0] * axes
        elif auto_pad != "NOTSET":
            raise Unsupported(f"auto_pad '{auto_pad}' is unknown")
        windows.mode = _SAME.get(auto_pad, windows.mode)
        if axes == 1:
            windows.stride.append(1)
            windows.dilation.append(1)
            windows.pre.append(0)
            windows.post.append(0)
        return windows

    @property
    def is_same_padded(self) -> bool:
        return self.mode in _SAME.values()

    def widened(self, node: Node, value: SSAValue) -> SSAValue:
        """A tensor with one spatial axis gets a second one."""
        if self.axes != 1:
            return value
        return node.reshape(value, [*range(len(shape_of(value))), None])

    def narrowed(self, node: Node, value: SSAValue) -> SSAValue:
        """Undo `widened` on a result."""
        if self.axes != 1:
            return value
        return node.reshape(value, range(len(shape_of(value)) - 1))

    def per_axis(self, values: Sequence[int]) -> Shape:
        """One number for each of the node's own axes, and 1 for an added one."""
        return (*values, 1) if self.axes == 1 else tuple(values)


def check_kernel_shape(node: Node, kernel: SSAValue) -> None:
    """The attribute repeats the kernel's shape: refuse a model where it does not."""
    window = list(shape_of(kernel)[2:])
    given = node.attributes.integers("kernel_shape", window)
    if given != window:
        raise Unsupported(f"kernel_shape is {given}, the kernel has {window}")
