"""Normalisation by mean and variance, then scaled and shifted."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DenseArrayBase,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    TensorType,
    f32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
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
    ints,
    is_float,
    require_axis,
    require_same_element,
    shape_of,
    show_shape,
    tensor_type,
)

CHANNEL_AXIS = 1

DEFAULT_EPSILON = 1e-5
"""Of TensorRT and of ONNX."""


@irdl_op_definition
class NormalizationOp(LayerOp):
    """Mirrors `INormalizationLayer`: (x - mean) / sqrt(variance + epsilon) * scale
    + bias.

    Mean and variance, the mean of squared distances from it, are over `axes` and
    computed in f32. Scale and bias have the rank of x and are broadcast to it. With
    `num_groups` above one the channels, dimension 1, are split into that many groups,
    each normalised with all dimensions behind it, which must be what `axes` says.
    Floats of one type; same shape. NOTE: axes are a sorted list, not a bit mask.
    """

    name = "trt.normalization"

    normalized_axes = prop_def(DenseArrayBase.constr(i64))
    epsilon = prop_def(FloatAttr[Float32Type])
    num_groups = opt_prop_def(IntegerAttr.constr(i64))

    input = operand_def(TensorType)
    scale = operand_def(TensorType)
    bias = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input `,` $scale `,` $bias `axes` `=` $normalized_axes "
        "`epsilon` `=` $epsilon (`num_groups` `=` $num_groups^)? "
        "(`layers` $layers^)? attr-dict `:` functional-type(operands, $output)"
    )

    def __init__(
        self,
        input: SSAValue,
        scale: SSAValue,
        bias: SSAValue,
        axes: Sequence[int],
        *,
        epsilon: float = DEFAULT_EPSILON,
        num_groups: int = 1,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input, scale, bias],
            {
                "normalized_axes": ints(sorted(axes)),
                "epsilon": FloatAttr(epsilon, f32),
                # Absence has one spelling, so that equal layers are equal attributes.
                "num_groups": None if num_groups == 1 else IntegerAttr(num_groups, i64),
            },
            layers=layers,
        )

    @property
    def axes(self) -> Shape:
        return self.normalized_axes.get_values()

    @property
    def groups(self) -> int:
        return 1 if self.num_groups is None else self.num_groups.value.data

    def infer(self) -> tuple[Tensor, ...]:
        shape, element = shape_of(self.input), element_type_of(self.input)
        if not is_float(element):
            raise VerifyException(f"normalization does not take {element}")
        for what, value in (("scale", self.scale), ("bias", self.bias)):
            require_same_element(element, element_type_of(value), f"input and {what}")
            _require_broadcast(shape_of(value), shape, what)
        _require_axes(self.axes, len(shape))
        if not self.epsilon.value.data >= 0:
            raise VerifyException(
                f"epsilon must not be negative, found {self.epsilon.value.data}"
            )
        _require_groups(self.groups, self.axes, shape)
        return (tensor_type(self.input),)


def _require_broadcast(shape: Shape, input: Shape, what: str) -> None:
    agree = len(shape) == len(input) and all(
        dim == 1 or dims_agree(dim, other)
        for dim, other in zip(shape, input, strict=True)
    )
    if not agree:
        raise VerifyException(
            f"{what} {show_shape(shape)} is not broadcast to input {show_shape(input)}"
        )


def _require_axes(axes: Shape, rank: int) -> None:
    if not axes:
        raise VerifyException("axes must not be empty")
    for axis in axes:
        require_axis(axis, rank)
    if list(axes) != sorted(set(axes)):
        raise VerifyException(f"axes must rise without repeats: {list(axes)}")


def _require_groups(groups: int, axes: Shape, shape: Shape) -> None:
    if groups == 1:
        return
    if groups < 1:
        raise VerifyException(f"num_groups must be at least 1, found {groups}")
    behind = tuple(range(CHANNEL_AXIS + 1, len(shape)))
    if axes != behind or not behind:
        raise VerifyException(
            f"groups of channels are normalised along {list(behind)}, all axes behind "
            f"the channels, found {list(axes)}"
        )
    channels = shape[CHANNEL_AXIS]
    if channels != UNKNOWN and channels % groups:
        raise VerifyException(f"{channels} channels are not {groups} equal groups")
