"""From numbers in shared memory to a tile of the result, and the layers after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import SSAValue

from fusemlir.lowering.elements.windows import every
from fusemlir.lowering.gpu.attention.scores import AttentionBlock
from fusemlir.lowering.gpu.neighbours import Neighbours, most_at_once
from fusemlir.lowering.kernel.control_flow import if_then, loop
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    is_below,
    multiply,
    remainder,
)

Read = Callable[[SSAValue, SSAValue, int], Sequence[SSAValue]]
"""From a row and a column of the tile to elements of the result, so many neighbours."""


def finish_tile(
    block: AttentionBlock, columns: int, first_column: Index, read: Read
) -> None:
    """Store the block's rows of `columns` columns, a power of two, from the first on,
    and what the layers after make of them. Every thread takes some neighbours."""
    kernel, form, result = block.kernel, block.form, block.form.of_result
    batch, first_row, _ = block.origin
    count = min(result.neighbours, most_at_once(kernel.body), 4)
    across = columns // count
    after = Neighbours(kernel, form.after, block.constants)
    rows, all_columns = form.size.rows, result.second.free
    chunks = block.schedule.rows * across
    with loop(kernel.thread_id(), chunks, kernel.block_size) as chunk:
        down = as_value(divide(chunk, across))
        right = as_value(multiply(remainder(chunk, across), count))
        row, column = add(first_row, down), add(first_column, right)
        condition = every(
            is_below(at, size)
            for at, size, unit in (
                (row, rows, block.schedule.rows),
                (column, all_columns, columns),
            )
            if size % unit
        )

        def compute() -> None:
            values = read(down, right, count)
            first = as_value(result.offset(batch, row, column))
            after.compute(first, count, {form.result: values})

        if condition is None:
            compute()
        else:
            with if_then(condition):
                compute()
