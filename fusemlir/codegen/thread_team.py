"""Threads that run native code together and sleep in between, as native code.

All of a team is in `TEAM_BYTES` of memory: the barrier, and what to do next. Waiting is
done here rather than in Python, where whoever wakes first needs the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Mapping

SERVE = "fusemlir.serve"
"""`(team, thread, threads)`: does what each run says, until a run says nothing."""

RUN = "fusemlir.run"
"""`(team, function, arguments, threads)`: lets every thread call
`function(arguments, thread, threads, team)`, the caller as thread 0, and returns when
all have. A null function ends the threads."""

ENTER = "fusemlir.enter"
"""Calls a program as a run calls its function, see `enter_program`."""

MUTEX, CONDITION, TEAM_BYTES = 192, 256, 320
"""Where these are; what different threads write is on cache lines of its own."""

WAITING, TURN, JOB, FUNCTION, ARGUMENTS, CLOCK = 0, 64, 128, 136, 144, 152
"""The count of those who wait at the barrier, how often all were let go, the number of
runs so far, what the last one calls, and where the next time is noted: all zero in the
beginning. Where a clock is set, a run notes its start, and each time that all were let
go, as `TIME_BYTES` of seconds and nanoseconds."""

TIME_BYTES = 16

SPINS = 1 << 18
"""How often a thread looks for another run before it sleeps: some 50 microseconds,
twice what Python takes from one run to the next."""

FROM_C_LIBRARY = (
    "clock_gettime",
    "sched_yield",
    "pthread_mutex_lock",
    "pthread_mutex_unlock",
    "pthread_cond_wait",
    "pthread_cond_broadcast",
)

TEAM = f"""
declare i32 @clock_gettime(i32, ptr)
declare i32 @sched_yield()
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)

define private void @note_time(ptr %team) {{
entry:
  %clock.at = getelementptr i8, ptr %team, i64 {CLOCK}
  %clock = load ptr, ptr %clock.at, align 8
  %none = icmp eq ptr %clock, null
  br i1 %none, label %done, label %note
note:
  %ignored = call i32 @clock_gettime(i32 {time.CLOCK_MONOTONIC}, ptr %clock)
  %next = getelementptr i8, ptr %clock, i64 {TIME_BYTES}
  store ptr %next, ptr %clock.at, align 8
  br label %done
done:
  ret void
}}

define void @wait_for_all(ptr %team, i64 %threads) noinline {{
entry:
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %note, label %arrive
note:
  call void @note_time(ptr %team)
  br label %done
arrive:
  %turn = getelementptr i8, ptr %team, i64 {TURN}
  %before = load atomic i64, ptr %turn acquire, align 8
  %arrived = atomicrmw add ptr %team, i64 1 acq_rel, align 8
  %count = add i64 %arrived, 1
  %last = icmp eq i64 %count, %threads
  br i1 %last, label %release, label %spin
release:
  call void @note_time(ptr %team)
  store atomic i64 0, ptr %team monotonic, align 8
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
  %ignored = call i32 @sched_yield()
  br label %again
again:
  %more = add i64 %tries, 1
  br label %spin
done:
  ret void
}}

define void @{SERVE}(ptr %team, i64 %thread, i64 %threads) {{
entry:
  %job = getelementptr i8, ptr %team, i64 {JOB}
  %function.at = getelementptr i8, ptr %team, i64 {FUNCTION}
  %arguments.at = getelementptr i8, ptr %team, i64 {ARGUMENTS}
  %mutex = getelementptr i8, ptr %team, i64 {MUTEX}
  %condition = getelementptr i8, ptr %team, i64 {CONDITION}
  br label %next
next:
  %done = phi i64 [ 0, %entry ], [ %number, %work ]
  br label %spin
spin:
  %tries = phi i64 [ 0, %next ], [ %more, %again ]
  %seen = load atomic i64, ptr %job acquire, align 8
  %called = icmp ne i64 %seen, %done
  br i1 %called, label %start, label %again
again:
  %more = add i64 %tries, 1
  %patient = icmp ult i64 %more, {SPINS}
  br i1 %patient, label %spin, label %lock
lock:
  %locked = call i32 @pthread_mutex_lock(ptr %mutex)
  br label %look
look:
  %found = load atomic i64, ptr %job acquire, align 8
  %idle = icmp eq i64 %found, %done
  br i1 %idle, label %sleep, label %unlock
sleep:
  %woken = call i32 @pthread_cond_wait(ptr %condition, ptr %mutex)
  br label %look
unlock:
  %unlocked = call i32 @pthread_mutex_unlock(ptr %mutex)
  br label %start
start:
  %number = phi i64 [ %seen, %spin ], [ %found, %unlock ]
  %function = load ptr, ptr %function.at, align 8
  %arguments = load ptr, ptr %arguments.at, align 8
  %over = icmp eq ptr %function, null
  br i1 %over, label %end, label %work
work:
  call void %function(ptr %arguments, i64 %thread, i64 %threads, ptr %team)
  call void @wait_for_all(ptr %team, i64 %threads)
  br label %next
end:
  ret void
}}

