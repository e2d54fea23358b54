"""What becomes of a tile of sums: pointwise layers, and the way to memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import VectorType, f16, f32
from xdsl.ir import SSAValue

from fusemlir.dialects.memref import PrefetchOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.lowering.element_conversion import narrow, widen
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.host.access import (
    element_of,
    load,
    load_vector,
    local,
    store,
    store_vector,
)
from fusemlir.lowering.host.direct_product import DirectProduct, Sums, Tile
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.lanes import ScalarCode
from fusemlir.lowering.host.movement.tiles import run_of, transposed
from fusemlir.lowering.host.nests import Walk, walk_of
from fusemlir.lowering.host.pointwise import Read, computed, reads_of
from fusemlir.lowering.host.schedules import TileSchedule
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    multiply,
)

LINE_ELEMENTS = 16
"""Of f32, in a line of a cache."""

FETCHED_DEPTH = 64
"""Products in a sum that take longer than to fetch what is added to it."""

TURNED = (f16, f32)
"""Types of outputs of which vectors are made of other vectors' lanes."""


@dataclass(frozen=True)
class Roles:
    """Which axis of the result a tile's coordinate is along."""

    image: int | None
    line: Sequence[int]
    column: int
    feature: int
    column_step: int = 1
    """From a column of a tile to the next."""

    def first(self, walk: Walk, tile: Tile) -> Index:
        """Where in the walk's buffer the first element of a tile is."""
        return add(
            0 if self.image is None else multiply(tile.image, walk.strides[self.image]),
            *map(multiply, tile.line, (walk.strides[axis] for axis in self.line)),
            multiply(tile.column, walk.strides[self.column]),
            multiply(tile.feature, walk.strides[self.feature]),
            walk.start,
        )

    def further(self, walk: Walk, pixel: Index, feature: Index) -> Index:
        """How much further another one is."""
        return add(
            multiply(pixel, self.column_step * walk.strides[self.column]),
            multiply(feature, walk.strides[self.feature]),
        )


