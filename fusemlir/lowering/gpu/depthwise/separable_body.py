"""What a depthwise-separable group is: two int8 convolutions, the first depthwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.dialects.builtin import i8

from fusemlir.dialects.trt import ConvolutionOp, DequantizeOp, QuantizeOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of, volume
from fusemlir.lowering.gpu.anchored import beside
from fusemlir.lowering.gpu.contraction.contracted import IntegerContracted
from fusemlir.lowering.gpu.contraction.zero_points import is_symmetric
from fusemlir.lowering.gpu.depthwise.depthwise import axes_of, is_depthwise
from fusemlir.lowering.gpu.neighbours import most_at_once
from fusemlir.lowering.gpu.schedules.depthwise import WindowAxis
from fusemlir.lowering.gpu.schedules.separable import SeparableSchedule, Sizes
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form


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

    @cached_property
    def is_flat(self) -> bool:
        """Whether the second one sees one position at a time, and all of them."""
        op = self.following
        pre, post = op.padding_of(shape_of(op.input)[2:])
        return {*op.window, *op.strides} == {1} and not any((*pre, *post))

    @cached_property
    def sizes(self) -> Sizes:
        """Of the second convolution; where it can be, all positions are one axis."""
        op = self.following
        axes = axes_of(op)
        if self.is_flat:
            count = prod(shape_of(op.output)[2:])
            unit = WindowAxis(1, 1, 1, 1, 1, 0)
            axes = (unit, unit, WindowAxis(count, count, 1, 1, 1, 0))
        features, channels = shape_of(op.kernel)[:2]
        images = shape_of(op.output)[0]
        return Sizes(axes, images, op.groups, channels, features)

    def schedule(self, processors: int) -> SeparableSchedule | None:
        return SeparableSchedule.choose(self.sizes, most_at_once(self.body), processors)


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
