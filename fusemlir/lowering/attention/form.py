"""A matrix product and a softmax in a body, and perhaps a second product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import MatrixMultiplyOp, SoftMaxOp
from fusemlir.dialects.trt.base import LayerOp, Shape, shape_of, volume
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form


@dataclass(frozen=True)
class AttentionForm:
    """Scores, which pointwise layers and a softmax along rows make weights of."""

    body: KernelBody
    scores: MatrixMultiplyOp
    softmax: SoftMaxOp
    product: MatrixMultiplyOp | None
    """Of the weights and the values; None where the weights are the result."""

    @property
    def result(self) -> SSAValue:
        """What the layers that follow are computed on."""
        return self.softmax.output if self.product is None else self.product.output

    @property
    def after(self) -> tuple[LayerOp, ...]:
        """Layers on the result and on other inputs."""
        last = self.softmax if self.product is None else self.product
        return tuple(beside(self.body, last))

    @cached_property
    def between(self) -> tuple[LayerOp, ...]:
        """Layers from the scores to the softmax."""
        needed, found = {self.softmax.input}, list[LayerOp]()
        for layer in reversed(self.body.layers):
            if layer is not self.scores and needed.intersection(layer.results):
                needed.update(layer.operands)
                found.append(layer)
        return tuple(reversed(found))

    @property
    def batch(self) -> Shape:
        """Leading sizes of the result."""
        return shape_of(self.result)[:-2]

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is in the body but for pointwise layers, and a row of
        the result needs no more than a row of the scores."""
        shapes = shape_of(self.scores.output), shape_of(self.softmax.input)
        return (
            shapes[0] == shapes[1]
            and self.softmax.axis.value.data == len(shapes[0]) - 1
            and self._are_matrices
            and all(map(has_scalar_form, (*self.between, *self.after)))
            and self.body.output_shapes == {shape_of(self.result)}
            and all(volume(shape_of(value)) for value in self.body.values)
        )

    @property
    def _are_matrices(self) -> bool:
        """In memory, all of them, and the weights as they are."""
        products = [self.scores] + ([self.product] if self.product else [])
        if any(MatrixOperation.VECTOR in op.operations for op in products):
            return False
        factors = list(self.scores.operands)
        if self.product is not None:
            if self.product.lhs is not self.softmax.output:
                return False
            if self.product.operations[0] != MatrixOperation.NONE:
                return False
            factors.append(self.product.rhs)
        return all(factor in self.body.inputs for factor in factors)


def parts_of(
    body: KernelBody,
) -> tuple[MatrixMultiplyOp, SoftMaxOp, MatrixMultiplyOp | None] | None:
    """The products and the softmax; None where there are others, or none."""
    softmax = [op for op in body.layers if isinstance(op, SoftMaxOp)]
    products = [op for op in body.layers if isinstance(op, MatrixMultiplyOp)]
    if len(softmax) != 1 or not 1 <= len(products) <= 2:
        return None
    return products[0], softmax[0], (*products, None)[1]
