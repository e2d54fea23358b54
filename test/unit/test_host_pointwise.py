"""Kernels of pointwise layers for the CPU, against numpy in f64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host_rows import run
from kernel_arrays import tensor
from row_kernels import network


def gelu(x: np.ndarray) -> np.ndarray:
    gate = np.array([math.erfc(-v / math.sqrt(2)) for v in x.tolist()])
    return 0.5 * x * gate


FUNCTIONS: dict[str, Callable[[np.ndarray], Any]] = {
    "gelu_erf": gelu,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0),
}

PARAMETERS = {"softplus": "alpha = 1.0 beta = 1.0"}

SPECIAL = (np.nan, 1e20, -1e20, np.inf, 0, -0.0, 2.0**-140, 88.9, -88.9)


@pytest.mark.parametrize("size", [1, 15, 4001])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_function_is_near_its_value_in_f64(kind: str, size: int):
    x = np.append(np.linspace(-12, 12, size), SPECIAL).astype(np.float32)
    type, parameters = tensor(x), PARAMETERS.get(kind, "")
    text = f"%y0 = trt.activation {kind} %x0 {parameters} : {type} -> {type}"
    with np.errstate(over="ignore", invalid="ignore"):
        exact = FUNCTIONS[kind](x.astype(np.float64))
    result = run(network(text, [x], x), x)
    # 1 + erf cancels for negative x: the error is one of x.
    scale = np.abs(x if kind == "gelu_erf" else exact)
    allowed = 4 * 2.0**-23 * np.where(scale < 100, scale, 0) + 2.0**-125
    with np.errstate(invalid="ignore"):
        near = np.abs(result - exact) <= allowed
    same = (result == exact.astype(np.float32)) | (np.isnan(result) & np.isnan(exact))
    assert np.all(near | same), x[~(near | same)]


@pytest.mark.parametrize("kind", ["max", "min"])
def test_of_two_zeros_all_lanes_take_the_same(kind: str):
    zeros = np.zeros(1003, np.float32)
    for x, y in ((zeros, -zeros), (-zeros, zeros)):
        type = tensor(x)
        text = f"%y0 = trt.element_wise {kind} %x0, %x1 : ({type}, {type}) -> {type}"
        signs = np.signbit(run(network(text, [x], x, y), x, y))
        assert signs.all() or not signs.any()
