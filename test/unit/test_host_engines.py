"""Engines on the CPU side by side, with any number of threads, and many of them."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from kernel_arrays import random
from kernels_on_host import parse

import fusemlir
from fusemlir.runtime.engine import Engine
from fusemlir.weights import Array

NETWORK = """
func.func @main(%x: tensor<3x5x17x15xf32>) -> tensor<3x7xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<33x5x3x3xf32>>
  %v = trt.constant #trt.weight<"v" : tensor<7x33x1x1xf32>>
  %a = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1]
    : (tensor<3x5x17x15xf32>, tensor<33x5x3x3xf32>) -> tensor<3x33x17x15xf32>
  %b = trt.activation relu %a : tensor<3x33x17x15xf32> -> tensor<3x33x17x15xf32>
  %c = trt.convolution %b, %v
    : (tensor<3x33x17x15xf32>, tensor<7x33x1x1xf32>) -> tensor<3x7x17x15xf32>
  %d = trt.reduce avg %c axes = [2, 3]
    : tensor<3x7x17x15xf32> -> tensor<3x7xf32>
  %y = trt.softmax %d axis = 1 : tensor<3x7xf32> -> tensor<3x7xf32>
  func.return %y : tensor<3x7xf32>
}
"""

RUNS = 100


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """What is compiled once is not compiled again."""
    with pytest.MonkeyPatch.context() as patch:
        folder: Path = tmp_path_factory.mktemp("cache")
        patch.setenv("FUSEMLIR_CACHE", str(folder))
        yield


def engine(threads: int = 2) -> Engine:
    return fusemlir.compile(parse(NETWORK), device="host", threads=threads)


def image(seed: int = 0) -> Array:
    return random((3, 5, 17, 15), seed=seed)


def test_any_number_of_threads_gives_the_same_bits():
    results = [engine(threads)(image()) for threads in (1, 2, 3, 8)]
    reference = fusemlir.compile(parse(NETWORK), device="reference")(image())
    np.testing.assert_allclose(results[0], reference, rtol=0, atol=1e-6)
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def run_side_by_side(engines: Sequence[Engine]) -> None:
    """Each in a thread of Python's, on an image of its own."""
    wanted = [built.run([image(seed)])[0] for seed, built in enumerate(engines)]

    def run(seed: int) -> list[Array]:
        return [engines[seed].run([image(seed)])[0] for _ in range(RUNS)]

    with ThreadPoolExecutor(len(engines)) as pool:
        runs = [pool.submit(run, seed) for seed in range(len(engines))]
        for found, array in zip(runs, wanted, strict=True):
            for result in found.result(timeout=120):
                np.testing.assert_array_equal(result, array)


def test_engines_run_side_by_side_on_more_threads_than_there_are_processors():
    run_side_by_side([engine(4), engine(3)])


def test_one_engine_is_run_by_several_threads_at_once():
    run_side_by_side([engine()] * 4)


def test_engines_that_are_forgotten_leave_no_threads_and_no_memory():
    def build_and_run() -> None:
        built = engine(3)
        for _ in range(5):
            built(image())

    for _ in range(10):
        build_and_run()
    gc.collect()
    running, held = threading.active_count(), resident_bytes()
    for _ in range(40):
        build_and_run()
    gc.collect()
    deadline = time.monotonic() + 10
    while threading.active_count() > running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= running
    # An arena, the packed weights and the code are some 200 KiB; Python's own caches
    # grow by a little.
    assert resident_bytes() - held < 40 * 50_000


def resident_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("the system does not say how much memory the process has")
