"""Kernels of poolings: windows over images, some channels of a pixel at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, prod

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import VectorType, f32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.dialects.trt.enums import PoolingType
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.host.access import load_vector, store_vector
from fusemlir.lowering.host.direct_product import nested_sums
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import FIRST_SPATIAL
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.plan import LonePlan, Site, Wish, is_image_shape
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, add, as_value, multiply, subtract

MAX_TAPS = 27
"""Elements of a window that are read in straight code."""


@dataclass(frozen=True)
class PoolingPlan(LonePlan[PoolingOp]):
    """A lone maximum or average of images of f32."""

    kind = PoolingOp

    @property
    def is_taken(self) -> bool:
        blends = self.op.kind == PoolingType.MAX_AVERAGE_BLEND
        is_real = element_type_of(self.op.input) == f32
        return is_real and is_image_shape(shape_of(self.op.input)) and not blends

    @property
    def wish(self) -> Wish:
        return Wish.IMAGES

    @property
    def images(self) -> frozenset[SSAValue]:
        return frozenset({self.op.input})

    def build(self, name: str, site: Site) -> HostFunction:
        images, channels, *lines, columns = shape_of(self.op.output)
        lanes = site.cpu.for_features(channels).lanes
        with self.kernel(name, site.layouts) as kernel:
            begin, end = kernel.share(images * prod(lines))
            with loop(begin, end) as number, loop(0, columns) as column:
                image, *line = unraveled(number, (images, *lines))
                window = _Window(kernel, self.op, lanes, image, (*line, column))
                with loop(0, channels, lanes) as first:
                    # The last vector is whole too, and has some channels again.
                    last = as_value(channels - lanes)
                    window.pool(arith.MinUIOp(first, last).result)
        return HostFunction(kernel.function)


@dataclass(frozen=True)
class _Axis:
    """A spatial axis of a pooling."""

    size: int
    places: int
    window: int
    stride: int
    pre: int
    post: int

    def first(self, place: Index) -> Index:
        """Where a window begins, which may be before the image."""
        return add(multiply(place, self.stride), -self.pre)

    @property
    def stays_inside(self) -> bool:
        last = (self.places - 1) * self.stride - self.pre + self.window
        return self.pre == 0 and last <= self.size

    @property
    def is_never_outside(self) -> bool:
        """Whether each window has an element of the image."""
        return self.pre < self.window and (
            (self.places - 1) * self.stride - self.pre < self.size
        )

    def inside(self, place: Index) -> tuple[SSAValue, SSAValue]:
        """The part of a window that is in the image."""
        return _between(self.first(place), self.window, 0, self.size)

    def padded(self, place: Index) -> tuple[SSAValue, SSAValue]:
        """The part of a window that is in the image or in what pads it."""
        return _between(
            self.first(place), self.window, -self.pre, self.size + self.post
        )

    def nearest(self, place: Index) -> list[Index]:
        """Of each element of a window, the nearest that is in the image."""
        found = [add(self.first(place), tap) for tap in range(self.window)]
        return found if self.stays_inside else [self._clamped(at) for at in found]

    def _clamped(self, at: Index) -> SSAValue:
        least = arith.MaxSIOp(as_value(at), as_value(0)).result
        return arith.MinSIOp(least, as_value(self.size - 1)).result


def _axes_of(op: PoolingOp) -> list[_Axis]:
    sizes, places = (shape_of(v)[FIRST_SPATIAL:] for v in (op.input, op.output))
    return list(map(_Axis, sizes, places, op.window, op.strides, *op.padding_of(sizes)))


class _Window:
    """The part of a window that is inside the input."""

    def __init__(
        self,
        kernel: HostKernel,
        op: PoolingOp,
        lanes: int,
        image: Index,
        at: Sequence[Index],
    ):
        source, target = kernel.layouts[op.input], kernel.layouts[op.output]
        self.source, self.target = kernel.buffers[op.input], kernel.buffers[op.output]
        self.lanes = lanes
        batch, _, *self.strides = source.strides
        self.first = add(multiply(image, batch), source.start)
        batch, _, *apart = target.strides
        self.place = add(
            multiply(image, batch), *map(multiply, at, apart), target.start
        )
        self.is_maximum = op.kind == PoolingType.MAX
        axes = _axes_of(op)
        self.taps = self._straight(axes, at)
        bounds = [axis.inside(place) for axis, place in zip(axes, at, strict=True)]
        self.begins = [begin for begin, _ in bounds]
        self.sizes = [as_value(subtract(end, begin)) for begin, end in bounds]
        averaged = bounds
        if not op.excludes_padding:
            averaged = [
                axis.padded(place) for axis, place in zip(axes, at, strict=True)
            ]
        self.count = None if self.is_maximum else _volume(averaged)

    def _straight(
        self, axes: Sequence[_Axis], at: Sequence[Index]
    ) -> Sequence[Index] | None:
        """From the first channel of the image to all elements of the window; None where
        they are too many or not known. A maximum may read some twice."""
        inside = all(axis.stays_inside for axis in axes)
        known = self.is_maximum and all(axis.is_never_outside for axis in axes)
        if prod(axis.window for axis in axes) > MAX_TAPS or not (inside or known):
            return None
        along = [
            [multiply(tap, stride) for tap in axis.nearest(place)]
            for axis, place, stride in zip(axes, at, self.strides, strict=True)
        ]
        return [add(self.first, *steps) for steps in product(*along)]

    def pool(self, channel: SSAValue) -> None:
        """Reduce the window for a vector of channels."""
        type = VectorType(f32, [self.lanes])
        start = real(-inf if self.is_maximum else 0)
        spread = vector.BroadcastOp(start, type).vector
        if self.taps is None:
            total = self._looped(channel, spread)
        else:
            total = spread
            for tap in self.taps:
                total = self._joined(total, add(tap, channel))
        if self.count is not None:
            count = vector.BroadcastOp(self.count, type).vector
            total = arith.DivfOp(total, count).result
        store_vector(total, self.target, add(self.place, channel))

    def _looped(self, channel: SSAValue, start: SSAValue) -> SSAValue:
        def step(turns: Sequence[Index], so_far: Sequence[SSAValue]) -> list[SSAValue]:
            at = map(add, self.begins, turns)
            place = add(self.first, *map(multiply, at, self.strides), channel)
            return [self._joined(so_far[0], place)]

        return nested_sums(self.sizes, [start], step)[0]

    def _joined(self, so_far: SSAValue, place: Index) -> SSAValue:
        x = load_vector(self.source, place, self.lanes)
        join = arith.MaximumfOp if self.is_maximum else arith.AddfOp
        return join(so_far, x).result


def _volume(bounds: Sequence[tuple[SSAValue, SSAValue]]) -> SSAValue:
    """How many elements are within bounds, as f32."""
    sizes = (as_value(subtract(end, begin)) for begin, end in bounds)
    counts = (arith.MaxSIOp(size, as_value(0)).result for size in sizes)
    product: Index = 1
    for count in counts:
        product = multiply(product, count)
    return arith.SIToFPOp(arith.IndexCastOp(as_value(product), i64).result, f32).result


def _between(first: Index, size: int, low: int, high: int) -> tuple[SSAValue, SSAValue]:
    begin = arith.MaxSIOp(as_value(first), as_value(low)).result
    end = arith.MinSIOp(as_value(add(first, size)), as_value(high)).result
    return begin, end
