"""Processes that compile beside this one: what they do, and how they end."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Generator

import pytest

from fusemlir.codegen import compiler_pool, native
from fusemlir.codegen.compiler_pool import CompilerPool, CompilerProcess
from fusemlir.codegen.native import host_cpu, submit_object
from fusemlir.codegen.object_code import optimised_object
from fusemlir.codegen.ptx import CodegenError

NOTHING = "define void @nothing() {\n  ret void\n}\n"


@pytest.fixture
def process() -> Generator[CompilerProcess]:
    made = CompilerProcess()
    assert made.is_ready()
    yield made
    made.end()
    made.close()


def test_another_process_makes_the_same_code(process: CompilerProcess):
    cpu = host_cpu()
    asked = [NOTHING], cpu.triple, cpu.name, ",".join(cpu.features)
    assert process(optimised_object, asked) == optimised_object(*asked)
    assert process(os.getpid, ()) != os.getpid()
    with pytest.raises(RuntimeError, match="expected top-level entity"):
        process(optimised_object, (["no IR"], *asked[1:]))
    assert process(abs, (-3,)) == 3


@pytest.mark.parametrize(
    ("death", "argument", "said"),
    [
        (os._exit, 3, "ended with status 3"),
        (signal.raise_signal, signal.SIGKILL, r"Killed \(signal 9\)"),
    ],
)
def test_a_process_that_dies_is_a_clear_error(
    process: CompilerProcess, death: object, argument: int, said: str
):
    with pytest.raises(RuntimeError, match=f"a process that compiles .*{said}"):
        process(death, (argument,))  # pyright: ignore[reportArgumentType]


def test_work_is_done_here_and_in_processes():
    with CompilerPool(2) as pool:
        deadline = time.monotonic() + 20
        seen = set[int]()
        while len(seen) < 3 and time.monotonic() < deadline:
            waits = [pool.submit(time.sleep, 0.05) for _ in range(2)]
            seen |= {pool.submit(os.getpid).result() for _ in range(3)}
            for wait in waits:
                wait.result()
    assert os.getpid() in seen
    assert len(seen) == 3


def test_without_its_processes_the_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(compiler_pool, "MODULE", "fusemlir.no_such_module")
    with CompilerPool(1) as pool, caplog.at_level(logging.WARNING):
        deadline = time.monotonic() + 20
        while not caplog.text and time.monotonic() < deadline:
            assert pool.submit(os.getpid).result() == os.getpid()
    assert "a process that compiles ended with status 1" in caplog.text


def test_leaving_ends_what_is_at_work(caplog: pytest.LogCaptureFixture):
    start = time.monotonic()
    with caplog.at_level(logging.WARNING), CompilerPool(2) as pool:
        given = [pool.submit(time.sleep, 0.5) for _ in range(20)]
    assert time.monotonic() - start < 5
    assert any(each.cancelled() for each in given)
    assert caplog.text == ""


def test_an_executor_that_is_shut_down_is_a_clear_error():
    pool = CompilerPool()
    pool.shutdown()
    with pytest.raises(CodegenError, match=r"cannot make code.* after shutdown"):
        submit_object([NOTHING], host_cpu(), pool)


def test_what_the_cpu_lacks_is_refused_before_it_is_sent():
    text = "declare <16 x i32> @llvm.x86.avx512.vpdpbusd.512(i32)\n"
    plain = native.HostCpu(host_cpu().triple, "x86-64", ())
    with CompilerPool() as pool, pytest.raises(CodegenError, match="has it not"):
        submit_object([text], plain, pool)
