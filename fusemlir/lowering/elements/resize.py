"""Elements of a resize: which of the input each is made of, and by what weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import f32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ResizeOp
from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of
from fusemlir.dialects.trt.enums import InterpolationMode
from fusemlir.dialects.trt.resize import Line
from fusemlir.lowering.element_conversion import narrow, real
from fusemlir.lowering.elements.element import EmitElement, load, store
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    divide,
    is_below,
    multiply,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import coordinates

TAPS = range(-1, 3)
"""The neighbours of a cubic, from the element before the place."""


@dataclass(frozen=True)
class Tap:
    """What an element is read at, and the factor of what is; None for one."""

    place: Index
    weight: SSAValue | None = None

    def apart(self, stride: int) -> Tap:
        return Tap(multiply(self.place, stride), self.weight)

    def times(self, other: Tap) -> Tap:
        place = add(self.place, other.place)
        if self.weight is None or other.weight is None:
            return Tap(place, self.weight or other.weight)
        return Tap(place, arith.MulfOp(self.weight, other.weight).result)


def is_resize_kernel(body: KernelBody) -> bool:
    return len(body.layers) == 1 and isinstance(body.layers[0], ResizeOp)


def resize_element(body: KernelBody, _: Immediates) -> EmitElement:
    (op,) = body.layers
    assert isinstance(op, ResizeOp)
    given, shape = shape_of(op.input), shape_of(op.output)

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        taps = taps_of(op, coordinates(number, shape), _strides(given))
        source = buffers[op.input]
        read = [load(source, as_value(tap.place)) for tap in taps]
        result = narrow(blended(taps, read), element_type_of(op.output))
        store(result, buffers[op.output], number)

    return emit


def _strides(shape: Shape) -> list[int]:
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def taps_of(
    op: ResizeOp, at: Sequence[Index | None], strides: Sequence[int]
) -> list[Tap]:
    """All that the element at `at` is made of; places are numbers of elements, those
    along each axis being its stride apart. Axes without a position are left out."""
    lines = op.lines(shape_of(op.input))
    axes = [
        [Tap(multiply(place, stride))]
        if line is None
        else [tap.apart(stride) for tap in taps_along(op, line, place)]
        for line, place, stride in zip(lines, at, strides, strict=True)
        if place is not None
    ]
    return [reduce(Tap.times, taps, Tap(0)) for taps in product(*axes)]


def blended(taps: Sequence[Tap], elements: Sequence[SSAValue]) -> SSAValue:
    """The sum of the elements by their weights; the only one as it is."""
    total: SSAValue | None = None
    for tap, element in zip(taps, elements, strict=True):
        if tap.weight is None:
            return element
        if total is None:
            total = arith.MulfOp(tap.weight, element).result
        else:
            total = math.FmaOp(tap.weight, element, total).result
    assert total is not None
    return total


def taps_along(op: ResizeOp, line: Line, at: Index) -> list[Tap]:
    """Of an axis, by the numbers of its elements."""
    place = add(multiply(at, line.step), line.offset)
    match op.interpolation:
        case InterpolationMode.NEAREST:
            return [Tap(_nearest(line, place))]
        case InterpolationMode.LINEAR:
            return _linear(line, place)
        case InterpolationMode.CUBIC:
            return _cubic(op, line, place)


def _nearest(line: Line, place: Index) -> Index:
    first = divide(_at_least(place, 0, line.offset), line.divisor)
    return _at_most(first, line.dim - 1, _last(line) // line.divisor)


def _linear(line: Line, place: Index) -> list[Tap]:
    end = (line.dim - 1) * line.divisor
    inside = _at_most(_at_least(place, 0, line.offset), end, _last(line))
    first = divide(inside, line.divisor)
    last = min(_last(line), end) // line.divisor
    following = _at_most(add(first, 1), line.dim - 1, last + 1)
    weight = _rest(line, inside, first)
    return [Tap(first, _difference(real(1), weight)), Tap(following, weight)]


def _cubic(op: ResizeOp, line: Line, place: Index) -> list[Tap]:
    # What is divided is not negative.
    before = max(0, -(line.offset // line.divisor))
    shifted = add(place, before * line.divisor)
    cell = divide(shifted, line.divisor)
    weights = _cubic_weights(op.coefficient, _rest(line, shifted, cell))
    first = subtract(cell, before)
    places = [add(first, at) for at in TAPS]
    if op.excludes_outside:
        weights = _inside_only(line, places, weights)
    least, most = line.offset // line.divisor, _last(line) // line.divisor
    clamped = [
        _at_most(_at_least(place, 0, least + at), line.dim - 1, most + at)
        for place, at in zip(places, TAPS, strict=True)
    ]
    return list(map(Tap, clamped, weights))


def _inside_only(
    line: Line, places: Sequence[Index], weights: Sequence[SSAValue]
) -> list[SSAValue]:
    """Weights of zero outside, and of one altogether."""
    kept = [
        arith.SelectOp(is_below(place, line.dim), weight, real(0)).result
        for place, weight in zip(places, weights, strict=True)
    ]
    total = kept[0]
    for weight in kept[1:]:
        total = arith.AddfOp(total, weight).result
    return [arith.DivfOp(weight, total).result for weight in kept]


def _cubic_weights(a: float, rest: SSAValue) -> list[SSAValue]:
    """Cubic convolution (R. Keys, 1981) of four neighbours. Of those farther away than
    one it is a * (d - 1) * (d - 2)^2, so written because nothing is lost."""
    other = _difference(real(1), rest)
    apart = _product(real(a), _product(rest, other))
    return [
        _product(apart, other),
        _near(a, rest),
        _near(a, other),
        _product(apart, rest),
    ]


def _near(a: float, distance: SSAValue) -> SSAValue:
    """((a + 2) * d - (a + 3)) * d^2 + 1."""
    inner = math.FmaOp(real(a + 2), distance, real(-a - 3)).result
    return math.FmaOp(inner, _product(distance, distance), real(1)).result


def _rest(line: Line, place: Index, cell: Index) -> SSAValue:
    """How far a place is into its cell, of which one has the length one."""
    rest = subtract(place, multiply(cell, line.divisor))
    if isinstance(rest, int):
        return real(rest / line.divisor)
    number = arith.SIToFPOp(arith.IndexCastOp(rest, i64).result, f32).result
    return arith.DivfOp(number, real(line.divisor)).result


def _product(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.MulfOp(a, b).result


def _difference(a: SSAValue, b: SSAValue) -> SSAValue:
    return arith.SubfOp(a, b).result


def _last(line: Line) -> int:
    """Where the last position is, in parts of an element."""
    return (line.size - 1) * line.step + line.offset


def _at_least(x: Index, bound: int, least: int) -> Index:
    """`x`, which is `least` or more, or `bound` where that is more."""
    if least >= bound:
        return x
    return arith.MaxSIOp(as_value(x), as_value(bound)).result


def _at_most(x: Index, bound: int, most: int) -> Index:
    if most <= bound:
        return x
    return arith.MinSIOp(as_value(x), as_value(bound)).result
