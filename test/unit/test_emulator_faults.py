"""Kernels with a fault: each is reported with its line, block and thread."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from emulator_kernels import HEADER

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas

START = """.visible .entry k(.param .u64 k_0, .param .u64 k_1, .param .u32 k_2)
{
  .reg .pred %p<8>; .reg .b16 %h<4>; .reg .b32 %r<16>; .reg .b64 %d<8>;
  .shared .align 16 .b8 tile[1024];
  .local .align 8 .b8 stack[16];
  ld.param.b64 %d0, [k_0];
  ld.param.b64 %d1, [k_1];
  ld.param.b32 %r9, [k_2];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ctaid.x;
  mad.lo.s32 %r2, %r1, 64, %r0;
  mul.wide.u32 %d2, %r2, 4;
  add.s64 %d3, %d0, %d2;
  add.s64 %d4, %d1, %d2;
  mov.b32 %r3, tile;
  shl.b32 %r4, %r0, 2;
  add.s32 %r4, %r3, %r4;
  xor.b32 %r5, %r0, 63;
  shl.b32 %r5, %r5, 2;
  add.s32 %r5, %r3, %r5;
  xor.b32 %r6, %r0, 1;
  shl.b32 %r6, %r6, 2;
  add.s32 %r6, %r3, %r6;
"""
END = "  ret;\n}\n"

REVERSE = """
  ld.global.b32 %r7, [%d3];
  st.shared.b32 [%r4], %r7;
  bar.sync 0;
  ld.shared.b32 %r8, [%r5];
  st.global.b32 [%d4], %r8;
"""


def kernel(body: str) -> str:
    text = HEADER + START + body.lstrip("\n") + END
    if find_ptxas() is not None:
        assemble(text, "90a")
    return text


def arrays() -> list[Any]:
    x = np.arange(256, dtype=np.float32)
    return [x, np.zeros_like(x)]


def run(body: str, *arguments: Any, **options: Any) -> emulator.Report:
    given = list(arguments) or arrays()
    given += [0] * (3 - len(given))
    return emulator.load(kernel(body)).launch("k", (4,), (64,), given, **options)


def fault(body: str, at: str, *arguments: Any) -> emulator.EmulationError:
    """The fault of a kernel, which must be at the line that contains `at`."""
    with pytest.raises(emulator.EmulationError) as caught:
        run(body, *arguments)
    text = kernel(body).splitlines()
    assert at in text[caught.value.line - 1], (str(caught.value), at)
    assert text[caught.value.line - 1].strip() == caught.value.text
    return caught.value


def test_without_a_fault_nothing_is_reported():
    x, y = arrays()
    run(REVERSE, x, y)
    np.testing.assert_array_equal(y.reshape(4, 64), x.reshape(4, 64)[:, ::-1])


def test_a_missing_barrier_is_a_race():
    found = fault(REVERSE.replace("  bar.sync 0;\n", ""), "ld.shared")
    assert "reads what thread number" in str(found)
    assert "no barrier between (race)" in str(found)
    assert found.thread == (0, 0, 0)
    assert "wrote" in found.message
    assert "thread number 63" in found.message


def test_a_race_inside_a_warp_is_one_too():
    """That lanes run in step is no order."""
    body = REVERSE.replace("  bar.sync 0;\n", "").replace("[%r5]", "[%r6]")
    assert "race" in str(fault(body, "ld.shared"))
    run(body.replace("  ld.shared", "  bar.warp.sync -1;\n  ld.shared"))


def test_a_warp_barrier_orders_no_other_warp():
    body = REVERSE.replace("bar.sync 0", "bar.warp.sync -1")
    assert "race" in str(fault(body, "ld.shared"))


def test_writing_what_others_still_read_is_a_race():
    body = REVERSE + "  st.shared.b32 [%r4], %r8;\n"
    assert "writes what" in str(fault(body, "st.shared.b32 [%r4], %r8"))
    run(REVERSE + "  bar.sync 0;\n  st.shared.b32 [%r4], %r8;\n")


def test_writing_beside_what_others_still_read_is_none_and_forgets_no_read():
    beside = REVERSE + "  st.shared.b32 [%r4+256], %r8;\n"
    run(beside)
    body = beside + "  st.shared.b32 [%r4], %r8;\n"
    assert "writes what" in str(fault(body, "st.shared.b32 [%r4], %r8"))


@pytest.mark.parametrize("writer", [0, 40, 63])
def test_what_all_read_none_may_write(writer: int):
    body = f"""
  st.shared.b32 [%r4], %r0;
  bar.sync 0;
  ld.shared.b32 %r8, [%r3];
  setp.eq.u32 %p0, %r0, {writer};
  @%p0 st.shared.b32 [%r3], %r0;
"""
    found = fault(body, "@%p0 st.shared")
    assert found.thread == (writer, 0, 0)
    assert found.block == (0, 0, 0)


def test_threads_may_write_the_same_value_but_no_other():
    run("  st.shared.b32 [%r3], 5;\n")
    found = fault("  st.shared.b32 [%r3], %r0;\n", "st.shared")
    assert "two threads write different values (race)" in str(found)
    later = "  setp.eq.u32 %p0, %r0, 40;\n  @%p0 st.shared.b32 [%r3], 6;\n"
    body = "  st.shared.b32 [%r3], 5;\n" + later
    run(body.replace("[%r3], 6", "[%r3], 5"))
    assert "overwrites what" in str(fault(body, "@%p0 st.shared"))


def test_bytes_are_told_apart():
    body = """
  add.s32 %r7, %r3, %r0;
  st.shared.b8 [%r7], %r0;
  ld.shared.b8 %r8, [%r7];
"""
    run(body)
    found = fault(
        body.replace("ld.shared.b8 %r8, [%r7]", "ld.shared.b16 %h0, [%r3]"),
        "ld.shared.b16",
    )
    assert "race" in str(found)


def test_a_barrier_that_half_a_warp_passes_by_is_divergence():
    body = """
  setp.lt.u32 %p0, %r0, 48;
  @!%p0 bra OUT;
  bar.sync 0;
OUT:
"""
    found = fault(body, "bar.sync 0")
    assert "barrier divergence: 48 of 64 threads" in str(found)
    assert "thread (48, 0, 0) has ended" in str(found)


def test_lanes_that_wait_at_two_barriers_are_divergence():
    body = """
  setp.lt.u32 %p0, %r0, 16;
  @!%p0 bra OTHER;
  bar.sync 0;
  bra OUT;
OTHER:
  bar.sync 0;
OUT:
"""
    with pytest.raises(emulator.EmulationError, match="lanes of one warp wait at two"):
        run(body)


def test_different_barriers_never_complete():
    body = """
  setp.lt.u32 %p0, %r0, 32;
  @!%p0 bra OTHER;
  bar.sync 1;
  bra OUT;
OTHER:
  bar.sync 2;
OUT:
"""
    found = fault(body, "bar.sync 1")
    line = kernel(body).splitlines().index("  bar.sync 2;") + 1
    assert f"thread (32, 0, 0) waits at line {line}" in str(found)


def test_a_barrier_of_some_warps_waits_for_those():
    body = """
  setp.lt.u32 %p0, %r0, 32;
  @!%p0 bra OUT;
  st.shared.b32 [%r4], %r0;
  bar.sync 1, 32;
  ld.shared.b32 %r8, [%r6];
OUT:
"""
    run(body)


def test_leaving_a_buffer_is_reported():
    x, y = arrays()
    found = fault("  ld.global.b32 %r7, [%d3];\n", "ld.global", x[:200].copy(), y)
    assert "reads 4 bytes at offset 800 of buffer 'k_0' of 800 bytes" in str(found)
    assert (found.block, found.thread) == ((3, 0, 0), (8, 0, 0))
    found = fault("  st.global.b32 [%d4+-8], 0f00000000;\n", "st.global")
    assert "writes 4 bytes at offset -8" in str(found)
    found = fault("  mov.b64 %d3, 16;\n  ld.global.b32 %r7, [%d3];\n", "ld.global")
    assert "where there is no buffer" in str(found)


def test_the_last_bytes_of_an_odd_buffer_are_no_word():
    x = np.zeros(1022, np.uint8)
    found = fault("  ld.global.b32 %r7, [%d3];\n", "ld.global", x, x.copy())
    assert "offset 1020" in str(found)


def test_a_tail_may_be_read_along_but_not_written():
    x = emulator.Buffer(np.zeros(256, np.float32), "x", tail=8)
    x_only_reads = "  and.b32 %r7, %r0, 60;\n  mad.wide.u32 %d5, %r7, 4, %d0;\n"
    vector = "{%r10, %r11, %r12, %r13}"
    y = arrays()[1]
    last = "  add.s64 %d5, %d5, 768;\n"
    load = f"  ld.global.v4.b32 {vector}, [%d5];\n"
    run(x_only_reads + last + load, x, y)
    found = fault("  ld.global.b32 %r7, [%d3];\n", "ld.global", x, y)
    assert "reads 4 bytes at offset 1016 of buffer 'x' of 1016 bytes" in str(found)
    store = "  st.global.v4.b32 [%d5], {%r0, %r0, %r0, %r0};\n"
    guarded = "  setp.eq.u32 %p0, %r0, 63;\n  @%p0" + store[1:]
    found = fault(x_only_reads + last + guarded, "st.global.v4", x, y)
    assert "writes 16 bytes at offset 1008" in str(found)


def test_leaving_shared_memory_is_reported():
    found = fault("  st.shared.b32 [%r4+1000], %r0;\n", "st.shared")
    assert "offset 1024 of shared memory of 1024 bytes" in str(found)
    assert found.thread == (6, 0, 0)


def test_a_misaligned_access_is_reported():
    found = fault("  ld.global.b32 %r7, [%d3+2];\n", "ld.global")
    assert "misaligned: reads 4 bytes" in str(found)
    body = "  ld.global.v4.b32 {%r7, %r8, %r10, %r11}, [%d3];\n"
    assert fault(body, "ld.global.v4").thread == (1, 0, 0)
    body = "  st.shared.v2.b32 [%r4], {%r0, %r0};\n"
    assert "misaligned: writes 8 bytes" in str(fault(body, "st.shared.v2"))


def test_views_of_one_allocation_have_their_own_bounds_and_alignment():
    whole = np.arange(600, dtype=np.float32)
    body = "  ld.global.v2.b32 {%r7, %r8}, [%d0];\n  st.global.b32 [%d4], %r8;\n"
    x, y = whole[4:260], whole[264:520]
    run(body, x, y)
    assert (y == whole[5]).all()
    assert "misaligned" in str(fault(body, "ld.global.v2", whole[1:257], y))
    found = fault("  ld.global.b32 %r7, [%d3+4];\n", "ld.global", x, y)
    assert "offset 1024 of buffer 'k_0'" in str(found)


def test_a_register_that_was_never_written_is_reported():
    found = fault("  add.s32 %r8, %r7, 1;\n", "add.s32 %r8")
    assert "register %r7 is read before it is written" in str(found)
    body = "  setp.lt.u32 %p0, %r0, 10;\n  @%p0 mov.b32 %r7, 1;\n  add.s32 %r8, %r7, 1;"
    assert fault(body + "\n", "add.s32 %r8").thread == (10, 0, 0)
    run(body.replace("  add.s32", "  @%p0 add.s32") + "\n")


def test_moving_what_was_never_written_is_not_using_it():
    run("  mov.b32 %r8, %r7;\n")
    assert "%r8 is read" in str(
        fault("  mov.b32 %r8, %r7;\n  add.s32 %r8, %r8, 1;\n", "add.s32 %r8")
    )


def test_memory_that_was_never_written_is_reported():
    found = fault("  ld.shared.b32 %r7, [%r4];\n", "ld.shared")
    assert "offset 0 of shared memory, which is never written" in str(found)
    found = fault("  ld.local.b32 %r7, [stack+4];\n", "ld.local")
    assert "reads local memory never written" in str(found)
    run("  st.local.b32 [stack+4], %r0;\n  ld.local.b32 %r7, [stack+4];\n")
    fresh = emulator.Buffer(np.zeros(256, np.float32), "fresh", initialised=False)
    found = fault("  ld.global.b32 %r7, [%d3];\n", "ld.global", fresh, arrays()[1])
    assert "offset 0 of buffer 'fresh', which nothing has written" in str(found)
    run("  st.global.b32 [%d3], %r0;\n", fresh, arrays()[1])
    run("  ld.global.b32 %r7, [%d3];\n", fresh, arrays()[1])


def test_blocks_that_write_different_values_to_one_place_race():
    found = fault("  st.global.b32 [%d1], %r1;\n", "st.global")
    assert "race" in str(found)
    run("  st.global.b32 [%d1], 7;\n")
    assert "two threads write different values (race) at offset 0" in str(
        fault("  st.global.b32 [%d1], %r0;\n", "st.global")
    )


def test_blocks_that_read_what_others_write_race():
    body = """
  st.global.b32 [%d4], %r0;
  bar.sync 0;
  ld.global.b32 %r7, [%d1+256];
"""
    found = fault(body, "ld.global")
    assert "reads without order (race) what block number 1 writes" in str(found)
    run(body.replace("[%d1+256]", "[%d4]"))
    body = "  ld.global.b32 %r7, [%d1+256];\n  st.global.b32 [%d4], %r0;\n"
    found = fault(body, "st.global")
    assert "writes without order (race) what another block read" in str(found)


def test_what_is_read_only_is_not_written():
    x, y = arrays()
    y.flags.writeable = False
    found = fault("  st.global.b32 [%d4], %r0;\n", "st.global", x, y)
    assert "writes to buffer 'k_1', which is read-only" in str(found)
    body = "  ld.global.nc.b32 %r7, [%d4];\n  st.global.b32 [%d4], %r0;\n"
    assert "is read through .nc as well" in str(fault(body, "st.global"))
    body = "  st.global.b32 [%d4], %r0;\n  ld.global.nc.b32 %r7, [%d4];\n"
    assert "reads through .nc what" in str(fault(body, "ld.global.nc"))


def test_the_same_buffer_given_twice_is_one():
    x = np.zeros(256, np.float32)
    body = "  st.global.b32 [%d4], %r0;\n  ld.global.nc.b32 %r7, [%d3];\n"
    assert "reads through .nc" in str(fault(body, "ld.global.nc", x, x))


COPY = """
  setp.ge.u32 %p0, %r0, 16;
  @%p0 bra WAIT;
  shl.b32 %r7, %r0, 4;
  add.s32 %r7, %r3, %r7;
  mul.wide.u32 %d5, %r0, 16;
  add.s64 %d5, %d0, %d5;
  cp.async.cg.shared.global [%r7], [%d5], 16;
  cp.async.commit_group;
WAIT:
  cp.async.wait_group 0;
  bar.sync 0;
  ld.shared.b32 %r8, [%r4];
  st.global.b32 [%d4], %r8;
"""


def test_a_copy_is_there_after_it_was_waited_for():
    x, y = arrays()
    run(COPY, x, y)
    np.testing.assert_array_equal(y.reshape(4, 64), np.tile(x[:64], (4, 1)))


def test_a_copy_that_is_not_waited_for_is_reported():
    found = fault(COPY.replace("wait_group 0", "wait_group 1"), "ld.shared")
    assert "an asynchronous copy is in flight" in str(found)
    fault(COPY.replace("  cp.async.commit_group;\n", ""), "ld.shared")
    run(COPY.replace("  cp.async.commit_group;\n", "").replace("group 0", "all"))


def test_a_copy_that_others_did_not_wait_for_is_a_race():
    found = fault(COPY.replace("  bar.sync 0;\n", ""), "ld.shared")
    assert "race" in str(found)


def test_a_copy_reads_no_more_than_it_is_told():
    body = COPY.replace("[%d5], 16;", "[%d5], 16, %r9;")
    for count in (0, 4, 5, 12, 16):
        x, y = arrays()
        run(body, x, y, count)
        words = x[:64].copy().view(np.uint8).reshape(-1, 16)
        words[:, count:] = 0
        np.testing.assert_array_equal(y[:64], words.view(np.float32).reshape(-1))
    x, y = arrays()
    small = x[:60].copy()
    assert "out of bounds: reads 16 bytes" in str(fault(body, "cp.async", small, y, 16))
    run(body, small[:0].copy(), y, 0)
    assert "copies 17 bytes to 16" in str(fault(body, "cp.async", x, y, 17))


def test_a_trap_is_reported():
    body = "  setp.eq.u32 %p0, %r2, 70;\n  @%p0 trap;\n"
    found = fault(body, "@%p0 trap")
    assert (found.block, found.thread) == ((1, 0, 0), (6, 0, 0))


def test_checks_can_be_left_out():
    x, y = arrays()
    run(REVERSE.replace("  bar.sync 0;\n", ""), x, y, checks=False)
    assert (y[:32] == x[63:31:-1]).all()
