"""Kernels of poolings: windows over images, some channels of a pixel at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import VectorType, f32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.dialects.trt.enums import PoolingType
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import load, load_vector, store, store_vector
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import FIRST_SPATIAL
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import LonePlan, Site, Wish, is_image
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply, subtract


@dataclass(frozen=True)
class PoolingPlan(LonePlan[PoolingOp]):
    """A lone maximum or average of images of f32."""

    kind = PoolingOp

    @property
    def is_taken(self) -> bool:
        blends = self.op.kind == PoolingType.MAX_AVERAGE_BLEND
        return is_image(self.op.input) and not blends

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES

    @property
    def images(self) -> frozenset[SSAValue]:
        return frozenset({self.op.input})

    def build(self, name: str, site: Site) -> HostFunction:
        op, cpu = self.op, site.cpu
        images, channels, rows, columns = shape_of(op.output)
        with self.kernel(name, site.layouts) as kernel:
            begin, end = kernel.share(images * rows)
            with loop(begin, end) as number, loop(0, columns) as column:
                image, row = unraveled(number, (images, rows))
                window = _Window(kernel, op, image, (row, column))
                whole = channels - channels % cpu.lanes
                if whole:
                    with loop(0, whole, cpu.lanes) as channel:
                        window.pool(channel, cpu.lanes)
                if whole < channels:
                    with loop(whole, channels) as channel:
                        window.pool(channel, 1)
        return HostFunction(kernel.function)


class _Window:
    """The part of a window that is inside the input."""

    def __init__(
        self,
        kernel: HostKernel,
        op: PoolingOp,
        image: Index,
        at: tuple[Index, Index],
    ):
        self.op = op
        self.source, self.target = kernel.buffers[op.input], kernel.buffers[op.output]
        self.layout = kernel.layouts[op.input]
        result = kernel.layouts[op.output]
        self.bounds = [self._bounds(axis, at[axis]) for axis in range(2)]
        self.first = add(multiply(image, self.layout.strides[0]), self.layout.start)
        self.place = add(
            multiply(image, result.strides[0]),
            multiply(at[0], result.strides[FIRST_SPATIAL]),
            multiply(at[1], result.strides[FIRST_SPATIAL + 1]),
            result.start,
        )
        is_average = op.kind == PoolingType.AVERAGE
        self.count = self._count(at) if is_average else None

    def pool(self, channel: SSAValue, lanes: int) -> None:
        """Reduce the window for as many channels."""
        start = _spread(real(-inf if self.count is None else 0), lanes)
        down, across = self.layout.strides[FIRST_SPATIAL:]
        (top, bottom), (left, right) = self.bounds

        def turn_row(row: SSAValue, so_far: tuple[SSAValue, ...]) -> Sequence[SSAValue]:
            line = add(self.first, multiply(row, down), channel)

            def turn(column: SSAValue, so_far: tuple[SSAValue, ...]) -> list[SSAValue]:
                place = add(line, multiply(column, across))
                x = _loaded(self.source, place, lanes)
                if self.count is None:
                    return [arith.MaximumfOp(so_far[0], x).result]
                return [arith.AddfOp(so_far[0], x).result]

            return for_loop(left, right, 1, so_far, turn)

        (total,) = for_loop(top, bottom, 1, [start], turn_row)
        if self.count is not None:
            total = arith.DivfOp(total, _spread(self.count, lanes)).result
        place = add(self.place, channel)
        if lanes == 1:
            store(total, self.target, place)
        else:
            store_vector(total, self.target, place)

    def _bounds(self, axis: int, at: Index) -> tuple[SSAValue, SSAValue]:
        first, size = self._first(axis, at), self.layout.shape[FIRST_SPATIAL + axis]
        return _between(first, self.op.window[axis], 0, size)

    def _first(self, axis: int, at: Index) -> Index:
        pre, _ = self.op.padding_of(self.layout.shape[FIRST_SPATIAL:])
        return add(multiply(at, self.op.strides[axis]), -pre[axis])

    def _count(self, at: tuple[Index, Index]) -> SSAValue:
        """How many elements an average is over."""
        sizes = list[Index]()
        for axis, position in enumerate(at):
            begin, end = self.bounds[axis]
            if not self.op.excludes_padding:
                size = self.layout.shape[FIRST_SPATIAL + axis]
                pre, post = self.op.padding_of(self.layout.shape[FIRST_SPATIAL:])
                begin, end = _between(
                    self._first(axis, position),
                    self.op.window[axis],
                    -pre[axis],
                    size + post[axis],
                )
            size = as_value(subtract(end, begin))
            sizes.append(arith.MaxSIOp(size, as_value(0)).result)
        count = arith.IndexCastOp(as_value(multiply(*sizes)), i64).result
        return arith.SIToFPOp(count, f32).result


def _between(first: Index, size: int, low: int, high: int) -> tuple[SSAValue, SSAValue]:
    begin = arith.MaxSIOp(as_value(first), as_value(low)).result
    end = arith.MinSIOp(as_value(add(first, size)), as_value(high)).result
    return begin, end


def _spread(value: SSAValue, lanes: int) -> SSAValue:
    if lanes == 1:
        return value
    return vector.BroadcastOp(value, VectorType(f32, [lanes])).vector


def _loaded(buffer: SSAValue, place: Index, lanes: int) -> SSAValue:
    return load(buffer, place) if lanes == 1 else load_vector(buffer, place, lanes)
