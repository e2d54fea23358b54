"""The contraction of a kernel's body: what it multiplies, and what its sums become."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import i8, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ConvolutionOp,
    DequantizeOp,
    MatrixMultiplyOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of, volume
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.lowering.element_conversion import integer, real
from fusemlir.lowering.elements.anchored import Operands, is_anchored
from fusemlir.lowering.elements.scaling import Results, Scaling, is_requantization
from fusemlir.lowering.kernel.index_math import Index
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.zero_points import is_symmetric

Anchor: TypeAlias = "ContractionOp | MatrixMultiplyOp"


@dataclass(frozen=True)
class Contracted(ABC):
    """A contraction, whose sums of products one thread or many compute."""

    body: KernelBody
    anchor: Anchor

    @property
    @abstractmethod
    def factors(self) -> tuple[SSAValue, SSAValue]:
        """The tensors that are multiplied."""

    @property
    @abstractmethod
    def sources(self) -> Sequence[LayerOp]:
        """The layers whose results `results` gives."""

    @abstractmethod
    def results(
        self,
        operands: Operands,
        sums: Sequence[SSAValue],
        feature: Index,
        column: Index,
    ) -> Results:
        """What neighbouring sums are in the body; `feature` is that of a convolution's
        sums, `column` a matrix product's of the first."""

    @abstractmethod
    def zero(self) -> SSAValue:
        """A sum of nothing; and what a thread that sums alone multiplies outside."""

    @abstractmethod
    def element(
        self, operands: Operands, factor: SSAValue, place: Sequence[Index]
    ) -> SSAValue:
        """Of one of the factors, as a thread that sums alone multiplies it."""

    @abstractmethod
    def multiply_add(self, a: SSAValue, b: SSAValue, total: SSAValue) -> SSAValue: ...

    @property
    def are_in_memory(self) -> bool:
        """Whether both factors are inputs, not numbers in the code."""
        return all(factor in self.body.inputs for factor in self.factors)


class FloatContracted(Contracted):
    """Summed in f32, which the layers that follow see."""

    @property
    def factors(self) -> tuple[SSAValue, SSAValue]:
        first, second = self.anchor.operands[:2]
        return first, second

    @property
    def sources(self) -> Sequence[LayerOp]:
        return [self.anchor]

    def results(
        self,
        operands: Operands,
        sums: Sequence[SSAValue],
        feature: Index,
        column: Index,
    ) -> Results:
        anchor = self.anchor
        if isinstance(anchor, ContractionOp) and anchor.bias is not None:
            bias = operands.at(anchor.bias, [feature])
            sums = [arith.AddfOp(total, bias).result for total in sums]
        return {anchor.output: sums}

    def zero(self) -> SSAValue:
        return real(0)

    def element(
        self, operands: Operands, factor: SSAValue, place: Sequence[Index]
    ) -> SSAValue:
        return operands.at(factor, place)

    def multiply_add(self, a: SSAValue, b: SSAValue, total: SSAValue) -> SSAValue:
        return math.FmaOp(a, b, total).result


class IntegerContracted(Contracted):
    """Bytes that Dequantizes are given, summed in i32."""

    @cached_property
    def _dequantizes(self) -> tuple[DequantizeOp, DequantizeOp]:
        first, second = (value.owner for value in self.anchor.operands[:2])
        assert isinstance(first, DequantizeOp)
        assert isinstance(second, DequantizeOp)
        return first, second

    @property
    def factors(self) -> tuple[SSAValue, SSAValue]:
        first, second = self._dequantizes
        return first.input, second.input

    @cached_property
    def _requantized(self) -> Sequence[QuantizeOp]:
        made = (op for op in self.body.layers if isinstance(op, QuantizeOp))
        return [op for op in made if is_requantization(op, self.anchor)]

    @property
    def sources(self) -> Sequence[LayerOp]:
        return [self.anchor, *self._requantized]

    def results(
        self,
        operands: Operands,
        sums: Sequence[SSAValue],
        feature: Index,
        column: Index,
    ) -> Results:
        scaling = Scaling(self.anchor, *self._dequantizes, operands, feature, column)
        return scaling.results(sums, self._requantized)

    def zero(self) -> SSAValue:
        return integer(i32, 0)

    def element(
        self, operands: Operands, factor: SSAValue, place: Sequence[Index]
    ) -> SSAValue:
        return arith.ExtSIOp(operands.at(factor, place), i32).result

    def multiply_add(self, a: SSAValue, b: SSAValue, total: SSAValue) -> SSAValue:
        return arith.AddiOp(total, arith.MuliOp(a, b).result).result


def contracted(body: KernelBody) -> Contracted | None:
    """The contraction of inputs or numbers that `body` is about; None where there is
    none. Of integers, zero points have to be zero."""
    anchor = body.group.anchor
    if not isinstance(anchor, ContractionOp | MatrixMultiplyOp):
        return None
    factors = anchor.operands[:2]
    # What a lone layer reads another node may dequantize.
    made = [value.owner for value in factors if value not in body.inputs]
    dequantizes = [op for op in made if isinstance(op, DequantizeOp)]
    are_bytes = len(dequantizes) == 2 and all(map(is_symmetric, dequantizes))
    found = (IntegerContracted if are_bytes else FloatContracted)(body, anchor)
    known = {*body.inputs, *(op.output for op in body.constants)}
    return found if known.issuperset(found.factors) else None


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


def is_depthwise(op: LayerOp | None) -> bool:
    """Whether it convolves each channel by itself, to one feature or to several."""
    return isinstance(op, ConvolutionOp) and shape_of(op.kernel)[1] == 1 < op.groups
