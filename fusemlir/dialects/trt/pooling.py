"""Windows without weights: pooling, and response normalisation across channels."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    TensorType,
    f32,
    i8,
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
    LayerOp,
    Shape,
    Tensor,
    element_type_of,
    ints,
    ints_unless,
    is_float,
    require_rank,
    shape_of,
    tensor_type,
)
from fusemlir.dialects.trt.convolution import WindowedOp, padding_mode_attr
from fusemlir.dialects.trt.enums import PaddingMode, PoolingType, PoolingTypeAttr
from fusemlir.dialects.trt.pointwise import f32_attr


@irdl_op_definition
class PoolingOp(WindowedOp):
    """Mirrors `IPoolingLayer`: max, average, or a blend of both over a window.

    Shapes: input [N, C, spatial] with 2 or 3 spatial axes, output [N, C, spatial'].
    Max pads with -inf, average with 0. The divisor of an average is the number of
    window elements inside the input, or, with
    `average_count_excludes_padding = false`, inside the padded input. A blend is
    (1 - blend_factor) * max + blend_factor * average.
    """

    name = "trt.pooling"

    pooling_type = prop_def(PoolingTypeAttr)
    window_size = prop_def(DenseArrayBase.constr(i64))
    blend_factor = opt_prop_def(FloatAttr[Float32Type])
    average_count_excludes_padding = opt_prop_def(BoolAttr)

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$pooling_type $input `window` `=` $window_size (`stride` `=` $stride^)? "
        "(`pre_padding` `=` $pre_padding^)? (`post_padding` `=` $post_padding^)? "
        "(`padding_mode` `=` $padding_mode^)? (`blend_factor` `=` $blend_factor^)? "
        "(`average_count_excludes_padding` `=` $average_count_excludes_padding^)? "
        "(`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        pooling_type: PoolingType,
        input: SSAValue,
        window_size: Sequence[int],
        *,
        stride: Sequence[int] | None = None,
        pre_padding: Sequence[int] | None = None,
        post_padding: Sequence[int] | None = None,
        padding_mode: PaddingMode = PaddingMode.EXPLICIT_ROUND_DOWN,
        blend_factor: float | None = None,
        average_count_excludes_padding: bool = True,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {
                "pooling_type": PoolingTypeAttr(pooling_type),
                "window_size": ints(window_size),
                "stride": ints_unless(stride, 1),
                "pre_padding": ints_unless(pre_padding, 0),
                "post_padding": ints_unless(post_padding, 0),
                "padding_mode": padding_mode_attr(padding_mode),
                "blend_factor": f32_attr(blend_factor),
                "average_count_excludes_padding": None
                if average_count_excludes_padding
                else BoolAttr.from_bool(False),
            },
            layers=layers,
        )

    @property
    def kind(self) -> PoolingType:
        return self.pooling_type.data

    @property
    def window(self) -> Shape:
        return self.window_size.get_values()

    @property
    def excludes_padding(self) -> bool:
        return (
            self.average_count_excludes_padding is None
            or self.average_count_excludes_padding.value.data != 0
        )

    def infer(self) -> tuple[Tensor, ...]:
        shape = shape_of(self.input)
        require_rank(shape, (4, 5), "input")
        element = element_type_of(self.input)
        if not (is_float(element) or element == i8):
            raise VerifyException(f"pooling does not take {element}")
        if len(self.window) != len(shape) - 2:
            raise VerifyException(
                f"window has {len(self.window)} entries for {len(shape) - 2} "
                "spatial axes"
            )
        self.verify_window()
        blends = self.kind == PoolingType.MAX_AVERAGE_BLEND
        if blends != (self.blend_factor is not None):
            raise VerifyException(
                "max_average_blend needs blend_factor, the other types take none"
            )
        if self.blend_factor and not 0 <= self.blend_factor.value.data <= 1:
            raise VerifyException("blend_factor must be between 0 and 1")
        if self.kind == PoolingType.MAX and not self.excludes_padding:
            raise VerifyException("max takes no average_count_excludes_padding")
        return (TensorType(element, (*shape[:2], *self.slide(shape[2:]))),)


@irdl_op_definition
class LrnOp(LayerOp):
    """Mirrors `ILRNLayer`: local response normalisation across channels.

    y = x / (k + alpha/window * sum of x^2 over the window of channels)^beta; input
    [N, C, spatial], the window is odd, centred, and clipped at the first and last
    channel. Same shape and type.
    """

    name = "trt.lrn"

    window = prop_def(IntegerAttr.constr(i64))
    alpha = prop_def(FloatAttr[Float32Type])
    beta = prop_def(FloatAttr[Float32Type])
    k = prop_def(FloatAttr[Float32Type])

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input `window` `=` $window `alpha` `=` $alpha `beta` `=` $beta `k` `=` $k "
        "(`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        window: int,
        alpha: float,
        beta: float,
        k: float,
        *,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {
                "window": IntegerAttr(window, i64),
                "alpha": FloatAttr(alpha, f32),
                "beta": FloatAttr(beta, f32),
                "k": FloatAttr(k, f32),
            },
            layers=layers,
        )

    def infer(self) -> tuple[Tensor, ...]:
        require_rank(shape_of(self.input), (3, 4, 5), "input")
        element = element_type_of(self.input)
        if not is_float(element):
            raise VerifyException(f"lrn does not take {element}")
        window = self.window.value.data
        if window % 2 == 0 or not 1 <= window <= 15:
            raise VerifyException(f"window must be odd and 1 to 15, found {window}")
        return (tensor_type(self.input),)
