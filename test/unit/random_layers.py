"""Single layers of every kind and type, drawn into a random network."""

from __future__ import annotations

import math

import random_movement
import random_windows
from random_networks import FLOATS, SHAPES, Grower, Kind, Net
from xdsl.dialects.builtin import TensorType, i1, i8, i32, i64
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    CastOp,
    ConcatenationOp,
    ConstantOp,
    ConvolutionOp,
    DeconvolutionOp,
    DequantizeOp,
    ElementWiseOp,
    IdentityOp,
    LrnOp,
    MatrixMultiplyOp,
    NormalizationOp,
    PaddingOp,
    PoolingOp,
    QuantizeOp,
    ReduceOp,
    ResizeOp,
    ScaleOp,
    ShuffleOp,
    SliceOp,
    SoftMaxOp,
    TopKOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    is_float,
    shape_of,
)
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    MatrixOperation,
    ReduceOperation,
    ScaleMode,
    TopKOperation,
    UnaryOperation,
)

NUMBERS = (*FLOATS, i32, i64, i8)

EXACT_ACTIVATIONS = (
    ActivationType.RELU,
    ActivationType.CLIP,
    ActivationType.LEAKY_RELU,
    ActivationType.THRESHOLDED_RELU,
    ActivationType.HARD_SIGMOID,
)
SMOOTH_ACTIVATIONS = tuple(
    kind for kind in ActivationType if kind != ActivationType.THRESHOLDED_RELU
)
ACTIVATIONS = {
    Kind.ANY: tuple(ActivationType),
    Kind.EXACT: EXACT_ACTIVATIONS,
    Kind.SMOOTH: SMOOTH_ACTIVATIONS,
}
EXACT_UNARIES = (
    UnaryOperation.ABS,
    UnaryOperation.NEG,
    UnaryOperation.SIGN,
    UnaryOperation.ROUND,
    UnaryOperation.FLOOR,
    UnaryOperation.CEIL,
)
INTEGER_UNARIES = EXACT_UNARIES[:3]
ARITHMETIC = (
    ElementWiseOperation.SUM,
    ElementWiseOperation.PROD,
    ElementWiseOperation.MAX,
    ElementWiseOperation.MIN,
    ElementWiseOperation.SUB,
)
DIVISIONS = (ElementWiseOperation.DIV, ElementWiseOperation.FLOOR_DIV)
COMPARISONS = tuple(kind for kind in ElementWiseOperation if kind.is_comparison)
LOGICAL = tuple(kind for kind in ElementWiseOperation if kind.is_logical)


def activation_of(
    net: Net, x: SSAValue, kind: ActivationType | None = None
) -> ActivationOp:
    """An activation; a clip may have its bounds the wrong way round."""
    kinds = ACTIVATIONS[net.kind]
    if not is_float(element_type_of(x)):
        kinds = (ActivationType.RELU,)
    kind = net.pick(kinds) if kind is None else kind
    alpha = net.pick((-1.0, 0.0, 0.5, 2.0)) if kind.takes_alpha else None
    beta = net.pick((-0.5, 0.5, 1.0, 3.0)) if kind.takes_beta else None
    return ActivationOp(kind, x, alpha, beta)


def activation(net: Net) -> None:
    net.add(activation_of(net, net.value(NUMBERS)))


def unary(net: Net) -> None:
    x = net.value()
    element = element_type_of(x)
    if element == i1:
        kinds: tuple[UnaryOperation, ...] = (UnaryOperation.NOT,)
    elif not is_float(element):
        kinds = INTEGER_UNARIES
    elif net.exact:
        kinds = EXACT_UNARIES
    else:
        kinds = tuple(kind for kind in UnaryOperation if kind != UnaryOperation.NOT)
    net.add(UnaryOp(net.pick(kinds), x))


