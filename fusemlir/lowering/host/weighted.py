"""Contractions whose weights never change, and are packed when a network is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import prod

from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.dialects.trt.weight import ConstantValue
from fusemlir.lowering.gpu.anchored import is_anchored
from fusemlir.lowering.host.host_kernel import Packing
from fusemlir.lowering.host.packing import (
    packed_features,
    packed_kernel,
    reshaped,
    transposed,
)
from fusemlir.lowering.host.plan import IMAGE_RANK
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class Weighted:
    """A contraction of f32 with constant weights in a body."""

    body: KernelBody

    @staticmethod
    def of_body(
        body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Weighted | None:
        """None where there is none such, or it is not computed here."""
        if not is_anchored(body, ConvolutionOp, MatrixMultiplyOp):
            return None
        found = Weighted(body)
        if found.kernel not in constants:
            return None
        if (
            found.bias is not None
            and found.bias in body.inputs
            and (found.bias not in constants)
        ):
            return None
        if found.image not in body.inputs or element_type_of(found.image) != f32:
            return None
        return found if found._is_plain else None

    @property
    def op(self) -> ConvolutionOp | MatrixMultiplyOp:
        anchor = self.body.group.anchor
        assert isinstance(anchor, ConvolutionOp | MatrixMultiplyOp)
        return anchor

    @property
    def _is_plain(self) -> bool:
        if isinstance(self.op, ConvolutionOp):
            return len(shape_of(self.op.input)) == IMAGE_RANK
        first, second = self.op.operations
        is_matrix = len(shape_of(self.op.rhs)) == len(shape_of(self.op.lhs))
        batch = prod(shape_of(self.op.rhs)[:-2])
        return (
            first == MatrixOperation.NONE
            and second != MatrixOperation.VECTOR
            and is_matrix
            and batch == 1
        )

    @property
    def image(self) -> SSAValue:
        return self.op.operands[0]

    @property
    def kernel(self) -> SSAValue:
        return self.op.operands[1]

    @property
    def bias(self) -> SSAValue | None:
        return self.op.bias if isinstance(self.op, ConvolutionOp) else None

    @property
    def result(self) -> SSAValue:
        return self.op.output

    @property
    def is_image(self) -> bool:
        return isinstance(self.op, ConvolutionOp)

    @property
    def groups(self) -> int:
        return self.op.groups if isinstance(self.op, ConvolutionOp) else 1

    @property
    def features(self) -> int:
        """Of all groups."""
        return shape_of(self.result)[1 if self.is_image else -1]

    def packing(self, width: int) -> dict[int, Packing]:
        """How inputs are stored, by number, for blocks of `width` features."""
        inputs = self.body.inputs
        found: dict[int, Packing] = {
            inputs.index(self.kernel): lambda kernel: packed_kernel(
                self._as_convolution(kernel), self.groups, width
            )
        }
        if self.bias in inputs:
            found[inputs.index(self.bias)] = partial(
                packed_features, groups=self.groups, width=width
            )
        return found

    def _as_convolution(self, kernel: ConstantValue) -> ConstantValue:
        """[features, channels, window]."""
        if isinstance(self.op, ConvolutionOp):
            return kernel
        _, second = self.op.operations
        matrix = reshaped(kernel, kernel.type.get_shape()[-2:])
        if second == MatrixOperation.NONE:
            matrix = transposed(matrix, (1, 0))
        return reshaped(matrix, (*matrix.type.get_shape(), 1))
