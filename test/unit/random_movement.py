"""Layers that move elements, drawn into a random network."""

from __future__ import annotations

from typing import Any

from random_networks import Net
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConcatenationOp, ResizeOp, ShuffleOp, SliceOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import (
    InterpolationMode,
    ResizeCoordinateTransformation,
    ResizeRoundMode,
    ResizeSelector,
    SampleMode,
)


def shuffle_of(net: Net, x: SSAValue) -> ShuffleOp:
    """Any of its three parts; a reshape that merges two axes or adds one."""
    shape = shape_of(x)
    first = net.order(len(shape)) if net.chance(2) else None
    shape = shape if first is None else tuple(shape[axis] for axis in first)
    reshape: list[int] | None = None
    match net.integer(0, 5):
        case 0 if len(shape) > 1:
            reshape = [0] * (len(shape) - 2) + [-1]
        case 1 if len(shape) < 5:
            reshape = [*shape, 1] if net.chance(2) else [1, *shape]
        case 2 if len(shape) > 1:
            reshape = [*shape[:-2], shape[-1], shape[-2]]
        case 3:
            reshape = [0] * len(shape)
        case _:
            pass
    rank = len(shape) if reshape is None else len(reshape)
    second = net.order(rank) if net.chance(3) else None
    return ShuffleOp(
        x, first_transpose=first, reshape_dims=reshape, second_transpose=second
    )


def shuffle(net: Net) -> None:
    net.add(shuffle_of(net, net.ranked()))


def slice_of(net: Net, x: SSAValue) -> SliceOp:
    """Inside its input, backwards too; or outside, in each mode."""
    shape = shape_of(x)
    mode = net.pick(tuple(SampleMode))
    if mode == SampleMode.STRICT_BOUNDS:
        ends = [(net.integer(0, dim - 1), net.integer(0, dim - 1)) for dim in shape]
        return SliceOp(
            x,
            [start for start, _ in ends],
            [abs(last - start) + 1 for start, last in ends],
            [1 if last >= start else -1 for start, last in ends],
        )
    fill = None
    if mode == SampleMode.FILL and net.chance(2):
        element = element_type_of(x)
        fill = net.constant(element, (), (0, 1) if element == i1 else (0.0, 2.0))
    return SliceOp(
        x,
        [net.integer(-1, 1) for _ in shape],
        [net.integer(1, dim + 1) for dim in shape],
        [net.integer(0, 2) for _ in shape],
        mode=mode,
        fill=fill,
    )


def slice_layer(net: Net) -> None:
    net.add(slice_of(net, net.ranked()))


def resize(net: Net) -> None:
    """Of the last axes, to nearly any size; where numbers are exact, the nearest."""
    x = net.ranked()
    shape = shape_of(x)
    blends = is_float(element_type_of(x)) and not net.exact
    mode = net.pick(tuple(InterpolationMode)) if blends else InterpolationMode.NEAREST
    axes = min(len(shape), net.integer(1, 2))
    kept, changed = shape[: len(shape) - axes], shape[len(shape) - axes :]
    target: dict[str, Any] = {
        "size": [*kept, *(net.integer(1, dim + 3) for dim in changed)]
    }
    if net.chance(3):
        factors = [net.pick((1.0, 1.4, 2.0)) for _ in changed]
        target = {"scales": [*(1.0 for _ in kept), *factors]}
    net.add(
        ResizeOp(
            mode,
            x,
            **target,
            coordinates=net.pick(tuple(ResizeCoordinateTransformation)),
            single_pixel=net.pick(tuple(ResizeSelector)),
            rounding=net.pick(tuple(ResizeRoundMode)),
            exclude_outside=net.chance(2),
        )
    )


def concatenation(net: Net) -> None:
    x = net.ranked()
    axis = net.integer(0, len(shape_of(x)) - 1)

    def fits(value: SSAValue) -> bool:
        shapes = [list(shape_of(v)) for v in (value, x)]
        for shape in shapes:
            del shape[axis : axis + 1]
        same_rank = len(shape_of(value)) == len(shape_of(x))
        return same_rank and shapes[0] == shapes[1]

    found = [v for v in net.values if element_type_of(v) == element_type_of(x)]
    found = [value for value in found if fits(value)]
    inputs = [x, *(net.pick(found) for _ in range(net.integer(0, 2)))]
    net.add(ConcatenationOp(inputs, axis))
