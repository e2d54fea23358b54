"""Activations in f64, each in a form that neither overflows nor cancels."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.dialects.trt.pointwise import ActivationOp
from fusemlir.reference.error_function import erfc
from fusemlir.reference.numeric import maximum, minimum, widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array


@rule(ActivationOp)
def activation(op: ActivationOp, operands: Operands, _: Context) -> Array:
    (x,) = operands
    alpha = 0.0 if op.alpha is None else op.alpha.value.data
    beta = 0.0 if op.beta is None else op.beta.value.data
    return ACTIVATIONS[op.kind](widened(x), alpha, beta)


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _gelu_tanh(x: Array) -> Array:
    # 1 + tanh u = 2 sigmoid 2u, without the cancellation for negative u.
    return x * _sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


ACTIVATIONS: dict[ActivationType, Callable[[Array, float, float], Array]] = {
    ActivationType.RELU: lambda x, a, b: maximum(x, x.dtype.type(0)),
    ActivationType.SIGMOID: lambda x, a, b: _sigmoid(x),
    ActivationType.TANH: lambda x, a, b: np.tanh(x),
    ActivationType.LEAKY_RELU: lambda x, a, b: np.where(x >= 0, x, a * x),
    ActivationType.ELU: lambda x, a, b: np.where(x >= 0, x, a * np.expm1(x)),
    ActivationType.SELU: lambda x, a, b: b * np.where(x > 0, x, a * np.expm1(x)),
    ActivationType.SOFTSIGN: lambda x, a, b: x / (1 + np.abs(x)),
    ActivationType.SOFTPLUS: lambda x, a, b: a * np.logaddexp(0.0, b * x),
    ActivationType.CLIP: lambda x, a, b: maximum(a, minimum(b, x)),
    ActivationType.HARD_SIGMOID: lambda x, a, b: maximum(0.0, minimum(1.0, a * x + b)),
    ActivationType.SCALED_TANH: lambda x, a, b: a * np.tanh(b * x),
    ActivationType.THRESHOLDED_RELU: lambda x, a, b: np.where(x > a, x, 0.0),
    # 1 + erf u = erfc -u, without the cancellation for negative u.
    ActivationType.GELU_ERF: lambda x, a, b: x / 2 * erfc(-x * math.sqrt(0.5)),
    ActivationType.GELU_TANH: lambda x, a, b: _gelu_tanh(x),
}
"""Of x, alpha and beta; `relu` takes integers too."""
