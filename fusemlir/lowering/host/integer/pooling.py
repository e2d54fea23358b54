"""Poolings of images of bytes, all channels of a pixel side by side.

What a window gives is gathered for a row of channels at a time, which LLVM makes
vectors of; layers before and after the pooling are computed on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from xdsl.dialects import arith
from xdsl.dialects.builtin import i8
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import PoolingType
from fusemlir.lowering.element_conversion import compute_type, constant, narrow, widen
from fusemlir.lowering.elements.anchored import beside, is_anchored
from fusemlir.lowering.elements.pooling import Window, sum_type
from fusemlir.lowering.host.access import load, local, store
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import FIRST_SPATIAL
from fusemlir.lowering.host.nests import unraveled, walk_of
from fusemlir.lowering.host.plan import IMAGE_RANK, Plan, Site, Wish
from fusemlir.lowering.host.pointwise import Read, computed, reads_of
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class BytePoolingPlan(Plan):
    """A maximum or average of bytes, or of what pointwise layers make of them."""

    op: PoolingOp

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> BytePoolingPlan | None:
        op = body.group.anchor
        if not isinstance(op, PoolingOp) or not is_anchored(body, PoolingOp):
            return None
        found = cls(body, op)
        is_image = len(shape_of(op.input)) == IMAGE_RANK
        reads_bytes = any(element_type_of(value) == i8 for value in found._read)
        blends = op.kind == PoolingType.MAX_AVERAGE_BLEND
        return found if is_image and reads_bytes and not blends else None

    @property
    def _read(self) -> frozenset[SSAValue]:
        """The images that are pooled."""
        shape = shape_of(self.op.input)
        return frozenset(v for v in self.body.inputs if shape_of(v) == shape)

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES

    @property
    def images(self) -> frozenset[SSAValue]:
        return super().images | self._read

    def build(self, name: str, site: Site) -> HostFunction:
        images, channels, rows, columns = shape_of(self.op.output)
        with self.kernel(name, site.layouts) as kernel:
            numbers = site.immediates.emit(self.body)
            pixel = _Pixel(kernel, self.body, self.op, numbers)
            stage = local(pixel.type, channels)
            begin, end = kernel.share(images * rows)
            with loop(begin, end) as number, loop(0, columns) as column:
                image, row = unraveled(number, (images, rows))
                pixel.pool(stage, (image, row, column))
        return HostFunction(kernel.function)


@dataclass
class _Pixel:
    """What is computed for one pixel of the result."""

    kernel: HostKernel
    body: KernelBody
    op: PoolingOp
    numbers: Mapping[SSAValue, SSAValue]

    @property
    def type(self) -> Attribute:
        """Of what a window has given so far."""
        if self.op.kind == PoolingType.AVERAGE:
            return sum_type(self.body, self.op)
        return compute_type(element_type_of(self.op.input))

    @cached_property
    def _before(self) -> Sequence[LayerOp]:
        return beside(self.body, self.op, values=(self.op.input,))

    @cached_property
    def _after(self) -> Sequence[LayerOp]:
        return beside(self.body, self.op)

    def pool(self, stage: SSAValue, at: tuple[Index, Index, Index]) -> None:
        image, row, column = at
        channels = shape_of(self.op.input)[1]
        with loop(0, channels) as channel:
            store(self._neutral(), stage, channel)
        rows, columns = (self._bounds(axis, at[1 + axis]) for axis in range(2))
        with loop(*rows) as y, loop(*columns) as x, loop(0, channels) as channel:
            element = self._element((image, channel, y, x))
            so_far = load(stage, channel)
            store(self._combined(so_far, element), stage, channel)
        with loop(0, channels) as channel:
            place = (image, channel, row, column)
            result = self._result(load(stage, channel), place)
            self._store(result, place)

    def _window(self, at: Sequence[Index]) -> Window:
        coordinates = [as_value(coordinate) for coordinate in at]
        wide = sum_type(self.body, self.op)
        return Window(self.op, lambda place: as_value(place[0]), coordinates, wide)

    def _neutral(self) -> SSAValue:
        element = element_type_of(self.op.input)
        if self.op.kind == PoolingType.AVERAGE:
            return self._window((0,) * IMAGE_RANK).widened(constant(0, element))
        return constant(-inf if is_float(element) else -128, element)

    def _combined(self, so_far: SSAValue, element: SSAValue) -> SSAValue:
        if self.op.kind == PoolingType.AVERAGE:
            wide = self._window((0,) * IMAGE_RANK).widened(element)
            return arith.AddfOp(so_far, wide).result
        if is_float(element_type_of(self.op.input)):
            return arith.MaximumfOp(so_far, element).result
        return arith.MaxSIOp(so_far, element).result

    def _result(self, gathered: SSAValue, at: Sequence[Index]) -> SSAValue:
        if self.op.kind != PoolingType.AVERAGE:
            return gathered
        window = self._window(at)
        return window.narrowed(arith.DivfOp(gathered, window.count()).result)

    def _element(self, at: Sequence[Index]) -> SSAValue:
        """Of what is pooled."""
        if self.op.input in self.body.inputs:
            return self._loaded((self.op.input, shape_of(self.op.input)), at)
        reads = reads_of(self.body, self._before)
        pooled = [read for read in reads if read[0] not in self.body.outputs]
        loaded = {read: self._loaded(read, at) for read in pooled}
        return computed(self._before, loaded, self.numbers)[self.op.input]

    def _store(self, result: SSAValue, at: Sequence[Index]) -> None:
        reads = reads_of(self.body, self._after)
        loaded = {read: self._loaded(read, at) for read in reads}
        known = {**self.numbers, self.op.output: result}
        values = computed(self._after, loaded, known)
        for output in self.body.outputs:
            value = narrow(values[output], element_type_of(output))
            place = self._place((output, shape_of(output)), at)
            store(value, self.kernel.buffers[output], place)

    def _loaded(self, read: Read, at: Sequence[Index]) -> SSAValue:
        return widen(load(self.kernel.buffers[read[0]], self._place(read, at)))

    def _place(self, read: Read, at: Sequence[Index]) -> Index:
        value, shape = read
        walk = walk_of(self.kernel.layouts[value], shape)
        return add(walk.start, *map(multiply, at, walk.strides))

    def _bounds(self, axis: int, at: Index) -> tuple[Index, Index]:
        """The part of a window that is inside the input."""
        op, spatial = self.op, shape_of(self.op.input)[FIRST_SPATIAL:]
        pre, _ = op.padding_of(spatial)
        first = add(multiply(at, op.strides[axis]), -pre[axis])
        last = add(first, op.window[axis])
        return (
            arith.MaxSIOp(as_value(first), as_value(0)).result,
            arith.MinSIOp(as_value(last), as_value(spatial[axis])).result,
        )
