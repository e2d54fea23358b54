"""One element of a contraction, of any kind, and what follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.elements.anchored import Operands, beside, is_anchored
from fusemlir.lowering.elements.contracted import Contracted, contracted
from fusemlir.lowering.elements.element import Element, EmitElement
from fusemlir.lowering.elements.windows import inside, sources, taps
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, add, divide, multiply, remainder
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.loops import fold, where
from fusemlir.lowering.kernel.position import Position


def is_contraction_of_elements(body: KernelBody) -> bool:
    """Whether it is any contraction, with pointwise layers on its result."""
    is_one = is_anchored(body, ContractionOp, MatrixMultiplyOp)
    return is_one and contracted(body) is not None


def contraction_element(body: KernelBody, immediates: Immediates) -> EmitElement:
    found = contracted(body)
    assert found is not None
    layers = beside(body, *found.sources)

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        operands = Operands(buffers, immediates.emit(body))
        position = Position(shape_of(found.anchor.output), number)
        element = ContractedElement(found, operands, position).compute()
        element.finish(layers, body.outputs)

    return emit


@dataclass(frozen=True)
class ContractedElement:
    """The contraction's result at one position."""

    contracted: Contracted
    operands: Operands
    position: Position

    def compute(self) -> Element:
        """With what the contraction gives, for the layers that follow."""
        at = self.position.at
        feature = at[1] if len(at) > 1 else 0
        column = at[-1] if at else 0
        results = self.contracted.results(self.operands, [self._sum()], feature, column)
        values = dict(self.operands.values)
        values.update({value: lanes[0] for value, lanes in results.items()})
        return Element(self.position, self.operands.buffers, values)

    def _sum(self) -> SSAValue:
        match self.contracted.anchor:
            case ConvolutionOp() as op:
                return self._convolve(op)
            case DeconvolutionOp() as op:
                return self._deconvolve(op)
            case op:
                assert isinstance(op, MatrixMultiplyOp)
                return self._multiply(op)

    def _first(self, place: Sequence[Index]) -> SSAValue:
        return self.contracted.element(self.operands, self.contracted.factors[0], place)

    def _second(self, place: Sequence[Index]) -> SSAValue:
        return self.contracted.element(self.operands, self.contracted.factors[1], place)

    def _convolve(self, op: ConvolutionOp) -> SSAValue:
        """Of [n, k, p...] the sum over channels c of the group of k and the window of
        input[n, c, p * stride + w * dilation - pre] * kernel[k, c, w]."""
        batch, feature, *spatial = self.position.at
        features, channels, *window = shape_of(op.kernel)
        first_channel = multiply(divide(feature, features // op.groups), channels)

        def product(inner: Sequence[Index], total: SSAValue) -> SSAValue:
            channel, *offsets = inner
            read = taps(op, spatial, offsets)
            place = [batch, add(first_channel, channel), *read]
            x = where(
                inside(op, read), lambda: self._first(place), self.contracted.zero
            )
            weight = self._second([feature, *inner])
            return self.contracted.multiply_add(x, weight, total)

        return fold((channels, *window), self.contracted.zero(), product)

    def _deconvolve(self, op: DeconvolutionOp) -> SSAValue:
        """Of [n, k, p...] the sum over the window w of the sum over channels c of the
        group of k of input[n, c, q] * kernel[c, k, w], where there is a q with
        q * stride + w * dilation - pre = p."""
        batch, feature, *spatial = self.position.at
        channels, features, *window = shape_of(op.kernel)
        own = channels // op.groups
        first_channel = multiply(divide(feature, features), own)
        feature_read = remainder(feature, features)

        def tap(offsets: Sequence[Index], total: SSAValue) -> SSAValue:
            read, reaches = sources(op, spatial, offsets)

            def product(inner: Sequence[Index], total: SSAValue) -> SSAValue:
                channel = add(first_channel, inner[0])
                x = self._first([batch, channel, *read])
                weight = self._second([channel, feature_read, *offsets])
                return self.contracted.multiply_add(x, weight, total)

            return where(reaches, lambda: fold((own,), total, product), lambda: total)

        return fold(window, self.contracted.zero(), tap)

    def _multiply(self, op: MatrixMultiplyOp) -> SSAValue:
        """Of [batch..., row, column], as far as the result has them."""
        op0, op1 = op.operations
        lhs, rhs = shape_of(op.lhs), shape_of(op.rhs)
        batches = len(lhs) - (1 if op0 == MatrixOperation.VECTOR else 2)
        batch, free = self.position.at[:batches], list(self.position.at[batches:])
        row = [] if op0 == MatrixOperation.VECTOR else [free.pop(0)]
        column = free
        inner = lhs[-2] if op0 == MatrixOperation.TRANSPOSE else lhs[-1]
        lhs_batch = _broadcast(batch, lhs[:batches])
        rhs_batch = _broadcast(batch, rhs[:batches])

        def product(loops: Sequence[Index], total: SSAValue) -> SSAValue:
            left, right = [*row, *loops], [*loops, *column]
            if op0 == MatrixOperation.TRANSPOSE:
                left.reverse()
            if op1 == MatrixOperation.TRANSPOSE:
                right.reverse()
            a = self._first([*lhs_batch, *left])
            b = self._second([*rhs_batch, *right])
            return self.contracted.multiply_add(a, b, total)

        return fold((inner,), self.contracted.zero(), product)


def _broadcast(at: Sequence[SSAValue], shape: Shape) -> list[Index]:
    pairs = zip(at, shape, strict=True)
    return [0 if size == 1 else coordinate for coordinate, size in pairs]
