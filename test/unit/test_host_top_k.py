"""Kernels of top-k for the CPU, and of softmax and top-k, against a sort of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import random
from layers_on_host import run_on_host
from reference_support import FLOAT_TYPES
from row_kernels import assert_close
from test_gpu_softmax import softmax
from test_gpu_top_k import CASES, assert_top, module, of_softmax, order
from xdsl.dialects.builtin import i64

from fusemlir.dialects.trt.enums import TopKOperation as T


def top_k(kind: T, x: np.ndarray, k: int, axis: int, **options: Any) -> Any:
    return run_on_host(module(kind, x, k, axis, **options), x)


MORE_CASES = CASES | {
    "of few blocks": ((2, 129), 2, 1),
    "of blocks and a rest": ((3, 1777), 7, 1),
    "all of a long row": ((1, 2049), 2049, 1),
    "many rows that are sorted": ((17, 130), 65, 1),
    "along an axis of one": ((3, 1, 5), 1, 1),
    "few of very many": ((1, 9001), 90, 1),
}


TYPES = [np.float32, np.float16, np.int8, np.int32, np.int64]


@pytest.mark.parametrize("number", range(len(MORE_CASES)))
@pytest.mark.parametrize("kind", T)
def test_the_first_k_of_the_order_are_taken(number: int, kind: T):
    shape, k, axis = list(MORE_CASES.values())[number]
    dtype = TYPES[(number + (kind == T.MIN)) % len(TYPES)]
    # Few different numbers, so that many are equal.
    x = (random(shape) * 3).astype(np.int8).astype(dtype)
    assert_top(kind, x, k, axis, top_k(kind, x, k, axis))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", T)
@pytest.mark.parametrize("length", [6, 400])
def test_not_a_number_is_above_every_number(length: int, kind: T, dtype: Any):
    rows = [
        [1, np.nan, np.inf, -np.inf, np.nan, 3],
        [np.nan] * 6,
        [0.0, -0.0, 0.0, -0.0, -1, 0],
        [np.inf, np.inf, -np.inf, -np.inf, np.nan, np.inf],
    ]
    x = np.resize(np.array(rows, dtype).T, (length, 4)).T
    x = np.ascontiguousarray(x)
    k = min(length, 66)
    assert_top(kind, x, k, 1, top_k(kind, x, k, 1))
    assert_top(kind, x, 3, 1, top_k(kind, x, 3, 1))


@pytest.mark.parametrize("k", [3, 70])
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
@pytest.mark.parametrize("kind", T)
def test_the_least_and_greatest_integers_are_taken(kind: T, dtype: Any, k: int):
    ends = np.iinfo(dtype)
    for row in ([ends.min] * 300, [ends.max] * 300, [ends.min, ends.max, 0] * 100):
        x = np.array([row], dtype)
        assert_top(kind, x, k, 1, top_k(kind, x, k, 1))


def test_integers_are_compared_as_integers():
    x = np.array([2**62, 2**62 + 1, -(2**62), 2**62 + 1], np.int64)
    values, indices = top_k(T.MAX, x, 3, 0, indices_type=i64)
    assert (values.tolist(), indices.tolist()) == (
        [2**62 + 1, 2**62 + 1, 2**62],
        [1, 3, 0],
    )
    assert indices.dtype == np.int64


@pytest.mark.parametrize("k", [4, 100])
def test_different_numbers_are_sorted_as_numpy_does(k: int):
    x = random((3, 7, 333))
    for kind, ordered in ((T.MIN, np.sort(x)), (T.MAX, -np.sort(-x))):
        np.testing.assert_array_equal(top_k(kind, x, k, 2)[0], ordered[..., :k])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("kind", T)
@pytest.mark.parametrize(
    ("shape", "k"),
    [((1, 1), 1), ((3, 1000), 5), ((3, 33), 33), ((2, 10, 7), 3), ((2, 17001), 70)],
)
def test_of_a_softmax_the_logits_are_selected_and_k_values_normalised(
    shape: tuple[int, ...], k: int, kind: T, log: bool
):
    x = random(shape, np.float16 if log else np.float32)
    values, indices = run_on_host(of_softmax(kind, x, k, log=log), x)
    wide = x.astype(np.float64)
    wanted = np.apply_along_axis(lambda row: order(kind, row)[:k], 1, wide)
    np.testing.assert_array_equal(indices, wanted)
    everything = softmax(x, 1, log=log)
    assert_close(values, np.take_along_axis(everything, wanted, 1), k=4)


@pytest.mark.parametrize("size", [6, 70])
@pytest.mark.parametrize("kind", T)
def test_of_a_softmax_that_is_no_number_the_first_are_taken(kind: T, size: int):
    x = random((3, size))
    x[0], x[1, 3], x[2, 4] = -np.inf, np.inf, np.nan
    values, indices = run_on_host(of_softmax(kind, x, size, log=False), x)
    assert np.isnan(values).all()
    np.testing.assert_array_equal(indices, [range(size)] * 3)


@pytest.mark.parametrize("only", ["v", "i"])
@pytest.mark.parametrize("k", [3, 80])
def test_a_result_that_nothing_uses_is_not_written(k: int, only: str):
    x = random((2, 90))
    both = run_on_host(of_softmax(T.MAX, x, k, log=False), x)
    (one,) = run_on_host(of_softmax(T.MAX, x, k, log=False, only=only), x)
    np.testing.assert_array_equal(one, both["vi".index(only)])