@dataclass
class TileEpilogue:
    """Computes the layers after a contraction, and stores the outputs."""

    kernel: HostKernel
    weighted: Weighted
    roles: Roles
    schedule: TileSchedule
    product: DirectProduct
    constants: Mapping[SSAValue, SSAValue]
    layers: Sequence[LayerOp]
    reads: Sequence[Read]
    stage: SSAValue | None
    """Memory for a tile of sums, where layers are not computed in registers."""
    turned: Sequence[SSAValue] = field(default=(), kw_only=True)
    """Memory for a tile of each output, where pixels are to lie side by side."""

    @staticmethod
    def of_body(
        kernel: HostKernel,
        weighted: Weighted,
        roles: Roles,
        schedule: TileSchedule,
        product: DirectProduct,
        constants: Mapping[SSAValue, SSAValue],
    ) -> TileEpilogue:
        body = weighted.body
        layers = beside(body, weighted.op)
        reads = [
            read for read in reads_of(body, layers) if read[0] is not weighted.result
        ]
        epilogue = TileEpilogue(
            kernel, weighted, roles, schedule, product, constants, layers, reads, None
        )
        if epilogue._is_turned:
            epilogue.turned = [epilogue._memory() for _ in weighted.outputs]
        if not epilogue._stays_in_registers:
            epilogue.stage = epilogue._memory()
        return epilogue

    def _memory(self) -> SSAValue:
        """For a tile: of its first pixel all features, then of the next."""
        size = self.schedule.pixels * self.schedule.features
        return local(f32, size)

    def fetch(self, tile: Tile) -> None:
        """Have what a tile is added to, and where it goes, in a cache by the time that
        it is summed."""
        depth = prod(self.product.window) * self.product.channels
        tensors = [read for read in self.reads if self._is_by_pixel(self._walk(read))]
        if not tensors or depth < FETCHED_DEPTH:
            return
        pairs = [(self._walk(read), read[0]) for read in tensors]
        if not self.turned:
            pairs += self._outputs
        for walk, value in pairs:
            first, buffer = self.roles.first(walk, tile), self.kernel.buffers[value]
            for pixel in range(tile.pixels):
                for feature in range(0, self.schedule.features, LINE_ELEMENTS):
                    further = self.roles.further(walk, pixel, feature)
                    PrefetchOp(buffer, [as_value(add(first, further))])

    def _is_by_pixel(self, walk: Walk) -> bool:
        """Whether each pixel has numbers of its own, of features side by side."""
        column, feature = self.roles.column, self.roles.feature
        return walk.strides[column] != 0 and walk.strides[feature] == 1

    def finish(self, tile: Tile, sums: Sums) -> None:
        if self.stage is None:
            self._finish_vectors(tile, sums)
        else:
            self._finish_elements(tile, sums, self.stage)
        if self.turned:
            self._turn(tile)

    def _walk(self, read: Read) -> Walk:
        value, shape = read
        return walk_of(self.kernel.layouts[value], shape)

    @property
    def _outputs(self) -> Sequence[tuple[Walk, SSAValue]]:
        values = self.weighted.outputs
        layouts = [self.kernel.layouts[value] for value in values]
        walks = (walk_of(layout, layout.shape) for layout in layouts)
        return list(zip(walks, values, strict=True))

    @property
    def _output_walks(self) -> Sequence[Walk]:
        return [walk for walk, _ in self._outputs]

    @property
    def _stays_in_registers(self) -> bool:
        """Whether all is f32 side by side along features, and the layers arithmetic."""
        feature = self.roles.feature
        return (
            self.product.features >= self.schedule.features
            and all(element_type_of(value) == f32 for value, _ in self.reads)
            and all(self._walk(read).strides[feature] in (0, 1) for read in self.reads)
            and (bool(self.turned) or self._is_stored_as_summed)
            and self.code.is_by_lane
        )

    @property
    def _is_stored_as_summed(self) -> bool:
        feature = self.roles.feature
        return all(
            walk.strides[feature] == 1 and element_type_of(output) == f32
            for walk, output in self._outputs
        )

    @property
    def _is_turned(self) -> bool:
        """Whether the pixels of a tile lie side by side in all outputs, its features
        apart."""
        column, feature = self.roles.column, self.roles.feature
        is_whole = self.product.features >= self.schedule.features
        return (is_whole and self.roles.column_step == 1) and all(
            walk.strides[column] == 1
            and walk.strides[feature] > 1
            and element_type_of(output) in TURNED
            for walk, output in self._outputs
        )

    @cached_property
    def code(self) -> ScalarCode:
        return ScalarCode.of_program(self._program, 1 + len(self.reads))

    def _program(self, operands: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """From a sum and what is read to the outputs."""
        total, *given = operands
        loaded = dict(zip(self.reads, given, strict=True))
        known = {**self.constants, self.weighted.result: total}
        values = computed(self.layers, loaded, known)
        return [values[output] for output in self.weighted.outputs]

    def _finish_vectors(self, tile: Tile, sums: Sums) -> None:
        lanes, width = self.schedule.lanes, self.schedule.vectors
        read, written = self._places(tile), self._targets(tile)
        code = self.code.for_lanes(lanes)
        for number, total in enumerate(sums):
            pixel, feature = number // width, number % width * lanes
            given = [
                self._vector(which, place)
                for which, place in zip(self.reads, read(pixel, feature), strict=True)
            ]
            results = code([total, *given])
            targets = written(pixel, feature)
            for (buffer, place), result in zip(targets, results, strict=True):
                store_vector(result, buffer, place)

    def _places(self, tile: Tile) -> Callable[[Index, Index], list[Index]]:
        """From a pixel and a feature of a tile to where it is in all that is read."""
        return self._along([*map(self._walk, self.reads)], tile)

    def _targets(
        self, tile: Tile
    ) -> Callable[[Index, Index], list[tuple[SSAValue, Index]]]:
        """From a pixel and a feature of a tile to where its outputs are stored."""
        if self.turned:
            width = self.schedule.features
            return lambda pixel, feature: [
                (memory, add(multiply(pixel, width), feature)) for memory in self.turned
            ]
        places = self._along(self._output_walks, tile)
        buffers = [self.kernel.buffers[output] for output in self.weighted.outputs]
        return lambda pixel, feature: [
            *zip(buffers, places(pixel, feature), strict=True)
        ]

    def _along(
        self, walks: Sequence[Walk], tile: Tile
    ) -> Callable[[Index, Index], list[Index]]:
        firsts = [self.roles.first(walk, tile) for walk in walks]
        return lambda pixel, feature: [
            add(first, self.roles.further(walk, pixel, feature))
            for walk, first in zip(walks, firsts, strict=True)
        ]

    def _vector(self, read: Read, place: Index) -> SSAValue:
        buffer = self.kernel.buffers[read[0]]
        if self._walk(read).strides[self.roles.feature]:
            return load_vector(buffer, place, self.schedule.lanes)
        return load(buffer, place)

    def _finish_elements(self, tile: Tile, sums: Sums, stage: SSAValue) -> None:
        lanes, width = self.schedule.lanes, self.schedule.features
        for number, total in enumerate(sums):
            store_vector(total, stage, number * lanes)
        count = min(self.product.features, width)
        with (
            self.kernel.apart(),
            loop(0, tile.pixels) as pixel,
            loop(0, count) as feature,
        ):
            read, targets = self._places(tile), self._targets(tile)
            total = load(stage, add(multiply(pixel, width), feature))
            given = [
                widen(load(self.kernel.buffers[value], place))
                for (value, _), place in zip(
                    self.reads, read(pixel, feature), strict=True
                )
            ]
            results = self._element(tile, feature, total, given)
            outputs = zip(targets(pixel, feature), results, strict=True)
            for (buffer, place), result in outputs:
                store(narrow(result, element_of(buffer)), buffer, place)

    def _turn(self, tile: Tile) -> None:
        """Bring what is put aside to the outputs, pixels side by side.

        A function of its own: the places that shuffles take lanes from stay in
        registers.
        """
        lanes, width = self.schedule.lanes, self.schedule.features
        outputs = [*zip(self.turned, self.weighted.outputs, strict=True)]
        with self.kernel.apart():
            places = self._along(self._output_walks, tile)
            with loop(0, width, lanes) as feature:
                for pixel in range(0, tile.pixels, lanes):
                    count = min(lanes, tile.pixels - pixel)
                    at = add(feature, pixel * width)
                    firsts = places(pixel, feature)
                    for (memory, output), first in zip(outputs, firsts, strict=True):
                        columns = self._columns(memory, at, count)
                        self._store_columns(columns, output, first, count)

    def _columns(self, memory: SSAValue, at: Index, count: int) -> list[SSAValue]:
        """Of each feature of a vector, `count` pixels; what follows is of no use."""
        lanes, width = self.schedule.lanes, self.schedule.features
        rows = [load_vector(memory, add(at, n * width), lanes) for n in range(count)]
        return transposed([*rows, *[rows[-1]] * (lanes - count)])

    def _store_columns(
        self, columns: Sequence[SSAValue], output: SSAValue, first: Index, count: int
    ) -> None:
        """`count` pixels of each; in two parts, which may have some in common, where
        that is no power of two."""
        layout, buffer = self.kernel.layouts[output], self.kernel.buffers[output]
        size, element = 1 << count.bit_length() - 1, element_type_of(output)
        apart = layout.strides[self.roles.feature]
        for number, column in enumerate(columns):
            place = add(first, number * apart)
            for begin in sorted({0, count - size}):
                part = run_of(column, begin, size)
                if element != f32:
                    part = arith.TruncFOp(part, VectorType(element, [size])).result
                store_vector(part, buffer, add(place, begin))

    def _element(
        self, tile: Tile, feature: Index, total: SSAValue, given: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        """Of the outputs, from a feature's sum and what is read."""
        return self._program([total, *given])
