"""Where the threads of one run wait for each other, as native code."""

from __future__ import annotations

import ctypes

BARRIER_BYTES = 128
"""Of the state of a barrier, all zero before its first use: the count of those who
wait, and on a cache line of its own the number of times that all were let go."""

YIELD = "sched_yield"

BARRIER = f"""
declare i32 @{YIELD}()

define void @wait_for_all(ptr %barrier, i64 %threads) {{
entry:
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %done, label %arrive
arrive:
  %turn = getelementptr i8, ptr %barrier, i64 64
  %before = load atomic i64, ptr %turn acquire, align 8
  %arrived = atomicrmw add ptr %barrier, i64 1 acq_rel, align 8
  %count = add i64 %arrived, 1
  %last = icmp eq i64 %count, %threads
  br i1 %last, label %release, label %spin
release:
  store atomic i64 0, ptr %barrier monotonic, align 8
  %next = add i64 %before, 1
  store atomic i64 %next, ptr %turn release, align 8
  br label %done
spin:
  %tries = phi i64 [ 0, %arrive ], [ %more, %again ]
  %now = load atomic i64, ptr %turn acquire, align 8
  %gone = icmp ne i64 %now, %before
  br i1 %gone, label %done, label %wait
wait:
  %patient = icmp ult i64 %tries, 2000
  br i1 %patient, label %again, label %yield
yield:
  %ignored = call i32 @{YIELD}()
  br label %again
again:
  %more = add i64 %tries, 1
  br label %spin
done:
  ret void
}}
"""
"""LLVM IR of `wait_for_all(barrier, threads)`: all threads of a run come to it, and
none leaves it before the last has come. It spins for the time that a kernel's threads
are apart, then gives its processor to others."""


def yield_address() -> int:
    """Of the C library's function that gives the processor away."""
    address = ctypes.cast(getattr(ctypes.CDLL(None), YIELD), ctypes.c_void_p).value
    assert address is not None
    return address