def broadcasts(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and all(
        1 in (x, y) or x == y for x, y in zip(a, b, strict=True)
    )


def smaller(net: Net, shape: Shape) -> Shape:
    """A shape that broadcasts to `shape`: one element, one for each channel, any."""
    one = (1,) * len(shape)
    channels = tuple(dim if at == 1 else 1 for at, dim in enumerate(shape))
    some = tuple(dim if net.chance(2) else 1 for dim in shape)
    return net.pick((one, channels, channels, some, shape))


def other_operand(net: Net, x: SSAValue) -> SSAValue:
    """Something to combine with `x`: a constant, or a value that broadcasts."""
    element = element_type_of(x)
    if net.chance(2):
        numbers = net.numbers() if is_float(element) else (-1, 0, 1, 2)
        numbers = (0, 1) if element == i1 else numbers
        shape = smaller(net, shape_of(x))
        if not net.exact or math.prod(shape) <= 64:
            return net.constant(element, shape, numbers)
    found = [
        value
        for value in net.values
        if element_type_of(value) == element
        and broadcasts(shape_of(value), shape_of(x))
    ]
    return net.pick(found) if found else x


def joined(
    net: Net, kind: ElementWiseOperation, x: SSAValue, other: SSAValue
) -> ElementWiseOp:
    """Both operand orders."""
    return ElementWiseOp(kind, *((x, other) if net.chance(2) else (other, x)))


def element_wise(net: Net) -> None:
    x = net.value()
    element = element_type_of(x)
    if element == i1:
        kinds = LOGICAL
    elif net.chance(6):
        kinds = COMPARISONS
    elif net.exact:
        kinds = ARITHMETIC
    else:
        powers = (ElementWiseOperation.POW,) if is_float(element) else ()
        kinds = (*ARITHMETIC, *DIVISIONS, *powers)
    net.add(joined(net, net.pick(kinds), x, other_operand(net, x)))


def scale_of(net: Net, x: SSAValue, *, mode: ScaleMode | None = None) -> ScaleOp:
    """Weights of which each may be absent, zero or negative; seldom a power."""
    shape, element = shape_of(x), element_type_of(x)
    mode = net.pick(tuple(ScaleMode)) if mode is None else mode
    axis = None if mode == ScaleMode.UNIFORM else net.pick((1, 1, len(shape) - 1))
    if axis is not None and axis >= len(shape):
        axis = 0
    count = 1
    if axis is not None:
        count = math.prod(
            shape[axis:] if mode == ScaleMode.ELEMENTWISE else [shape[axis]]
        )
    weights = net.pick(FLOATS) if element == i8 else element
    scale, shift = (
        net.constant(weights, (count,), net.numbers()) if not net.chance(4) else None
        for _ in range(2)
    )
    powers = (1.0, 2.0, 0.5) if net.kind is Kind.ANY else (1.0,)
    power = net.constant(weights, (count,), powers) if net.chance(10) else None
    return ScaleOp(mode, x, scale=scale, shift=shift, power=power, channel_axis=axis)


def scale(net: Net) -> None:
    net.add(scale_of(net, net.ranked((*FLOATS, i8))))


def reduce_of(net: Net, x: SSAValue, kind: ReduceOperation | None = None) -> ReduceOp:
    axes = net.some(range(len(shape_of(x))))
    kind = net.pick(tuple(ReduceOperation)) if kind is None else kind
    # What keeps its dimensions can be used by more of what follows.
    keeps = net.chance(2) or len(axes) == len(shape_of(x))
    return ReduceOp(kind, x, axes, keep_dimensions=keeps)


def reduce(net: Net) -> None:
    net.add(reduce_of(net, net.ranked(NUMBERS)))


def softmax(net: Net) -> None:
    x = net.ranked(FLOATS)
    net.add(SoftMaxOp(x, net.integer(0, len(shape_of(x)) - 1)))


def top_k_of(net: Net, x: SSAValue, axis: int) -> TopKOp:
    k = net.integer(1, min(3, shape_of(x)[axis]))
    kind = net.pick(tuple(TopKOperation))
    return TopKOp(kind, x, k, axis, indices_type=net.pick((i32, i64)))


def top_k(net: Net) -> None:
    x = net.ranked(NUMBERS)
    rank = len(shape_of(x))
    net.add(top_k_of(net, x, net.integer(max(0, rank - 4), rank - 1)))


def product_of(net: Net, x: SSAValue, *, columns: int | None = None) -> LayerOp:
    """`x` by a constant matrix, batched where `x` is, transposed or not; or by a
    vector."""
    *batch, inner = shape_of(x)
    lead = [dim if net.chance(2) else 1 for dim in batch[:-1]]
    element = element_type_of(x)
    if columns is None and net.chance(5):
        vector = net.constant(element, (*lead, inner), net.numbers())
        return MatrixMultiplyOp(x, vector, op1=MatrixOperation.VECTOR)
    columns = net.integer(1, 4) if columns is None else columns
    if net.chance(3):
        matrix = net.constant(element, (*lead, columns, inner), net.numbers())
        return MatrixMultiplyOp(x, matrix, op1=MatrixOperation.TRANSPOSE)
    matrix = net.constant(element, (*lead, inner, columns), net.numbers())
    return MatrixMultiplyOp(x, matrix)


def matrix_multiply(net: Net) -> None:
    x = net.floats(2, 3, 4)
    if net.chance(4):
        transposed = MatrixMultiplyOp(x, x, op1=MatrixOperation.TRANSPOSE)
        net.add(transposed)
    else:
        net.add(product_of(net, x))


def cast(net: Net) -> None:
    net.add(CastOp(net.value(), net.pick((*FLOATS, i32, i64, i8, i1))))


def scale_constants(
    net: Net, x: SSAValue, real: Attribute, *, axis: int | None = None
) -> tuple[SSAValue, SSAValue | None]:
    """The scale of a quantisation, powers of two, and seldom a zero point."""
    shape = () if axis is None else (shape_of(x)[axis],)
    numbers = (0.25, 0.5, 1.0) if net.exact else (0.25, 0.5, 1.0, 0.1, 0.037)
    scale = net.constant(real, shape, numbers)
    zero = net.constant(i8, shape, (0, 0, 3)) if net.chance(6) else None
    return scale, zero


def quantize(net: Net) -> None:
    x = net.ranked(FLOATS)
    axis = net.integer(0, len(shape_of(x)) - 1) if net.chance(4) else None
    scale, zero = scale_constants(net, x, element_type_of(x), axis=axis)
    net.add(QuantizeOp(x, scale, zero, axis=axis, to_type=i8))


def dequantize(net: Net) -> None:
    x = net.ranked((i8,))
    axis = net.integer(0, len(shape_of(x)) - 1) if net.chance(4) else None
    scale, zero = scale_constants(net, x, net.element, axis=axis)
    net.add(DequantizeOp(x, scale, zero, axis=axis, to_type=net.element))


def normalization(net: Net) -> None:
    """Along the last axes; or in groups of channels."""
    x = net.floats(2, 3, 4, 5)
    shape, element = shape_of(x), element_type_of(x)
    weights = [smaller(net, shape) for _ in range(2)]
    scale, bias = (net.constant(element, dims, net.numbers()) for dims in weights)
    groups = net.pick((1, 1, shape[1]))
    axes = range(2, len(shape)) if groups > 1 else net.some(range(len(shape)))
    if not axes:
        axes, groups = [0], 1
    net.add(NormalizationOp(x, scale, bias, axes, num_groups=groups))


def identity(net: Net) -> None:
    net.add(IdentityOp(net.value()))


def constant(net: Net) -> None:
    element = net.pick((net.element, net.element, i32, i1))
    numbers = (0, 1) if element == i1 else (-1, 0, 1, 2)
    shape = net.pick([shape for shape in SHAPES if math.prod(shape) <= 64])
    value = net.constant(element, shape, numbers)
    assert isinstance(value.type, TensorType)
    net.values.append(value)


LAYERS: dict[type[LayerOp], Grower] = {
    ActivationOp: activation,
    CastOp: cast,
    ConcatenationOp: random_movement.concatenation,
    ConstantOp: constant,
    ConvolutionOp: random_windows.convolution,
    DeconvolutionOp: random_windows.deconvolution,
    DequantizeOp: dequantize,
    ElementWiseOp: element_wise,
    IdentityOp: identity,
    LrnOp: random_windows.lrn,
    MatrixMultiplyOp: matrix_multiply,
    NormalizationOp: normalization,
    PaddingOp: random_windows.padding,
    PoolingOp: random_windows.pooling,
    QuantizeOp: quantize,
    ReduceOp: reduce,
    ResizeOp: random_movement.resize,
    ScaleOp: scale,
    ShuffleOp: random_movement.shuffle,
    SliceOp: random_movement.slice_layer,
    SoftMaxOp: softmax,
    TopKOp: top_k,
    UnaryOp: unary,
}
"""Who draws which layer of the dialect; a new layer has a row here."""
