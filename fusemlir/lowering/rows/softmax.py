"""Softmax and its logarithm, with pointwise layers before and after.

The logarithm is x - max - log(sum), finite where that of a vanishing softmax is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import SoftMaxOp, UnaryOp
from fusemlir.dialects.trt.base import LayerOp, shape_of
from fusemlir.dialects.trt.enums import UnaryOperation
from fusemlir.lowering.elements.anchored import beside
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.source import RowSource
from fusemlir.lowering.scalar import has_scalar_form


@dataclass(frozen=True)
class SoftmaxForm:
    """A softmax in a body, and the logarithm of it where nothing else uses it."""

    body: KernelBody
    op: SoftMaxOp

    @staticmethod
    def of_body(body: KernelBody) -> SoftmaxForm | None:
        """Where the softmax is the anchor, all else is pointwise, and all outputs have
        its shape."""
        op = body.group.anchor
        if not isinstance(op, SoftMaxOp):
            return None
        form = SoftmaxForm(body, op)
        others = all(map(has_scalar_form, form.epilogue))
        shapes = body.output_shapes == {shape_of(op.output)}
        plain = form.source.is_plain and form.source.shuffle is None
        return form if others and shapes and plain else None

    @property
    def log(self) -> UnaryOp | None:
        user = self.op.output.get_user_of_unique_use()
        if not isinstance(user, UnaryOp) or user.kind != UnaryOperation.LOG:
            return None
        return user if user in self.body.layers else None

    @property
    def layers(self) -> tuple[LayerOp, ...]:
        """The softmax and, if there is one, its logarithm."""
        return (self.op,) if self.log is None else (self.op, self.log)

    @property
    def epilogue(self) -> Sequence[LayerOp]:
        """The layers that the outputs need besides the result."""
        return beside(self.body, *self.layers)

    @property
    def result(self) -> SSAValue:
        return self.layers[-1].results[0]

    @property
    def source(self) -> RowSource:
        return RowSource(self.body, self.op.input)


def log_softmax(x: SSAValue, greatest: SSAValue, log_of_sum: SSAValue) -> SSAValue:
    """Of an element, given the maximum of its row and the logarithm of the sum of
    e^(x - maximum)."""
    centred = arith.SubfOp(x, greatest).result
    return arith.SubfOp(centred, log_of_sum).result
