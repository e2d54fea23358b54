"""Matrix products: f32 in typed mode whatever the tensors' type, f64 in wide mode."""

from __future__ import annotations

import numpy as np

from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.dialects.trt.matmul import MatrixMultiplyOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array


@rule(MatrixMultiplyOp)
def matrix_multiply(
    op: MatrixMultiplyOp, operands: Operands, context: Context
) -> Array:
    """A vector is a row on the left and a column on the right."""
    lhs, rhs = (widened(a, context.product_dtype) for a in operands)
    lhs = _as_matrix(lhs, op.operations[0], -2)
    rhs = _as_matrix(rhs, op.operations[1], -1)
    vectors = zip(op.operations, (-2, -1), strict=True)
    dropped = tuple(at for kind, at in vectors if kind == MatrixOperation.VECTOR)
    return np.squeeze(lhs @ rhs, dropped)


def _as_matrix(x: Array, operation: MatrixOperation, one: int) -> Array:
    """The operand as matrices; a vector gets a dimension of one at `one`."""
    match operation:
        case MatrixOperation.NONE:
            return x
        case MatrixOperation.TRANSPOSE:
            return np.swapaxes(x, -2, -1)
        case MatrixOperation.VECTOR:
            return np.expand_dims(x, one)
