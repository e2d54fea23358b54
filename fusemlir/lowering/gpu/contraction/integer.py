"""Kernels of int8 groups: a contraction of bytes and what it is requantised to.

They compute the formula that `fusemlir.reference.quantized` states, to the bit. Scales
per channel are the kernel's: of a convolution one for each feature, of a matrix product
one for each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, f32, f64, i8, i32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    DequantizeOp,
    MatrixMultiplyOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of, volume
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.lowering.element_conversion import real, saturate
from fusemlir.lowering.gpu.anchored import Operands, is_anchored
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import IntegerArithmetic
from fusemlir.lowering.gpu.contraction.kernel import (
    Results,
    build_tiled_kernel,
    choose_schedule,
)
from fusemlir.lowering.gpu.contraction.product import product_of
from fusemlir.lowering.gpu.contraction.zero_points import is_symmetric
from fusemlir.lowering.gpu.schedules.contraction import ContractionSchedule
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target

SMALLEST = ContractionSchedule(16, 16, 8, 2, 4)
"""For products that are too small for any tile to pay: there is no other kernel."""

CLAMPS = (ActivationType.RELU, ActivationType.CLIP)


def is_integer_contraction(body: KernelBody) -> bool:
    """Whether it is a convolution or matrix product of what Dequantizes make of inputs,
    and pointwise layers on its result and on other inputs."""
    if not is_anchored(body, ConvolutionOp, MatrixMultiplyOp):
        return False
    anchor = body.group.anchor
    assert isinstance(anchor, ConvolutionOp | MatrixMultiplyOp)
    if not volume(shape_of(anchor.output)):
        return False
    factors = [value.owner for value in anchor.operands[:2]]
    return all(
        isinstance(factor, DequantizeOp)
        and is_symmetric(factor)
        and factor.input in body.inputs
        and element_type_of(factor.input) == i8
        for factor in factors
    )


def build_integer_contraction(
    name: str, body: KernelBody, immediates: Immediates
) -> Kernel | tuple[Kernel, ...]:
    anchor = body.group.anchor
    assert isinstance(anchor, ConvolutionOp | MatrixMultiplyOp)
    factors = [value.owner for value in anchor.operands[:2]]
    first, second = (op for op in factors if isinstance(op, DequantizeOp))
    product = product_of(anchor, first.input, second.input)
    arithmetic, target = IntegerArithmetic(), Target.of_module(immediates.module)
    chosen = choose_schedule(product, arithmetic, target) or SMALLEST
    made = [op for op in body.layers if isinstance(op, QuantizeOp)]
    requantized = [op for op in made if is_requantization(op, anchor)]

    def results(
        operands: Operands, sums: Sequence[SSAValue], at: Sequence[Index]
    ) -> Results:
        batch, row, column = at
        feature = add(multiply(batch, product.first.free), row)
        scaling = Scaling(anchor, first, second, operands, feature, column)
        return scaling.results(sums, requantized)

    sources = [anchor, *requantized]
    return build_tiled_kernel(
        name, body, immediates, product, arithmetic, chosen, sources, results
    )


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
            levels = [_level(value) for value in _products(reals, factors)]
            for clamp in clamps_before(op, self.anchor) or ():
                levels = self._clamped(levels, clamp, scale)
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
        level = _to_i32(math.RoundEvenOp(levels).result)
        return [arith.AddiOp(total, level).result for total in sums]

    def _clamped(
        self, levels: Sequence[SSAValue], clamp: ActivationOp, scale: SSAValue
    ) -> list[SSAValue]:
        bounds = (0.0, float("inf"))
        if clamp.kind == ActivationType.CLIP:
            given = (clamp.alpha, clamp.beta)
            bounds = tuple(0.0 if b is None else b.value.data for b in given)
        low, high = (
            _level(arith.DivfOp(real(bound), scale).result) for bound in bounds
        )
        least = [arith.MinSIOp(high, level).result for level in levels]
        return [arith.MaxSIOp(low, level).result for level in least]


def _products(
    values: Sequence[SSAValue], factors: Sequence[SSAValue]
) -> list[SSAValue]:
    """Each by its own factor, or all by the only one."""
    if len(factors) == 1:
        factors = [factors[0]] * len(values)
    pairs = zip(values, factors, strict=True)
    return [arith.MulfOp(value, factor).result for value, factor in pairs]


def _level(value: SSAValue) -> SSAValue:
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
