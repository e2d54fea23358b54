"""Contractions whose tiles are too few for the machine: several blocks share a tile.

Each sums its part of the depth to scratch, and a second kernel adds these sums, always
in one order, so that every run gives the same bits, and computes what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.contraction.operands import split
from fusemlir.lowering.gpu.contraction.product import Product
from fusemlir.lowering.gpu.contraction.result_tile import Finish
from fusemlir.lowering.gpu.neighbours import most_at_once
from fusemlir.lowering.gpu.schedules.sizes import ceil_divide
from fusemlir.lowering.gpu.schedules.splits import PARTS_AHEAD
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_then
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    is_below,
    multiply,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody

THREADS = 128
"""Of a block that adds sums."""

WIDTH = 4
"""Sums that one access moves."""

Epilogue = Callable[[BlockKernel], Finish]
"""Emits the constants of a body, and gives what follows on its sums."""


def shape_of_parts(product: Product, splits: int) -> tuple[int, ...]:
    """Of the tensor of all sums of parts of the depth."""
    return (splits, product.batch, product.first.free, product.second.free)


def keep_part(kernel: BlockKernel, parts: SSAValue, number: Index) -> Finish:
    """Store sums of the part of that number, and nothing else."""

    def keep(_: SSAValue, sums: Sequence[SSAValue], at: Sequence[Index]) -> None:
        store_raw(sums, kernel.buffers[parts], [number, *at])

    return keep


def build_merging(
    name: str, body: KernelBody, product: Product, parts: SSAValue, epilogue: Epilogue
) -> Kernel:
    """A thread adds the parts of neighbouring elements, and finishes these."""
    splits, *sizes = shape_of(parts)
    count = min(product.neighbours, most_at_once(body))
    chunks = volume(tuple(sizes)) // count
    grid = (ceil_divide(chunks, THREADS), 1, 1)
    with BlockKernel(name, body, grid, THREADS, reads=[parts]) as kernel:
        finish = epilogue(kernel)
        buffer = flat(kernel.buffers[parts])
        chunk = as_value(kernel.global_id())

        def part(number: Index) -> list[SSAValue]:
            first = add(multiply(number, chunks * count), multiply(chunk, count))
            width = min(count, WIDTH)
            starts = (add(first, at) for at in range(0, count, width))
            return [value for at in starts for value in load_raw(buffer, [at], width)]

        def added(sums: Sequence[SSAValue], numbers: Iterable[Index]) -> list[SSAValue]:
            """All are loaded before the first is added."""
            loaded = [part(number) for number in numbers]
            for values in loaded:
                sums = [plus(a, b) for a, b in zip(sums, values, strict=True)]
            return list(sums)

        def step(first: SSAValue, sums: tuple[SSAValue, ...]) -> list[SSAValue]:
            return added(sums, (add(first, at) for at in range(PARTS_AHEAD)))

        with if_then(is_below(chunk, chunks)):
            end = splits // PARTS_AHEAD * PARTS_AHEAD
            sums: Sequence[SSAValue] = part(0)
            sums = added(sums, range(1, min(splits, PARTS_AHEAD)))
            if end > PARTS_AHEAD:
                sums = for_loop(PARTS_AHEAD, end, PARTS_AHEAD, sums, step)
            sums = added(sums, range(max(end, PARTS_AHEAD), splits))
            at = split(multiply(chunk, count), sizes)
            batch, row, column = at
            finish(as_value(product.offset(batch, row, column)), sums, at)
    return kernel.finished


def plus(a: SSAValue, b: SSAValue) -> SSAValue:
    """The sum of two sums."""
    if isinstance(a.type, AnyFloat):
        return arith.AddfOp(a, b).result
    return arith.AddiOp(a, b).result
