"""Layers that compute each element from elements: what pointwise groups are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.dialects.builtin import (
    Float32Type,
    FloatAttr,
    IntegerAttr,
    TensorType,
    f32,
    i1,
    i8,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    ELEMENTS,
    UNKNOWN,
    LayerOp,
    Tensor,
    broadcast,
    dims_agree,
    element_type_of,
    is_float,
    is_integer,
    require_axis,
    require_same_element,
    shape_of,
    tensor_type,
    volume,
)
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ActivationTypeAttr,
    ElementWiseOperation,
    ElementWiseOperationAttr,
    ScaleMode,
    ScaleModeAttr,
    UnaryOperation,
    UnaryOperationAttr,
)


def f32_attr(value: float | None) -> FloatAttr[Float32Type] | None:
    return None if value is None else FloatAttr(value, f32)


@irdl_op_definition
class ActivationOp(LayerOp):
    """Mirrors `IActivationLayer`: one function of one variable on every element.

    Same shape and type in and out; floats, and for `relu` integers too. `alpha` and
    `beta` are given exactly where the type uses them and are finite:
    relu max(0, x); sigmoid 1/(1 + e^-x); tanh; leaky_relu x >= 0 ? x : alpha x;
    elu x >= 0 ? x : alpha (e^x - 1); selu x > 0 ? beta x : beta (alpha e^x - alpha);
    softsign x/(1 + |x|); softplus alpha log(e^(beta x) + 1);
    clip max(alpha, min(beta, x)); hard_sigmoid max(0, min(1, alpha x + beta));
    scaled_tanh alpha tanh(beta x); thresholded_relu x > alpha ? x : 0;
    gelu_erf x/2 (1 + erf(x/sqrt 2));
    gelu_tanh x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    """

    name = "trt.activation"

    activation_type = prop_def(ActivationTypeAttr)
    alpha = opt_prop_def(FloatAttr[Float32Type])
    beta = opt_prop_def(FloatAttr[Float32Type])

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$activation_type $input (`alpha` `=` $alpha^)? (`beta` `=` $beta^)? "
        "(`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        activation_type: ActivationType,
        input: SSAValue,
        alpha: float | None = None,
        beta: float | None = None,
        *,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {
                "activation_type": ActivationTypeAttr(activation_type),
                "alpha": f32_attr(alpha),
                "beta": f32_attr(beta),
            },
            layers=layers,
        )

    @property
    def kind(self) -> ActivationType:
        return self.activation_type.data

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.input)
        integer_relu = self.kind == ActivationType.RELU and is_integer(element)
        if not (is_float(element) or integer_relu):
            raise VerifyException(f"{self.kind} does not take {element}")
        for what, attribute, taken in (
            ("alpha", self.alpha, self.kind.takes_alpha),
            ("beta", self.beta, self.kind.takes_beta),
        ):
            if taken and attribute is None:
                raise VerifyException(f"{self.kind} needs {what}")
            if attribute is None:
                continue
            if not taken:
                raise VerifyException(f"{self.kind} takes no {what}")
            if not math.isfinite(attribute.value.data):
                raise VerifyException(f"{what} must be finite")
        return (tensor_type(self.input),)


@irdl_op_definition
class ElementWiseOp(LayerOp):
    """Mirrors `IElementWiseLayer`: a binary operation with broadcasting.

    Operands have one rank and one element type; each dimension is equal or one.
    Arithmetic (sum, prod, max, min, sub, div, pow, floor_div) keeps the type, pow
    takes floats only; and/or/xor take and give i1; equal/greater/less give i1.
    Integer `div` truncates, `floor_div` floors.
    """

    name = "trt.element_wise"

    operation = prop_def(ElementWiseOperationAttr)
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$operation $lhs `,` $rhs (`layers` $layers^)? attr-dict "
        "`:` functional-type(operands, $output)"
    )

    def __init__(
        self,
        operation: ElementWiseOperation,
        lhs: SSAValue,
        rhs: SSAValue,
        *,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [lhs, rhs],
            {"operation": ElementWiseOperationAttr(operation)},
            layers=layers,
        )

    @property
    def kind(self) -> ElementWiseOperation:
        return self.operation.data

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.lhs)
        require_same_element(element, element_type_of(self.rhs), "operands")
        if self.kind.is_logical:
            legal = element == i1
        elif self.kind == ElementWiseOperation.POW:
            legal = is_float(element)
        else:
            legal = is_float(element) or is_integer(element)
        if not legal:
            raise VerifyException(f"{self.kind} does not take {element}")
        shape = broadcast(shape_of(self.lhs), shape_of(self.rhs))
        return (TensorType(i1 if self.kind.is_comparison else element, shape),)


_INTEGER_UNARY = frozenset(
    {UnaryOperation.ABS, UnaryOperation.NEG, UnaryOperation.SIGN}
)
_FLOAT_TO_BOOL = frozenset({UnaryOperation.ISINF, UnaryOperation.ISNAN})


@irdl_op_definition
class UnaryOp(LayerOp):
    """Mirrors `IUnaryLayer`: one operation on every element, same shape.

    Floats for all but `not` (i1); abs, neg and sign take integers too; isinf and
    isnan give i1. `round` rounds half to even, sign(0) is 0.
    """

    name = "trt.unary"

    operation = prop_def(UnaryOperationAttr)
    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$operation $input (`layers` $layers^)? attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        operation: UnaryOperation,
        input: SSAValue,
        *,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input], {"operation": UnaryOperationAttr(operation)}, layers=layers
        )

    @property
    def kind(self) -> UnaryOperation:
        return self.operation.data

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.input)
        if self.kind == UnaryOperation.NOT:
            legal = element == i1
        elif self.kind in _INTEGER_UNARY:
            legal = is_float(element) or is_integer(element)
        else:
            legal = is_float(element)
        if not legal:
            raise VerifyException(f"{self.kind} does not take {element}")
        result = i1 if self.kind in _FLOAT_TO_BOOL else element
        return (TensorType(result, shape_of(self.input)),)


@irdl_op_definition
class ScaleOp(LayerOp):
    """Mirrors `IScaleLayer`: y = (x * scale + shift) ^ power.

    Absent weights are neutral (1, 0, 1). Each weight present is one-dimensional with
    1 element (`uniform`), dim[channel_axis] elements (`channel`), or
    prod(dims[channel_axis:]) elements (`elementwise`), repeated over the other
    coordinates. Floats and i8, same shape and type in and out. The input may have
    any rank from 1; TensorRT asks for 4 or more.
    """

    name = "trt.scale"

    mode = prop_def(ScaleModeAttr)
    channel_axis = opt_prop_def(IntegerAttr.constr(i64))

    input = operand_def(TensorType)
    scale = opt_operand_def(TensorType)
    shift = opt_operand_def(TensorType)
    power = opt_operand_def(TensorType)
    output = result_def(TensorType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    assembly_format = (
        "$mode $input (`scale` `(` $scale^ `:` type($scale) `)`)? "
        "(`shift` `(` $shift^ `:` type($shift) `)`)? "
        "(`power` `(` $power^ `:` type($power) `)`)? "
        "(`channel_axis` `=` $channel_axis^)? (`layers` $layers^)? "
        "attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        mode: ScaleMode,
        input: SSAValue,
        *,
        scale: SSAValue | None = None,
        shift: SSAValue | None = None,
        power: SSAValue | None = None,
        channel_axis: int | None = None,
        layers: Sequence[str] = (),
    ):
        weights = [
            [] if weight is None else [weight] for weight in (scale, shift, power)
        ]
        super().__init__(
            [input, *weights],
            {
                "mode": ScaleModeAttr(mode),
                "channel_axis": None
                if channel_axis is None
                else IntegerAttr(channel_axis, i64),
            },
            layers=layers,
        )

    @property
    def kind(self) -> ScaleMode:
        return self.mode.data

    @property
    def axis(self) -> int:
        """The channel axis; third from last where none is given."""
        if self.channel_axis is not None:
            return self.channel_axis.value.data
        return max(0, len(shape_of(self.input)) - 3)

    @property
    def weight_count(self) -> int:
        """Elements in each weight that is present."""
        shape = shape_of(self.input)
        match self.kind:
            case ScaleMode.UNIFORM:
                return 1
            case ScaleMode.CHANNEL:
                return shape[self.axis]
            case ScaleMode.ELEMENTWISE:
                return volume(shape[self.axis :])

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.input)
        if not (is_float(element) or element == i8):
            raise VerifyException(f"scale does not take {element}")
        if self.kind == ScaleMode.UNIFORM and self.channel_axis is not None:
            raise VerifyException("uniform takes no channel_axis")
        if self.kind != ScaleMode.UNIFORM:
            require_axis(self.axis, len(shape_of(self.input)))
        for what, weight in (
            ("scale", self.scale),
            ("shift", self.shift),
            ("power", self.power),
        ):
            if weight is not None:
                self._check_weight(what, weight, element)
        return (tensor_type(self.input),)

    def _check_weight(self, what: str, weight: SSAValue, element: Attribute) -> None:
        found = element_type_of(weight)
        if is_float(element):
            require_same_element(element, found, f"input and {what}")
        elif not is_float(found):
            raise VerifyException(f"{what} must be f32, f16 or bf16, found {found}")
        shape = shape_of(weight)
        if len(shape) != 1 or not dims_agree(shape[0], self.weight_count):
            wanted = "?" if self.weight_count == UNKNOWN else self.weight_count
            raise VerifyException(
                f"{what} must have {wanted} elements in one dimension, "
                f"found {tensor_type(weight)}"
            )


@irdl_op_definition
class CastOp(LayerOp):
    """Mirrors `ICastLayer`: the same shape with another element type.

    Float to integer truncates toward zero; to i1 it is `x != 0`.
    """

    name = "trt.cast"

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input (`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self, input: SSAValue, to_type: Attribute, *, layers: Sequence[str] = ()
    ):
        super().__init__([input], {}, layers=layers, results=[TensorType(to_type, ())])

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.output)
        for side in (element_type_of(self.input), element):
            if side not in ELEMENTS:
                raise VerifyException(f"cast does not take {side}")
        return (TensorType(element, shape_of(self.input)),)
