"""What the CPU can do at most: multiply and add in registers, and copy memory.

The loops are LLVM IR and become machine code as our kernels do: fused multiply-adds of
the widest vectors, of as many independent sums as there are registers for, and on a CPU
that has it the same of 8-bit integers; copies by vectors, with ordinary stores and with
stores that pass by the caches, of as many bytes as a case moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fusemlir.codegen.native import HostCpu, NativeLibrary, emit_object, host_cpu
from fusemlir.codegen.thread_team import RUN, SERVE, TEAM, c_library_symbols
from fusemlir.runtime.host_threads import HostThreads

ROUNDS = 100_000
"""Of the loop by which arithmetic is measured: less than a millisecond."""
COPIED = 16 << 20
"""Bytes that a measurement copies at least, again and again if they are fewer."""
LINE = 64
DOT_PRODUCT = "llvm.x86.avx512.vpdpbusd.512"

_COPY = """
define void @{name}(ptr noalias %target, ptr noalias %source, i64 %bytes, i64 %times) #0 {{
entry:
  br label %again
again:
  %time = phi i64 [ 0, %entry ], [ %time_1, %finished ]
  br label %next
next:
  %at = phi i64 [ 0, %again ], [ %at_1, %next ]
  %from = getelementptr i8, ptr %source, i64 %at
  %to = getelementptr i8, ptr %target, i64 %at
  %line = load <16 x float>, ptr %from, align 64
  store <16 x float> %line, ptr %to, align 64{hint}
  %at_1 = add i64 %at, 64
  %more = icmp ult i64 %at_1, %bytes
  br i1 %more, label %next, label %finished
finished:
  %time_1 = add i64 %time, 1
  %repeat = icmp ult i64 %time_1, %times
  br i1 %repeat, label %again, label %done
done:
  ret void
}}
"""  # noqa: E501


@dataclass(frozen=True)
class Work:
    """What is measured: a run, and what one run does."""

    run: Callable[[], object]
    amount: int
    """Operations, or bytes read and written."""
    written: Sequence[Any]
    """The memory that shows that it was done, by thread."""
    read: Sequence[Any] = ()
    """What else must live as long as it may run."""


COMPUTING, COPYING = ("ptr", "i64"), ("ptr", "ptr", "i64", "i64")
"""What loops are given."""


@cache
def _library() -> NativeLibrary:
    cpu = host_cpu()
    loops = {"multiply_add": COMPUTING, "copy": COPYING, "stream": COPYING}
    if has_dot_product():
        loops["dot_product"] = COMPUTING
    text = "\n".join(
        (
            _arithmetic(cpu),
            _integers() if has_dot_product() else "",
            _COPY.format(name="copy", hint=""),
            _COPY.format(name="stream", hint=", !nontemporal !0"),
            *(_for_team(name, types) for name, types in loops.items()),
            # Else LLVM sees that the loop is memcpy.
            'attributes #0 = { "no-builtins" }',
            "!0 = !{i32 1}",
        )
    )
    names = [RUN, SERVE, *map(_of_team, loops)]
    return NativeLibrary([emit_object([text, TEAM], cpu)], names, c_library_symbols())


def _of_team(name: str) -> str:
    return f"{name}_of_team"


def _for_team(name: str, types: Sequence[str]) -> str:
    """What a thread of a team calls: the loop, with its row of a table."""
    loads = "\n".join(
        f"  %at{n} = getelementptr i64, ptr %row, i64 {n}\n"
        f"  %value{n} = load {type}, ptr %at{n}, align 8"
        for n, type in enumerate(types)
    )
    given = ", ".join(f"{type} %value{n}" for n, type in enumerate(types))
    return f"""
