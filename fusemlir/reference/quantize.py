"""Quantize and Dequantize."""

from __future__ import annotations

import numpy as np

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.quantize import DequantizeOp, QuantizationOp, QuantizeOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array, dtype_of, round_to


@rule(QuantizeOp)
def quantize(op: QuantizeOp, operands: Operands, context: Context) -> Array:
    """clamp(round_half_even(x / scale) + zero_point), NaN gives 0.

    Typed mode rounds the quotient to f32, as ONNX and kernels do, before it is rounded
    to an integer; wide mode keeps it in f64.
    """
    x, scale, zero = _operands(op, operands)
    quotient = widened(x, context.product_dtype) / widened(scale, context.product_dtype)
    levels = np.rint(quotient.astype(np.float64)) + zero
    return round_to(levels, dtype_of(element_type_of(op.output)))


@rule(DequantizeOp)
def dequantize(op: DequantizeOp, operands: Operands, _: Context) -> Array:
    x, scale, zero = _operands(op, operands)
    return (x.astype(np.float64) - zero) * widened(scale)


def _operands(op: QuantizationOp, operands: Operands) -> tuple[Array, Array, Array]:
    """Input, scale and zero point, the latter two shaped to broadcast; zero in f64."""
    x, scale, *rest = operands
    zero = rest[0].astype(np.float64) if rest else np.zeros_like(scale, np.float64)
    if op.axis is None:
        return x, scale, zero
    shape = (-1, *(1,) * (x.ndim - 1 - op.axis.value.data))
    return x, scale.reshape(shape), zero.reshape(shape)
