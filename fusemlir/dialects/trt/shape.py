"""Layers that move elements: padding, slice, concatenation, identity."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, TensorType, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    dims_agree,
    element_type_of,
    ints,
    ints_or,
    ints_unless,
    require_axis,
    require_rank,
    require_same_element,
    shape_of,
    show_shape,
    tensor_type,
    volume,
)
from fusemlir.dialects.trt.enums import SampleMode, SampleModeAttr


@irdl_op_definition
class PaddingOp(LayerOp):
    """Mirrors `IPaddingLayer`: zeros around the last two axes, a crop where negative.

    out = in + pre + post along each of the two axes, at least 1.
    """

    name = "trt.padding"

    pre_padding = prop_def(DenseArrayBase.constr(i64))
    post_padding = prop_def(DenseArrayBase.constr(i64))

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input `pre_padding` `=` $pre_padding `post_padding` `=` $post_padding "
        "(`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        pre_padding: Sequence[int],
        post_padding: Sequence[int],
        *,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {"pre_padding": ints(pre_padding), "post_padding": ints(post_padding)},
            layers=layers,
        )

    @property
    def pre(self) -> Shape:
        return self.pre_padding.get_values()

    @property
    def post(self) -> Shape:
        return self.post_padding.get_values()

    def infer(self) -> tuple[Tensor, ...]:
        shape = shape_of(self.input)
        require_rank(shape, range(4, 9), "input")
        if len(self.pre) != 2 or len(self.post) != 2:
            raise VerifyException("padding takes two numbers before and two after")
        last = tuple(
            UNKNOWN if dim == UNKNOWN else dim + pre + post
            for dim, pre, post in zip(shape[-2:], self.pre, self.post, strict=True)
        )
        if any(dim < 1 and dim != UNKNOWN for dim in last):
            raise VerifyException(
                f"padding leaves {show_shape(last)} of {show_shape(shape[-2:])}"
            )
        return (TensorType(element_type_of(self.input), (*shape[:-2], *last)),)


@irdl_op_definition
class SliceOp(LayerOp):
    """Mirrors `ISliceLayer`: y[i] = x[start + i * stride] along every axis.

    `size` is the result's shape. Outside the input `strict_bounds` is an error,
    `fill` reads the scalar operand (zero without one), and wrap, clamp and reflect
    index as their names say. A stride of 0 repeats, a negative one reverses.
    """

    name = "trt.slice"

    start = prop_def(DenseArrayBase.constr(i64))
    size = prop_def(DenseArrayBase.constr(i64))
    stride = opt_prop_def(DenseArrayBase.constr(i64))
    mode = opt_prop_def(SampleModeAttr)

    input = operand_def(TensorType)
    fill = opt_operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input (`fill` `(` $fill^ `:` type($fill) `)`)? `start` `=` $start "
        "`size` `=` $size (`stride` `=` $stride^)? (`mode` `=` $mode^)? "
        "(`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        start: Sequence[int],
        size: Sequence[int],
        stride: Sequence[int] | None = None,
        *,
        mode: SampleMode = SampleMode.STRICT_BOUNDS,
        fill: SSAValue | None = None,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input, [] if fill is None else [fill]],
            {
                "start": ints(start),
                "size": ints(size),
                "stride": ints_unless(stride, 1),
                "mode": None
                if mode == SampleMode.STRICT_BOUNDS
                else SampleModeAttr(mode),
            },
            layers=layers,
        )

    @property
    def sampling(self) -> SampleMode:
        return SampleMode.STRICT_BOUNDS if self.mode is None else self.mode.data

    @property
    def starts(self) -> Shape:
        return self.start.get_values()

    @property
    def sizes(self) -> Shape:
        return self.size.get_values()

    @property
    def strides(self) -> Shape:
        return ints_or(self.stride, (1,) * len(self.sizes))

    def infer(self) -> tuple[Tensor, ...]:
        shape, element = shape_of(self.input), element_type_of(self.input)
        for what, values in (
            ("start", self.starts),
            ("size", self.sizes),
            ("stride", self.strides),
        ):
            if len(values) != len(shape):
                raise VerifyException(
                    f"{what} has {len(values)} entries for rank {len(shape)}"
                )
        if any(size < 0 for size in self.sizes):
            raise VerifyException(f"size must not be negative: {list(self.sizes)}")
        if self.fill is not None:
            if self.sampling != SampleMode.FILL:
                raise VerifyException(f"{self.sampling} takes no fill value")
            require_same_element(element, element_type_of(self.fill), "input and fill")
            if volume(shape_of(self.fill)) not in (1, UNKNOWN):
                raise VerifyException("fill must be a single element")
        if self.sampling == SampleMode.STRICT_BOUNDS:
            self._check_bounds(shape)
        return (TensorType(element, self.sizes),)

    def _check_bounds(self, shape: Shape) -> None:
        axes = zip(shape, self.starts, self.sizes, self.strides, strict=True)
        for axis, (dim, start, size, stride) in enumerate(axes):
            last = start + (size - 1) * stride
            fits = dim == UNKNOWN or max(start, last) < dim
            if size > 0 and not (fits and min(start, last) >= 0):
                raise VerifyException(
                    f"axis {axis} reads {start} to {last} of {show_shape([dim])} "
                    "elements"
                )


@irdl_op_definition
class ConcatenationOp(LayerOp):
    """Mirrors `IConcatenationLayer`: inputs joined along one axis.

    All dimensions but that axis are equal, and so are all types. TensorRT's default
    axis, max(0, rank - 3), is resolved when the layer is built.
    """

    name = "trt.concatenation"

    axis = prop_def(IntegerAttr.constr(i64))
    inputs = var_operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$inputs `axis` `=` $axis (`layers` $layers^)? attr-dict "
        "`:` functional-type($inputs, $output)"
    )

    def __init__(
        self, inputs: Sequence[SSAValue], axis: int, *, layers: Sequence[str] = ()
    ):
        super().__init__([inputs], {"axis": IntegerAttr(axis, i64)}, layers=layers)

    def infer(self) -> tuple[Tensor, ...]:
        if not self.inputs:
            raise VerifyException("concatenation needs at least one input")
        axis = self.axis.value.data
        first = tensor_type(self.inputs[0])
        joined = list(first.get_shape())
        require_axis(axis, len(joined))
        for value in self.inputs[1:]:
            require_same_element(first.element_type, element_type_of(value), "inputs")
            shape = shape_of(value)
            require_rank(shape, (len(joined),), "input")
            for at, dim in enumerate(shape):
                if at == axis:
                    known = UNKNOWN not in (joined[at], dim)
                    joined[at] = joined[at] + dim if known else UNKNOWN
                elif not dims_agree(joined[at], dim):
                    raise VerifyException(
                        f"dimension {at} is {joined[at]} and {dim}, must be equal"
                    )
                elif joined[at] == UNKNOWN:
                    joined[at] = dim
        return (TensorType(first.element_type, joined),)


@irdl_op_definition
class IdentityOp(LayerOp):
    """Mirrors `IIdentityLayer`: the input, unchanged. Any type."""

    name = "trt.identity"

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input (`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(self, input: SSAValue, *, layers: Sequence[str] = ()):
        super().__init__([input], {}, layers=layers)

    def infer(self) -> tuple[Tensor, ...]:
        return (tensor_type(self.input),)
