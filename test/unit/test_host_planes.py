"""What only a network gives, written by a convolution on the CPU as it is given."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from kernel_arrays import tensor
from kernels_on_host import parse
from layers_on_host import run_on_host
from onnx_models import model, node

KINDS = {"relu": lambda x: np.maximum(x, 0), "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
"""Computed in registers, and element by element."""

CASES = {
    "a square of channels": ((1, 16, 4, 16), 16, 1, "sigmoid"),
    "a whole tile and a part": ((3, 8, 5, 17), 40, 1, "relu"),
    "more pixels than lanes": ((1, 8, 3, 33), 17, 1, "relu"),
    "groups of few channels": ((2, 12, 4, 7), 15, 3, "sigmoid"),
    "a part of one pixel": ((1, 5, 2, 29), 33, 1, "relu"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_convolution_and_what_follows(case: str):
    """Two outputs, of a residual that lies otherwise; with what is not a number."""
    shape, features, groups, kind = CASES[case]
    numbers = np.random.default_rng(features)
    x, w, r = (
        numbers.standard_normal(sizes).astype(np.float32)
        for sizes in (
            shape,
            (features, shape[1] // groups, 3, 3),
            (shape[0], features, *shape[2:]),
        )
    )
    x[0, 0, 0, 1], x[-1, -1, -1, -1] = np.nan, np.inf
    y, pads = tensor(r), "pre_padding = [1, 1] post_padding = [1, 1]"
    text = f"""
    func.func @main(%x: {tensor(x)}, %r: {y}) -> ({y}, {y}) {{
      %w = trt.constant dense<{w.tolist()}> : {tensor(w)}
      %y:2 = trt.fused "conv_sum_{kind}"(%x, %w, %r) layers ["c", "s", "a"]
        : ({tensor(x)}, {tensor(w)}, {y}) -> ({y}, {y}) {{
      ^bb0(%x_1: {tensor(x)}, %w_1: {tensor(w)}, %r_1: {y}):
        %c = trt.convolution %x_1, %w_1 {pads} num_groups = {groups} layers ["c"]
          : ({tensor(x)}, {tensor(w)}) -> {y}
        %s = trt.element_wise sum %c, %r_1 layers ["s"] : ({y}, {y}) -> {y}
        %a = trt.activation {kind} %s layers ["a"] : {y} -> {y}
        trt.yield %s, %a : {y}, {y}
      }}
      func.return %y#0, %y#1 : {y}, {y}
    }}"""
    conv = node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1], group=groups)
    built = model([conv], {"x": x}, initializers={"w": w})
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (summed,) = session.run(None, {"x": x})
    with np.errstate(over="ignore"):
        wanted = summed + r, KINDS[kind](summed + r)
    for found, expected in zip(run_on_host(parse(text), x, r), wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
