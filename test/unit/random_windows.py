"""Layers with windows drawn into a random network: convolutions, pooling, padding."""

from __future__ import annotations

import math
from typing import Any

from random_networks import Net
from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ConvolutionOp,
    DeconvolutionOp,
    LrnOp,
    PaddingOp,
    PoolingOp,
    SliceOp,
)
from fusemlir.dialects.trt.base import LayerOp, Shape, element_type_of, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import PaddingMode, PoolingType, SampleMode
from fusemlir.dialects.trt.weight import DENSE_LIMIT

MODES = (
    PaddingMode.EXPLICIT_ROUND_DOWN,
    PaddingMode.EXPLICIT_ROUND_DOWN,
    PaddingMode.EXPLICIT_ROUND_UP,
    PaddingMode.SAME_UPPER,
    PaddingMode.SAME_LOWER,
)


def _window(net: Net, spatial: Shape, *, dilated: bool) -> dict[str, Any]:
    """A window that fits into its input, and how it slides."""
    axes = len(spatial)
    if net.chance(3):
        return {"window": (1,) * axes}
    pre = [net.integer(0, 1) for _ in spatial]
    post = [net.integer(0, 1) for _ in spatial]
    window = [
        net.integer(1, min(3, size + before + after))
        for size, before, after in zip(spatial, pre, post, strict=True)
    ]
    # A dilated window of two reaches no farther than one of three.
    dilation = [2 if dilated and size == 2 else 1 for size in window]
    room = [size + a + b for size, a, b in zip(spatial, pre, post, strict=True)]
    extents = [1 + d * (w - 1) for d, w in zip(dilation, window, strict=True)]
    if any(extent > size for extent, size in zip(extents, room, strict=True)):
        dilation = [1] * axes
    return {
        "window": tuple(window),
        "stride": [net.integer(1, 2) for _ in spatial],
        "pre_padding": pre,
        "post_padding": post,
        "padding_mode": net.pick(MODES),
        "dilation": dilation,
    }


def _kernel(net: Net, x: SSAValue, shape: Shape) -> SSAValue:
    """A constant; now and then an input of the network or a computed value."""
    element = element_type_of(x)
    if net.chance(12):
        return net.argument(element, shape)
    fits = [value for value in net.values if value.type == x.type]
    if fits and shape_of(fits[-1]) == shape and net.chance(2):
        return fits[-1]
    return net.constant(element, shape, net.numbers())


def contraction(
    net: Net,
    x: SSAValue,
    *,
    same_shape: bool = False,
    depthwise: bool | None = None,
    transposed: bool | None = None,
) -> ContractionOp:
    """A convolution or, seldom, a deconvolution of an image or a volume; with
    `same_shape` one that gives the shape it is given."""
    _, channels, *spatial = shape_of(x)
    if depthwise is None:
        depthwise = net.chance(4)
    halves = channels % 2 == 0 and net.chance(6)
    groups = channels if depthwise else 2 if halves else 1
    maps = channels if same_shape or depthwise else groups * net.integer(1, 2)
    bias = (
        net.constant(element_type_of(x), (maps,), net.numbers())
        if net.chance(2)
        else None
    )
    if net.chance(5) if transposed is None else transposed:
        return _deconvolution(net, x, maps, groups, bias, same_shape=same_shape)
    if same_shape:
        size = net.pick((1, 1, 3))
        settings = {
            "window": (size,) * len(spatial),
            "pre_padding": [size // 2] * len(spatial),
            "post_padding": [size // 2] * len(spatial),
        }
    else:
        settings = _window(net, tuple(spatial), dilated=True)
    window = settings.pop("window")
    if maps * channels // groups * math.prod(window) > DENSE_LIMIT and net.exact:
        window, settings = (1,) * len(spatial), {}
    shape = (maps, channels // groups, *window)
    kernel = _kernel(net, x, shape)
    return ConvolutionOp(x, kernel, bias, num_groups=groups, **settings)


def _deconvolution(
    net: Net,
    x: SSAValue,
    maps: int,
    groups: int,
    bias: SSAValue | None,
    *,
    same_shape: bool,
) -> ContractionOp:
    _, channels, *spatial = shape_of(x)
    size = 1 if same_shape or net.exact else net.integer(1, 3)
    kernel = _kernel(net, x, (channels, maps // groups, *[size] * len(spatial)))
    if same_shape:
        return DeconvolutionOp(x, kernel, bias, num_groups=groups)
    stride = net.integer(1, 2)
    # What is trimmed leaves something of the smallest axis.
    room = (min(spatial) - 1) * stride + size - 1
    pads = [1 if room >= 2 and net.chance(2) else 0] * len(spatial)
    return DeconvolutionOp(
        x,
        kernel,
        bias,
        stride=[stride] * len(spatial),
        pre_padding=pads,
        post_padding=pads,
        num_groups=groups,
    )


def convolution(net: Net) -> None:
    x = net.floats(4, 5)
    net.add(contraction(net, x, same_shape=net.chance(2), transposed=False))


def deconvolution(net: Net) -> None:
    x = net.floats(4, 5)
    net.add(contraction(net, x, same_shape=net.chance(3), transposed=True))


def pool(net: Net, x: SSAValue) -> PoolingOp:
    settings = _window(net, shape_of(x)[2:], dilated=False)
    settings.pop("dilation", None)
    window = settings.pop("window")
    kind = net.pick(tuple(PoolingType))
    if kind == PoolingType.MAX_AVERAGE_BLEND:
        settings["blend_factor"] = 0.5
    counts = kind == PoolingType.MAX or net.chance(2)
    return PoolingOp(kind, x, window, average_count_excludes_padding=counts, **settings)


def pooling(net: Net) -> None:
    elements = (element_type_of(net.floats()), i8)
    net.add(pool(net, net.value(elements, (4, 5))))


def pad(net: Net, x: SSAValue) -> LayerOp:
    """Zeros around the last two axes; now and then one that is cropped."""
    last = shape_of(x)[-2:]
    low = -1 if net.chance(4) and min(last) > 2 else 0
    pre, post = ([net.integer(low, 1) for _ in range(2)] for _ in range(2))
    if net.chance(2):
        return PaddingOp(x, pre, post)
    outer = [0] * (len(shape_of(x)) - 2)
    around = zip(shape_of(x)[-2:], pre, post, strict=True)
    number = net.pick((0.0, 1.0, 1.0))
    return SliceOp(
        x,
        [*outer, *(-before for before in pre)],
        [*shape_of(x)[:-2], *(dim + before + after for dim, before, after in around)],
        mode=SampleMode.FILL,
        fill=net.constant(element_type_of(x), (), (number,)) if net.chance(2) else None,
    )


def padding(net: Net) -> None:
    net.add(pad(net, net.value(ranks=(4, 5))))


def lrn(net: Net) -> None:
    settings = net.pick(((1, 0.0, 1.0, 1.0), (3, 1e-4, 0.75, 2.0), (5, 1.0, 0.5, 1.0)))
    net.add(LrnOp(net.floats(4, 5), *settings))
