"""Shuffles: which element of the input goes where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    linear,
    multiply,
)
from fusemlir.lowering.kernel.position import coordinates


@dataclass(frozen=True)
class Axis:
    """Elements that lie `stride` apart in memory."""

    size: int
    stride: int


def row_major_strides(shape: Shape) -> tuple[int, ...]:
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def source_of(op: ShuffleOp, number: SSAValue) -> Index:
    """The number in the input of the `number`-th element of the result."""
    axes = axes_of_result(op)
    if axes is None:
        return _step_by_step(op, number)
    at = coordinates(number, tuple(axis.size for axis in axes))
    pairs = zip(at, axes, strict=True)
    return add(*(multiply(coordinate, axis.stride) for coordinate, axis in pairs))


def axes_of_result(op: ShuffleOp) -> list[Axis] | None:
    """The axes of the result as they lie in the input, as few as describe it; None
    where a dimension of the reshape is no product of what lies together."""
    dims = dimensions_of_result(op, row_major_strides(shape_of(op.input)))
    if dims is None:
        return None
    return _merged(axis for dim in dims for axis in dim)


def dimensions_of_result(
    op: ShuffleOp, strides: Sequence[int]
) -> list[list[Axis]] | None:
    """The axes that each dimension of the result is made of, outermost first, of an
    input that lies with those strides; None where one is no product of any."""
    lying = list(map(Axis, shape_of(op.input), strides))
    split = _split(_merged(lying[axis] for axis in op.first), op.reshaped)
    return None if split is None else [split[dim] for dim in op.second]


def _merged(axes: Iterable[Axis]) -> list[Axis]:
    """The same elements in the same order along fewer axes."""
    merged: list[Axis] = []
    for axis in axes:
        if axis.size == 1:
            continue
        if merged and merged[-1].stride == axis.size * axis.stride:
            axis = Axis(merged.pop().size * axis.size, axis.stride)
        merged.append(axis)
    return merged


def _split(axes: Sequence[Axis], shape: Shape) -> list[list[Axis]] | None:
    """The axes that each dimension of `shape` is made of; None where it is of none."""
    left, dims = list(axes), list[list[Axis]]()
    for size in reversed(shape):
        parts: list[Axis] = []
        while size > 1:
            axis = left.pop()
            if axis.size % size == 0:
                left.append(Axis(axis.size // size, axis.stride * size))
                axis = Axis(size, axis.stride)
            elif size % axis.size:
                return None
            parts.append(axis)
            size //= axis.size
        dims.append(parts[::-1])
        left = [axis for axis in left if axis.size != 1]
    return dims[::-1]


def _step_by_step(op: ShuffleOp, number: SSAValue) -> Index:
    """Back through the second transpose, the reshape and the first transpose."""
    at = coordinates(number, shape_of(op.output))
    between = as_value(linear(_unpermuted(at, op.second), op.reshaped))
    before = coordinates(between, op.transposed)
    return linear(_unpermuted(before, op.first), shape_of(op.input))


def _unpermuted(at: Sequence[SSAValue], order: Shape) -> list[Index]:
    return [at[order.index(axis)] for axis in range(len(order))]
