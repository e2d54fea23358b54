"""Elements of poolings and of response normalisation: a window each.

Floats are added in f32. Where integers are the result, sums and what is made of them
are f64, so that what is rounded to an integer is the exact average: it often lies half
way between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from math import inf

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, FloatAttr, f32, f64, i8, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import LrnOp, PoolingOp, QuantizeOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import PoolingType
from fusemlir.lowering.element_conversion import constant, real, saturate
from fusemlir.lowering.elements.anchored import (
    Operands,
    anchored_element,
    is_anchored,
)
from fusemlir.lowering.elements.element import EmitElement
from fusemlir.lowering.elements.windows import inside, taps
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    is_below,
    multiply,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.loops import fold, where


def is_pooling_kernel(body: KernelBody) -> bool:
    return is_anchored(body, PoolingOp, LrnOp)


def pooling_element(body: KernelBody, immediates: Immediates) -> EmitElement:
    anchor = body.group.anchor

    def emit(operands: Operands, at: Sequence[SSAValue]) -> SSAValue:
        if isinstance(anchor, LrnOp):
            return _normalize(anchor, operands, at)
        assert isinstance(anchor, PoolingOp)
        wide = sum_type(body, anchor)
        read = partial(operands.at, anchor.input)
        return Window(anchor, read, at, wide).result()

    return anchored_element(body, immediates, emit)


def sum_type(body: KernelBody, op: PoolingOp) -> AnyFloat:
    """What averages are computed in."""
    quantizes = any(isinstance(layer, QuantizeOp) for layer in body.group.tail)
    exact = quantizes or not is_float(element_type_of(op.input))
    return f64 if exact else f32


@dataclass(frozen=True)
class Window:
    """The window of a pooling whose result stands at `at`."""

    op: PoolingOp
    read: Callable[[Sequence[Index]], SSAValue]
    """An element of the input, in the type that is computed in."""
    at: Sequence[Index]
    wide: AnyFloat
    """What averages are computed in."""

    def result(self) -> SSAValue:
        match self.op.kind:
            case PoolingType.MAX:
                return self._maximum()
            case PoolingType.AVERAGE:
                return self.narrowed(self._average())
            case PoolingType.MAX_AVERAGE_BLEND:
                return self.narrowed(self._blend())

    def _blend(self) -> SSAValue:
        assert self.op.blend_factor is not None
        factor = self.op.blend_factor.value.data
        greatest = self.widened(self._maximum())
        of_greatest = arith.MulfOp(self._number(1 - factor), greatest).result
        of_average = arith.MulfOp(self._number(factor), self._average()).result
        return arith.AddfOp(of_greatest, of_average).result

    def _maximum(self) -> SSAValue:
        element = element_type_of(self.op.input)
        if is_float(element):
            return self._combine(real(-inf), lambda a, b: arith.MaximumfOp(a, b).result)
        least = constant(-128, element)
        return self._combine(least, lambda a, b: arith.MaxSIOp(a, b).result)

    def _average(self) -> SSAValue:
        """The sum over what the window counts: of nothing 0 / 0, that is NaN."""
        zero = constant(0, element_type_of(self.op.input))
        total = self._combine(
            zero, lambda a, b: arith.AddfOp(a, b).result, self.widened
        )
        return arith.DivfOp(total, self.count()).result

    def _combine(
        self,
        neutral: SSAValue,
        combine: Callable[[SSAValue, SSAValue], SSAValue],
        convert: Callable[[SSAValue], SSAValue] = lambda x: x,
    ) -> SSAValue:
        """All elements of the window, `neutral` where they are in the padding."""
        batch, channel, *spatial = self.at

        def step(offsets: Sequence[Index], so_far: SSAValue) -> SSAValue:
            read = taps(self.op, spatial, offsets)
            place = [batch, channel, *read]
            x = where(
                inside(self.op, read),
                lambda: self.read(place),
                lambda: neutral,
            )
            return combine(so_far, convert(x))

        return fold(self.op.window, convert(neutral), step)

    def count(self) -> SSAValue:
        """How many elements the average is over, a number where all windows agree."""
        axes = range(len(self.op.window))
        count = reduce(multiply, [self._count_along(axis) for axis in axes])
        if isinstance(count, int):
            return self._number(count)
        held = arith.IndexCastOp(count, i32).result
        return arith.SIToFPOp(held, self.wide).result

    def _count_along(self, axis: int) -> Index:
        """Elements of the window from `low` to `high` around the input, maybe none."""
        op = self.op
        size = shape_of(op.input)[2:][axis]
        pre, post = (sides[axis] for sides in op.padding_of(shape_of(op.input)[2:]))
        stride, window = op.strides[axis], op.window[axis]
        low, high = (0, size) if op.excludes_padding else (-pre, size + post)
        last = (shape_of(op.output)[2:][axis] - 1) * stride - pre
        if low <= -pre and last + window <= high:
            return window
        first = add(multiply(self.at[2 + axis], stride), -pre)
        begin = arith.MaxSIOp(as_value(first), as_value(low)).result
        end = arith.MinSIOp(as_value(add(first, window)), as_value(high)).result
        count = as_value(subtract(end, begin))
        return arith.MaxSIOp(count, as_value(0)).result

    def _number(self, value: float) -> SSAValue:
        return arith.ConstantOp(FloatAttr(value, self.wide)).result

    def widened(self, x: SSAValue) -> SSAValue:
        """An element of the input or a maximum of them as it is added."""
        if x.type == i8:
            return arith.SIToFPOp(x, self.wide).result
        return x if x.type == self.wide else arith.ExtFOp(x, self.wide).result

    def narrowed(self, y: SSAValue) -> SSAValue:
        """A result as layers after the pooling take it; an i8 rounds half to even."""
        element = element_type_of(self.op.output)
        if not is_float(element):
            y = math.RoundEvenOp(y).result
        y = y if y.type == f32 else arith.TruncFOp(y, f32).result
        return y if is_float(element) else saturate(y, element)


def _normalize(op: LrnOp, operands: Operands, at: Sequence[SSAValue]) -> SSAValue:
    """x / (k + alpha / window * the sum of squares of neighbouring channels) ^ beta."""
    batch, channel, *spatial = at
    window = op.window.value.data
    alpha, beta, k = (number.value.data for number in (op.alpha, op.beta, op.k))
    channels = shape_of(op.input)[1]

    def step(offsets: Sequence[Index], so_far: SSAValue) -> SSAValue:
        (offset,) = offsets
        neighbour = add(channel, offset, -(window // 2))
        place = [batch, neighbour, *spatial]
        x = where(
            is_below(neighbour, channels) if window > 1 else None,
            lambda: operands.at(op.input, place),
            lambda: real(0),
        )
        return math.FmaOp(x, x, so_far).result

    total = fold((window,), real(0), step)
    base = math.FmaOp(total, real(alpha / window), real(k)).result
    divisor = math.PowFOp(base, real(beta)).result
    return arith.DivfOp(operands.at(op.input, at), divisor).result
