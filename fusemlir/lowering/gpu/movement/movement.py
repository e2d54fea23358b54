"""Kernels that move elements and change none: each is loaded and stored as it is.

A thread moves up to 16 bytes of what lies side by side in an input and in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd, prod
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConcatenationOp, PaddingOp, ShuffleOp, SliceOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.lowering.element_conversion import constant, element_bytes, narrow
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.element_kernel import build_element_kernel
from fusemlir.lowering.gpu.movement.tiles import TiledShuffle, build_tiled_shuffle
from fusemlir.lowering.gpu.movement.transposition import build_shuffle
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import if_else
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    is_below,
    linear,
    multiply,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import coordinates
from fusemlir.lowering.movement.sampling import (
    axes_of,
    is_defined,
    mode_of,
    neighbours_read,
)
from fusemlir.lowering.movement.transposition import source_of

Elements: TypeAlias = Sequence[SSAValue]
"""Neighbours, as they are stored."""


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
    if isinstance(layer, ShuffleOp) and layer.input in body.inputs:
        tiled = TiledShuffle.of_layer(layer)
        if tiled is not None:
            return build_tiled_shuffle(name, body, tiled)
        return build_shuffle(name, body, layer)

    count = _neighbours_of(layer)

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        source = _Source(buffers, immediates.emit(body), count)
        first = as_value(multiply(number, count))
        at = [first] if shape_of(output) else []
        store_raw(_elements(layer, source, first), flat(buffers[output]), at)

    return build_element_kernel(name, body, emit, count)


def _neighbours_of(layer: LayerOp) -> int:
    """How many elements of the result, from each multiple of it on, are side by side in
    one input, from a multiple of it on, or are none of an input: a power of two."""
    most = ACCESS_BYTES // element_bytes(element_type_of(layer.results[0]))
    match layer:
        case ConcatenationOp():
            return gcd(most, *(part.length for part in _parts_of(layer)))
        case PaddingOp() | SliceOp():
            return gcd(most, neighbours_read(layer))
        case _:
            return 1


@dataclass(frozen=True)
class _Source:
    """What elements are taken from, in the types in which they are stored."""

    buffers: Mapping[SSAValue, SSAValue]
    values: Mapping[SSAValue, SSAValue]
    count: int
    """Neighbours that are taken at once."""

    def elements(self, value: SSAValue, number: Index) -> Elements:
        """Of an input, from the `number`-th on; of a constant the only one."""
        if value in self.values:
            return [narrow(self.values[value], element_type_of(value))]
        at = [number] if shape_of(value) else []
        return load_raw(flat(self.buffers[value]), at, self.count)

    def same(self, value: SSAValue) -> Elements:
        """The only element of an input or a constant, in all places."""
        return [*replace(self, count=1).elements(value, 0)] * self.count


def _elements(layer: LayerOp, source: _Source, number: SSAValue) -> Elements:
    """Of the result, from the `number`-th on."""
    match layer:
        case ShuffleOp():
            return source.elements(layer.input, source_of(layer, number))
        case ConcatenationOp():
            return _concatenated(layer, source, number)
        case PaddingOp() | SliceOp():
            return _sampled(layer, source, number)
        case _:
            raise ValueError(f"{layer.name} does not move elements")


def _sampled(op: PaddingOp | SliceOp, source: _Source, number: SSAValue) -> Elements:
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
    return _either(
        inside,
        lambda: source.elements(op.input, place),
        lambda: _fill(op, source),
    )


def _fill(op: PaddingOp | SliceOp, source: _Source) -> Elements:
    if isinstance(op, SliceOp) and op.fill is not None:
        return source.same(op.fill)
    element = element_type_of(op.input)
    return [narrow(constant(0, element), element)] * source.count


@dataclass(frozen=True)
class _Part:
    """An input of a concatenation, between two places of each row of the result."""

    value: SSAValue
    begin: int
    length: int


def _parts_of(op: ConcatenationOp) -> list[_Part]:
    """Rows are all axes from the one that is joined on, for the inputs too."""
    parts, begin = list[_Part](), 0
    for value in op.inputs:
        length = prod(shape_of(value)[op.axis.value.data :])
        if length:
            parts.append(_Part(value, begin, length))
        begin += length
    return parts


def _concatenated(op: ConcatenationOp, source: _Source, number: SSAValue) -> Elements:
    shape, axis = shape_of(op.output), op.axis.value.data
    row, at = coordinates(number, (prod(shape[:axis]), prod(shape[axis:])))

    def elements(part: _Part) -> Elements:
        place = add(multiply(row, part.length), at, -part.begin)
        return source.elements(part.value, place)

    return _choose(_parts_of(op), at, elements)


def _choose(
    parts: Sequence[_Part], at: SSAValue, elements: Callable[[_Part], Elements]
) -> Elements:
    """The elements of the part that `at` is in, found by halving."""
    if len(parts) == 1:
        return elements(parts[0])
    half = len(parts) // 2
    return _either(
        is_below(at, parts[half].begin),
        lambda: _choose(parts[:half], at, elements),
        lambda: _choose(parts[half:], at, elements),
    )


def _either(
    condition: SSAValue | None,
    then: Callable[[], Elements],
    otherwise: Callable[[], Elements],
) -> Elements:
    """A condition of None always holds."""
    return then() if condition is None else if_else(condition, then, otherwise)
