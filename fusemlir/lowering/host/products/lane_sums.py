"""Sums of numbers side by side, in the order of the lanes of vectors."""

from __future__ import annotations

from xdsl.dialects import vector
from xdsl.dialects.builtin import DenseArrayBase, VectorType, i64
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from fusemlir.dialects.vector import ToElementsOp
from fusemlir.lowering.host.access import load_vector
from fusemlir.lowering.kernel.control_flow import for_loop
from fusemlir.lowering.kernel.index_math import Index, add
from fusemlir.lowering.rows.fold import add as plus
from fusemlir.lowering.rows.fold import in_pairs

TOTALS = 4
"""Vectors that are added to at once: an addition takes as many clocks."""


def sum_of_vectors(buffer: SSAValue, first: Index, count: int, lanes: int) -> SSAValue:
    """Of `count` vectors from the first element on, one or more."""
    totals = [
        load_vector(buffer, add(first, number * lanes), lanes)
        for number in range(min(count, TOTALS))
    ]
    rest = count % TOTALS if count > TOTALS else 0

    def turn(number: SSAValue, so_far: tuple[SSAValue, ...]) -> list[SSAValue]:
        return [
            plus(total, load_vector(buffer, add(first, number, at * lanes), lanes))
            for at, total in enumerate(so_far)
        ]

    if count > TOTALS:
        end = (count - rest) * lanes
        totals = list(for_loop(TOTALS * lanes, end, TOTALS * lanes, totals, turn))
    for number in range(count - rest, count):
        more = load_vector(buffer, add(first, number * lanes), lanes)
        totals[number % TOTALS] = plus(totals[number % TOTALS], more)
    return sum_of_lanes(in_pairs(plus, totals))


def sum_of_lanes(value: SSAValue) -> SSAValue:
    """Of a vector of a power of two: its halves are added until a number is left."""
    type = value.type
    assert isa(type, VectorType)
    (lanes,) = type.get_shape()
    while lanes > 1:
        lanes //= 2
        half = VectorType(type.element_type, [lanes])
        low, high = (
            vector.ShuffleOp(
                value,
                value,
                DenseArrayBase.from_list(i64, list(range(start, start + lanes))),
                result_type=half,
            ).result
            for start in (0, lanes)
        )
        value = plus(low, high)
    return ToElementsOp(value).elements[0]
