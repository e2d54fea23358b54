"""Kernels that move elements and change none: each is loaded and stored as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConcatenationOp, PaddingOp, ShuffleOp, SliceOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.lowering.element_conversion import constant, narrow
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.element_kernel import build_element_kernel, flat
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.index_math import (
    Index,
    add,
    is_below,
    linear,
    multiply,
)
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.loops import where
from fusemlir.lowering.gpu.movement.sampling import axes_of, is_defined, mode_of
from fusemlir.lowering.gpu.movement.transposition import source_of
from fusemlir.lowering.gpu.position import coordinates
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.gpu.windows import every


def is_movement_kernel(body: KernelBody) -> bool:
    """Whether it is one layer that moves elements, and has what it reads."""
    if len(body.layers) != 1:
        return False
    (layer,) = body.layers
    if isinstance(layer, SliceOp):
        return is_defined(layer)
    return isinstance(layer, ConcatenationOp | PaddingOp | ShuffleOp)


def build_movement(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    (layer,) = body.layers
    (output,) = body.outputs

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        source = _Source(buffers, immediates.emit(body))
        at = [number] if shape_of(output) else []
        store_raw([_element(layer, source, number)], flat(buffers[output]), at)

    return build_element_kernel(name, body, emit)


@dataclass(frozen=True)
class _Source:
    """What elements are taken from, in the types in which they are stored."""

    buffers: Mapping[SSAValue, SSAValue]
    values: Mapping[SSAValue, SSAValue]

    def element(self, value: SSAValue, number: Index) -> SSAValue:
        """The `number`-th element of an input, or the only one of a constant."""
        if value in self.values:
            return narrow(self.values[value], element_type_of(value))
        at = [number] if shape_of(value) else []
        return load_raw(flat(self.buffers[value]), at)[0]


def _element(layer: LayerOp, source: _Source, number: SSAValue) -> SSAValue:
    """The `number`-th element of the result."""
    match layer:
        case ShuffleOp():
            return source.element(layer.input, source_of(layer, number))
        case ConcatenationOp():
            return _concatenated(layer, source, number)
        case PaddingOp() | SliceOp():
            return _sampled(layer, source, number)
        case _:
            raise ValueError(f"{layer.name} does not move elements")


def _sampled(op: PaddingOp | SliceOp, source: _Source, number: SSAValue) -> SSAValue:
    mode, axes = mode_of(op), axes_of(op)
    at = coordinates(number, tuple(axis.size for axis in axes))
    reads = [axis.read(c, mode) for c, axis in zip(at, axes, strict=True)]
    place = linear(reads, tuple(axis.dim for axis in axes))
    fills = mode == SampleMode.FILL
    inside = every(
        is_below(read, axis.dim)
        for read, axis in zip(reads, axes, strict=True)
        if fills and axis.may_leave
    )
    return where(
        inside,
        lambda: source.element(op.input, place),
        lambda: _fill(op, source),
    )


def _fill(op: PaddingOp | SliceOp, source: _Source) -> SSAValue:
    if isinstance(op, SliceOp) and op.fill is not None:
        return source.element(op.fill, 0)
    element = element_type_of(op.input)
    return narrow(constant(0, element), element)


@dataclass(frozen=True)
class _Part:
    """An input of a concatenation, between two places of each row of the result."""

    value: SSAValue
    begin: int
    length: int


def _concatenated(op: ConcatenationOp, source: _Source, number: SSAValue) -> SSAValue:
    """Rows are all axes from the one that is joined on, for the inputs too."""
    axis = op.axis.value.data
    parts, begin = list[_Part](), 0
    for value in op.inputs:
        length = prod(shape_of(value)[axis:])
        if length:
            parts.append(_Part(value, begin, length))
        begin += length
    row, at = coordinates(number, (prod(shape_of(op.output)[:axis]), begin))

    def element(part: _Part) -> SSAValue:
        place = add(multiply(row, part.length), at, -part.begin)
        return source.element(part.value, place)

    return _choose(parts, at, element)


def _choose(
    parts: Sequence[_Part], at: SSAValue, element: Callable[[_Part], SSAValue]
) -> SSAValue:
    """The element of the part that `at` is in, found by halving."""
    if len(parts) == 1:
        return element(parts[0])
    half = len(parts) // 2
    return where(
        is_below(at, parts[half].begin),
        lambda: _choose(parts[:half], at, element),
        lambda: _choose(parts[half:], at, element),
    )
