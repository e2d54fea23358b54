"""The executable meaning of the `trt` dialect: what every layer computes, in numpy.

`Mode.TYPED` rounds to the tensor's type after every layer, as the unfused network
would; f16 and bf16 layers compute in f32 or wider and round once. `Mode.WIDE` computes
a group in f64 and rounds at its edges, at Cast and at Quantize. NaN propagates.
"""

from __future__ import annotations

from fusemlir.reference import (
    activation,
    convolution,
    matmul,
    movement,
    normalization,
    pointwise,
    pooling,
    quantize,
    reduce,
    resize,
)
from fusemlir.reference.interpreter import evaluate, run
from fusemlir.reference.quantized import integer_results
from fusemlir.reference.rules import RULES, Mode

FAMILIES = (
    activation,
    convolution,
    matmul,
    movement,
    normalization,
    pointwise,
    pooling,
    quantize,
    reduce,
    resize,
)
"""The modules that register rules."""

__all__ = ["FAMILIES", "RULES", "Mode", "evaluate", "integer_results", "run"]
