"""Matrix products."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, result_def
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    broadcast,
    dims_agree,
    element_type_of,
    is_float,
    require_same_element,
    shape_of,
)
from fusemlir.dialects.trt.enums import MatrixOperation, MatrixOperationAttr


@irdl_op_definition
class MatrixMultiplyOp(LayerOp):
    """Mirrors `IMatrixMultiplyLayer`: a product of matrices, batched and broadcast.

    The last two dims of an operand are the matrix ([K, M] with `transpose`), or, with
    `vector`, the last dim is a vector whose dim is dropped from the result. Leading
    dims have equal rank and broadcast. Floats of one type.
    """

    name = "trt.matrix_multiply"

    op0 = opt_prop_def(MatrixOperationAttr)
    op1 = opt_prop_def(MatrixOperationAttr)
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$lhs `,` $rhs (`op0` `=` $op0^)? (`op1` `=` $op1^)? (`layers` $layers^)? "
        "attr-dict `:` functional-type(operands, $output)"
    )

    def __init__(
        self,
        lhs: SSAValue,
        rhs: SSAValue,
        *,
        op0: MatrixOperation = MatrixOperation.NONE,
        op1: MatrixOperation = MatrixOperation.NONE,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [lhs, rhs],
            {"op0": _operation_attr(op0), "op1": _operation_attr(op1)},
            layers=layers,
        )

    @property
    def operations(self) -> tuple[MatrixOperation, MatrixOperation]:
        return (
            MatrixOperation.NONE if self.op0 is None else self.op0.data,
            MatrixOperation.NONE if self.op1 is None else self.op1.data,
        )

    @property
    def depth(self) -> int:
        """How many products each element of the result sums, or `UNKNOWN`."""
        factors = zip((self.lhs, self.rhs), self.operations, (-1, -2), strict=True)
        dims = {
            shape_of(factor)[_contracted(operation, axis)]
            for factor, operation, axis in factors
        } - {UNKNOWN}
        return max(dims, default=UNKNOWN)

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.lhs)
        require_same_element(element, element_type_of(self.rhs), "operands")
        if not is_float(element):
            raise VerifyException(f"matrix_multiply does not take {element}")
        op0, op1 = self.operations
        batch0, rows = _split(shape_of(self.lhs), op0, "first")
        batch1, columns = _split(shape_of(self.rhs), op1, "second")
        # A vector's only dim is contracted, whichever side it stands on.
        inner0, inner1 = rows[-1], columns[0]
        if not dims_agree(inner0, inner1):
            raise VerifyException(f"contracted dimensions are {inner0} and {inner1}")
        batch = broadcast(batch0, batch1)
        return (TensorType(element, (*batch, *rows[:-1], *columns[1:])),)


def _operation_attr(operation: MatrixOperation) -> MatrixOperationAttr | None:
    """The property, absent for the default."""
    if operation == MatrixOperation.NONE:
        return None
    return MatrixOperationAttr(operation)


def _contracted(operation: MatrixOperation, axis: int) -> int:
    """The axis, counted from the end, of a factor that is summed over."""
    match operation:
        case MatrixOperation.NONE:
            return axis
        case MatrixOperation.TRANSPOSE:
            return -3 - axis
        case MatrixOperation.VECTOR:
            return -1


def _split(shape: Shape, operation: MatrixOperation, which: str) -> tuple[Shape, Shape]:
    """Batch dimensions and the matrix or vector dimensions as they enter."""
    dims = 1 if operation == MatrixOperation.VECTOR else 2
    if len(shape) < dims:
        raise VerifyException(
            f"{which} operand has rank {len(shape)}, needs at least {dims}"
        )
    matrix = shape[len(shape) - dims :]
    if operation == MatrixOperation.TRANSPOSE:
        matrix = matrix[::-1]
    return shape[: len(shape) - dims], matrix
