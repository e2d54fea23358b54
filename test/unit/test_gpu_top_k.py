"""Kernels of top-k, and of softmax and top-k, on the emulator, against a sort of
pairs."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from kernel_arrays import layer_module, random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import assert_close, check_machine_code, in_turn, launch, network
from test_gpu_softmax import softmax
from xdsl.dialects.builtin import ModuleOp, i64

from fusemlir.codegen.ptx import find_ptxas
from fusemlir.dialects.trt import TopKOp
from fusemlir.dialects.trt.enums import TopKOperation as T


def module(kind: T, x: np.ndarray, k: int, axis: int, **options: Any) -> ModuleOp:
    return layer_module(lambda v: TopKOp(kind, v, k, axis, **options), x)


def top_k(kind: T, x: np.ndarray, k: int, axis: int, **options: Any) -> Any:
    return launch(module(kind, x, k, axis, **options), x).results


def order(kind: T, row: np.ndarray) -> list[int]:
    """Indices of a row, sorted by Python: NaN is above all, equals by their index."""
    sign = -1 if kind == T.MAX else 1
    numbers = [(np.isnan(v), 0 if np.isnan(v) else v) for v in row.tolist()]
    return sorted(
        range(len(row)), key=lambda i: (sign * numbers[i][0], sign * numbers[i][1], i)
    )


def assert_top(kind: T, x: np.ndarray, k: int, axis: int, results: Any) -> None:
    values, indices = results
    wide = x.astype(np.float64) if x.dtype.kind not in "i" else x
    wanted = np.apply_along_axis(lambda row: order(kind, row)[:k], axis, wide)
    np.testing.assert_array_equal(indices, wanted)
    taken = np.take_along_axis(x, wanted, axis)
    assert values.tobytes() == taken.tobytes()


LONG = ("of a row sorted in parts", "as many as there may be")

CASES: dict[str, tuple[tuple[int, ...], int, int]] = {
    "one": ((1,), 1, 0),
    "a row": ((33,), 5, 0),
    "all of it": ((3, 31), 31, 1),
    "the classes of images": ((3, 1000), 5, 1),
    "in the middle": ((3, 7, 5), 2, 1),
    "in front": ((31, 3), 1, 0),
    "between vectors of rows": ((2, 100, 8), 4, 1),
    "many": ((2, 300), 40, 1),
    LONG[0]: ((1, 9001), 40, 1),
    LONG[1]: ((1, 9001), 3840, 1),
    "many in the middle": ((2, 100, 3), 50, 1),
}


TYPES = (*FLOAT_TYPES, np.int8, np.int32, np.int64)


def is_tried(case: str, kind: T, dtype: Any) -> bool:
    """All, but of a long row each type one way: how it is taken in parts does not
    depend on what its keys are made of. Of 64-bit integers nothing is sorted."""
    if case not in LONG:
        return True
    turn = (TYPES.index(dtype) + LONG.index(case)) % 2
    return dtype is not np.int64 and kind == list(T)[turn]


@pytest.mark.parametrize(
    ("case", "kind", "dtype"),
    [tried for tried in product(CASES, T, TYPES) if is_tried(*tried)],
)
def test_the_first_k_of_the_order_are_taken(case: str, kind: T, dtype: Any):
    shape, k, axis = CASES[case]
    # Few different numbers, so that many are equal.
    x = (random(shape) * 3).astype(np.int8).astype(dtype)
    assert_top(kind, x, k, axis, top_k(kind, x, k, axis))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", T)
def test_not_a_number_is_above_every_number(kind: T, dtype: Any):
    rows = [
        [1, np.nan, np.inf, -np.inf, np.nan, 3],
        [np.nan] * 6,
        [0.0, -0.0, 0.0, -0.0, -1, 0],
        [np.inf, np.inf, -np.inf, -np.inf, np.nan, np.inf],
    ]
    x = np.array(rows, dtype)
    assert_top(kind, x, 6, 1, top_k(kind, x, 6, 1))


def test_integers_are_compared_as_integers():
    x = np.array([2**62, 2**62 + 1, -(2**62), 2**62 + 1], np.int64)
    values, indices = top_k(T.MAX, x, 3, 0, indices_type=i64)
    assert (values.tolist(), indices.tolist()) == (
        [2**62 + 1, 2**62 + 1, 2**62],
        [1, 3, 0],
    )
    assert indices.dtype == np.int64


def test_different_numbers_are_sorted_as_numpy_does():
    x = random((3, 7, 33))
    for kind, ordered in ((T.MIN, np.sort(x)), (T.MAX, -np.sort(-x))):
        np.testing.assert_array_equal(top_k(kind, x, 4, 2)[0], ordered[..., :4])


SOFTMAX = """
%{results} = trt.fused "{kind}"(%x0) layers [{names}] : ({type}) -> ({types}) {{
^bb0(%x: {type}):
  %p = trt.softmax %x axis = 1 layers ["p"] : {type} -> {type}
  {log}
  %v, %i = trt.top_k {operation} {last} k = {k} axis = 1 layers ["t"] : {type} -> {selected}
  trt.yield %{yielded} : {types}
}}"""  # noqa: E501


def of_softmax(
    kind: T, x: np.ndarray, k: int, *, log: bool, only: str = ""
) -> ModuleOp:
    """A group of softmax, perhaps its logarithm, and top-k along axis 1; of its two
    results `only` that of the name `v` or `i`."""
    values, indices = x[:, :k], np.zeros_like(x[:, :k], np.int32)
    kept = {"v": values, "i": indices}
    chosen = [kept[name] for name in (only or "vi")]
    text = SOFTMAX.format(
        results=", %".join(f"y{at}" for at in range(len(chosen))),
        kind="softmax_log_topk" if log else "softmax_topk",
        names='"p", "l", "t"' if log else '"p", "t"',
        type=tensor(x),
        types=", ".join(map(tensor, chosen)),
        log=f'%l = trt.unary log %p layers ["l"] : {tensor(x)} -> {tensor(x)}'
        if log
        else "",
        last="%l" if log else "%p",
        operation=kind,
        k=k,
        selected=f"{tensor(values)}, {tensor(indices)}",
        yielded=", %".join(only or "vi"),
    )
    return network(text, chosen, x)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("kind", T)
@pytest.mark.parametrize(
    ("shape", "k"),
    [((1, 1), 1), ((3, 1000), 5), ((3, 33), 33), ((2, 10, 7), 3), ((2, 17001), 40)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_of_a_softmax_the_logits_are_selected_and_k_values_normalised(
    dtype: Any, shape: tuple[int, ...], k: int, kind: T, log: bool
):
    x = random(shape, dtype)
    values, indices = launch(of_softmax(kind, x, k, log=log), x).results
    wide = x.astype(np.float64)
    wanted = np.apply_along_axis(lambda row: order(kind, row)[:k], 1, wide)
    np.testing.assert_array_equal(indices, wanted)
    everything = softmax(x, 1, log=log)
    assert_close(values, np.take_along_axis(everything, wanted, 1), k=4)


@pytest.mark.parametrize("size", [6, 50])
@pytest.mark.parametrize("kind", T)
def test_of_a_softmax_that_is_no_number_the_first_are_taken(kind: T, size: int):
    x = random((3, size))
    x[0], x[1, 3], x[2, 4] = -np.inf, np.inf, np.nan
    values, indices = launch(of_softmax(kind, x, size, log=False), x).results
    assert np.isnan(values).all()
    np.testing.assert_array_equal(indices, [range(size)] * 3)


@pytest.mark.parametrize("k", [3, 40])
def test_of_equal_logits_the_first_is_first(k: int):
    x = np.zeros((2, 50), np.float32)
    x[:, ::7] = 1
    _, indices = launch(of_softmax(T.MAX, x, k, log=False), x).results
    wanted = [order(T.MAX, row)[:k] for row in x]
    np.testing.assert_array_equal(indices, wanted)


@pytest.mark.parametrize("only", ["v", "i"])
@pytest.mark.parametrize("k", [3, 40])
def test_a_result_that_nothing_uses_is_not_written(k: int, only: str):
    x = random((2, 50))
    both = launch(of_softmax(T.MAX, x, k, log=False), x).results
    one = launch(of_softmax(T.MAX, x, k, log=False, only=only), x).result
    np.testing.assert_array_equal(one, both["vi".index(only)])


def test_a_row_is_read_once_where_registers_hold_it():
    x, k = random((3, 1024)), 5
    (source,) = launch(module(T.MAX, x, k, 1), x).read
    # What is selected is read again, for its bits.
    assert source.read_bytes == x.nbytes + 3 * k * 4


def test_kernels_are_small_and_ptxas_takes_them_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    types = (np.float32, np.float16, np.int8)
    for ((shape, k, axis), dtype), sm in in_turn(CASES.values(), types):
        check_machine_code(module(T.MAX, np.zeros(shape, dtype), k, axis), sm)
    check_machine_code(module(T.MAX, np.zeros((3, 7, 5), np.int64), 3, 1))
    for shape, k in (((3, 1000), 5), ((2, 10, 7), 3), ((2, 17001), 40)):
        check_machine_code(of_softmax(T.MAX, np.zeros(shape, np.float16), k, log=False))
