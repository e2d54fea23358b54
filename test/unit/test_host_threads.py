"""Threads that run native code together, and the barrier in it."""

from __future__ import annotations

import gc
import os
import threading
import time

import numpy as np
import pytest

from fusemlir.codegen.native import NativeLibrary, emit_object, host_cpu
from fusemlir.codegen.thread_team import RUN, SERVE, TEAM, c_library_symbols
from fusemlir.runtime.host_threads import HostThreads

STEPS = 500

COUNTING = f"""
declare void @wait_for_all(ptr, i64)

define void @count(ptr %sums, i64 %thread, i64 %threads, ptr %team) {{
entry:
  %mine = getelementptr i64, ptr %sums, i64 %thread
  %other = add i64 %thread, 1
  %neighbour = urem i64 %other, %threads
  %theirs = getelementptr i64, ptr %sums, i64 %neighbour
  br label %step
step:
  %i = phi i64 [0, %entry], [%next, %step]
  %seen = load i64, ptr %theirs
  call void @wait_for_all(ptr %team, i64 %threads)
  %grown = add i64 %seen, 1
  store i64 %grown, ptr %mine
  call void @wait_for_all(ptr %team, i64 %threads)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, {STEPS}
  br i1 %more, label %step, label %end
end:
  ret void
}}

define void @work_unevenly(ptr %done, i64 %thread, i64 %threads, ptr %team) {{
entry:
  %mine = getelementptr i64, ptr %done, i64 %thread
  %rounds = mul i64 %thread, 100000
  br label %next
next:
  %round = phi i64 [0, %entry], [%more, %next]
  %more = add i64 %round, 1
  %again = icmp ult i64 %more, %rounds
  store volatile i64 %round, ptr %mine
  br i1 %again, label %next, label %end
end:
  store volatile i64 -1, ptr %mine
  ret void
}}
"""
"""In the first each thread takes its neighbour's number and adds one, all at the same
time; in the second each works longer than the one before, and writes -1 at last."""


@pytest.fixture(scope="module")
def library() -> NativeLibrary:
    image = emit_object([COUNTING, TEAM], host_cpu())
    functions = ["count", "work_unevenly", RUN, SERVE]
    return NativeLibrary([image], functions, c_library_symbols())


def count_together(
    threads: HostThreads, library: NativeLibrary, pause: float = 0
) -> None:
    count = threads.count
    sums = np.arange(count)
    for _ in range(3):
        threads.run(library.address("count"), sums.ctypes.data)
        time.sleep(pause)
    turned = (np.arange(count) + 3 * STEPS) % count
    np.testing.assert_array_equal(sums, turned + 3 * STEPS)


@pytest.mark.parametrize("pause", [0, 0.02], ids=["awake", "asleep"])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_nobody_passes_a_barrier_before_all_have_come(
    library: NativeLibrary, count: int, pause: float
):
    count_together(HostThreads(library, count), library, pause)


def test_a_run_ends_when_all_have_ended(library: NativeLibrary):
    threads = HostThreads(library, 3)
    for _ in range(20):
        done = np.zeros(3, np.int64)
        threads.run(library.address("work_unevenly"), done.ctypes.data)
        np.testing.assert_array_equal(done, -1)


def test_idle_threads_take_no_time_and_end_with_their_pool(library: NativeLibrary):
    before = set(threading.enumerate())
    threads = HostThreads(library, 4)
    started = set(threading.enumerate()) - before
    assert len(started) == 3
    count_together(threads, library)
    start = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - start < 0.1
    del threads
    gc.collect()
    for thread in started:
        thread.join(timeout=5)
        assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(library: NativeLibrary):
    threads = HostThreads(library, 3)
    count_together(threads, library)
    child = os.fork()
    if child == 0:
        os._exit(_status(threads, library))
    deadline = time.monotonic() + 20
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert ended
    assert os.waitstatus_to_exitcode(status) == 0
    count_together(threads, library)


def _status(threads: HostThreads, library: NativeLibrary) -> int:
    try:
        count_together(threads, library)
    except AssertionError:
        return 1
    return 0