define void @{RUN}(ptr %team, ptr %function, ptr %arguments, i64 %threads) {{
entry:
  %job = getelementptr i8, ptr %team, i64 {JOB}
  %function.at = getelementptr i8, ptr %team, i64 {FUNCTION}
  %arguments.at = getelementptr i8, ptr %team, i64 {ARGUMENTS}
  %mutex = getelementptr i8, ptr %team, i64 {MUTEX}
  %condition = getelementptr i8, ptr %team, i64 {CONDITION}
  call void @note_time(ptr %team)
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %started, label %call
call:
  %locked = call i32 @pthread_mutex_lock(ptr %mutex)
  store ptr %function, ptr %function.at, align 8
  store ptr %arguments, ptr %arguments.at, align 8
  %increased = atomicrmw add ptr %job, i64 1 acq_rel, align 8
  %unlocked = call i32 @pthread_mutex_unlock(ptr %mutex)
  %woken = call i32 @pthread_cond_broadcast(ptr %condition)
  br label %started
started:
  %over = icmp eq ptr %function, null
  br i1 %over, label %end, label %work
work:
  call void %function(ptr %arguments, i64 0, i64 %threads, ptr %team)
  call void @wait_for_all(ptr %team, i64 %threads)
  br label %end
end:
  ret void
}}
"""
"""LLVM IR of a team, and of `wait_for_all(team, threads)`: all threads of a run come to
it, and none leaves it before the last has come. It spins for the time that a kernel's
threads are apart, then gives its processor to others. It stands once: programs call it
after every kernel."""


def enter_program(name: str, tensors: int, enter: str = ENTER) -> str:
    """LLVM IR of `enter`, which calls a program of so many tensors, their addresses in
    an array."""
    # What is found in the cache is run without the llvm dialect.
    from fusemlir.lowering.llvm_spelling import quoted

    types = ", ".join(["ptr"] * tensors)
    loads = (
        f"  %at{n} = getelementptr ptr, ptr %tensors, i64 {n}\n"
        f"  %tensor{n} = load ptr, ptr %at{n}, align 8\n"
        for n in range(tensors)
    )
    program = f"@{quoted(name)}"
    given = ", ".join(f"ptr %tensor{n}" for n in range(tensors))
    return (
        f"declare void {program}({types}, i64, i64, ptr)\n"
        f"define void @{enter}(ptr %tensors, i64 %thread, i64 %threads, ptr %team) {{\n"
        f"{''.join(loads)}"
        f"  call void {program}({given}, i64 %thread, i64 %threads, ptr %team)\n"
        "  ret void\n}\n"
    )


def c_library_symbols() -> Mapping[str, int]:
    """The addresses of what a team calls."""
    library = ctypes.CDLL(None)
    return {name: _address(library, name) for name in FROM_C_LIBRARY}


def initialise(team: int) -> None:
    """Make the lock of a new team, at this address and all zero."""
    library = ctypes.CDLL(None)
    library.pthread_mutex_init(ctypes.c_void_p(team + MUTEX), None)
    library.pthread_cond_init(ctypes.c_void_p(team + CONDITION), None)


def _address(library: ctypes.CDLL, name: str) -> int:
    address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
    assert address is not None
    return address
