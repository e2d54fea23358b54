"""Enumerations of TensorRT, in its spelling without the `k`, lower case."""

from __future__ import annotations

from enum import auto

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum


class ActivationType(StrEnum):
    """`nvinfer1::ActivationType`."""

    RELU = auto()
    SIGMOID = auto()
    TANH = auto()
    LEAKY_RELU = auto()
    ELU = auto()
    SELU = auto()
    SOFTSIGN = auto()
    SOFTPLUS = auto()
    CLIP = auto()
    HARD_SIGMOID = auto()
    SCALED_TANH = auto()
    THRESHOLDED_RELU = auto()
    GELU_ERF = auto()
    GELU_TANH = auto()

    @property
    def takes_alpha(self) -> bool:
        return self in _WITH_ALPHA

    @property
    def takes_beta(self) -> bool:
        return self in _WITH_BETA


_WITH_BETA = frozenset(
    {
        ActivationType.SELU,
        ActivationType.SOFTPLUS,
        ActivationType.CLIP,
        ActivationType.HARD_SIGMOID,
        ActivationType.SCALED_TANH,
    }
)
_WITH_ALPHA = _WITH_BETA | {
    ActivationType.LEAKY_RELU,
    ActivationType.ELU,
    ActivationType.THRESHOLDED_RELU,
}


class ElementWiseOperation(StrEnum):
    """`nvinfer1::ElementWiseOperation`."""

    SUM = auto()
    PROD = auto()
    MAX = auto()
    MIN = auto()
    SUB = auto()
    DIV = auto()
    POW = auto()
    FLOOR_DIV = auto()
    AND = auto()
    OR = auto()
    XOR = auto()
    EQUAL = auto()
    GREATER = auto()
    LESS = auto()

    @property
    def is_logical(self) -> bool:
        return self in _LOGICAL

    @property
    def is_comparison(self) -> bool:
        return self in _COMPARISONS


_LOGICAL = frozenset(
    {ElementWiseOperation.AND, ElementWiseOperation.OR, ElementWiseOperation.XOR}
)
_COMPARISONS = frozenset(
    {
        ElementWiseOperation.EQUAL,
        ElementWiseOperation.GREATER,
        ElementWiseOperation.LESS,
    }
)


class UnaryOperation(StrEnum):
    """`nvinfer1::UnaryOperation`."""

    EXP = auto()
    LOG = auto()
    SQRT = auto()
    RECIP = auto()
    ABS = auto()
    NEG = auto()
    SIN = auto()
    COS = auto()
    TAN = auto()
    SINH = auto()
    COSH = auto()
    ASIN = auto()
    ACOS = auto()
    ATAN = auto()
    ASINH = auto()
    ACOSH = auto()
    ATANH = auto()
    CEIL = auto()
    FLOOR = auto()
    ERF = auto()
    NOT = auto()
    SIGN = auto()
    ROUND = auto()
    ISINF = auto()
    ISNAN = auto()


class ScaleMode(StrEnum):
    """`nvinfer1::ScaleMode`: one weight, one a channel, or one an element."""

    UNIFORM = auto()
    CHANNEL = auto()
    ELEMENTWISE = auto()


class PoolingType(StrEnum):
    """`nvinfer1::PoolingType`."""

    MAX = auto()
    AVERAGE = auto()
    MAX_AVERAGE_BLEND = auto()


class PaddingMode(StrEnum):
    """`nvinfer1::PaddingMode`."""

    EXPLICIT_ROUND_DOWN = auto()
    EXPLICIT_ROUND_UP = auto()
    SAME_UPPER = auto()
    SAME_LOWER = auto()


class ReduceOperation(StrEnum):
    """`nvinfer1::ReduceOperation`."""

    SUM = auto()
    PROD = auto()
    MAX = auto()
    MIN = auto()
    AVG = auto()


class TopKOperation(StrEnum):
    """`nvinfer1::TopKOperation`."""

    MAX = auto()
    MIN = auto()


class MatrixOperation(StrEnum):
    """`nvinfer1::MatrixOperation`: how an operand enters the product."""

    NONE = auto()
    TRANSPOSE = auto()
    VECTOR = auto()


class SampleMode(StrEnum):
    """`nvinfer1::SampleMode`: what a slice reads outside its input."""

    STRICT_BOUNDS = auto()
    WRAP = auto()
    CLAMP = auto()
    FILL = auto()
    REFLECT = auto()


