"""Elements of a pooling on a convolution: of each all that is under its window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.lowering.element_conversion import narrow
from fusemlir.lowering.elements.anchored import Operands, beside
from fusemlir.lowering.elements.contracted import Contracted, contracted
from fusemlir.lowering.elements.contraction import ContractedElement
from fusemlir.lowering.elements.element import EmitElement, store
from fusemlir.lowering.elements.pooling import Window, sum_type
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, as_value, linear
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import Position
from fusemlir.lowering.scalar import has_scalar_form

Read: TypeAlias = Callable[[Sequence[Index]], SSAValue]


def is_conv_pooling(body: KernelBody) -> bool:
    """Whether it is a convolution or deconvolution, pointwise layers on its result,
    and a pooling at the end."""
    *layers, last = body.layers
    anchor = body.group.anchor
    return (
        isinstance(last, PoolingOp)
        and isinstance(anchor, ContractionOp)
        and all(map(has_scalar_form, (op for op in layers if op is not anchor)))
        and shape_of(last.input) == shape_of(anchor.output)
        and body.outputs == (last.output,)
        and contracted(body) is not None
    )


@dataclass(frozen=True)
class Pooled:
    """A convolution and the pooling at the end of its body."""

    body: KernelBody
    contracted: Contracted
    op: PoolingOp

    @staticmethod
    def of_body(body: KernelBody) -> Pooled:
        *_, pool = body.layers
        assert isinstance(pool, PoolingOp)
        found = contracted(body)
        assert found is not None
        return Pooled(body, found, pool)

    @cached_property
    def layers(self) -> Sequence[LayerOp]:
        """From what the convolution gives to what is pooled."""
        found = beside(self.body, *self.contracted.sources)
        return [layer for layer in found if layer is not self.op]

    def window(self, read: Read, at: Sequence[Index]) -> SSAValue:
        """The result at [image, feature, position...], of what is pooled as `read`
        gives it, as it is stored."""
        result = Window(self.op, read, at, sum_type(self.body, self.op)).result()
        return narrow(result, element_type_of(self.op.output))


def conv_pooling_element(body: KernelBody, immediates: Immediates) -> EmitElement:
    pooled = Pooled.of_body(body)
    op, shape = pooled.op, shape_of(pooled.op.input)

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        operands = Operands(buffers, immediates.emit(body))

        def read(place: Sequence[Index]) -> SSAValue:
            position = Position(shape, as_value(linear(list(place), shape)))
            element = ContractedElement(pooled.contracted, operands, position).compute()
            for layer in pooled.layers:
                element.compute(layer)
            return element.values[op.input]

        at = Position(shape_of(op.output), number).at
        store(pooled.window(read, at), buffers[op.output], number)

    return emit
