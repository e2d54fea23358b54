"""Shuffles: which element of the input goes where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.element_kernel import build_element_kernel, flat
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    linear,
    multiply,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import coordinates


@dataclass(frozen=True)
class Axis:
    """Elements that lie `stride` apart in memory."""

    size: int
    stride: int


def build_shuffle(name: str, body: KernelBody, op: ShuffleOp) -> Kernel:
    """A thread moves what lies side by side in both tensors, up to 16 bytes of it."""
    count = neighbours_of(op)

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        source, result = (flat(buffers[value]) for value in (op.input, op.output))
        first = as_value(multiply(number, count))
        at = [source_of(op, first)] if shape_of(op.input) else []
        values = load_raw(source, at, count)
        store_raw(values, result, [first] if shape_of(op.output) else [])

    return build_element_kernel(name, body, emit, count)


def neighbours_of(op: ShuffleOp) -> int:
    """How many elements follow each other in the input as they do in the result, from
    each multiple of it on: a power of two."""
    axes = axes_of_result(op)
    if not axes or axes[-1].stride != 1:
        return 1
    most = ACCESS_BYTES // element_bytes(element_type_of(op.input))
    return gcd(most, axes[-1].size, *(axis.stride for axis in axes[:-1]))


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
    lying = _row_major_axes(shape_of(op.input))
    split = _split(_merged(lying[axis] for axis in op.first), op.reshaped)
    if split is None:
        return None
    return _merged(axis for dim in op.second for axis in split[dim])


def _row_major_axes(shape: Shape) -> list[Axis]:
    axes, stride = list[Axis](), 1
    for size in reversed(shape):
        axes.append(Axis(size, stride))
        stride *= size
    return axes[::-1]


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
