"""Shuffles that turn rows into columns, on the emulator: to the bit, and what they move
of global memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import layer_module
from row_kernels import SM, check_machine_code
from test_gpu_movement import TYPES, assert_same_bits, bits
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.ptx import find_ptxas
from fusemlir.dialects.trt import ShuffleOp
from fusemlir.emulator import Report
from fusemlir.emulator.meter import SECTOR
from fusemlir.lowering.gpu.movement.tiles import TiledShuffle
from fusemlir.pipeline import lower_to_gpu
from fusemlir.runtime.emu_executor import EmuExecutor
from fusemlir.runtime.signature import TensorInfo
from fusemlir.weights import Weights

Order = tuple[int, ...]

TILED: dict[str, tuple[tuple[int, ...], Order]] = {
    "a matrix": ((64, 96), (1, 0)),
    "no whole tiles": ((100, 129), (1, 0)),
    "just a tile": ((32, 32), (1, 0)),
    "to channels last": ((2, 40, 9, 9), (0, 2, 3, 1)),
    "to channels first": ((2, 9, 9, 40), (0, 3, 1, 2)),
    "around an axis": ((2, 64, 3, 96), (0, 3, 2, 1)),
    "reversed": ((33, 2, 3, 35), (3, 2, 1, 0)),
    "between others": ((3, 34, 2, 33), (0, 2, 3, 1)),
}


def transpose(shape: tuple[int, ...], order: Order, dtype: Any) -> ModuleOp:
    return layer_module(
        lambda v: ShuffleOp(v, first_transpose=order), np.empty(shape, dtype)
    )


def shuffle_of(module: ModuleOp) -> ShuffleOp:
    (op,) = (op for op in module.walk() if isinstance(op, ShuffleOp))
    return op


def run(x: np.ndarray, order: Order) -> Report:
    """What the one launch did; the result is right to the bit."""
    module = transpose(x.shape, order, x.dtype)
    wanted = x.transpose(order)
    info = TensorInfo("y", wanted.shape, x.dtype)
    program = lower_to_gpu(module, 1, SM)
    executor = EmuExecutor(program, [info], Weights.of_module(module), metrics=True)
    assert_same_bits(executor([x])[0], wanted)
    (report,) = executor.reports
    return report


def sectors(report: Report) -> tuple[int, int]:
    """That are read and written."""
    traffic = report.buffers.values()
    return (
        sum(buffer.read_sectors for buffer in traffic),
        sum(buffer.write_sectors for buffer in traffic),
    )


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", ["a matrix", "no whole tiles"])
def test_elements_of_every_type_are_moved_in_tiles(case: str, dtype: Any):
    shape, order = TILED[case]
    assert TiledShuffle.of_layer(shuffle_of(transpose(shape, order, dtype)))
    run(bits(shape, dtype), order)


@pytest.mark.parametrize("case", TILED)
def test_any_two_axes_are_turned(case: str):
    shape, order = TILED[case]
    assert TiledShuffle.of_layer(shuffle_of(transpose(shape, order, np.int32)))
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    assert run(x, order).bank_conflicts == 0


@pytest.mark.parametrize(
    ("shape", "order"),
    [((2, 3, 56, 56), (0, 2, 3, 1)), ((31, 100), (1, 0)), ((40, 3, 64), (1, 0, 2))],
)
def test_short_axes_and_rows_that_stay_rows_need_no_tiles(
    shape: tuple[int, ...], order: Order
):
    module = transpose(shape, order, np.float32)
    assert TiledShuffle.of_layer(shuffle_of(module)) is None


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.float32])
@pytest.mark.parametrize("case", ["a matrix", "around an axis"])
def test_tiles_are_read_and_written_in_whole_sectors(
    case: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
):
    """One by one, elements that are written side by side are each read of a sector of
    their own."""
    shape, order = TILED[case]
    x = bits(shape, dtype)
    least = x.nbytes // SECTOR
    assert sectors(run(x, order)) == (least, least)
    monkeypatch.setattr(TiledShuffle, "of_layer", lambda op: None)
    read, written = sectors(run(x, order))
    assert read == x.size
    assert written == least


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.float32, np.int64])
def test_rows_that_stay_rows_are_moved_16_bytes_at_once(dtype: Any):
    x = bits((3, 7, 4, 32), dtype)
    report = run(x, (0, 2, 1, 3))
    assert report.threads >= x.nbytes // 16
    assert report.threads < x.nbytes // 16 + 256
    least = x.nbytes // SECTOR
    assert sectors(report) == (least, least)


def test_a_row_of_no_whole_vectors_is_moved_in_smaller_ones():
    for size in (30, 31):
        x = bits((3, 7, 4, size), np.float32)
        run(x, (0, 2, 1, 3))


def test_ptxas_takes_a_tile_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    for dtype in (np.int8, np.float32, np.int64):
        check_machine_code(transpose((100, 129), (1, 0), dtype), most=200)
