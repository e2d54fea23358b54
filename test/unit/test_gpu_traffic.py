"""Bytes that kernels without a contraction move, on the emulator.

Each input is read once, and each output written once: that `launch` holds for all. They
are moved by whole sectors where rows are long, of 32 bytes, as global memory is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import layer_module, random, tensor
from row_kernels import Launched, launch, network
from test_gpu_softmax import module as softmax
from test_gpu_top_k import of_softmax
from xdsl.dialects.builtin import ModuleOp, f16, f32, i8
from xdsl.ir import Operation

from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import PoolingType, SampleMode, TopKOperation
from fusemlir.dialects.trt.enums import ReduceOperation as R
from fusemlir.emulator.meter import SECTOR

Layer = Callable[..., Operation]

TYPES = (np.float32, np.float16, ml_dtypes.bfloat16)

WIDTHS = (np.float32, np.float16)
"""Of types, that of bf16 being that of f16."""


def launched(layer: Layer | ModuleOp, *inputs: np.ndarray) -> Launched:
    module = layer if isinstance(layer, ModuleOp) else layer_module(layer, *inputs)
    return launch(module, *inputs)


def assert_read(found: Launched, *bytes_read: int) -> None:
    """So many bytes of each input."""
    assert [traffic.read_bytes for traffic in found.read] == list(bytes_read)


def assert_whole_sectors(found: Launched, x: np.ndarray) -> None:
    """`x` is read, and the result written, by no more sectors than they are."""
    (source,), (result,) = found.read, found.written
    assert source.read_sectors * SECTOR == x.nbytes
    assert result.write_sectors * SECTOR == found.result.nbytes


def assert_read_once(found: Launched, *inputs: np.ndarray) -> None:
    assert_read(found, *(x.nbytes for x in inputs))
    assert [t.unique_read_bytes for t in found.read] == [x.nbytes for x in inputs]


@pytest.mark.parametrize("dtype", [*TYPES, np.int8, np.int32])
@pytest.mark.parametrize("shape", [(4, 32, 16), (3, 7, 11), (1,), ()])
def test_pointwise_layers_read_both_inputs_once(shape: tuple[int, ...], dtype: Any):
    x, y = (random(shape, np.float32, seed).astype(dtype) for seed in (0, 1))
    x, y = np.asarray(x), np.asarray(y)
    assert_read_once(launched(lambda a, b: trt.ElementWiseOp(E.SUM, a, b), x, y), x, y)


@pytest.mark.parametrize("dtype", TYPES)
def test_pointwise_layers_read_by_whole_sectors(dtype: Any):
    x = random((4, 32, 16), dtype)
    found = launched(lambda v: trt.ActivationOp(A.RELU, v), x)
    assert_whole_sectors(found, x)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_group_with_several_outputs_reads_what_layers_share_once(dtype: Any):
    x = random((4, 32, 16), dtype)
    type = tensor(x)
    text = f"""
    %y0, %y1 = trt.fused "pointwise"(%x0) layers ["n", "a", "s"]
        : ({type}) -> ({type}, {type}) {{
    ^bb0(%x: {type}):
      %n = trt.unary neg %x layers ["n"] : {type} -> {type}
      %a = trt.unary abs %x layers ["a"] : {type} -> {type}
      %s = trt.element_wise sum %n, %x layers ["s"] : ({type}, {type}) -> {type}
      trt.yield %s, %a : {type}, {type}
    }}"""
    assert_read_once(launched(network(text, [x, x], x), x), x)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("broadcast", "times"),
    [
        # A thread has 16 bytes of the result, and reads as many of a row for all.
        ((1, 1, 16), 4 * 32),
        # Of a column it reads the one that its elements share.
        ((1, 32, 1), 4 * 16),
    ],
)
def test_what_is_broadcast_is_read_once_by_a_thread(
    broadcast: tuple[int, ...], times: int, dtype: Any
):
    x, b = random((4, 32, 16), dtype), random(broadcast, dtype, 1)
    found = launched(lambda v, w: trt.ElementWiseOp(E.PROD, v, w), x, b)
    shared = 1 if broadcast[-1] > 1 else 16 // x.itemsize
    assert_read(found, x.nbytes, b.nbytes * times // shared)
    assert found.read[1].unique_read_bytes == b.nbytes


@pytest.mark.parametrize("dtype", TYPES)
def test_quantization_reads_and_writes_once(dtype: Any):
    x, scale = random((8, 64), dtype), np.array(0.5, np.float32)
    threads = x.size // (16 // x.itemsize)
    found = launched(lambda v, s: trt.QuantizeOp(v, s, to_type=i8), x, scale)
    assert_read(found, x.nbytes, threads * scale.nbytes)
    levels = random((8, 64), np.float32).astype(np.int8)
    for real, size in ((f32, 4), (f16, 2)):
        layer = lambda v, s, to=real: trt.DequantizeOp(v, s, to_type=to)  # noqa: E731
        threads = levels.size // (16 // size)
        found = launched(layer, levels, scale)
        assert_read(found, levels.nbytes, threads * scale.nbytes)


ROWS: dict[str, tuple[tuple[int, ...], int]] = {
    "of one": ((70, 1), 1),
    "of a vector": ((33, 4), 1),
    "of classes": ((70, 10), 1),
    "of no whole vectors": ((5, 33), 1),
    "of a layer": ((3, 768), 1),
    "of channels": ((3, 10, 7, 7), 1),
    "of many channels": ((2, 64, 8, 8), 1),
    "of channels of few": ((50, 7, 3), 1),
    "in front": ((33, 31), 0),
}


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("case", ROWS)
def test_rows_that_registers_hold_are_read_once(case: str, dtype: Any):
    shape, axis = ROWS[case]
    x = random(shape, dtype)
    assert_read_once(launched(softmax(x, axis), x), x)
    assert_read_once(launched(softmax(x, axis, log=True), x), x)
    reduce = lambda v: trt.ReduceOp(R.AVG, v, (axis,), keep_dimensions=False)  # noqa: E731
    assert_read_once(launched(reduce, x), x)


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8, np.int64])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((50, 3, 3), (1, 2)),
        ((2, 8, 7, 7), (2, 3)),
        ((3, 5, 8, 4), (0, 3)),
        ((5, 4, 6, 16), (0, 2)),
        ((1, 9001), (0, 1)),
        ((1001, 8), (0,)),
    ],
)
def test_a_reduction_reads_each_element_once(
    shape: tuple[int, ...], axes: tuple[int, ...], dtype: Any
):
    x = random(shape, np.float32).astype(dtype)
    layer = lambda v: trt.ReduceOp(R.MAX, v, axes, keep_dimensions=True)  # noqa: E731
    assert_read_once(launched(layer, x), x)


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("shape", [(4, 1024), (4, 32, 32)])
def test_long_rows_are_read_by_whole_sectors(shape: tuple[int, ...], dtype: Any):
    x = random(shape, dtype)
    for found in (
        launched(softmax(x, 1), x),
        launched(lambda v: trt.ReduceOp(R.SUM, v, (1,), keep_dimensions=False), x),
    ):
        assert found.read[0].read_sectors * SECTOR == x.nbytes


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("log", [False, True])
def test_rows_that_registers_do_not_hold_are_read_twice_at_most(log: bool, dtype: Any):
    x = random((2, 20000), dtype)
    (source,) = launched(softmax(x, 1, log=log), x).read
    assert source.unique_read_bytes == x.nbytes
    assert source.read_bytes <= 2 * x.nbytes


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("case", ROWS)
def test_a_normalization_reads_its_input_once(case: str, dtype: Any):
    """Scale and bias are read by each thread as it goes: at most once an element."""
    shape, axis = ROWS[case]
    weights = [size if at == axis else 1 for at, size in enumerate(shape)]
    x, scale, bias = (random(s, dtype) for s in (shape, weights, weights))
    layer = lambda *v: trt.NormalizationOp(*v, (axis,))  # noqa: E731
    source, *others = launched(layer, x, scale, bias).read
    assert source.read_bytes == source.unique_read_bytes == x.nbytes
    for other in others:
        assert other.unique_read_bytes == scale.nbytes
        assert other.read_bytes <= x.nbytes


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8])
@pytest.mark.parametrize("case", [case for case in ROWS if case != "of one"])
def test_a_top_k_reads_its_input_once_and_what_it_selects_again(case: str, dtype: Any):
    shape, axis = ROWS[case]
    x = random(shape, np.float32).astype(dtype)
    k = min(3, shape[axis])
    layer = lambda v: trt.TopKOp(TopKOperation.MAX, v, k, axis)  # noqa: E731
    selected = k * x.size // shape[axis]
    assert_read(launched(layer, x), x.nbytes + selected * x.itemsize)


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("log", [False, True])
def test_of_a_softmax_the_logits_alone_are_read(log: bool, dtype: Any):
    x, k = random((3, 1000), dtype), 5
    found = launched(of_softmax(TopKOperation.MAX, x, k, log=log), x)
    assert_read(found, x.nbytes + 3 * k * x.itemsize)


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8])
@pytest.mark.parametrize("kind", [PoolingType.MAX, PoolingType.AVERAGE])
def test_windows_that_do_not_overlap_are_read_once(kind: PoolingType, dtype: Any):
    x = random((2, 8, 16, 16), np.float32).astype(dtype)
    layer = lambda v: trt.PoolingOp(kind, v, (2, 2), stride=(2, 2))  # noqa: E731
    assert_read_once(launched(layer, x), x)


@pytest.mark.parametrize("dtype", WIDTHS)
def test_windows_that_overlap_are_read_as_often_as_they_do(dtype: Any):
    """Again from what is cached: nothing of the input is brought in twice."""
    x = random((2, 8, 17, 17), dtype)
    layer = lambda v: trt.PoolingOp(  # noqa: E731
        PoolingType.MAX, v, (3, 3), stride=(2, 2)
    )
    (source,) = launched(layer, x).read
    assert source.unique_read_bytes == x.nbytes
    assert source.read_bytes <= 2 * 8 * 8 * 8 * 9 * x.itemsize


MOVED: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "a matrix": ((64, 96), (1, 0)),
    "a matrix of no whole tiles": ((33, 31), (1, 0)),
    "to channels last": ((2, 24, 7, 5), (0, 2, 3, 1)),
    "heads": ((2, 7, 3, 32), (0, 2, 1, 3)),
}


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8, np.int64])
@pytest.mark.parametrize("case", MOVED)
def test_a_transpose_reads_each_element_once(case: str, dtype: Any):
    shape, order = MOVED[case]
    x = random(shape, np.float32).astype(dtype)
    layer = lambda v: trt.ShuffleOp(v, first_transpose=order)  # noqa: E731
    assert_read_once(launched(layer, x), x)


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8])
@pytest.mark.parametrize("case", ["a matrix", "heads"])
def test_a_transpose_moves_whole_sectors(case: str, dtype: Any):
    shape, order = MOVED[case]
    x = random(shape, np.float32).astype(dtype)
    layer = lambda v: trt.ShuffleOp(v, first_transpose=order)  # noqa: E731
    assert_whole_sectors(launched(layer, x), x)


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8])
def test_a_slice_reads_what_it_takes(dtype: Any):
    x = random((4, 8, 16), np.float32).astype(dtype)
    layer = lambda v: trt.SliceOp(v, (1, 2, 4), (2, 5, 9))  # noqa: E731
    assert_read(launched(layer, x), 2 * 5 * 9 * x.itemsize)


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8])
def test_padding_and_concatenation_read_each_element_once(dtype: Any):
    x, y = (random((2, n, 6, 4), np.float32).astype(dtype) for n in (3, 5))
    pad = lambda v: trt.PaddingOp(v, (1, 2), (3, 1))  # noqa: E731
    assert_read_once(launched(pad, x), x)
    join = lambda *v: trt.ConcatenationOp(v, 1)  # noqa: E731
    assert_read_once(launched(join, x, y), x, y)


ACCESS = 16 * 32
"""Bytes that one instruction of a warp moves where each thread moves 16."""


def assert_moved(found: Launched, wanted: np.ndarray) -> None:
    """By threads that each move 16 bytes."""
    np.testing.assert_array_equal(found.result, wanted)
    (result,) = found.written
    assert result.write_requests == max(1, wanted.nbytes // ACCESS)
    assert result.write_sectors * SECTOR == wanted.nbytes


@pytest.mark.parametrize("dtype", [*WIDTHS, np.int8])
def test_what_lies_side_by_side_is_moved_16_bytes_at_once(dtype: Any):
    x, y = (random((2, n, 4, 32), np.float32).astype(dtype) for n in (3, 5))
    join = lambda *v: trt.ConcatenationOp(v, 1)  # noqa: E731
    assert_moved(launched(join, x, y), np.concatenate([x, y], 1))
    take = lambda v: trt.SliceOp(v, (1, 2, 0, 16), (1, 2, 4, 16))  # noqa: E731
    assert_moved(launched(take, y), y[1:, 2:4, :, 16:])
    pad = lambda v: trt.PaddingOp(v, (1, 16), (3, 16))  # noqa: E731
    around = [(0, 0), (0, 0), (1, 3), (16, 16)]
    assert_moved(launched(pad, y), np.pad(y, around))
    filled = lambda v: trt.SliceOp(  # noqa: E731
        v, (0, 0, 0, -16), (2, 3, 4, 64), mode=SampleMode.FILL
    )
    assert_moved(launched(filled, x), np.pad(x, [(0, 0)] * 3 + [(16, 16)]))


@pytest.mark.parametrize("first", [-3, -1, 0, 1, 2])
@pytest.mark.parametrize("size", [6, 7, 8])
def test_what_does_not_is_moved_in_smaller_parts(first: int, size: int):
    x = random((3, 8))
    take = lambda v: trt.SliceOp(  # noqa: E731
        v, (0, first), (3, size), mode=SampleMode.FILL
    )
    wanted = np.pad(x, [(0, 0), (8, 8)])[:, 8 + first : 8 + first + size]
    np.testing.assert_array_equal(launched(take, x).result, wanted)
