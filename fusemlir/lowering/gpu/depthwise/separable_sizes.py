"""How large a depthwise-separable group is, and the schedule for that."""

from __future__ import annotations

from math import prod

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.elements.separable import Separable
from fusemlir.lowering.gpu.depthwise.depthwise import axes_of
from fusemlir.lowering.gpu.neighbours import most_at_once
from fusemlir.lowering.gpu.schedules.depthwise import WindowAxis
from fusemlir.lowering.gpu.schedules.separable import SeparableSchedule, Sizes


def is_flat(found: Separable) -> bool:
    """Whether the second one sees one position at a time, and all of them."""
    op = found.following
    pre, post = op.padding_of(shape_of(op.input)[2:])
    return {*op.window, *op.strides} == {1} and not any((*pre, *post))


def sizes_of(found: Separable) -> Sizes:
    """Of the second convolution; where it can be, all positions are one axis."""
    op = found.following
    axes = axes_of(op)
    if is_flat(found):
        count = prod(shape_of(op.output)[2:])
        unit = WindowAxis(1, 1, 1, 1, 1, 0)
        axes = (unit, unit, WindowAxis(count, count, 1, 1, 1, 0))
    features, channels = shape_of(op.kernel)[:2]
    images = shape_of(op.output)[0]
    return Sizes(axes, images, op.groups, channels, features)


def schedule_of(found: Separable, processors: int) -> SeparableSchedule | None:
    """None where windows see too much to be held."""
    most = most_at_once(found.body)
    return SeparableSchedule.choose(sizes_of(found), most, processors)
