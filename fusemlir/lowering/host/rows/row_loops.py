"""Kernels that go through all rows, a thread through its share of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.nests import unraveled
from fusemlir.lowering.host.rows.line import SHORT_LINE, Line
from fusemlir.lowering.host.rows.nest import Axis, RowNest
from fusemlir.lowering.host.rows.rows import Bounds, Cursor, Rows
from fusemlir.lowering.host.rows.strip import NEAR_ELEMENTS, Strip
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import add, as_value, multiply, subtract

STRIP = 1024
"""Rows side by side that are done at once, at most."""

NARROW_STRIP = 128
"""The same, at least, of rows that are read again: narrower ones are read slower than
long rows are in parts."""

LINE = 16
"""Rows side by side that one thread has, at least: what a line of the cache holds."""

UNROLLED_LINE = 128
"""Longer rows LLVM does not unroll."""

MANY = 8
"""Blocks of rows that threads can share; if there are less, they share each."""


def for_all_rows(
    kernel: HostKernel,
    nest: RowNest,
    write: Callable[[Rows], None],
    *,
    is_read_again: bool = True,
) -> None:
    """Write the loops over this thread's rows, and in them what is done with each."""
    if nest.is_across:
        _for_strips(kernel, nest, write, is_read_again)
        return
    begin, end = kernel.share(_rows(nest.kept))
    bounds = _line_bounds(kernel, nest)
    with loop(begin, end) as number:
        write(Line(nest, _first(nest, nest.kept, number), bounds))


def _for_strips(
    kernel: HostKernel,
    nest: RowNest,
    write: Callable[[Rows], None],
    is_read_again: bool,
) -> None:
    """What a row gives does not depend on which are in one strip with it."""
    *outer, inner = nest.kept
    blocks, most = _rows(outer), _strip(nest, inner.size, is_read_again)
    outer_bounds: Bounds = (0, blocks)
    inner_bounds: Bounds = (0, inner.size)
    if blocks >= MANY:
        outer_bounds = kernel.share(blocks)
    else:
        begin, end = kernel.share(-(-inner.size // LINE))
        past = as_value(multiply(end, LINE))
        last = arith.MinSIOp(past, as_value(inner.size)).result
        inner_bounds = multiply(begin, LINE), last
    with loop(*outer_bounds) as block, loop(*inner_bounds, most) as lane:
        left = as_value(subtract(inner_bounds[1], lane))
        width = arith.MinSIOp(left, as_value(most)).result
        first = _first(nest, outer, block).moved(inner.strides, lane)
        write(Strip(nest, first, _bounds(nest), width, most))


def _strip(nest: RowNest, size: int, is_read_again: bool) -> int:
    most = STRIP
    if is_read_again:
        near = NEAR_ELEMENTS // max(1, nest.columns)
        most = min(near, STRIP) if near >= NARROW_STRIP else STRIP
    return max(1, min(size, most))


def _rows(axes: Sequence[Axis]) -> int:
    return prod(axis.size for axis in axes)


def _line_bounds(kernel: HostKernel, nest: RowNest) -> tuple[Bounds, ...]:
    """As `_bounds`, of which LLVM does not know the last where it would rather unroll
    the loop along a row, and gather what it makes vectors of from many rows: it cannot
    tell that no thread has a negative number."""
    bounds = _bounds(nest)
    if nest.columns <= SHORT_LINE or nest.reduced[-1].size >= UNROLLED_LINE:
        return bounds
    size = nest.reduced[-1].size
    more = as_value(add(kernel.thread, size))
    return (*bounds[:-1], (0, arith.MinUIOp(more, as_value(size)).result))


def _bounds(nest: RowNest) -> tuple[Bounds, ...]:
    return tuple((0, axis.size) for axis in nest.reduced)


def _first(nest: RowNest, axes: Sequence[Axis], number: SSAValue) -> Cursor:
    """Where the row, or block of rows, of that number begins."""
    cursor = Cursor(nest.starts)
    if not axes:
        return cursor
    at = unraveled(number, [axis.size for axis in axes])
    for axis, coordinate in zip(axes, at, strict=True):
        cursor = cursor.moved(axis.strides, coordinate)
    return cursor
