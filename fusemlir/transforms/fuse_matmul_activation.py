"""Matrix product and activation: `ip1 + relu1`, the catalog's own example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import Shape
from fusemlir.network import Node
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    is_bias,
    is_same_shape,
    matmul_group,
)
from fusemlir.transforms.fuse_conv_activation import (
    ELEMENT_TYPE,
    INPUTS,
    ONE_OUTPUT,
    PointwiseStep,
    broadcast_unless,
    pointwise_steps,
)
from fusemlir.transforms.fusion import Constraint, Fusion, Network


def _fits(shape: Shape, result: Shape) -> bool:
    return is_bias(shape, result) or is_same_shape(shape, result)


@dataclass(frozen=True)
class FuseMatmulActivation(Fusion[PointwiseStep]):
    """matrix_multiply → activation  ⇒  fused(matrix_multiply, activation).

    The product may carry a bias. ReLU, clip and GELU; in practice whatever is
    pointwise, and a bias or residual that it reads.
    """

    name = "fuse-matmul-activation"
    about = (MatrixMultiplyOp,)
    constraints = (
        INPUTS,
        Constraint(
            name="broadcast",
            sentence="A bias has a value for each column, the same for all rows.",
            required="a bias, all its dimensions 1 but the last, or a residual of the "
            "product's shape",
            violation=broadcast_unless(_fits),
        ),
        ONE_OUTPUT,
        ELEMENT_TYPE,
        EPILOGUE,
        CATALOG,
    )

    def sites(self, node: Node, network: Network) -> Iterable[PointwiseStep]:
        return pointwise_steps(node, network, matmul_group)


@dataclass(frozen=True)
class FuseMatmulActivationPass(FusionPass):
    """Fuse a matrix product with the activation that follows it."""

    name = "fuse-matmul-activation"
    rule = FuseMatmulActivation
