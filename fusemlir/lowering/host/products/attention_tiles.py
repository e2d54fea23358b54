"""The loops of attention: tiles of rows, and for each of them parts of the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, prod

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.lowering.element_conversion import narrow, real
from fusemlir.lowering.host.access import load, load_vector, store, store_vector
from fusemlir.lowering.host.convolution import start_of_sums
from fusemlir.lowering.host.direct_product import DirectProduct, Sums, Tile
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.nests import Walk, unraveled
from fusemlir.lowering.host.products.attention_memory import AttentionMemory
from fusemlir.lowering.host.products.lane_sums import sum_of_vectors
from fusemlir.lowering.host.products.pointwise_layers import PointwiseLayers, place_in
from fusemlir.lowering.host.products.tiles import ByColumns, ProductTiles
from fusemlir.lowering.host.rows.exponential_sum import exponential_below
from fusemlir.lowering.kernel.control_flow import for_loop, loop
from fusemlir.lowering.kernel.index_math import Index, add, divide, subtract
from fusemlir.lowering.rows.exponential_sum import finite_shift
from fusemlir.lowering.rows.fold import add as plus
from fusemlir.lowering.rows.fold import maximum
from fusemlir.lowering.rows.fold import product as times


@dataclass(frozen=True)
class Part:
    """Neighbouring keys."""

    begin: Index
    count: int


@dataclass
class AttentionTiles:
    """Writes what a thread does with its share of the rows."""

    kernel: HostKernel
    lanes: int
    """Of the widest vectors."""
    memory: AttentionMemory
    scores: ProductTiles
    values: ByColumns
    values_buffer: SSAValue
    between: PointwiseLayers
    """From the scores to what the softmax is of."""
    softmax_input: SSAValue
    after: PointwiseLayers
    """From the result to the outputs."""
    outputs: Sequence[tuple[SSAValue, Walk]]

    def emit(self) -> None:
        sizes = (*self.scores.product.lines, self.scores.down)
        begin, end = self.kernel.share(prod(sizes))
        with loop(begin, end) as piece:
            *line, number = unraveled(piece, sizes)
            self._emit_rows(self.scores.tile(line, number, 0))

    def _emit_rows(self, rows: Tile) -> None:
        keys, each = self.scores.product.features, self.memory.schedule.keys
        if not self.memory.is_in_parts:
            self._emit_part(rows, Part(0, keys))
        else:
            self.memory.clear()
            whole = keys - keys % each
            with loop(0, whole, each) as begin:
                self._emit_part(rows, Part(begin, each))
            if whole < keys:
                self._emit_part(rows, Part(whole, keys - whole))
        with loop(0, rows.pixels) as row:
            self._finish(rows, row)

    def _emit_part(self, rows: Tile, part: Part) -> None:
        self._emit_scores(rows, part)
        with loop(0, rows.pixels) as row:
            self._weigh(rows, row, part)
        self._add_values(rows, part)

    def _emit_scores(self, rows: Tile, part: Part) -> None:
        tiles, memory = self.scores, self.memory
        width = tiles.schedule.features
        before = divide(part.begin, width)
        with loop(0, -(-part.count // width)) as number:
            place = tiles.tile(rows.line, 0, add(before, number))
            place = replace(place, column=rows.column)
            sums = tiles.sums(place, start_of_sums(place, tiles.schedule, None))
            first = subtract(place.feature, part.begin)
            for row, column, total in tiles.placed(sums):
                at = memory.weight_at(row, add(first, column))
                store_vector(total, memory.weights, at)

    def _weigh(self, rows: Tile, row: Index, part: Part) -> None:
        """Make weights of a row's scores."""
        memory = self.memory
        weights, first = memory.weights, memory.weight_at(row, 0)

        def change(key: SSAValue, so_far: tuple[SSAValue, ...]) -> list[SSAValue]:
            at = add(first, key)
            place = [*rows.line, add(rows.column, row), add(part.begin, key)]
            found = self.between.at(place, load(weights, at))
            score = found[self.softmax_input]
            if self.between.layers:
                store(score, weights, at)
            return [maximum(so_far[0], score)]

        (greatest,) = for_loop(0, part.count, 1, [real(-inf)], change)
        if memory.is_in_parts:
            greatest = maximum(greatest, load(memory.greatest, row))
        shift = finite_shift(greatest)
        with loop(0, part.count) as key:
            at = add(first, key)
            store(exponential_below(load(weights, at), shift), weights, at)
        vectors = -(-part.count // self.lanes)
        with loop(part.count, vectors * self.lanes) as key:
            store(real(0), weights, add(first, key))
        total = sum_of_vectors(weights, first, vectors, self.lanes)
        if memory.is_in_parts:
            total = plus(total, self._shrunk(row, shift))
            store(greatest, memory.greatest, row)
        store(total, memory.totals, row)

    def _shrunk(self, row: Index, shift: SSAValue) -> SSAValue:
        """The sum of a row's weights before; it, and the sums of values, are made less
        for a greater score."""
        memory = self.memory
        factor = exponential_below(load(memory.greatest, row), shift)
        with loop(0, memory.blocks) as block, loop(0, memory.width) as column:
            at = memory.sum_at(block, row, column)
            store(times(load(memory.sums, at), factor), memory.sums, at)
        return times(load(memory.totals, row), factor)

    def _add_values(self, rows: Tile, part: Part) -> None:
        """Sum the values of a part's keys, multiplied by the weights."""
        memory, schedule = self.memory, self.memory.schedule.values
        tiles = self._tiles_of_values(part)
        with loop(0, memory.blocks) as block:
            place = tiles.tile(rows.line, 0, block)
            sums: Sums = start_of_sums(place, schedule, None)
            if memory.is_in_parts:
                sums = [
                    load_vector(
                        memory.sums, memory.sum_at(block, row, column), schedule.lanes
                    )
                    for row, column, _ in tiles.placed(sums)
                ]
            for row, column, total in tiles.placed(tiles.sums(place, sums)):
                store_vector(total, memory.sums, memory.sum_at(block, row, column))

    def _tiles_of_values(self, part: Part) -> ProductTiles:
        memory, batch = self.memory, self.scores.product.lines
        product = DirectProduct(
            1,
            (*batch, memory.schedule.rows),
            1,
            self.values.factor.free.size,
            part.count,
            (1,),
            memory.margin,
            0,
            (*(0 for _ in batch), memory.row),
            (0,),
        )
        buffers = memory.weights, self.values_buffer
        tiles = self.values.tiles(self.kernel, product, memory.schedule.values, buffers)
        return replace(tiles, first_step=part.begin)

    def _finish(self, rows: Tile, row: Index) -> None:
        """Divide by the sum of the weights, which is 0 where all scores are -inf: then
        the result is not a number."""
        memory, tiles = self.memory, self._tiles_of_values(Part(0, 1))
        factor = arith.DivfOp(real(1), load(memory.totals, row)).result
        with loop(0, memory.blocks) as block:
            first = tiles.tile(rows.line, 0, block).feature
            with loop(0, memory.width) as column:
                total = load(memory.sums, memory.sum_at(block, row, column))
                place = [*rows.line, add(rows.column, row), add(first, column)]
                found = self.after.at(place, times(total, factor))
                for output, walk in self.outputs:
                    value = narrow(found[output], element_type_of(output))
                    store(value, self.kernel.buffers[output], place_in(walk, place))
