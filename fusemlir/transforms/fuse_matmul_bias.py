"""Matrix product and sum: a bias, or a residual, joins the product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ElementWiseOp, MatrixMultiplyOp
from fusemlir.dialects.trt.base import shape_of, show_shape
from fusemlir.dialects.trt.enums import ElementWiseOperation
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    Next,
    is_bias,
    is_same_shape,
    matmul_group,
)
from fusemlir.transforms.fuse_conv_elementwise import (
    TWO_OPERANDS,
    OperandStep,
    operand_steps,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network


def _bias_or_residual(result: SSAValue, other: SSAValue) -> Next:
    fits = is_bias(shape_of(other), shape_of(result))
    return Next.BIAS if fits else Next.RESIDUAL


def _other_operation(step: OperandStep) -> str | None:
    kind = step.consumer.kind
    return None if kind == ElementWiseOperation.SUM else str(kind)


def _broadcast(step: OperandStep) -> str | None:
    result, other = shape_of(step.result), shape_of(step.other)
    if step.layer is Next.BIAS or is_same_shape(other, result):
        return None
    return f"{show_shape(other)} for {show_shape(result)}"


@dataclass(frozen=True)
class FuseMatmulBias(Fusion[OperandStep]):
    """matrix_multiply → sum with a bias  ⇒  fused(matrix_multiply, sum).

    The bias may be computed. In practice a residual, of the shape of the product,
    joins too. Where both operands are products the later one takes the sum.
    """

    name = "fuse-matmul-bias"
    about = (MatrixMultiplyOp, ElementWiseOp)
    constraints = (
        Constraint(
            name="operation",
            sentence="A bias is added.",
            required="sum",
            violation=_other_operation,
        ),
        TWO_OPERANDS,
        Constraint(
            name="broadcast",
            sentence="A bias has a value for each column, the same for all rows.",
            required="a bias, all its dimensions 1 but the last, or a residual of the "
            "product's shape",
            violation=_broadcast,
        ),
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[OperandStep]:
        return operand_steps(node, network, matmul_group, _bias_or_residual)


@dataclass(frozen=True)
class FuseMatmulBiasPass(FusionPass):
    """Fuse a matrix product with the bias that is added to it."""

    name = "fuse-matmul-bias"
    rule = FuseMatmulBias
