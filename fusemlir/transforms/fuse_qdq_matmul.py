"""Dequantize, matrix product, Quantize: a product of integer matrices."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.quantization import SCALE, ZERO_POINT
from fusemlir.transforms.quantized_contractions import (
    ACTIVATION_SCALES,
    DEPTH,
    EPILOGUE,
    INPUT,
    KERNEL,
    QuantizedContraction,
    kernel_scale,
)


@dataclass(frozen=True)
class FuseQdqMatmul(QuantizedContraction):
    """[DQ, DQ] → matrix_multiply with its epilogue → Q  ⇒  fused(DQ, DQ, …, Q).

    The second factor is the kernel, whether constant or not. Without a Quantize the
    result stays float.
    """

    name = "fuse-qdq-matmul"
    constraints = (
        INPUT,
        KERNEL,
        EPILOGUE,
        ZERO_POINT,
        SCALE,
        ACTIVATION_SCALES,
        kernel_scale("one scale for the second factor, or one for each column"),
        DEPTH,
    )

    def takes(self, anchor: LayerOp) -> bool:
        return isinstance(anchor, MatrixMultiplyOp)


@dataclass(frozen=True)
class FuseQdqMatmulPass(FusionPass):
    """Fuse a matrix product with the Q/DQ around it: it computes with integers."""

    name = "fuse-qdq-matmul"
    rule = FuseQdqMatmul
