"""Contractions of bytes whose weights and scales never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    DequantizeOp,
    MatrixMultiplyOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.base import LayerOp, shape_of, volume
from fusemlir.lowering.elements.anchored import beside, is_anchored
from fusemlir.lowering.elements.contracted import IntegerContracted, contracted
from fusemlir.lowering.elements.scaling import clamps_before
from fusemlir.lowering.host.weighted import Weighted
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class ByteWeighted(Weighted):
    """A contraction of what Dequantizes make of bytes."""

    summed: IntegerContracted
    results: tuple[SSAValue, ...]
    """What layers make of it."""

    @staticmethod
    def of_body(
        body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ByteWeighted | None:
        if not is_anchored(body, ConvolutionOp, MatrixMultiplyOp):
            return None
        summed = contracted(body)
        if not isinstance(summed, IntegerContracted):
            return None
        found = ByteWeighted(body, summed, body.outputs)
        is_given = found.image in body.inputs
        return found if is_given and found.is_known(constants) else None

    def is_known(self, constants: Mapping[SSAValue, object]) -> bool:
        """Whether all that its sums are multiplied and begin with is constant."""
        known = {*constants, *(op.output for op in self.body.constants)}
        scales = [op.scale for op in (self.data, self.weights, *self.requantized)]
        bias = [] if self.bias is None else [self.bias]
        has_scales = volume(shape_of(self.weights.scale)) in (1, self.features)
        return (
            volume(shape_of(self.result)) > 0
            and self.is_plain
            and has_scales
            and self.kernel in constants
            and known.issuperset([*scales, *bias])
        )

    @property
    def op(self) -> ConvolutionOp | MatrixMultiplyOp:
        anchor = self.summed.anchor
        assert isinstance(anchor, ConvolutionOp | MatrixMultiplyOp)
        return anchor

    @property
    def data(self) -> DequantizeOp:
        return _dequantize(self.op.operands[0])

    @property
    def weights(self) -> DequantizeOp:
        return _dequantize(self.op.operands[1])

    @property
    def image(self) -> SSAValue:
        return self.data.input

    @property
    def kernel(self) -> SSAValue:
        return self.weights.input

    @property
    def outputs(self) -> Sequence[SSAValue]:
        return self.results

    @property
    def layers(self) -> Sequence[LayerOp]:
        """What follows on its sources."""
        return beside(self.body, *self.sources, values=self.results)

    @cached_property
    def sources(self) -> Sequence[LayerOp]:
        """The layers whose results are made of the sums alone."""
        return self.summed.sources

    @property
    def requantized(self) -> Sequence[QuantizeOp]:
        """What rounds the sums, by one multiplier."""
        return [op for op in self.sources if isinstance(op, QuantizeOp)]

    def clamps(self, op: QuantizeOp) -> Sequence[ActivationOp]:
        return clamps_before(op, self.op) or ()


def _dequantize(value: SSAValue) -> DequantizeOp:
    assert isinstance(value.owner, DequantizeOp)
    return value.owner
