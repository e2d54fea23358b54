"""Contractions over windows: convolution, deconvolution, and their padding rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, TensorType, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    dims_agree,
    element_type_of,
    ints_or,
    ints_unless,
    is_float,
    require_rank,
    require_same_element,
    shape_of,
    show_shape,
    volume,
)
from fusemlir.dialects.trt.enums import PaddingMode, PaddingModeAttr


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def window_output(
    size: int,
    window: int,
    stride: int,
    pre: int,
    post: int,
    mode: PaddingMode = PaddingMode.EXPLICIT_ROUND_DOWN,
) -> int:
    """Number of window positions along one axis (`NvInfer.h`, PaddingMode).

    `window` is the dilated extent, 1 + dilation * (kernel - 1).
    """
    if size == UNKNOWN:
        return UNKNOWN
    match mode:
        case PaddingMode.SAME_UPPER | PaddingMode.SAME_LOWER:
            return ceil_div(size, stride)
        case PaddingMode.EXPLICIT_ROUND_UP:
            return ceil_div(size + pre + post - window, stride) + 1
        case PaddingMode.EXPLICIT_ROUND_DOWN:
            return (size + pre + post - window) // stride + 1


def same_padding(
    size: int, window: int, stride: int, mode: PaddingMode
) -> tuple[int, int]:
    """Padding before and after one axis in the SAME modes, never negative.

    TensorRT's formula yields a negative total where the stride exceeds the window;
    that is clamped to zero, as ONNX does.
    """
    total = max(0, (size - 1) // stride * stride + window - size)
    less, more = total // 2, total - total // 2
    return (less, more) if mode == PaddingMode.SAME_UPPER else (more, less)


class WindowedOp(LayerOp, ABC):
    """A layer that slides a window: stride, dilation and padding per spatial axis.

    Properties that are absent have their default on every axis.
    """

    stride = opt_prop_def(DenseArrayBase.constr(i64))
    pre_padding = opt_prop_def(DenseArrayBase.constr(i64))
    post_padding = opt_prop_def(DenseArrayBase.constr(i64))
    padding_mode = opt_prop_def(PaddingModeAttr)

    @property
    @abstractmethod
    def window(self) -> Shape:
        """Window size along each spatial axis, before dilation."""

    @property
    def dilations(self) -> Shape:
        return (1,) * len(self.window)

    @property
    def strides(self) -> Shape:
        return ints_or(self.stride, (1,) * len(self.window))

    @property
    def mode(self) -> PaddingMode:
        if self.padding_mode is None:
            return PaddingMode.EXPLICIT_ROUND_DOWN
        return self.padding_mode.data

    @property
    def is_same_padded(self) -> bool:
        return self.mode in (PaddingMode.SAME_UPPER, PaddingMode.SAME_LOWER)

    @property
    def extents(self) -> Shape:
        """Window size along each spatial axis, dilated."""
        pairs = zip(self.window, self.dilations, strict=True)
        return tuple(
            UNKNOWN if size == UNKNOWN else 1 + dilation * (size - 1)
            for size, dilation in pairs
        )

    @property
    def explicit_padding(self) -> tuple[Shape, Shape]:
        """Padding before and after each spatial axis as the properties have it."""
        zeros = (0,) * len(self.window)
        return ints_or(self.pre_padding, zeros), ints_or(self.post_padding, zeros)

    def verify_window(self) -> None:
        axes = len(self.window)
        pre, post = self.explicit_padding
        for what, values, least in (
            ("window", self.window, 1),
            ("stride", self.strides, 1),
            ("dilation", self.dilations, 1),
            ("pre_padding", pre, 0),
            ("post_padding", post, 0),
        ):
            if len(values) != axes:
                raise VerifyException(
                    f"{what} has {len(values)} entries for {axes} spatial axes"
                )
            # A window may be unknown: it can be the shape of a kernel.
            admitted = (UNKNOWN,) if what == "window" else ()
            if any(value < least and value not in admitted for value in values):
                raise VerifyException(
                    f"{what} must be at least {least}, found {list(values)}"
                )

    def padding_of(self, spatial: Shape) -> tuple[Shape, Shape]:
        """Padding before and after each axis of an input of static size `spatial`."""
        if not self.is_same_padded:
            return self.explicit_padding
        axes = zip(spatial, self.extents, self.strides, strict=True)
        pairs = [same_padding(*axis, self.mode) for axis in axes]
        return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)

    def slide(self, spatial: Shape) -> Shape:
        """Spatial size of the output for an input of size `spatial`."""
        pre, post = self.explicit_padding
        axes = zip(spatial, self.extents, self.strides, pre, post, strict=True)
        output = tuple(
            UNKNOWN if axis[1] == UNKNOWN else window_output(*axis, self.mode)
            for axis in axes
        )
        if any(size < 1 and size != UNKNOWN for size in output):
            raise VerifyException(
                f"window {show_shape(self.extents)} does not fit into "
                f"{show_shape(spatial)} with padding {list(pre)} and {list(post)}"
            )
        return output


class ContractionOp(WindowedOp, ABC):
    """What convolution and deconvolution share: kernel, bias, groups, dilation."""

    dilation = opt_prop_def(DenseArrayBase.constr(i64))
    num_groups = opt_prop_def(IntegerAttr.constr(i64))

    input = operand_def(TensorType)
    kernel = operand_def(TensorType)
    bias = opt_operand_def(TensorType)

    output = result_def(TensorType)

    assembly_format = (
        "operands (`stride` `=` $stride^)? (`pre_padding` `=` $pre_padding^)? "
        "(`post_padding` `=` $post_padding^)? (`padding_mode` `=` $padding_mode^)? "
        "(`dilation` `=` $dilation^)? (`num_groups` `=` $num_groups^)? "
        "(`layers` $layers^)? attr-dict `:` functional-type(operands, $output)"
    )

    def __init__(
        self,
        input: SSAValue,
        kernel: SSAValue,
        bias: SSAValue | None = None,
        *,
        stride: Sequence[int] | None = None,
        pre_padding: Sequence[int] | None = None,
        post_padding: Sequence[int] | None = None,
        padding_mode: PaddingMode = PaddingMode.EXPLICIT_ROUND_DOWN,
        dilation: Sequence[int] | None = None,
        num_groups: int = 1,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input, kernel, [] if bias is None else [bias]],
            {
                "stride": ints_unless(stride, 1),
                "pre_padding": ints_unless(pre_padding, 0),
                "post_padding": ints_unless(post_padding, 0),
                "padding_mode": padding_mode_attr(padding_mode),
                "dilation": ints_unless(dilation, 1),
                "num_groups": None if num_groups == 1 else IntegerAttr(num_groups, i64),
            },
            layers=layers,
        )

    @property
    def window(self) -> Shape:
        return shape_of(self.kernel)[2:]

    @property
    def depth(self) -> int:
        """How many products each element of the result sums, at most; or `UNKNOWN`."""
        return volume(shape_of(self.kernel)[1:])

    @property
    def dilations(self) -> Shape:
        return ints_or(self.dilation, (1,) * len(self.window))

    @property
    def groups(self) -> int:
        return 1 if self.num_groups is None else self.num_groups.value.data

    def verify_contraction(self, input_channels: int, output_channels: int) -> None:
        """What holds for both: `input_channels` and `output_channels` are those that
        the kernel's shape implies."""
        shape = shape_of(self.input)
        require_rank(shape, (4, 5), "input")
        require_rank(shape_of(self.kernel), (len(shape),), "kernel")
        element = element_type_of(self.input)
        if not is_float(element):
            raise VerifyException(f"input must be f32, f16 or bf16, found {element}")
        require_same_element(element, element_type_of(self.kernel), "input and kernel")
        self.verify_window()
        if self.groups < 1:
            raise VerifyException(f"num_groups must be at least 1, found {self.groups}")
        if not dims_agree(shape[1], input_channels):
            raise VerifyException(
                f"input has {shape[1]} channels, the kernel wants {input_channels}"
            )
        if output_channels != UNKNOWN and output_channels % self.groups:
            raise VerifyException(
                f"{output_channels} output channels do not divide into "
                f"{self.groups} groups"
            )
        if self.bias is None:
            return
        require_same_element(element, element_type_of(self.bias), "input and bias")
        bias = shape_of(self.bias)
        if len(bias) != 1 or not dims_agree(bias[0], output_channels):
            wanted = show_shape([output_channels])
            raise VerifyException(
                f"bias must have shape {wanted}, found {show_shape(bias)}"
            )

    def result_type(self, channels: int, spatial: Shape) -> tuple[Tensor]:
        batch = shape_of(self.input)[0]
        return (TensorType(element_type_of(self.input), (batch, channels, *spatial)),)


