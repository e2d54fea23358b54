"""Programs that are compiled in parts, one beside the other."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from kernels_on_host import parse

import fusemlir
from fusemlir import native_objects, native_program
from fusemlir.codegen import compiling
from fusemlir.codegen.compiling import Compiling
from fusemlir.codegen.native import host_cpu
from fusemlir.diagnostics import DiagnosticError
from fusemlir.weights import Weights

NETWORK = """
func.func @main(%x: tensor<5x33xf32>)
    -> (tensor<5x33xf32>, tensor<5x33xf16>, tensor<5xf32>) {
  %a = trt.unary neg %x : tensor<5x33xf32> -> tensor<5x33xf32>
  %b = trt.cast %a : tensor<5x33xf32> -> tensor<5x33xf16>
  %c = trt.reduce sum %a axes = [1] : tensor<5x33xf32> -> tensor<5xf32>
  func.return %a, %b, %c : tensor<5x33xf32>, tensor<5x33xf16>, tensor<5xf32>
}
"""

X = np.linspace(-3, 3, 165, dtype=np.float32).reshape(5, 33)


@dataclass
class Recorder(Executor):
    """Does at once what could have been sent to another process."""

    count: int = 0

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future = Future[Any]()
        function, arguments = pickle.loads(pickle.dumps((fn, args)))
        future.set_result(function(*arguments, **kwargs))
        self.count += 1
        return future


class Broken(Executor):
    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future = Future[Any]()
        future.set_exception(BrokenProcessPool("a child process was ended"))
        return future


def images(how: Compiling) -> tuple[bytes, ...]:
    module = parse(NETWORK)
    return native_program.native_program(
        module, Weights.of_module(module), host_cpu(), how
    ).images


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel each."""
    monkeypatch.setattr(native_objects, "PART", 1)


@pytest.mark.usefixtures("small_parts")
def test_code_is_the_same_wherever_it_is_compiled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compiling, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(compiling, "processors", lambda: 3)
    recorder = Recorder()
    wanted = images(Compiling(recorder))
    assert recorder.count == len(wanted) == 4
    assert images(Compiling()) == wanted
    with ThreadPoolExecutor(2) as threads:
        assert images(Compiling(threads)) == wanted


@pytest.mark.parametrize("part", [1, 10_000])
def test_parts_make_one_program(monkeypatch: pytest.MonkeyPatch, part: int):
    monkeypatch.setattr(native_objects, "PART", part)
    recorder = Recorder()
    engine = fusemlir.compile(
        parse(NETWORK), device="host", fuse="none", threads=2, executor=recorder
    )
    assert recorder.count == (4 if part == 1 else 1)
    for found, wanted in zip(
        engine(X), (-X, (-X).astype(np.float16), -X.sum(1)), strict=True
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_an_executor_that_breaks_is_a_clear_error():
    with pytest.raises(DiagnosticError, match="of these kernels: a child process was"):
        fusemlir.compile(parse(NETWORK), device="host", executor=Broken())


@pytest.mark.usefixtures("small_parts")
def test_progress_counts_the_kernels():
    heard: list[tuple[int, int]] = []
    images(Compiling(Recorder(), lambda done, of: heard.append((done, of))))
    assert heard[0] == (1, 3)
    assert heard[-1] == (3, 3)
    assert heard == sorted(heard)


@pytest.mark.usefixtures("small_parts")
def test_nothing_is_compiled_after_an_error():
    given = list[Future[Any]]()

    class Waiting(Executor):
        def submit(
            self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
        ) -> Future[Any]:
            given.append(Future())
            if len(given) == 3:
                raise RuntimeError("there is no more room")
            return given[-1]

    with pytest.raises(DiagnosticError, match="there is no more room"):
        images(Compiling(Waiting()))
    assert [each.cancelled() for each in given] == [True, True, False]
