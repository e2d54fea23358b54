"""Contractions whose weights never change, and are packed when a network is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import (
    element_type_of,
    is_float,
    shape_of,
    volume,
)
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.dialects.trt.weight import ConstantValue
from fusemlir.lowering.elements.anchored import is_anchored
from fusemlir.lowering.host.host_kernel import Packing
from fusemlir.lowering.host.packing import (
    in_f32,
    packed_features,
    packed_kernel,
    reshaped,
    transposed,
)
from fusemlir.lowering.host.plan import is_image_shape
from fusemlir.lowering.kernel.kernel_body import KernelBody

CONTRACTIONS = (ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp)


@dataclass(frozen=True)
class Weighted:
    """A contraction of floats with constant weights in a body, summed in f32."""

    body: KernelBody

    @staticmethod
    def of_body(
        body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Weighted | None:
        """None where there is none such, or it is not computed here."""
        if not is_anchored(body, *CONTRACTIONS):
            return None
        found = Weighted(body)
        if found.kernel not in constants or found.image is found.kernel:
            return None
        if (
            found.bias is not None
            and found.bias in body.inputs
            and (found.bias not in constants)
        ):
            return None
        if found.image not in body.inputs or not is_float(element_type_of(found.image)):
            return None
        is_empty = not volume(shape_of(found.result))
        return found if found.is_plain and not is_empty else None

    @property
    def op(self) -> ConvolutionOp | DeconvolutionOp | MatrixMultiplyOp:
        anchor = self.body.group.anchor
        assert isinstance(anchor, CONTRACTIONS)
        return anchor

    @property
    def is_plain(self) -> bool:
        if isinstance(self.op, ContractionOp):
            return is_image_shape(shape_of(self.op.input))
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
        return self.op.bias if isinstance(self.op, ContractionOp) else None

    @property
    def result(self) -> SSAValue:
        return self.op.output

    @property
    def outputs(self) -> Sequence[SSAValue]:
        """What it leads to, of one shape with the result."""
        return self.body.outputs

    @property
    def is_image(self) -> bool:
        return isinstance(self.op, ContractionOp)

    @property
    def groups(self) -> int:
        return self.op.groups if isinstance(self.op, ContractionOp) else 1

    @property
    def features(self) -> int:
        """Of all groups."""
        return shape_of(self.result)[1 if self.is_image else -1]

    def packing(self, width: int, groups: int) -> dict[int, Packing]:
        """How inputs are stored, by number, for blocks of `width` features, none with
        features of two of the `groups`."""
        inputs = self.body.inputs
        found: dict[int, Packing] = {
            inputs.index(self.kernel): lambda kernel: packed_kernel(
                self.as_convolution(in_f32(kernel)), groups, width
            )
        }
        if self.bias in inputs:
            found[inputs.index(self.bias)] = lambda bias: packed_features(
                in_f32(bias), groups, width
            )
        return found

    @property
    def held(self) -> Mapping[SSAValue, Attribute]:
        """What is brought to f32 before it is read."""
        factors = (self.image, self.kernel, self.bias)
        return {v: f32 for v in factors if v is not None and v in self.body.inputs}

    def as_convolution(self, kernel: ConstantValue) -> ConstantValue:
        """[features, channels, window]."""
        if isinstance(self.op, ConvolutionOp):
            return kernel
        if isinstance(self.op, DeconvolutionOp):
            return self._gathering(kernel)
        _, second = self.op.operations
        matrix = reshaped(kernel, kernel.type.get_shape()[-2:])
        if second == MatrixOperation.NONE:
            matrix = transposed(matrix, (1, 0))
        return reshaped(matrix, (*matrix.type.get_shape(), 1))

    def _gathering(self, kernel: ConstantValue) -> ConstantValue:
        """From [channels, features of a group, window] to what is multiplied for a
        feature."""
        channels, features, *window = kernel.type.get_shape()
        each = channels // self.groups
        parts = reshaped(kernel, (self.groups, each, features, prod(window)))
        parts = transposed(parts, (0, 2, 1, 3))
        return reshaped(parts, (self.groups * features, each, *window))
