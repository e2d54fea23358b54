"""Elements of depthwise-separable groups: two int8 convolutions, a depthwise first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DequantizeOp, QuantizeOp
from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    shape_of,
    volume,
)
from fusemlir.lowering.elements.anchored import Operands, beside
from fusemlir.lowering.elements.contracted import IntegerContracted, is_depthwise
from fusemlir.lowering.elements.contraction import ContractedElement
from fusemlir.lowering.elements.element import EmitElement
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, as_value, linear
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import Position
from fusemlir.lowering.kernel.zero_points import is_symmetric
from fusemlir.lowering.scalar import has_scalar_form


def is_separable_kernel(body: KernelBody) -> bool:
    """Whether it is a depthwise convolution of bytes and another one of the bytes that
    it is rounded to, with pointwise layers between and after them."""
    return separable_of(body) is not None


@dataclass(frozen=True)
class Separable:
    """A body of two convolutions."""

    body: KernelBody
    first: IntegerContracted
    second: IntegerContracted
    between: QuantizeOp
    """That makes the bytes which the second one reads."""

    @property
    def depthwise(self) -> ConvolutionOp:
        return _convolution(self.first)

    @property
    def following(self) -> ConvolutionOp:
        return _convolution(self.second)

    @property
    def before(self) -> Sequence[LayerOp]:
        """The layers from the first convolution's sums to the bytes between."""
        made = (self.between.output,)
        return beside(self.body, *self.first.sources, values=made)

    @property
    def after(self) -> Sequence[LayerOp]:
        """The layers from the second convolution's sums to the outputs."""
        return beside(self.body, *self.second.sources)


def separable_of(body: KernelBody) -> Separable | None:
    """The two convolutions of `body`, if it is of that kind."""
    convolutions = [op for op in body.layers if isinstance(op, ConvolutionOp)]
    if len(convolutions) != 2 or not is_depthwise(convolutions[0]):
        return None
    first, second = convolutions
    read = [value.owner for value in (*first.operands[:2], *second.operands[:2])]
    dequantizes = [op for op in read if isinstance(op, DequantizeOp)]
    if len(dequantizes) < len(read) or not all(map(is_symmetric, dequantizes)):
        return None
    x, kernel, middle, weights = (op.input for op in dequantizes)
    between = middle.owner
    if not isinstance(between, QuantizeOp) or between not in body.layers:
        return None
    given = (x, kernel, weights)
    are_given = all(v in body.inputs and element_type_of(v) == i8 for v in given)
    others = (op for op in body.layers if op not in convolutions)
    if not are_given or not all(map(has_scalar_form, others)):
        return None
    found = Separable(
        body,
        IntegerContracted(body, first),
        IntegerContracted(body, second),
        between,
    )
    return found if _is_chain(found) else None


def _is_chain(found: Separable) -> bool:
    """Whether nothing but the bytes between leads from the first to the outputs."""
    body, results = found.body, shape_of(found.following.output)
    if body.output_shapes != {results} or not volume(results):
        return False
    is_whole = element_type_of(found.between.output) == i8
    made = {result for op in found.before for result in op.results}
    made.update((found.depthwise.output, found.between.output))
    used = {operand for op in found.after for operand in op.operands}
    return is_whole and not made & {*used, *body.outputs}


def _convolution(contracted: IntegerContracted) -> ConvolutionOp:
    assert isinstance(contracted.anchor, ConvolutionOp)
    return contracted.anchor


def separable_element(body: KernelBody, immediates: Immediates) -> EmitElement:
    found = separable_of(body)
    assert found is not None

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        operands = ComputedBetween(buffers, immediates.emit(body), found)
        position = Position(shape_of(found.following.output), number)
        element = ContractedElement(found.second, operands, position).compute()
        element.finish(found.after, body.outputs)

    return emit


@dataclass(frozen=True)
class ComputedBetween(Operands):
    """Elements of inputs, and of what is between the convolutions by computing them."""

    separable: Separable

    def at(
        self, value: SSAValue, place: Sequence[Index], shape: Shape | None = None
    ) -> SSAValue:
        between = self.separable.between.output
        if value is not between:
            return super().at(value, place, shape)
        whole = shape_of(between)
        position = Position(whole, as_value(linear(list(place), whole)))
        operands = Operands(self.buffers, self.values)
        first = self.separable.first
        element = ContractedElement(first, operands, position).compute()
        for layer in self.separable.before:
            element.compute(layer)
        return element.values[between]
