"""Sites of one rewrite each, drawn into a random network: right in a third of them, and
in the others wrong in one thing that the rule has to see.

A rewrite makes other layers, so that what it overlooks is a wrong number. Networks of
many motifs hold too few near misses to show each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import ml_dtypes
from random_formulas import gelu, layer_norm
from random_layers import activation_of
from random_motifs import activations, shuffles
from random_networks import IMAGES, Grower, Kind, Net
from random_windows import contraction
from xdsl.dialects.builtin import bf16, i8, i32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import (
    ConcatenationOp,
    DeconvolutionOp,
    DequantizeOp,
    PaddingOp,
    PoolingOp,
    QuantizeOp,
    ReduceOp,
    ScaleOp,
    ShuffleOp,
    SliceOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import (
    ActivationType,
    PoolingType,
    ReduceOperation,
    SampleMode,
    ScaleMode,
)
from fusemlir.weights import dtype_of

SMALL_IMAGES = ((1, 2, 4, 4), (1, 3, 2, 2), (2, 2, 2, 4))
"""Whose averages are exact."""


def image(net: Net, element: Attribute | None = None) -> SSAValue:
    return net.argument(net.element if element is None else element, net.pick(IMAGES))


def fill_of(net: Net, x: SSAValue, *, wrong: bool) -> SSAValue | None:
    """What is around a padded tensor: zero, absent or given; or a one."""
    if not wrong and net.chance(2):
        return None
    return net.constant(element_type_of(x), (), (1.0 if wrong else 0.0,))


def padding_slice(net: Net, x: SSAValue, wrong: str) -> SliceOp:
    """A slice that pads the last two axes with zeros; or another axis, another fill,
    and not every element."""
    shape = shape_of(x)
    pre, post = ([0, 0, *(net.integer(0, 1) for _ in range(2))] for _ in range(2))
    strides = [1] * len(shape)
    if wrong == "axis":
        post[net.integer(0, 1)] = 1
    if wrong == "stride":
        strides[net.integer(2, 3)] = net.pick((0, 2))
    mode = SampleMode.FILL
    if wrong == "mode":
        mode = net.pick((SampleMode.CLAMP, SampleMode.REFLECT, SampleMode.WRAP))
    fill = None
    if wrong == "computed":
        fill = net.argument(element_type_of(x), ())
    elif mode == SampleMode.FILL:
        fill = fill_of(net, x, wrong=wrong == "fill")
    padded = zip(shape, pre, post, strict=True)
    return SliceOp(
        x,
        [-before for before in pre],
        [dim + before + after for dim, before, after in padded],
        strides,
        mode=mode,
        fill=fill,
    )


def padding_layer(net: Net, x: SSAValue, *, cropped: bool) -> PaddingOp:
    least = -1 if cropped else 0
    pre, post = ([net.integer(least, 1) for _ in range(2)] for _ in range(2))
    return PaddingOp(x, pre, post)


def padded_convolution(net: Net) -> None:
    wrong = net.near_miss("fill", "mode", "computed", "stride", "axis", "crop")
    x = image(net)
    if wrong == "crop" or (not wrong and net.chance(2)):
        x = net.then(padding_layer(net, x, cropped=bool(wrong)))
    else:
        x = net.then(padding_slice(net, x, wrong))
    x = net.then(contraction(net, x, transposed=net.chance(3)))
    if net.chance(4):
        net.then(activation_of(net, x, ActivationType.RELU))


def scale_after(net: Net, x: SSAValue, wrong: str) -> ScaleOp:
    """A factor and a summand for each channel, or one of each for all."""
    kind = net.pick((ScaleMode.UNIFORM, ScaleMode.CHANNEL))
    axis = 1
    if wrong == "axis":
        kind, axis = ScaleMode.CHANNEL, net.pick((0, 2, 3))
    elif wrong == "mode":
        kind = ScaleMode.ELEMENTWISE
    dims = {
        ScaleMode.UNIFORM: (),
        ScaleMode.CHANNEL: shape_of(x)[axis : axis + 1],
        ScaleMode.ELEMENTWISE: shape_of(x)[axis:],
    }
    element, shape = element_type_of(x), (math.prod(dims[kind]),)

    def weights(numbers: Sequence[float]) -> SSAValue:
        if wrong == "computed" and net.chance(2):
            return net.argument(element, shape)
        return net.constant(element, shape, numbers)

    return ScaleOp(
        kind,
        x,
        scale=None if net.chance(4) else weights((0.5, 1.0, 2.0)),
        shift=None if net.chance(4) else weights((-1.0, 0.0, 1.0)),
        power=weights((2.0,)) if wrong == "power" else None,
        channel_axis=None if kind == ScaleMode.UNIFORM else axis,
    )


SCALE_MISSES = ("axis", "mode", "power", "computed", "activation")


def scaled_convolution(net: Net) -> None:
    wrong = net.near_miss(*SCALE_MISSES)
    x = net.then(contraction(net, image(net)))
    if wrong == "activation":
        x = net.then(activation_of(net, x, ActivationType.RELU))
    net.then(scale_after(net, x, wrong))


def scaled_convolution_int8(net: Net) -> None:
    """Its kernel has one scale, or one for each output map."""
    wrong = net.near_miss(*SCALE_MISSES, "zero-point", "kernel-axis", "kernel-axis")
    layer = contraction(net, image(net), transposed=net.chance(3))
    kernel, of_maps = layer.kernel, 1 if isinstance(layer, DeconvolutionOp) else 0
    axis = 1 - of_maps if wrong == "kernel-axis" else net.pick((None, of_maps))
    shape = () if axis is None else (shape_of(kernel)[axis],)
    real = element_type_of(kernel)
    scale = net.constant(real, shape, (0.5, 1.0))
    zero = net.constant(i8, shape, (1, 2)) if wrong == "zero-point" else None
    integers = net.constant(i8, shape_of(kernel), (-2, -1, 0, 1, 2))
    restored = DequantizeOp(integers, scale, zero, axis=axis, to_type=real)
    layer.operands[1] = net.insert(restored)
    x = net.then(layer)
    if wrong == "activation":
        x = net.then(activation_of(net, x, ActivationType.RELU))
    net.then(scale_after(net, x, wrong))


def average(net: Net) -> None:
    """Of all of each channel."""
    wrong = net.near_miss("kind", "axes", "dimensions", "integers")
    element = net.pick((i32, i8)) if wrong == "integers" else net.element
    x = net.argument(element, net.pick(SMALL_IMAGES))
    kinds = (ReduceOperation.SUM, ReduceOperation.MAX, ReduceOperation.MIN)
    kind = net.pick(kinds) if wrong == "kind" else ReduceOperation.AVG
    axes = net.some(range(4)) if wrong == "axes" else [2, 3]
    net.then(ReduceOp(kind, x, axes, keep_dimensions=wrong != "dimensions"))


def neutral_scale(net: Net) -> None:
    """One that changes nothing, or only some elements."""
    wrong = net.near_miss("scale", "shift", "power")
    x = net.argument(net.element, (2, 3, 4))

    def weight(name: str, number: float, others: Sequence[float]) -> SSAValue | None:
        if wrong != name and net.chance(2):
            return None
        numbers = (number, *others) if wrong == name else (number,)
        return net.constant(element_type_of(x), (3,), numbers)

    layer = ScaleOp(
        ScaleMode.CHANNEL,
        x,
        scale=weight("scale", 1.0, (-1.0, 2.0)),
        shift=weight("shift", 0.0, (1.0, 0.5)),
        power=weight("power", 1.0, (2.0,)),
        channel_axis=1,
    )
    net.then(layer)


def two_reshapes(net: Net) -> None:
    """Between which transposes cancel, or not."""
    wrong = net.near_miss("transposes")
    x = net.argument(net.element, (2, 3, 4))
    order = net.order(3)
    inverse = [order.index(axis) for axis in range(3)]
    first, last = (net.order(3) if net.chance(2) else None for _ in range(2))
    x = net.then(
        ShuffleOp(
            x,
            first_transpose=first,
            reshape_dims=net.pick(((4, 3, 2), (2, 2, 6), (6, 1, 4))),
            second_transpose=order,
        )
    )
    reshape = net.pick(((3, 8), (24,), (2, 4, 3), (4, 6, 1)))
    layer = ShuffleOp(
        x,
        first_transpose=net.order(3) if wrong else inverse,
        reshape_dims=reshape,
        second_transpose=last if len(reshape) == 3 else None,
    )
    net.then(layer)


class Numbers:
    """A scale and a zero point, along an axis or not; others from the same hand differ
    in one thing."""

    def __init__(self, net: Net, x: SSAValue, wrong: str = "") -> None:
        self.net = net
        self.real = net.element
        self.axis = None
        if wrong == "axis" or net.chance(3):
            self.axis = net.integer(0, len(shape_of(x)) - 1)
        self.dims = shape_of(x)
        self.scale: tuple[float, ...] = (0.5, 1.0) if net.exact else (0.3, 0.7, 1.0)
        if wrong == "negative":
            self.scale = (-1.0, -0.5)
        elif wrong == "extreme":
            limits = ml_dtypes.finfo(dtype_of(self.real))
            self.scale = (float(limits.smallest_subnormal), float(limits.max))
        self.zero = None
        if wrong == "zero-point" or net.chance(4):
            self.zero = (1, 2) if net.exact else (1, 100)

    def constants(self) -> tuple[SSAValue, SSAValue | None, int | None]:
        shape = () if self.axis is None else (self.dims[self.axis],)
        scale = self.net.constant(self.real, shape, self.scale)
        zero = None
        if self.zero is not None:
            zero = self.net.constant(i8, shape, self.zero)
        return scale, zero, self.axis

    def others(
        self, numbers: tuple[SSAValue, SSAValue | None, int | None], wrong: str
    ) -> tuple[SSAValue, SSAValue | None, int | None]:
        """`numbers`, but for the one that is wrong."""
        scale, zero, axis = numbers
        shape = shape_of(scale)
        match wrong:
            case "same-scale":
                scale = self.net.constant(self.real, shape, (0.25, 2.0))
            case "same-zero-point":
                zero = self.net.constant(i8, shape, (3, 4))
            case "same-axis" if axis is not None:
                dims = [*enumerate(self.dims)]
                alike = [at for at, dim in dims if (dim,) == shape and at != axis]
                axis = self.net.pick(alike or [axis])
            case _:
                pass
        return scale, zero, axis


SAME = ("same-scale", "same-zero-point", "same-axis")
SQUARE = (1, 3, 3, 3)
"""Axes of one size: scales fit along each."""


def integers_again(net: Net) -> None:
    """Dequantize, then Quantize by the same numbers."""
    wrong = net.near_miss(*SAME, "extreme", "zero-point")
    if wrong == "zero-point":
        # Which has the fewest digits.
        net.element = bf16
    x = net.argument(i8, SQUARE)
    numbers = Numbers(net, x, "axis" if wrong == "same-axis" else wrong)
    first = numbers.constants()
    scale, zero, axis = first
    x = net.then(DequantizeOp(x, scale, zero, axis=axis, to_type=net.element))
    if element_type_of(x) == net.element:
        scale, zero, axis = numbers.others(first, wrong)
        net.then(QuantizeOp(x, scale, zero, axis=axis, to_type=i8))


def equal_siblings(net: Net) -> None:
    """A value that is quantised twice by the same numbers."""
    wrong = net.near_miss(*SAME)
    x = net.argument(net.element, SQUARE)
    numbers = Numbers(net, x, "axis" if wrong == "same-axis" else "")
    first = numbers.constants()
    made: list[SSAValue] = []
    for scale, zero, axis in (first, numbers.others(first, wrong)):
        made.append(net.add(QuantizeOp(x, scale, zero, axis=axis, to_type=i8)))
    net.wanted += made


def quantized_constant(net: Net) -> None:
    wrong = net.near_miss("computed", "zero-point")
    x = net.constant(net.element, (2, 3, 3), net.numbers())
    scale, zero, axis = Numbers(net, x, wrong).constants()
    if wrong == "computed":
        scale = net.argument(net.element, shape_of(scale))
    net.then(QuantizeOp(x, scale, zero, axis=axis, to_type=i8))


MOVEMENT_MISSES = ("axis", "zero-point", "negative", "fill", "computed", "window")


def movement_of(net: Net, x: SSAValue, wrong: str) -> LayerOp:
    """A layer of one input that moves elements, or takes the greatest of some."""
    kinds = {"fill": 2, "computed": 2, "window": 3, "negative": 3, "zero-point": 2}
    match kinds.get(wrong, net.integer(0, 3)):
        case 0:
            return ShuffleOp(x, first_transpose=net.order(4))
        case 1:
            reshape = net.pick(((3, 3, 1, 3), (9, 3), (1, 3, 3, 3)))
            return ShuffleOp(x, reshape_dims=reshape)
        case 2:
            return padding_slice(net, x, wrong if wrong in ("fill", "computed") else "")
        case _:
            size, around = (1, 1) if wrong == "window" else (net.integer(2, 3), 1)
            window, pads = (size, size), [around, around]
            return PoolingOp(
                PoolingType.MAX, x, window, pre_padding=pads, post_padding=pads
            )


def movement_after(net: Net) -> None:
    """Of what was dequantised."""
    wrong = net.near_miss(*MOVEMENT_MISSES, *SAME, "float")
    x = net.argument(i8, SQUARE)
    numbers = Numbers(net, x, "axis" if wrong == "same-axis" else wrong)
    first = numbers.constants()
    scale, zero, axis = first
    real = net.then(DequantizeOp(x, scale, zero, axis=axis, to_type=net.element))
    joins = wrong in (*SAME, "float") or (not wrong and net.chance(4))
    if not joins:
        net.then(movement_of(net, real, wrong))
        return
    other = net.argument(net.element if wrong == "float" else i8, SQUARE)
    if wrong != "float":
        scale, zero, axis = numbers.others(first, wrong)
        dequantize = DequantizeOp(other, scale, zero, axis=axis, to_type=net.element)
        other = net.then(dequantize)
    net.then(ConcatenationOp([real, other], net.integer(0, 3)))


def movement_before(net: Net) -> None:
    """Of what is quantised then."""
    wrong = net.near_miss(*MOVEMENT_MISSES)
    x = net.argument(net.element, SQUARE)
    if not wrong and net.chance(4):
        other = net.argument(net.element, SQUARE)
        x = net.then(ConcatenationOp([x, other], net.integer(0, 3)))
    else:
        x = net.then(movement_of(net, x, wrong))
    scale, zero, axis = Numbers(net, x, wrong).constants()
    net.then(QuantizeOp(x, scale, zero, axis=axis, to_type=i8))


SITES: dict[str, tuple[Grower, Kind]] = {
    "erase-scale": (neutral_scale, Kind.EXACT),
    "fuse-conv-scale": (scaled_convolution, Kind.EXACT),
    "fuse-gelu": (gelu, Kind.SMOOTH),
    "fuse-layer-norm": (layer_norm, Kind.SMOOTH),
    "fuse-pad-conv": (padded_convolution, Kind.EXACT),
    "fuse-qdq-backward": (movement_before, Kind.EXACT),
    "fuse-qdq-conv-scale": (scaled_convolution_int8, Kind.EXACT),
    "fuse-qdq-forward": (movement_after, Kind.ANY),
    "fuse-qdq-merge": (equal_siblings, Kind.EXACT),
    "fuse-qdq-pair": (integers_again, Kind.ANY),
    "fuse-qdq-weights": (quantized_constant, Kind.ANY),
    "fuse-relu-relu": (activations, Kind.EXACT),
    "fuse-shuffle-reduce": (shuffles, Kind.EXACT),
    "fuse-shuffle-shuffle": (two_reshapes, Kind.EXACT),
    "reduce-to-pooling": (average, Kind.EXACT),
}
"""A site of each rule that makes other layers, and what kind of numbers shows whether
they are right."""
