"""Constants in the order in which a kernel reads them, as recipes over the model's."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType, f32

from fusemlir.dialects.trt.base import Shape
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr


def zeros(shape: Shape) -> ConstantValue:
    zero = DenseIntOrFPElementsAttr.from_list(TensorType(f32, [1]), [0.0])
    return WeightAttr.derived("fill", [zero], TensorType(f32, shape))


def reshaped(value: ConstantValue, shape: Shape) -> ConstantValue:
    return WeightAttr.derived("reshape", [value], TensorType(f32, shape))


def transposed(value: ConstantValue, order: Sequence[int]) -> ConstantValue:
    shape = value.type.get_shape()
    turned = TensorType(f32, [shape[axis] for axis in order])
    return WeightAttr.derived("transpose", [value, tuple(order)], turned)


def widened(value: ConstantValue, axis: int, size: int) -> ConstantValue:
    """With zeros after the end of an axis."""
    shape = list(value.type.get_shape())
    missing = size - shape[axis]
    if not missing:
        return value
    rest = zeros((*shape[:axis], missing, *shape[axis + 1 :]))
    shape[axis] = size
    joined = TensorType(f32, shape)
    return WeightAttr.derived("concatenation", [value, rest, axis], joined)


def packed_kernel(kernel: ConstantValue, groups: int, width: int) -> ConstantValue:
    """[groups, blocks, window, channels, width] of a kernel [features of all groups,
    channels, window], the last block filled up with zeros; as one row."""
    features, channels, *window = kernel.type.get_shape()
    each = features // groups
    blocks = -(-each // width)
    taps = prod(window)
    parts = reshaped(kernel, (groups, each, channels, taps))
    parts = widened(parts, 1, blocks * width)
    parts = reshaped(parts, (groups, blocks, width, channels, taps))
    parts = transposed(parts, (0, 1, 4, 3, 2))
    return reshaped(parts, (prod(parts.type.get_shape()),))


def packed_features(value: ConstantValue, groups: int, width: int) -> ConstantValue:
    """[groups, blocks, width] of one number a feature; as one row."""
    each = prod(value.type.get_shape()) // groups
    filled = widened(reshaped(value, (groups, each)), 1, -(-each // width) * width)
    return reshaped(filled, (prod(filled.type.get_shape()),))
