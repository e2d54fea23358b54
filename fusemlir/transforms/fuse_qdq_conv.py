"""Dequantize, convolution, Quantize: a convolution of integers."""

from __future__ import annotations

from dataclasses import dataclass

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.network import label, outside
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Blocked, Constraint
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
from fusemlir.transforms.quantized_groups import QuantizedSite


def _computed_bias(site: QuantizedSite) -> Blocked | None:
    anchor = site.group.anchor
    assert isinstance(anchor, ContractionOp)
    if anchor.bias is None:
        return None
    bias = outside(anchor.bias)
    if constant_value(bias) is not None:
        return None
    return Blocked("a bias that is computed", label(bias.owner))


@dataclass(frozen=True)
class FuseQdqConv(QuantizedContraction):
    """[DQ, DQ] → conv with its epilogue → Q  ⇒  fused(DQ, DQ, conv, …, Q).

    Deconvolutions too. Without a Quantize the result stays float. A residual is read
    as integers where a Dequantize makes it, and as floats where none does. The value
    of the group is an integer formula, see `fusemlir.reference.quantized`.
    """

    name = "fuse-qdq-conv"
    constraints = (
        INPUT,
        KERNEL,
        EPILOGUE,
        ZERO_POINT,
        SCALE,
        ACTIVATION_SCALES,
        kernel_scale("one scale for the kernel, or one for each map of the result"),
        Constraint(
            name="bias",
            sentence="The bias is an INT32 with the scales of input and kernel.",
            required="a constant bias",
            violation=_computed_bias,
        ),
        DEPTH,
    )

    def takes(self, anchor: LayerOp) -> bool:
        return isinstance(anchor, ContractionOp)


@dataclass(frozen=True)
class FuseQdqConvPass(FusionPass):
    """Fuse a convolution with the Q/DQ around it: it computes with integers."""

    name = "fuse-qdq-conv"
    rule = FuseQdqConv
