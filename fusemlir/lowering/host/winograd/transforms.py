"""Winograd's minimal filtering: 4 x 4 results of a 3 x 3 filter by 36 products.

The result is `AT [(G g GT) * (BT d B)] A` for a patch d of 6 x 6 and a filter g
(Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016, F(4x4, 3x3)).
`G` is applied when a network is built, see the recipe `winograd_kernel`; what is here
applies BT and AT along one axis, to vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import VectorType
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from fusemlir.lowering.element_conversion import real

RESULTS, PATCH = 4, 6
"""Of a tile, along an axis."""

POSITIONS = PATCH * PATCH
"""Products of a tile for each channel and feature."""

Values = Sequence[SSAValue]


def along_both_axes(transform: Callable[[Values], Values], square: Values) -> Values:
    """A transformation of the rows of a square, then of its columns; row by row."""
    size = len(square) // PATCH
    rows = [transform(square[row * PATCH : (row + 1) * PATCH]) for row in range(size)]
    columns = [transform(column) for column in zip(*rows, strict=True)]
    return [value for row in zip(*columns, strict=True) for value in row]


def transform_patch(d: Values) -> Values:
    """BT d, of 6 vectors."""
    even, odd = _multiply_add(-4, d[2], d[4]), _multiply_add(-4, d[1], d[3])
    near, far = _subtract(d[4], d[2]), _subtract(d[3], d[1])
    return [
        _multiply_add(4, d[0], _multiply_add(-5, d[2], d[4])),
        _add(even, odd),
        _subtract(even, odd),
        _multiply_add(2, far, near),
        _multiply_add(-2, far, near),
        _multiply_add(4, d[1], _multiply_add(-5, d[3], d[5])),
    ]


def transform_products(m: Values) -> Values:
    """AT m, of 6 vectors."""
    sums = _add(m[1], m[2]), _add(m[3], m[4])
    differences = _subtract(m[1], m[2]), _subtract(m[3], m[4])
    return [
        _add(m[0], _add(*sums)),
        _multiply_add(2, differences[1], differences[0]),
        _multiply_add(4, sums[1], sums[0]),
        _add(_multiply_add(8, differences[1], differences[0]), m[5]),
    ]


def _add(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.AddfOp(a, b).result


def _subtract(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.SubfOp(a, b).result


def _multiply_add(factor: float, a: SSAValue, b: SSAValue) -> SSAValue:
    assert isa(a.type, VectorType)
    spread = vector.BroadcastOp(real(factor), a.type).vector
    return vector.FMAOp(spread, a, b).res