class InterpolationMode(StrEnum):
    """`nvinfer1::InterpolationMode`: what a resize makes of neighbours."""

    NEAREST = auto()
    LINEAR = auto()
    CUBIC = auto()


class ResizeCoordinateTransformation(StrEnum):
    """`nvinfer1::ResizeCoordinateTransformation`: where a position lies in the input.

    Of position x along an axis: x * (in - 1) / (out - 1), x * ratio, or
    (x + 1/2) * ratio - 1/2; the ratio is in / out, or one by a scale.
    """

    ALIGN_CORNERS = auto()
    ASYMMETRIC = auto()
    HALF_PIXEL = auto()


class ResizeSelector(StrEnum):
    """`nvinfer1::ResizeSelector`: where the only position of an axis lies."""

    FORMULA = auto()
    UPPER = auto()


class ResizeRoundMode(StrEnum):
    """`nvinfer1::ResizeRoundMode`: which neighbour is the nearest."""

    HALF_UP = auto()
    HALF_DOWN = auto()
    FLOOR = auto()
    CEIL = auto()


@irdl_attr_definition
class ActivationTypeAttr(EnumAttribute[ActivationType], SpacedOpaqueSyntaxAttribute):
    name = "trt.activation_type"


@irdl_attr_definition
class ElementWiseOperationAttr(
    EnumAttribute[ElementWiseOperation], SpacedOpaqueSyntaxAttribute
):
    name = "trt.element_wise_operation"


@irdl_attr_definition
class UnaryOperationAttr(EnumAttribute[UnaryOperation], SpacedOpaqueSyntaxAttribute):
    name = "trt.unary_operation"


@irdl_attr_definition
class ScaleModeAttr(EnumAttribute[ScaleMode], SpacedOpaqueSyntaxAttribute):
    name = "trt.scale_mode"


@irdl_attr_definition
class PoolingTypeAttr(EnumAttribute[PoolingType], SpacedOpaqueSyntaxAttribute):
    name = "trt.pooling_type"


@irdl_attr_definition
class PaddingModeAttr(EnumAttribute[PaddingMode], SpacedOpaqueSyntaxAttribute):
    name = "trt.padding_mode"


@irdl_attr_definition
class ReduceOperationAttr(EnumAttribute[ReduceOperation], SpacedOpaqueSyntaxAttribute):
    name = "trt.reduce_operation"


@irdl_attr_definition
class TopKOperationAttr(EnumAttribute[TopKOperation], SpacedOpaqueSyntaxAttribute):
    name = "trt.topk_operation"


@irdl_attr_definition
class MatrixOperationAttr(EnumAttribute[MatrixOperation], SpacedOpaqueSyntaxAttribute):
    name = "trt.matrix_operation"


@irdl_attr_definition
class SampleModeAttr(EnumAttribute[SampleMode], SpacedOpaqueSyntaxAttribute):
    name = "trt.sample_mode"


@irdl_attr_definition
class InterpolationModeAttr(
    EnumAttribute[InterpolationMode], SpacedOpaqueSyntaxAttribute
):
    name = "trt.interpolation_mode"


@irdl_attr_definition
class ResizeCoordinateTransformationAttr(
    EnumAttribute[ResizeCoordinateTransformation], SpacedOpaqueSyntaxAttribute
):
    name = "trt.resize_coordinate_transformation"


@irdl_attr_definition
class ResizeSelectorAttr(EnumAttribute[ResizeSelector], SpacedOpaqueSyntaxAttribute):
    name = "trt.resize_selector"


@irdl_attr_definition
class ResizeRoundModeAttr(EnumAttribute[ResizeRoundMode], SpacedOpaqueSyntaxAttribute):
    name = "trt.resize_round_mode"


ENUMS = (
    InterpolationModeAttr,
    ResizeCoordinateTransformationAttr,
    ResizeSelectorAttr,
    ResizeRoundModeAttr,
    ActivationTypeAttr,
    ElementWiseOperationAttr,
    UnaryOperationAttr,
    ScaleModeAttr,
    PoolingTypeAttr,
    PaddingModeAttr,
    ReduceOperationAttr,
    TopKOperationAttr,
    MatrixOperationAttr,
    SampleModeAttr,
)