def times(dim: int, factor: int) -> int:
    return UNKNOWN if dim == UNKNOWN else dim * factor


def padding_mode_attr(mode: PaddingMode) -> PaddingModeAttr | None:
    """The property for `mode`, absent for the default."""
    if mode == PaddingMode.EXPLICIT_ROUND_DOWN:
        return None
    return PaddingModeAttr(mode)


@irdl_op_definition
class ConvolutionOp(ContractionOp):
    """Mirrors `IConvolutionLayer`: a correlation over 2 or 3 spatial axes.

    Shapes: input [N, C, spatial], kernel [K, C/G, window], bias [K], output
    [N, K, spatial']. Zero padding; `out[n, k, p] = bias[k] + sum over c, w of
    input[n, g*C/G + c, p*stride + w*dilation - pre] * kernel[k, c, w]`, g the group
    of k. Output sizes follow `padding_mode`.
    """

    name = "trt.convolution"

    def infer(self) -> tuple[Tensor, ...]:
        require_rank(shape_of(self.kernel), (4, 5), "kernel")
        maps, channels = shape_of(self.kernel)[:2]
        self.verify_contraction(times(channels, self.groups), maps)
        return self.result_type(maps, self.slide(shape_of(self.input)[2:]))


@irdl_op_definition
class DeconvolutionOp(ContractionOp):
    """Mirrors `IDeconvolutionLayer`: the transpose of a convolution.

    Shapes: input [N, C, spatial], kernel [C, K/G, window], bias [K], output
    [N, K, spatial']. Padding trims the output: along one axis its size is
    (I - 1)*stride + extent - (pre + post), in the SAME modes min(I*stride, that).
    """

    name = "trt.deconvolution"

    def infer(self) -> tuple[Tensor, ...]:
        require_rank(shape_of(self.kernel), (4, 5), "kernel")
        channels, maps = shape_of(self.kernel)[:2]
        self.verify_contraction(channels, times(maps, self.groups))
        if channels != UNKNOWN and channels % self.groups:
            raise VerifyException(
                f"{channels} input channels do not divide into {self.groups} groups"
            )
        spatial = self.spread(shape_of(self.input)[2:])
        return self.result_type(times(maps, self.groups), spatial)

    @property
    def depth(self) -> int:
        maps, _, *window = shape_of(self.kernel)
        if maps == UNKNOWN:
            return UNKNOWN
        return volume((maps // self.groups, *window))

    def padding_of(self, spatial: Shape) -> tuple[Shape, Shape]:
        """How much is trimmed before and after each axis of the full output."""
        if not self.is_same_padded:
            return self.explicit_padding
        totals = [
            max(0, extent - stride)
            for extent, stride in zip(self.extents, self.strides, strict=True)
        ]
        less = tuple(total // 2 for total in totals)
        more = tuple(total - total // 2 for total in totals)
        upper = self.mode == PaddingMode.SAME_UPPER
        return (less, more) if upper else (more, less)

    def spread(self, spatial: Shape) -> Shape:
        """Spatial size of the output for an input of size `spatial`."""
        pre, post = self.padding_of(spatial)
        axes = zip(spatial, self.extents, self.strides, pre, post, strict=True)
        output = tuple(
            UNKNOWN
            if UNKNOWN in (size, extent)
            else (size - 1) * stride + extent - before - after
            for size, extent, stride, before, after in axes
        )
        if any(size < 1 and size != UNKNOWN for size in output):
            raise VerifyException(
                f"padding {list(pre)} and {list(post)} trims the whole output away"
            )
        return output
