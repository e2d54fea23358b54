"""Memory of every space, and what is counted of its use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from emulator_kernels import HEADER

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas

VARIABLES = """
.global .align 4 .b32 counter = 7;
.global .align 16 .b8 room[64];
.const .align 4 .f32 table[4] = {0f3F800000, 0f40000000, 3.0, 4.0};
.global .align 8 .b64 wide[2] = {-1, 0x123456789ABCDEF};
"""
START = """.visible .entry k(
  .param .u64 k_0, .param .u64 k_1, .param .align 8 .b8 k_2[16])
{
  .reg .pred %p<8>; .reg .b16 %h<8>; .reg .b32 %r<32>; .reg .b64 %d<16>;
  .shared .align 16 .b8 tile[1024];
  .extern .shared .align 16 .b8 more[];
  .local .align 16 .b8 stack[32];
  ld.param.b64 %d0, [k_0];
  ld.param.b64 %d1, [k_1];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ctaid.x;
  mad.lo.s32 %r2, %r1, 64, %r0;
  mul.wide.u32 %d2, %r2, 4;
  add.s64 %d3, %d0, %d2;
  add.s64 %d4, %d1, %d2;
"""
STORE = "  st.global.b32 [%d4], %r6;\n"
END = "  ret;\n}\n"
EXTERN = "  .extern .shared .align 16 .b8 more[];\n"


def text_of(body: str) -> str:
    start = START.replace(EXTERN, "")
    text = HEADER + VARIABLES + EXTERN.strip() + "\n" + start + body + END
    if find_ptxas() is not None:
        assemble(text, "90a")
    return text


def launch(body: str, *arrays: Any, shared: int = 0, blocks: int = 4) -> Any:
    module = emulator.load(text_of(body))
    given = [*arrays, bytes(range(16))]
    return module, module.launch("k", (blocks,), (64,), given, shared)


def run(body: str, x: np.ndarray | None = None, shared: int = 0) -> np.ndarray:
    found = np.zeros(256, np.uint32)
    launch(
        body + STORE, np.zeros(256, np.uint32) if x is None else x, found, shared=shared
    )
    return found


X = np.random.default_rng(0).integers(0, 1 << 32, 256, np.uint32)


@pytest.mark.parametrize(
    ("type", "dtype"),
    [("u8", "u1"), ("s8", "i1"), ("u16", "u2"), ("s16", "i2"), ("b32", "u4")],
)
def test_narrow_loads_are_extended_by_their_sign(type: str, dtype: str):
    x = np.arange(-128, 128).astype(dtype)
    body = f"""
  mul.wide.u32 %d5, %r2, {np.dtype(dtype).itemsize};
  add.s64 %d5, %d0, %d5;
  ld.global.{type} %r6, [%d5];
"""
    np.testing.assert_array_equal(run(body, x), x.astype(np.int32).view(np.uint32))


@pytest.mark.parametrize("count", [2, 4])
def test_vectors_are_loaded_and_stored(count: int):
    names = ", ".join(f"%r{10 + k}" for k in range(count))
    back = ", ".join(f"%r{10 + k}" for k in reversed(range(count)))
    body = f"""
  mul.wide.u32 %d5, %r2, {4 * count};
  add.s64 %d6, %d0, %d5;
  add.s64 %d7, %d1, %d5;
  ld.global.v{count}.b32 {{{names}}}, [%d6];
  st.global.v{count}.b32 [%d7], {{{back}}};
"""
    x = np.arange(256 * count, dtype=np.uint32)
    found = np.zeros_like(x)
    launch(body, x, found)
    np.testing.assert_array_equal(
        found.reshape(-1, count), x.reshape(-1, count)[:, ::-1]
    )


def test_vectors_of_halves_and_bytes():
    body = """
  ld.global.v2.b16 {%h0, %h1}, [%d3];
  mov.b32 %r6, {%h1, %h0};
"""
    np.testing.assert_array_equal(run(body, X), X << 16 | X >> 16)
    body = """
  ld.global.v4.u8 {%h0, %h1, %h2, %h3}, [%d3];
  add.u16 %h0, %h0, %h1;
  add.u16 %h2, %h2, %h3;
  mov.b32 %r6, {%h0, %h2};
"""
    b = X.view(np.uint8).reshape(-1, 4).astype(np.uint32)
    np.testing.assert_array_equal(
        run(body, X), b[:, 0] + b[:, 1] + (b[:, 2] + b[:, 3] << 16)
    )


def test_a_register_is_taken_apart_and_put_together():
    body = """
  ld.global.b32 %r5, [%d3];
  mov.b32 {%h0, %h1}, %r5;
  mov.b64 %d5, {%r5, %r0};
  mov.b64 {%r7, %r8}, %d5;
  mov.b64 %d6, {%h0, %h1, %h1, %h0};
  mov.b64 {_, %r9}, %d6;
  add.s32 %r6, %r8, %r9;
"""
    thread = np.tile(np.arange(64, dtype=np.uint32), 4)
    np.testing.assert_array_equal(run(body, X), thread + (X << 16 | X >> 16))


def test_parameters_in_memory():
    body = """
  ld.param.b32 %r5, [k_2+4];
  ld.param.v2.b32 {%r7, %r8}, [k_2+8];
  ld.param.u8 %r9, [k_2+3];
  add.s32 %r6, %r5, %r8;
  add.s32 %r6, %r6, %r9;
"""
    words = np.frombuffer(bytes(range(16)), np.uint32)
    assert (run(body) == words[1] + words[3] + 3).all()


def test_variables_of_the_module_keep_their_values_between_launches():
    body = """
  setp.eq.u32 %p0, %r2, 0;
  @!%p0 bra OUT;
  ld.global.b32 %r6, [counter];
  add.s32 %r7, %r6, 1;
  st.global.b32 [counter], %r7;
  mov.b64 %d5, room;
  st.global.b32 [%d5+60], %r7;
  ld.global.b64 %d6, [wide+8];
  st.global.b64 [%d1], %d6;
OUT:
"""
    found = np.zeros(256, np.uint32)
    module, _ = launch(body, X, found)
    module.launch("k", (1,), (64,), [X, found, bytes(16)])
    assert module.variable("counter").view(np.uint32)[0] == 9
    assert module.variable("room").view(np.uint32)[15] == 9
    assert found[:2].view(np.uint64)[0] == 0x123456789ABCDEF


def test_constants():
    body = """
  and.b32 %r5, %r0, 3;
  mul.wide.u32 %d5, %r5, 4;
  mov.b64 %d6, table;
  add.s64 %d5, %d5, %d6;
  ld.const.f32 %r6, [%d5];
"""
    thread = np.tile(np.arange(64), 4)
    np.testing.assert_array_equal(run(body).view(np.float32), thread % 4 + 1)


def test_local_memory_is_of_each_thread():
    body = """
  st.local.b32 [stack+4], %r2;
  mov.b64 %d5, stack;
  cvta.local.u64 %d6, %d5;
  st.b32 [%d6+8], %r0;
  ld.b32 %r7, [%d6+4];
  ld.local.b32 %r8, [%d5+8];
  add.s32 %r6, %r7, %r8;
"""
    thread = np.tile(np.arange(64), 4)
    np.testing.assert_array_equal(run(body), np.arange(256) + thread)


def test_generic_addresses_lead_to_all_memories():
    body = """
  mov.b32 %r5, tile;
  cvt.u64.u32 %d5, %r5;
  cvta.shared.u64 %d5, %d5;
  mul.wide.u32 %d6, %r0, 4;
  add.s64 %d5, %d5, %d6;
  st.b32 [%d5], %r2;
  and.b32 %r7, %r0, 1;
  setp.eq.u32 %p0, %r7, 0;
  selp.b64 %d7, %d5, %d3, %p0;
  ld.b32 %r6, [%d7];
  isspacep.shared %p1, %d7;
  selp.b32 %r8, 1, 0, %p1;
  shl.b32 %r8, %r8, 20;
  or.b32 %r6, %r6, %r8;
  cvta.to.shared.u64 %d8, %d5;
  cvt.u32.u64 %r9, %d8;
  ld.shared.b32 %r10, [%r9];
  setp.ne.u32 %p2, %r10, %r2;
  @%p2 trap;
"""
    x = X >> 16
    even = np.arange(256) % 2 == 0
    wanted = np.where(even, np.arange(256) | 1 << 20, x)
    np.testing.assert_array_equal(run(body, x), wanted)


def test_an_access_may_go_to_several_buffers():
    body = """
  and.b32 %r7, %r0, 1;
  setp.eq.u32 %p0, %r7, 0;
  selp.b64 %d7, %d4, %d3, %p0;
  st.global.b32 [%d7], %r2;
  ld.global.b32 %r6, [%d7];
"""
    x = X.copy()
    even = np.arange(256) % 2 == 0
    found = np.zeros(256, np.uint32)
    _, report = launch(body, x, found)
    np.testing.assert_array_equal(x, np.where(even, X, np.arange(256)))
    np.testing.assert_array_equal(found, np.where(even, np.arange(256), 0))
    assert report.buffers["k_0"].written_bytes == 512


def test_dynamic_shared_memory_is_behind_the_rest():
    body = """
  mov.b32 %r5, more;
  mad.lo.s32 %r5, %r0, 4, %r5;
  st.shared.b32 [%r5], %r0;
  mov.b32 %r7, tile;
  mad.lo.s32 %r7, %r0, 4, %r7;
  st.shared.b32 [%r7], 5;
  ld.shared.b32 %r6, [%r5];
"""
    thread = np.tile(np.arange(64), 4)
    np.testing.assert_array_equal(run(body, shared=256), thread)
    with pytest.raises(emulator.EmulationError, match="of shared memory of 1276 bytes"):
        run(body, shared=252)


def traffic(body: str, **options: Any) -> emulator.Report:
    _, report = launch(body, X, np.zeros(256, np.uint32), **options)
    return report


def test_bytes_and_sectors_of_neighbouring_threads():
    report = traffic("  ld.global.b32 %r6, [%d3];\n" + STORE)
    read, written = report.buffers["k_0"], report.buffers["k_1"]
    assert (read.read_bytes, read.unique_read_bytes) == (1024, 1024)
    assert (read.read_requests, read.read_sectors) == (8, 32)
    assert (written.written_bytes, written.unique_written_bytes) == (1024, 1024)
    assert written.write_sectors == 32
    assert written.read_bytes == 0


@pytest.mark.parametrize(("stride", "sectors"), [(0, 1), (4, 4), (8, 8), (32, 32)])
def test_sectors_of_threads_apart(stride: int, sectors: int):
    body = f"  mad.wide.u32 %d5, %r0, {stride}, %d0;\n  ld.global.b32 %r6, [%d5];\n"
    x = np.zeros(1024, np.uint32)
    _, report = launch(body, x, x.copy(), blocks=1)
    read = report.buffers["k_0"]
    assert read.read_requests == 2
    assert read.read_sectors == 2 * sectors
    assert read.unique_read_bytes == max(4, 4 * 64 if stride else 4)


def test_threads_in_any_order_touch_the_same_sectors():
    body = """
  and.b32 %r6, %r0, 32;
  mul.lo.s32 %r5, %r0, 11;
  and.b32 %r5, %r5, 31;
  or.b32 %r5, %r5, %r6;
  mad.wide.u32 %d5, %r5, 4, %d0;
  ld.global.b32 %r6, [%d5];
"""
    _, report = launch(body, X, X.copy(), blocks=1)
    assert report.buffers["k_0"].read_sectors == 8


@pytest.mark.parametrize(
    ("stride", "width", "passes"),
    [(4, "b32", 1), (8, "b32", 2), (128, "b32", 32), (0, "b32", 1), (132, "b32", 1)],
)
def test_bank_conflicts(stride: int, width: str, passes: int):
    body = f"""
  mov.b32 %r5, more;
  mad.lo.s32 %r5, %r0, {stride}, %r5;
  st.shared.{width} [%r5], 1;
"""
    report = traffic(body, shared=16384)
    assert report.shared_requests == 8
    assert report.shared_wavefronts == 8 * passes
    assert report.bank_conflicts == 8 * (passes - 1)


def test_quarters_of_a_warp_read_sixteen_bytes_each():
    body = """
  mov.b32 %r5, more;
  mad.lo.s32 %r5, %r0, 16, %r5;
  st.shared.v4.b32 [%r5], {1, 1, 1, 1};
"""
    report = traffic(body.replace("{1, 1, 1, 1}", "{%r0, %r0, %r0, %r0}"), shared=1024)
    assert (report.shared_requests, report.shared_wavefronts) == (32, 32)


def test_instructions_are_counted_by_thread_and_by_warp():
    body = """
  setp.lt.u32 %p0, %r0, 40;
  @%p0 mov.b32 %r6, 1;
  @!%p0 bra OUT;
  xor.b32 %r6, %r6, %r6;
OUT:
"""
    report = traffic(body)
    assert report.threads == 256
    assert report.thread_instructions["xor.b32"] == 4 * 40
    assert report.warp_instructions["xor.b32"] == 8
    assert report.thread_instructions["mov.b32"] == 4 * 40
    assert report.thread_instructions["bra"] == 256
    assert report.warp_instructions["mov.u32"] == 2 * 8
    assert traffic(body) == report


def test_barriers_are_counted():
    assert traffic("  bar.sync 0;\n  barrier.sync.aligned 0;\n").barriers == 8
