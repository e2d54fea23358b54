"""Products with a constant matrix on the CPU, in any number of axes."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_arrays import random, tensor
from kernels_on_host import parse

import fusemlir

DEPTH, FEATURES = 24, 40


@pytest.mark.parametrize(
    ("rows", "added"),
    [
        ((5, 1), "all"),
        ((5, 1), "first"),
        ((3, 5, 1), "features"),
        ((5, 7), "first"),
        ((5, 7), "last"),
        ((3, 1, 7), "first"),
        ((3, 1, 7), "last"),
        ((1, 1), "one"),
    ],
)
def test_rows_may_be_of_several_axes_and_what_is_added_broadcast(
    rows: tuple[int, ...], added: str
):
    own = {
        "all": (*rows, FEATURES),
        "first": (rows[0], *[1] * len(rows)),
        "last": (*[1] * (len(rows) - 1), rows[-1], FEATURES),
        "features": (*[1] * len(rows), FEATURES),
        "one": (*[1] * len(rows), 1),
    }[added]
    x, r, w = (
        random(shape, seed=seed)
        for seed, shape in enumerate([(*rows, DEPTH), own, (DEPTH, FEATURES)])
    )
    kernel = w.reshape(*[1] * (len(rows) - 1), DEPTH, FEATURES)
    wanted = x.astype(np.float64) @ w.astype(np.float64) + r
    given, matrix, others = tensor(x), tensor(kernel), tensor(r)
    result = tensor(wanted.astype(np.float32))
    text = f"""
    func.func @main(%x: {given}, %r: {others}) -> {result} {{
      %w = trt.constant dense<{kernel.tolist()}> : {matrix}
      %y = trt.fused "matmul_sum"(%x, %w, %r) layers ["m", "s"]
        : ({given}, {matrix}, {others}) -> {result} {{
      ^bb0(%a: {given}, %b: {matrix}, %c: {others}):
        %1 = trt.matrix_multiply %a, %b layers ["m"] : ({given}, {matrix}) -> {result}
        %2 = trt.element_wise sum %1, %c layers ["s"] : ({result}, {others}) -> {result}
        trt.yield %2 : {result}
      }}
      func.return %y : {result}
    }}"""
    engine = fusemlir.compile(parse(text), device="host", rules=[], threads=2)
    (found,) = engine.run([x, r])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)
