"""Engines on the CPU: where their code, their inputs and their results are."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any
from unittest.mock import patch

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import parse
from onnx import helper
from onnx_models import model, normal

import fusemlir
from fusemlir import native_program
from fusemlir.codegen.program_key import program_key
from fusemlir.runtime import host_memory
from fusemlir.runtime.engine import Engine
from fusemlir.runtime.host_memory import (
    ALIGNMENT,
    WAITING,
    ConstantMemory,
    ResultMemory,
    address_of,
    aligned,
    empty,
)
from fusemlir.weights import Array, Weights

NETWORK = """
func.func @main(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %c = trt.constant dense<FACTOR> : tensor<1x1xf32>
  %y = trt.element_wise prod %x, %c
    : (tensor<3x5xf32>, tensor<1x1xf32>) -> tensor<3x5xf32>
  func.return %y : tensor<3x5xf32>
}
"""

X = np.arange(15, dtype=np.float32).reshape(3, 5)


def engine(factor: float = 2.0) -> Engine:
    text = NETWORK.replace("FACTOR", str(factor))
    return fusemlir.compile(parse(text), device="host", threads=2)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUSEMLIR_CACHE", str(tmp_path))
    return tmp_path


def no_compiler(*_: Any) -> None:
    raise AssertionError("it is compiled")


@pytest.mark.usefixtures("cache")
def test_code_is_found_again_and_nothing_is_lowered(monkeypatch: pytest.MonkeyPatch):
    wanted = engine()(X)
    monkeypatch.setattr(native_program, "_compiled", no_compiler)
    np.testing.assert_array_equal(engine()(X), wanted)
    np.testing.assert_array_equal(wanted, 2 * X)


@pytest.mark.usefixtures("cache")
def test_another_number_is_another_program(monkeypatch: pytest.MonkeyPatch):
    engine()
    np.testing.assert_array_equal(engine(3.0)(X), 3 * X)
    monkeypatch.setattr(native_program, "_compiled", no_compiler)
    with pytest.raises(AssertionError, match="it is compiled"):
        engine(4.0)


def test_code_that_is_damaged_is_compiled_again(
    cache: Path, caplog: pytest.LogCaptureFixture
):
    engine()
    (place,) = cache.iterdir()
    place.write_bytes(place.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(engine()(X), 2 * X)
    assert "it is cut off" in caplog.text
    caplog.clear()
    engine()
    assert caplog.text == ""


def test_a_key_is_of_the_values_of_small_constants_too():
    text = """
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %c = trt.constant #trt.weight<"c" : tensor<2xf32>>
      %y = trt.element_wise sum %x, %c
        : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
      func.return %y : tensor<2xf32>
    }"""

    class Source:
        def __init__(self, number: float):
            self.number = number

        def array(self, name: str, type: Any) -> Any:
            return np.full(2, self.number, np.float32)

        def release(self) -> None: ...

    keys = [program_key(parse(text), Weights(Source(n))) for n in (1, 2, 1)]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.usefixtures("cache")
def test_code_is_found_for_other_weights_wherever_they_are(
    monkeypatch: pytest.MonkeyPatch,
):
    x = normal(2, 5)
    # More than a key has the values of.
    first, second = (normal(5, 4000, seed=seed) for seed in (1, 2))
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    with_first, with_second = (
        model([node], {"x": x}, initializers={"w": w}) for w in (first, second)
    )
    found = fusemlir.compile(with_first, device="host")(x)
    np.testing.assert_allclose(found, x @ first, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(native_program, "_compiled", no_compiler)
    found = fusemlir.compile(with_second, device="host")(x)
    np.testing.assert_allclose(found, x @ second, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("changed", ["5x3xf32", "3x5xf16"])
def test_another_type_is_another_program(monkeypatch: pytest.MonkeyPatch, changed: str):
    engine()
    monkeypatch.setattr(native_program, "_compiled", no_compiler)
    text = NETWORK.replace("FACTOR", "2.0").replace("3x5xf32", changed)
    text = text.replace("1x1xf32", f"1x1x{changed[-3:]}")
    with pytest.raises(AssertionError, match="it is compiled"):
        fusemlir.compile(parse(text), device="host")


@pytest.mark.parametrize("offset", [4, 12, 60])
def test_inputs_are_read_at_any_address_of_an_element(offset: int):
    memory = np.zeros(X.nbytes + offset + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT + offset
    x = memory[start : start + X.nbytes].view(np.float32).reshape(X.shape)
    x[...] = X
    np.testing.assert_array_equal(engine()(x), 2 * X)


def test_inputs_of_other_strides_are_copied():
    np.testing.assert_array_equal(engine()(np.asfortranarray(X)), 2 * X)


def test_results_stay_as_long_as_anyone_looks():
    built = engine()
    first, view = built(X), built(X + 1)[1:]
    for number in range(8):
        built(X + number)
    np.testing.assert_array_equal(first, 2 * X)
    np.testing.assert_array_equal(view, 2 * (X + 1)[1:])


def test_memory_of_results_is_used_again(monkeypatch: pytest.MonkeyPatch):
    made = list[int]()

    def counted(size: int) -> Array:
        made.append(size)
        return empty(size)

    monkeypatch.setattr(host_memory, "empty", counted)
    memory = ResultMemory((3, 5), np.dtype(np.float32))
    first, address = memory.array()
    assert first.ctypes.data == address
    assert address % ALIGNMENT == 0
    assert memory.array()[1] != address
    view = first[0]
    del first
    assert memory.array()[1] != address
    del view
    # Two have come back by now.
    assert made == [60, 60]
    taken = [memory.array() for _ in range(3)]
    addresses = {found for _, found in taken}
    assert address in addresses
    assert len(addresses) == 3
    assert made == [60, 60, 60]
    assert all(array.flags.writeable for array, _ in taken)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, ml_dtypes.bfloat16])
def test_results_have_any_type_and_shape(dtype: Any):
    for shape in ((), (0, 3), (2, 3)):
        array, address = ResultMemory(shape, np.dtype(dtype)).array()
        assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
        assert array.ctypes.data == address


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_addresses_are_those_that_numpy_says(dtype: Any):
    array = np.zeros((2, 3), dtype)
    read_only = array[1:]
    read_only.flags.writeable = False
    for each in (array, array[1:], read_only, array[2:], np.zeros((), dtype)):
        assert address_of(each) == each.ctypes.data


def test_an_engine_that_is_forgotten_leaves_nothing():
    built = engine()
    result = built(X)
    executor = weakref.ref(built.executor)
    del built
    gc.collect()
    assert executor() is None
    np.testing.assert_array_equal(result, 2 * X)


def test_what_is_aligned_is_not_copied():
    x, _ = ResultMemory((7,), np.dtype(np.int64)).array()
    assert aligned(x) is x
    assert aligned(x[1:]).ctypes.data % ALIGNMENT == 0


def test_constants_lie_side_by_side_each_aligned():
    ready = aligned(np.arange(16, dtype=np.int64))
    # Behind the first element no array is aligned.
    halves, bytes = normal(8).astype(np.float16)[1:], np.full(4, 3, np.int8)[1:]
    arrays = [normal(3, 5).T, ready, halves, bytes]
    with ConstantMemory(array.nbytes for array in arrays) as memory:
        placed = [memory.aligned(array) for array in arrays]
    assert placed[1] is ready
    for array, found in zip(arrays, placed, strict=True):
        assert found.ctypes.data % ALIGNMENT == 0
        assert found.tobytes() == array.tobytes()
    starts = [found.ctypes.data for found in placed if found is not ready]
    assert np.diff(starts).tolist() == [64, 64]


def test_more_constants_than_wait_at_once_are_all_there_in_the_end():
    arrays = [normal(40, 50 + n).T for n in range(3 * WAITING)]
    with ConstantMemory(array.nbytes for array in arrays) as memory:
        placed = [memory.aligned(array) for array in arrays]
    for array, found in zip(arrays, placed, strict=True):
        np.testing.assert_array_equal(found, array)


def test_a_constant_that_cannot_be_copied_is_no_secret():
    array = normal(3, 5).T
    with (
        pytest.raises(ValueError, match="reshape"),
        ConstantMemory([array.nbytes]) as memory,
        patch.object(host_memory, "_copied", side_effect=ValueError("reshape")),
    ):
        memory.aligned(array)


def test_what_the_cache_has_is_run_without_the_lowering(tmp_path: Path):
    path = tmp_path / "relu.mlir"
    path.write_text("""
        func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
          %y = trt.activation relu %x : tensor<3xf32> -> tensor<3xf32>
          func.return %y : tensor<3xf32>
        }""")
    code = f"""
import sys, fusemlir
fusemlir.compile({str(path)!r}, device="host")
print(*{{"xdsl.dialects.llvm", "fusemlir.lowering.scalar"}} & {{*sys.modules}})"""
    environment = {**os.environ, "FUSEMLIR_CACHE": str(tmp_path / "cache")}
    first, again = (
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    )
    assert len(first) == 2
    assert again == []
