"""From sums of products of bytes to reals, or to the bytes they are requantised to.

It is the formula that `fusemlir.reference.quantized` states, to the bit. Scales per
channel are the kernel's: of a convolution one for each feature, of a matrix product one
for each column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, f32, f64, i8, i32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    DequantizeOp,
    MatrixMultiplyOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.base import LayerOp, shape_of, volume
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.lowering.element_conversion import real, saturate
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.kernel.index_math import Index, add
from fusemlir.lowering.kernel.zero_points import is_symmetric

CLAMPS = (ActivationType.RELU, ActivationType.CLIP)

Results: TypeAlias = "Mapping[SSAValue, Sequence[SSAValue]]"
"""By value of the body, neighbouring elements."""


def is_requantization(op: QuantizeOp, anchor: LayerOp) -> bool:
    """Whether sums become the Quantize's bytes by one multiplier."""
    return is_symmetric(op) and clamps_before(op, anchor) is not None


def clamps_before(op: QuantizeOp, anchor: LayerOp) -> list[ActivationOp] | None:
    """The ReLUs and clips from the anchor to a Quantize; None where there is more."""
    clamps = list[ActivationOp]()
    made = op.input.owner
    while isinstance(made, ActivationOp) and made.kind in CLAMPS:
        clamps.append(made)
        made = made.input.owner
    return clamps[::-1] if made is anchor else None


@dataclass(frozen=True)
class Scaling:
    """From sums of products of bytes to what they stand for, or to bytes."""

    anchor: ContractionOp | MatrixMultiplyOp
    data: DequantizeOp
    kernel: DequantizeOp
    operands: Operands
    feature: Index
    """Of a convolution, that of all sums."""
    column: Index
    """Of a matrix product, that of the first sum."""

    def results(
        self, sums: Sequence[SSAValue], requantized: Sequence[QuantizeOp]
    ) -> Results:
        """Of the anchor in f32, and of the Quantizes of its clamped result."""
        scales = [self._scales(lane) for lane in range(self._distinct(len(sums)))]
        units = [_narrow(scale, f32) for scale in scales]
        sums = self._biased(sums, units)
        reals = [arith.SIToFPOp(total, f32).result for total in sums]
        found: dict[SSAValue, Sequence[SSAValue]] = {
            self.anchor.output: _products(reals, units)
        }
        for op in requantized:
            scale = self.operands.at(op.scale, self._single(op.scale))
            factors = [
                _narrow(arith.DivfOp(both, _wide(scale)).result, f32) for both in scales
            ]
            levels = [level(value) for value in _products(reals, factors)]
            for clamp in clamps_before(op, self.anchor) or ():
                levels = clamped(levels, clamp, scale)
            found[op.output] = levels
        return found

    def _distinct(self, count: int) -> int:
        """How many of neighbouring sums have a scale of their own."""
        is_single = volume(shape_of(self.kernel.scale)) == 1
        return 1 if is_single or isinstance(self.anchor, ContractionOp) else count

    def _scales(self, lane: int) -> SSAValue:
        """The product of both scales, exact in f64."""
        data = self.operands.at(self.data.scale, self._single(self.data.scale))
        place: Sequence[Index] = self._single(self.kernel.scale)
        if volume(shape_of(self.kernel.scale)) > 1:
            is_conv = isinstance(self.anchor, ContractionOp)
            place = [self.feature if is_conv else add(self.column, lane)]
        kernel = self.operands.at(self.kernel.scale, place)
        return arith.MulfOp(_wide(data), _wide(kernel)).result

    def _single(self, value: SSAValue) -> list[Index]:
        return [0] * len(shape_of(value))

    def _biased(
        self, sums: Sequence[SSAValue], units: Sequence[SSAValue]
    ) -> Sequence[SSAValue]:
        anchor = self.anchor
        if isinstance(anchor, MatrixMultiplyOp) or anchor.bias is None:
            return sums
        bias = self.operands.at(anchor.bias, [self.feature])
        levels = arith.DivfOp(_wide(bias), _wide(units[0])).result
        whole = _to_i32(math.RoundEvenOp(levels).result)
        return [arith.AddiOp(total, whole).result for total in sums]


def clamped(
    levels: Sequence[SSAValue], clamp: ActivationOp, scale: SSAValue
) -> list[SSAValue]:
    """Levels of a Quantize of `scale` after a ReLU or clip that stands before it."""
    bounds = (0.0, float("inf"))
    if clamp.kind == ActivationType.CLIP:
        given = (clamp.alpha, clamp.beta)
        bounds = tuple(0.0 if b is None else b.value.data for b in given)
    low, high = (level(arith.DivfOp(real(bound), scale).result) for bound in bounds)
    least = [arith.MinSIOp(high, value).result for value in levels]
    return [arith.MaxSIOp(low, value).result for value in least]


def _products(
    values: Sequence[SSAValue], factors: Sequence[SSAValue]
) -> list[SSAValue]:
    """Each by its own factor, or all by the only one."""
    if len(factors) == 1:
        factors = [factors[0]] * len(values)
    pairs = zip(values, factors, strict=True)
    return [arith.MulfOp(value, factor).result for value, factor in pairs]


def level(value: SSAValue) -> SSAValue:
    """The byte that a number of steps is rounded to."""
    return saturate(math.RoundEvenOp(value).result, i8)


def _wide(value: SSAValue) -> SSAValue:
    return arith.ExtFOp(value, f64).result


def _narrow(value: SSAValue, type: Attribute) -> SSAValue:
    return arith.TruncFOp(value, type).result


def _to_i32(value: SSAValue) -> SSAValue:
    """An f64 without fraction, saturated; NaN is 0."""

    def bound(number: float) -> SSAValue:
        return arith.ConstantOp(FloatAttr(number, f64)).result

    is_number = arith.CmpfOp(value, value, "oeq").result
    given = arith.SelectOp(is_number, value, bound(0)).result
    low, high = -(2.0**31), 2.0**31 - 1
    is_low = arith.CmpfOp(given, bound(low), "olt").result
    given = arith.SelectOp(is_low, bound(low), given).result
    is_high = arith.CmpfOp(given, bound(high), "ogt").result
    given = arith.SelectOp(is_high, bound(high), given).result
    return arith.FPToSIOp(given, i32).result
