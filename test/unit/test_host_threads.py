"""Threads that run native code together, and the barrier in it."""

from __future__ import annotations

import ctypes
import gc
import threading
import time

import numpy as np
import pytest

from fusemlir.codegen.barrier import BARRIER, YIELD, yield_address
from fusemlir.codegen.native import NativeLibrary, emit_object, host_cpu
from fusemlir.runtime.host_threads import HostThreads, new_barrier

STEPS = 500

COUNTING = f"""
declare void @wait_for_all(ptr, i64)

define void @count(ptr %sums, ptr %barrier, i64 %thread, i64 %threads) {{
entry:
  %mine = getelementptr i64, ptr %sums, i64 %thread
  %other = add i64 %thread, 1
  %neighbour = urem i64 %other, %threads
  %theirs = getelementptr i64, ptr %sums, i64 %neighbour
  br label %step
step:
  %i = phi i64 [0, %entry], [%next, %step]
  %seen = load i64, ptr %theirs
  call void @wait_for_all(ptr %barrier, i64 %threads)
  %grown = add i64 %seen, 1
  store i64 %grown, ptr %mine
  call void @wait_for_all(ptr %barrier, i64 %threads)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, {STEPS}
  br i1 %more, label %step, label %end
end:
  ret void
}}
"""
"""Each thread takes its neighbour's number and adds one, all at the same time."""


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_nobody_passes_a_barrier_before_all_have_come(count: int):
    image = emit_object([COUNTING, BARRIER], host_cpu())
    library = NativeLibrary([image], ["count"], {YIELD: yield_address()})
    step = library.function("count", *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 2)
    sums, barrier = np.arange(count), new_barrier()
    with HostThreads(count) as threads:
        for _ in range(3):
            threads.run(lambda n: step(sums.ctypes.data, barrier.ctypes.data, n, count))
    turned = (np.arange(count) + 3 * STEPS) % count
    np.testing.assert_array_equal(sums, turned + 3 * STEPS)


def test_every_thread_works_once_and_the_caller_is_one_of_them():
    seen: dict[int, int] = {}
    with HostThreads(3) as threads:
        for _ in range(20):
            seen.clear()
            threads.run(lambda n: seen.setdefault(n, threading.get_ident()))
            assert sorted(seen) == [0, 1, 2]
            assert len(set(seen.values())) == 3
            assert seen[0] == threading.get_ident()


def test_a_failure_is_raised_when_all_have_ended():
    ended: list[int] = []

    def work(number: int) -> None:
        if number == 1:
            raise ValueError("on thread 1")
        ended.append(number)

    with HostThreads(3) as threads:
        with pytest.raises(ValueError, match="on thread 1"):
            threads.run(work)
        assert sorted(ended) == [0, 2]
        threads.run(ended.append)


def test_idle_threads_take_no_time_and_end_with_their_pool():
    before = threading.active_count()
    threads = HostThreads(4)
    threads.run(lambda _: None)
    start = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - start < 0.1
    del threads
    gc.collect()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
