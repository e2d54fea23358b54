"""Constants in the order in which a kernel reads them, as recipes over the model's."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import TensorType, f32

from fusemlir.dialects.trt.base import Shape
from fusemlir.dialects.trt.constant import fill
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr


def reshaped(value: ConstantValue, shape: Shape) -> ConstantValue:
    if value.type.get_shape() == shape:
        return value
    type = TensorType(value.type.element_type, shape)
    return WeightAttr.derived("reshape", [value], type)


def in_f32(value: ConstantValue) -> ConstantValue:
    if value.type.element_type == f32:
        return value
    return WeightAttr.derived("cast", [value], TensorType(f32, value.type.get_shape()))


def transposed(value: ConstantValue, order: Sequence[int]) -> ConstantValue:
    shape = value.type.get_shape()
    turned = TensorType(value.type.element_type, [shape[axis] for axis in order])
    return WeightAttr.derived("transpose", [value, tuple(order)], turned)


def widened(value: ConstantValue, axis: int, size: int) -> ConstantValue:
    """With zeros after the end of an axis."""
    shape = list(value.type.get_shape())
    missing = size - shape[axis]
    if not missing:
        return value
    element = value.type.element_type
    rest = fill(0, TensorType(element, (*shape[:axis], missing, *shape[axis + 1 :])))
    shape[axis] = size
    joined = TensorType(element, shape)
    return WeightAttr.derived("concatenation", [value, rest, axis], joined)


def in_blocks(value: ConstantValue, axis: int, width: int) -> ConstantValue:
    """With an axis of whole blocks of `width`: the last begins earlier where it would
    not be full, and where there are not even `width`, zeros follow."""
    shape = value.type.get_shape()
    size = shape[axis]
    if size < width:
        return widened(value, axis, width)
    if size % width == 0:
        return value
    parts = [
        sliced(value, axis, 0, size - size % width),
        sliced(value, axis, size - width, width),
    ]
    sizes = (*shape[:axis], -(-size // width) * width, *shape[axis + 1 :])
    joined = TensorType(value.type.element_type, sizes)
    return WeightAttr.derived("concatenation", [*parts, axis], joined)


def sliced(value: ConstantValue, axis: int, start: int, size: int) -> ConstantValue:
    """`size` neighbours along an axis."""
    shape = value.type.get_shape()
    starts = [start if at == axis else 0 for at in range(len(shape))]
    sizes = [size if at == axis else whole for at, whole in enumerate(shape)]
    type = TensorType(value.type.element_type, sizes)
    return WeightAttr.derived("slice", [value, starts, sizes, [1] * len(shape)], type)


def packed_kernel(
    kernel: ConstantValue, groups: int, width: int, depth: int = 1
) -> ConstantValue:
    """[groups, blocks, window, steps, width, depth] of a kernel [features of all
    groups, channels, window], a step being `depth` channels, of which zeros fill up the
    last, and blocks as `in_blocks` says; as one row."""
    features, channels, *window = kernel.type.get_shape()
    each = features // groups
    blocks, steps = -(-each // width), -(-channels // depth)
    taps = prod(window)
    parts = reshaped(kernel, (groups, each, channels, taps))
    parts = widened(in_blocks(parts, 1, width), 2, steps * depth)
    parts = reshaped(parts, (groups, blocks, width, steps, depth, taps))
    parts = transposed(parts, (0, 1, 5, 3, 2, 4))
    return reshaped(parts, (prod(parts.type.get_shape()),))


def packed_features(value: ConstantValue, groups: int, width: int) -> ConstantValue:
    """[groups, blocks, width] of one number a feature; as one row."""
    each = prod(value.type.get_shape()) // groups
    filled = in_blocks(reshaped(value, (groups, each)), 1, width)
    return reshaped(filled, (prod(filled.type.get_shape()),))