define void @{_of_team(name)}(ptr %rows, i64 %thread, i64 %threads, ptr %team) {{
  %first = mul i64 %thread, {len(types)}
  %row = getelementptr i64, ptr %rows, i64 %first
{loads}
  call void @{name}({given})
  ret void
}}"""


def _run(name: str, rows: Any) -> Callable[[], None]:
    """A loop in as many threads as there are rows of what it is given."""
    library, table = _library(), np.array(rows, np.uintp)
    threads = HostThreads(library, len(table))
    address = library.address(_of_team(name))
    return lambda: threads.run(address, table.ctypes.data)


def has_dot_product() -> bool:
    """Whether the CPU multiplies 8-bit integers and adds four products at once."""
    return host_cpu().has(DOT_PRODUCT)


def _arithmetic(cpu: HostCpu) -> str:
    sums = _sums(cpu)
    vector = f"<{cpu.vector_bytes // 4} x float>"
    fma = f"@llvm.fma.v{cpu.vector_bytes // 4}f32"
    step = f"call {vector} {fma}({vector} %a, {vector} %b, {vector} {{value}})"
    declared = f"declare {vector} {fma}({vector}, {vector}, {vector})"
    return declared + _loop("multiply_add", vector, sums, step, f"fadd {vector}")


def _integers() -> str:
    vector, bytes_ = "<16 x i32>", "<64 x i8>"
    declared = f"declare {vector} @{DOT_PRODUCT}({vector}, {bytes_}, {bytes_})"
    factors = f"{bytes_} %a8, {bytes_} %b8"
    step = f"call {vector} @{DOT_PRODUCT}({vector} {{value}}, {factors})"
    return declared + _loop("dot_product", vector, 24, step, f"add {vector}")


def _sums(cpu: HostCpu) -> int:
    """Independent ones: registers are left for both factors, and for more."""
    return cpu.vector_registers * 3 // 4


def _loop(name: str, vector: str, sums: int, step: str, add: str) -> str:
    """A function of memory, which it reads two factors from, and a count of rounds."""
    starts = "\n".join(
        f"  %s{n} = phi {vector} [ %a, %entry ], [ %t{n}, %next ]" for n in range(sums)
    )
    steps = "\n".join(f"  %t{n} = {step.format(value=f'%s{n}')}" for n in range(sums))
    total = "\n".join(
        f"  %u{n} = {add} {f'%u{n - 1}' if n > 1 else '%t0'}, %t{n}"
        for n in range(1, sums)
    )
    return f"""
define void @{name}(ptr %memory, i64 %rounds) {{
entry:
  %other = getelementptr i8, ptr %memory, i64 64
  %a = load {vector}, ptr %memory, align 64
  %b = load {vector}, ptr %other, align 64
  %a8 = load <64 x i8>, ptr %memory, align 64
  %b8 = load <64 x i8>, ptr %other, align 64
  br label %next
next:
  %round = phi i64 [ 0, %entry ], [ %round_1, %next ]
{starts}
{steps}
  %round_1 = add i64 %round, 1
  %more = icmp ult i64 %round_1, %rounds
  br i1 %more, label %next, label %done
done:
{total}
  store {vector} %u{sums - 1}, ptr %memory, align 64
  ret void
}}
"""


def arithmetic(threads: int, *, integers: bool = False) -> Work:
    """As many multiply-adds as the CPU can do; of f32, or of 8-bit integers."""
    memories = [_lines(2 * LINE) for _ in range(threads)]
    lanes = LINE if integers else host_cpu().vector_bytes // 4
    amount = 2 * lanes * _sums(host_cpu()) * ROUNDS * threads
    # Small factors: sums of products never grow beyond what is finite.
    for memory in memories:
        memory.view(np.float32)[:] = 0.25
    rows = [(memory.ctypes.data, ROUNDS) for memory in memories]
    name = "dot_product" if integers else "multiply_add"
    return Work(_run(name, rows), amount, memories)


def copying(moved: int, threads: int, *, past_caches: bool = False) -> Work:
    """A copy by which `moved` bytes are read or written, cut into a part a thread."""
    part = max(moved // (2 * threads * LINE), 1) * LINE
    times = max(COPIED // (2 * threads * part), 1)
    source, target = _lines(part * threads), _lines(part * threads)
    source[:] = 2
    rows = [
        (target.ctypes.data + at, source.ctypes.data + at, part, times)
        for at in range(0, part * threads, part)
    ]
    written = np.split(target, threads)
    name = "stream" if past_caches else "copy"
    amount = 2 * part * threads * times
    return Work(_run(name, rows), amount, written, [source])


def _lines(size: int) -> Any:
    """Bytes that begin with a cache line, all written once."""
    memory = np.ones(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size]


def caches() -> dict[str, int]:
    """Bytes by level of those that hold data, where the system says so."""
    found: dict[str, int] = {}
    units = {"K": 1 << 10, "M": 1 << 20}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (folder / "type").read_text().strip() == "Instruction":
            continue
        size = (folder / "size").read_text().strip()
        level = f"L{(folder / 'level').read_text().strip()}"
        found[level] = int(size[:-1]) * units[size[-1]]
    return found


def place_of(size: int) -> str:
    """The first cache that holds so many bytes, or `memory`."""
    return next((level for level, room in caches().items() if size <= room), "memory")
