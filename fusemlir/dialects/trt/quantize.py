"""Between floats and their quantised integers."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import Float32Type, IntegerAttr, TensorType, i8, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    LayerOp,
    Tensor,
    dims_agree,
    element_type_of,
    is_float,
    require_axis,
    shape_of,
    shapes_agree,
    show_shape,
)


class QuantizationOp(LayerOp, ABC):
    """What Quantize and Dequantize share: a scale, per tensor or per channel.

    The scale is a scalar (`tensor<f32>`), or one-dimensional with dim[axis] elements.
    The zero point, where given, has the scale's shape and the quantised type.
    """

    axis = opt_prop_def(IntegerAttr.constr(i64))

    input = operand_def(TensorType)
    scale = operand_def(TensorType)
    zero_point = opt_operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "operands (`axis` `=` $axis^)? (`layers` $layers^)? attr-dict "
        "`:` functional-type(operands, $output)"
    )

    def __init__(
        self,
        input: SSAValue,
        scale: SSAValue,
        zero_point: SSAValue | None = None,
        *,
        axis: int | None = None,
        to_type: Attribute,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input, scale, [] if zero_point is None else [zero_point]],
            {"axis": None if axis is None else IntegerAttr(axis, i64)},
            layers=layers,
            results=[TensorType(to_type, ())],
        )

    def check(self, real: Attribute, quantized: Attribute) -> None:
        """What holds for both directions, between a float and an integer type."""
        if not is_float(real):
            raise VerifyException(f"the real side must be a float, found {real}")
        if quantized != i8:
            raise VerifyException(f"the quantised side must be i8, found {quantized}")
        scale = element_type_of(self.scale)
        if not (isinstance(scale, Float32Type) or scale == real):
            wanted = " or ".join(dict.fromkeys(("f32", str(real))))
            raise VerifyException(f"scale must be {wanted}, found {scale}")
        self._check_scale_shape()
        if self.zero_point is None:
            return
        if element_type_of(self.zero_point) != quantized:
            raise VerifyException(f"zero point must be {quantized}")
        if not shapes_agree(shape_of(self.zero_point), shape_of(self.scale)):
            raise VerifyException("zero point and scale must have the same shape")

    def _check_scale_shape(self) -> None:
        shape, scale = shape_of(self.input), shape_of(self.scale)
        if self.axis is None:
            if scale:
                raise VerifyException(
                    f"scale must be a scalar without axis, found {show_shape(scale)}"
                )
            return
        axis = self.axis.value.data
        require_axis(axis, len(shape))
        if len(scale) != 1 or not dims_agree(scale[0], shape[axis]):
            raise VerifyException(
                f"scale must have shape {show_shape(shape[axis : axis + 1])}, "
                f"found {show_shape(scale)}"
            )


@irdl_op_definition
class QuantizeOp(QuantizationOp):
    """Mirrors `IQuantizeLayer`: clamp(round_half_even(x / scale) + zero_point).

    f32, f16 or bf16 to i8 in [-128, 127]; same shape. Scales are positive; TensorRT
    asks for a zero point of zero.
    """

    name = "trt.quantize"

    def infer(self) -> tuple[Tensor, ...]:
        quantized = element_type_of(self.output)
        self.check(element_type_of(self.input), quantized)
        return (TensorType(quantized, shape_of(self.input)),)


@irdl_op_definition
class DequantizeOp(QuantizationOp):
    """Mirrors `IDequantizeLayer`: (q - zero_point) * scale; i8 to f32, f16 or bf16."""

    name = "trt.dequantize"

    def infer(self) -> tuple[Tensor, ...]:
        real = element_type_of(self.output)
        self.check(real, element_type_of(self.input))
        return (TensorType(real, shape_of(self.input)),)
