"""The `trt` dialect: networks of TensorRT-style layers, and groups of them.

This is the index of all layers; each is declared with its family.
"""

from __future__ import annotations

from xdsl.ir import Dialect

from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.dialects.trt.convolution import ConvolutionOp, DeconvolutionOp
from fusemlir.dialects.trt.enums import ENUMS
from fusemlir.dialects.trt.fused import FusedOp, YieldOp
from fusemlir.dialects.trt.matmul import MatrixMultiplyOp
from fusemlir.dialects.trt.module_attributes import (
    LedgerEntryAttr,
    TargetAttr,
    WeightSourceAttr,
)
from fusemlir.dialects.trt.normalization import NormalizationOp
from fusemlir.dialects.trt.pointwise import (
    ActivationOp,
    CastOp,
    ElementWiseOp,
    ScaleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.pooling import LrnOp, PoolingOp
from fusemlir.dialects.trt.quantize import DequantizeOp, QuantizeOp
from fusemlir.dialects.trt.reduce import ReduceOp, SoftMaxOp, TopKOp
from fusemlir.dialects.trt.resize import ResizeOp
from fusemlir.dialects.trt.schedule import ScheduleAttr
from fusemlir.dialects.trt.shape import (
    ConcatenationOp,
    IdentityOp,
    PaddingOp,
    SliceOp,
)
from fusemlir.dialects.trt.shuffle import ShuffleOp
from fusemlir.dialects.trt.weight import WeightAttr

LAYERS = (
    ActivationOp,
    CastOp,
    ConcatenationOp,
    ConstantOp,
    ConvolutionOp,
    DeconvolutionOp,
    DequantizeOp,
    ElementWiseOp,
    IdentityOp,
    LrnOp,
    MatrixMultiplyOp,
    NormalizationOp,
    PaddingOp,
    PoolingOp,
    QuantizeOp,
    ReduceOp,
    ResizeOp,
    ScaleOp,
    ShuffleOp,
    SliceOp,
    SoftMaxOp,
    TopKOp,
    UnaryOp,
)

TRT = Dialect(
    "trt",
    [*LAYERS, FusedOp, YieldOp],
    [
        *ENUMS,
        LedgerEntryAttr,
        ScheduleAttr,
        TargetAttr,
        WeightAttr,
        WeightSourceAttr,
    ],
)
